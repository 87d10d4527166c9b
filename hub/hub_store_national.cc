// HubStore: what `national` says of devices, and what is due to be said there.
#include <algorithm>
#include <utility>

#include "hub/hub_store.h"

namespace daftar::hub {

Status HubStore::note_due(DeviceNumber number) {
  DAFTAR_ASSIGN_OR_RETURN(Statement put, database_.prepare("INSERT OR IGNORE INTO due VALUES(?1)"));
  return put.bind(1, number).run();
}

Result<std::vector<DeviceNumber>> HubStore::due() {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT device FROM due ORDER BY device"));
  std::vector<DeviceNumber> devices;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) return devices;
    devices.push_back(query->number(0));
  }
}

Status HubStore::clear_due() { return database_.execute("DELETE FROM due"); }

Status HubStore::note_founder(UserNumber user) {
  DAFTAR_ASSIGN_OR_RETURN(Statement put,
                          database_.prepare("INSERT OR IGNORE INTO founder VALUES(?1)"));
  return put.bind(1, user).run();
}

Status HubStore::take_directory(const Directory& directory) {
  for (const UserNumber user : directory.founders()) DAFTAR_RETURN_IF_ERROR(note_founder(user));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<DeviceNumber> due, this->due());
  for (const auto& [number, said] : directory.devices()) {
    const bool is_due = std::binary_search(due.begin(), due.end(), number);
    DAFTAR_RETURN_IF_ERROR(put_known(number, is_due, directory));
  }
  return {};
}

Status HubStore::put_grants(DeviceNumber number, bool is_due, const DirectoryDevice& said) {
  bool holds_all = false;
  std::vector<std::string> ledgers;
  for (const auto& [key, ledger] : said.grants) {
    if (ledger == kEveryLedger) {
      holds_all = true;
    } else if (is_ledger_name(ledger)) {
      ledgers.push_back(ledger);
    }
  }
  DAFTAR_ASSIGN_OR_RETURN(Statement all,
                          database_.prepare("UPDATE device SET holds_all = max(?2, holds_all * ?3) "
                                            "WHERE number = ?1"));
  DAFTAR_RETURN_IF_ERROR(
      all.bind(1, number).bind(2, holds_all ? 1 : 0).bind(3, is_due ? 1 : 0).run());
  DAFTAR_ASSIGN_OR_RETURN(Statement closed,
                          database_.prepare("DELETE FROM device_ledger WHERE device = ?1"));
  if (!is_due) DAFTAR_RETURN_IF_ERROR(closed.bind(1, number).run());
  return open_ledgers(number, ledgers);
}

Status HubStore::put_known(DeviceNumber number, bool is_due, const Directory& directory) {
  const DirectoryDevice& said = directory.devices().at(number);
  if (!said.key) return {};
  DAFTAR_ASSIGN_OR_RETURN(std::optional<Device> known, device(number));
  const bool comes_back = !known || known->key != *said.key;
  if (comes_back) {
    DAFTAR_RETURN_IF_ERROR(add_recovered_devices({{number, *said.key}}));
    DAFTAR_ASSIGN_OR_RETURN(known, device(number));
  }
  // Of one without a user nothing was said here but its key, and that was read in `national`.
  const bool has_own_words = is_due && known->user != 0;
  DAFTAR_ASSIGN_OR_RETURN(Statement done, database_.prepare("DELETE FROM due WHERE device = ?1"));
  if (!has_own_words) DAFTAR_RETURN_IF_ERROR(done.bind(1, number).run());
  DAFTAR_RETURN_IF_ERROR(put_grants(number, has_own_words, said));
  const bool keeps_role = has_own_words && directory.is_founding();
  DAFTAR_ASSIGN_OR_RETURN(
      Statement update,
      database_.prepare("UPDATE device SET user = iif(?2 = 0, user, ?2), "
                        "role = iif(?5, role, ?3), party = iif(?5, party, ?4) WHERE number = ?1"));
  const UserNumber user = said.user == 0 ? known->user : said.user;
  DAFTAR_RETURN_IF_ERROR(update.bind(1, number)
                             .bind(2, said.user)
                             .bind(3, static_cast<int>(directory.role_of(user)))
                             .bind_text(4, directory.party_of(user))
                             .bind(5, keeps_role ? 1 : 0)
                             .run());
  const bool is_out = said.standing != Standing::active;
  if (is_out && (!known->is_revoked || (said.standing == Standing::lost && !known->is_lost))) {
    DAFTAR_RETURN_IF_ERROR(shut_out(*known, said.standing == Standing::lost));
  }
  DAFTAR_ASSIGN_OR_RETURN(
      Statement back,
      database_.prepare("UPDATE device SET is_revoked = 0, is_lost = 0 WHERE number = ?1"));
  if (!is_out && !has_own_words) DAFTAR_RETURN_IF_ERROR(back.bind(1, number).run());
  DAFTAR_ASSIGN_OR_RETURN(const bool is_restored, is_any_awaiting());
  // It may know of more than this hub does.
  if (!comes_back || !is_restored || is_out) return {};
  DAFTAR_ASSIGN_OR_RETURN(known, device(number));
  return await_device(number, known->holds_all, known->ledgers);
}

}  // namespace daftar::hub
