// HubStore: what `national` says of devices, and what is due to be said there.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "hub/hub_store.h"

namespace daftar::hub {
namespace {

// A device as `national` has it, with what the hub has done to it and not said there yet.
Device as_said(Device device, const DirectoryDevice& said, const std::set<std::string>& due,
               const Directory& directory) {
  // Of one without a user nothing was said here but its key, and that was read in `national`.
  const bool has_own_words = due.contains("") && device.user != 0;
  if (said.user != 0) device.user = said.user;
  if (!has_own_words || !directory.is_founding()) {
    device.role = directory.role_of(device.user);
    device.party = directory.party_of(device.user);
  }
  if (!due.contains("!")) device.is_revoked = device.is_lost = false;
  if (said.standing != Standing::active) device.is_revoked = true;
  if (said.standing == Standing::lost) device.is_lost = true;
  std::set<std::string> open = due;
  for (const auto& [key, ledger] : said.grants) open.insert(ledger);
  device.holds_all = open.contains(std::string(kEveryLedger));
  std::erase_if(open, [](const std::string& ledger) { return !is_ledger_name(ledger); });
  device.ledgers.assign(open.begin(), open.end());
  return device;
}

}  // namespace

Status HubStore::note_due(DeviceNumber number, const std::string& what) {
  DAFTAR_ASSIGN_OR_RETURN(Statement put,
                          database_.prepare("INSERT OR REPLACE INTO due VALUES(?1, ?2, 0)"));
  return put.bind(1, number).bind_text(2, what).run();
}

Status HubStore::note_opened(DeviceNumber number, bool all,
                             const std::vector<std::string>& ledgers) {
  if (all) DAFTAR_RETURN_IF_ERROR(note_due(number, std::string(kEveryLedger)));
  for (const std::string& ledger : ledgers) DAFTAR_RETURN_IF_ERROR(note_due(number, ledger));
  return {};
}

Result<std::map<DeviceNumber, std::set<std::string>>> HubStore::due() {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query, database_.use("SELECT device, ledger FROM due"));
  std::map<DeviceNumber, std::set<std::string>> due;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) return due;
    due[query->number(0)].emplace(query->text(1));
  }
}

Status HubStore::note_spoken_since() {
  return database_.execute("INSERT OR IGNORE INTO setting VALUES('has_spoken_since', 'yes')");
}

// An entry of the hub's own that came back: all that was due when the backup was made had been
// said, and others may have taken it back since. Of a device that `national` does not name it was
// not.
Status HubStore::forget_said(const Directory& directory) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query, database_.use("SELECT EXISTS (SELECT 1 FROM setting "
                                                           "WHERE name = 'has_spoken_since')"));
  DAFTAR_RETURN_IF_ERROR(query->step().status());
  const bool has_spoken = query->integer(0) != 0;
  query->reset();
  if (!has_spoken) return {};
  for (const auto& [number, said] : directory.devices()) {
    DAFTAR_ASSIGN_OR_RETURN(Statement * done,
                            database_.use("DELETE FROM due WHERE device = ?1 AND is_old = 1"));
    DAFTAR_RETURN_IF_ERROR(done->bind(1, number).run());
  }
  return database_.execute("DELETE FROM setting WHERE name = 'has_spoken_since'");
}

Status HubStore::clear_due() { return database_.execute("DELETE FROM due"); }

Status HubStore::take_directory(const Directory& directory, bool is_recovered) {
  if (!directory.is_founding()) {
    DAFTAR_RETURN_IF_ERROR(
        database_.execute("INSERT OR IGNORE INTO setting VALUES('founded', 'yes')"));
  }
  DAFTAR_RETURN_IF_ERROR(forget_said(directory));
  DAFTAR_ASSIGN_OR_RETURN(auto due, this->due());
  for (const auto& [number, said] : directory.devices()) {
    if (said.key) {
      DAFTAR_RETURN_IF_ERROR(put_known(number, due[number], directory, is_recovered));
    }
  }
  return {};
}

Status HubStore::add_named(const Directory& directory) {
  for (const auto& [number, said] : directory.devices()) {
    if (!said.key) continue;
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> known, device(number));
    if (!known) DAFTAR_RETURN_IF_ERROR(put_known(number, {}, directory, true));
  }
  return {};
}

Status HubStore::put_known(DeviceNumber number, std::set<std::string> due,
                           const Directory& directory, bool is_recovered) {
  const DirectoryDevice& said = directory.devices().at(number);
  DAFTAR_ASSIGN_OR_RETURN(std::optional<Device> known, device(number));
  if (known && known->key != *said.key) {
    // Two devices had the number. Whoever has entered something under it has it for good, whatever
    // was said: an audit shows that.
    DAFTAR_ASSIGN_OR_RETURN(const bool has_entered, this->has_entered(number));
    if (has_entered) return {};
  }
  if (!known || known->key != *said.key) {
    DAFTAR_RETURN_IF_ERROR(add_recovered_devices({{number, *said.key}}));
    DAFTAR_ASSIGN_OR_RETURN(known, device(number));
    due.clear();  // it was another's
  }
  const Device now = as_said(*known, said, due, directory);
  if (known->user == 0) {
    DAFTAR_ASSIGN_OR_RETURN(Statement * done,
                            database_.use("DELETE FROM due WHERE device = ?1 AND ledger = ''"));
    DAFTAR_RETURN_IF_ERROR(done->bind(1, number).run());
  }
  if (now != *known) DAFTAR_RETURN_IF_ERROR(put_device(now));
  if (!is_recovered || now.is_revoked) return {};
  // To one that was shut out here nothing was open.
  const std::vector<std::string> before =
      known->is_revoked ? std::vector<std::string>() : known->ledgers;
  std::vector<std::string> opened;
  std::set_difference(now.ledgers.begin(), now.ledgers.end(), before.begin(), before.end(),
                      std::back_inserter(opened));
  const bool held_all = known->holds_all && !known->is_revoked;
  return await_device(number, now.holds_all && !held_all, opened);
}

Status HubStore::put_device(const Device& now) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement update,
      database_.prepare("UPDATE device SET user = ?2, holds_all = ?3, is_revoked = ?4, "
                        "is_lost = ?5, role = ?6, party = ?7 WHERE number = ?1"));
  DAFTAR_RETURN_IF_ERROR(update.bind(1, now.number)
                             .bind(2, now.user)
                             .bind(3, now.holds_all ? 1 : 0)
                             .bind(4, now.is_revoked ? 1 : 0)
                             .bind(5, now.is_lost ? 1 : 0)
                             .bind(6, static_cast<int>(now.role))
                             .bind_text(7, now.party)
                             .run());
  DAFTAR_ASSIGN_OR_RETURN(Statement closed,
                          database_.prepare("DELETE FROM device_ledger WHERE device = ?1"));
  DAFTAR_RETURN_IF_ERROR(closed.bind(1, now.number).run());
  return open_ledgers(now.number, now.ledgers);
}

}  // namespace daftar::hub
