#include "hub/hub_store.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "common/ledger/checkpoint.h"
#include "common/store/files.h"
#include "common/store/sqlite_ledger_store.h"

namespace daftar::hub {
namespace {

constexpr int64_t kFormatVersion = 1;

constexpr char kTables[] = R"sql(
CREATE TABLE device(
  number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, user INTEGER NOT NULL,
  label TEXT NOT NULL, holds_all INTEGER NOT NULL, is_revoked INTEGER NOT NULL DEFAULT 0,
  is_lost INTEGER NOT NULL DEFAULT 0, role INTEGER NOT NULL DEFAULT 0,
  party TEXT NOT NULL DEFAULT '') STRICT;
-- What `national` does not say yet: ledgers that were opened to a device ('*' for all), '!' that it
-- was shut out, and with '' whose it is and its role. is_old: a backup says so, and it may have been
-- said since.
CREATE TABLE due(
  device INTEGER NOT NULL, ledger TEXT NOT NULL, is_old INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(device, ledger)) STRICT, WITHOUT ROWID;
CREATE TABLE device_ledger(
  device INTEGER NOT NULL, ledger TEXT NOT NULL, PRIMARY KEY(device, ledger)) STRICT, WITHOUT ROWID;
-- After a restore: ledgers that wait for their devices, and who has shown since what it knows.
CREATE TABLE awaiting(ledger TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE shown(
  ledger TEXT NOT NULL, device INTEGER NOT NULL, PRIMARY KEY(ledger, device)) STRICT, WITHOUT ROWID;
-- Since a restore: ledgers of which what is missing was given up.
CREATE TABLE given_up(ledger TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
-- Of each device the newest checkpoint that it has cosigned.
CREATE TABLE cosignature(
  ledger TEXT NOT NULL, device INTEGER NOT NULL, size INTEGER NOT NULL, line TEXT NOT NULL,
  PRIMARY KEY(ledger, device)) STRICT, WITHOUT ROWID;
-- Enrolment tokens by the hash of their secret; ledgers one a line; user and number 0 if not given;
-- the key of the device that has shown it, empty before.
CREATE TABLE token(
  secret BLOB PRIMARY KEY, ends_ms INTEGER NOT NULL, user INTEGER NOT NULL, number INTEGER NOT NULL,
  label TEXT NOT NULL, holds_all INTEGER NOT NULL, ledgers TEXT NOT NULL, role INTEGER NOT NULL,
  party TEXT NOT NULL,
  key BLOB NOT NULL DEFAULT x'') STRICT, WITHOUT ROWID;
CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
)sql";

std::string database_path(const std::string& folder) { return folder + "/hub.db"; }
std::string key_path(const std::string& folder) { return folder + "/hub.key"; }

std::string_view key_bytes(const PublicKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace

Status check_not_revoked(const Device& device) {
  if (!device.is_revoked) return {};
  return {Code::refused,
          device.is_lost ? Msg::device_lost : Msg::device_revoked,
          {std::to_string(device.number)}};
}

Status HubStore::create(const std::string& folder, const std::string& name) {
  if (!is_hub_name(name)) return {Code::invalid, Msg::hub_name_bad, {name}};
  DAFTAR_RETURN_IF_ERROR(make_private_folder(folder));
  if (read_file(key_path(folder), 64).ok()) return {Code::exists, Msg::hub_exists, {folder}};
  DAFTAR_RETURN_IF_ERROR(make_private_file(database_path(folder)));
  DAFTAR_ASSIGN_OR_RETURN(Database database, Database::open(database_path(folder)));
  DAFTAR_ASSIGN_OR_RETURN(const int64_t version, database.user_version());
  Transaction transaction(database);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  // A power cut may have left the tables without a key: nothing can have been written in them.
  if (version == 0) {
    DAFTAR_RETURN_IF_ERROR(database.execute(kTables));
    DAFTAR_RETURN_IF_ERROR(create_ledger_tables(database));
    DAFTAR_ASSIGN_OR_RETURN(const auto ledgers, open_sqlite_ledger_store(database));
    DAFTAR_RETURN_IF_ERROR(ledgers->add_ledger(kNational).status());
  } else {
    // But where there are ledgers, the key was lost later: another one is none that devices know.
    DAFTAR_ASSIGN_OR_RETURN(Statement used,
                            database.prepare("SELECT EXISTS (SELECT 1 FROM ledger WHERE size > 0) "
                                             "OR EXISTS (SELECT 1 FROM device)"));
    DAFTAR_RETURN_IF_ERROR(used.step().status());
    if (used.integer(0) != 0) return {Code::corrupt, Msg::hub_half, {key_path(folder)}};
  }
  DAFTAR_ASSIGN_OR_RETURN(Statement put,
                          database.prepare("INSERT OR REPLACE INTO setting VALUES('name', ?1)"));
  DAFTAR_RETURN_IF_ERROR(put.bind_text(1, name).run());
  DAFTAR_RETURN_IF_ERROR(transaction.commit());
  // Last, so that a folder with a key is a whole hub.
  return write_file(key_path(folder), SigningKey::generate().seed(), true);
}

Result<std::unique_ptr<HubStore>> HubStore::open(const std::string& folder,
                                                 Database::Access access) {
  const bool has_key = read_file(key_path(folder), 64).ok();
  std::error_code error;
  const bool has_database = std::filesystem::exists(database_path(folder), error);
  if (!has_key && !has_database) return Status(Code::not_found, Msg::hub_missing, {folder});
  if (!has_key || !has_database) {
    return Status(Code::corrupt, Msg::hub_half,
                  {has_key ? database_path(folder) : key_path(folder)});
  }
  DAFTAR_ASSIGN_OR_RETURN(Database database, Database::open(database_path(folder), access));
  DAFTAR_ASSIGN_OR_RETURN(const int64_t version, database.user_version());
  if (version > kFormatVersion) {
    return Status(Code::newer_version, Msg::folder_newer,
                  {folder, std::to_string(version), std::to_string(kFormatVersion)});
  }
  if (version != kFormatVersion) {
    return Status(Code::corrupt, Msg::database_corrupt, {database_path(folder), "no tables"});
  }
  std::unique_ptr<HubStore> store(new HubStore(std::move(database), folder));
  DAFTAR_ASSIGN_OR_RETURN(store->ledgers_, open_sqlite_ledger_store(store->database_));
  return store;
}

Result<HubIdentity> HubStore::identity() {
  DAFTAR_ASSIGN_OR_RETURN(const std::string seed, read_file(key_path(folder_), 64));
  if (seed.size() != 32) {
    return Status(Code::corrupt, Msg::key_file_bad, {key_path(folder_)});
  }
  DAFTAR_ASSIGN_OR_RETURN(Statement query,
                          database_.prepare("SELECT value FROM setting WHERE name = 'name'"));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query.step());
  if (!has_row) return Status(Code::corrupt, Msg::hub_missing, {folder_});
  return HubIdentity{std::string(query.text(0)), SigningKey::from_seed(seed)};
}

Result<Device> HubStore::add_device(const PublicKey& key, std::optional<UserNumber> user,
                                    const std::string& label, bool holds_all,
                                    const std::vector<std::string>& ledgers,
                                    std::optional<DeviceNumber> number, Role role) {
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(Device device,
                          insert_device(key, {user, number, role, label, holds_all, ledgers, 0}));
  DAFTAR_RETURN_IF_ERROR(transaction.commit());
  return device;
}

Result<Device> HubStore::insert_device(const PublicKey& key, const TokenTerms& terms) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement next,
      database_.prepare("SELECT ifnull(max(number), 0) + 1, ifnull(max(user), 0) + 1, "
                        "ifnull(max(number) FILTER (WHERE key = ?1), 0) FROM device"));
  next.bind_blob(1, key_bytes(key));
  DAFTAR_RETURN_IF_ERROR(next.step().status());
  if (next.number(2) != 0) {
    return Status(Code::exists, Msg::device_exists, {std::to_string(next.number(2))});
  }
  // What has been lost may name the next number, and the next user, already.
  DAFTAR_ASSIGN_OR_RETURN(const bool may_lack, may_lack_national());
  DAFTAR_ASSIGN_OR_RETURN(const bool is_restored, is_any_awaiting());
  if (!terms.number && (may_lack || is_restored)) {
    return Status(Code::refused, Msg::hub_is_restored);
  }
  const DeviceNumber number = terms.number.value_or(next.number(0));
  const UserNumber user = terms.user.value_or(next.number(1));
  next.reset();
  DAFTAR_RETURN_IF_ERROR(check_may_appoint(terms.user, terms.role));
  // After a restore a device comes back with the user that it had, whom the backup may not know.
  if (terms.user && !terms.number) {
    DAFTAR_ASSIGN_OR_RETURN(Statement same,
                            database_.prepare("SELECT 1 FROM device WHERE user = ?1 LIMIT 1"));
    DAFTAR_ASSIGN_OR_RETURN(const bool is_known, same.bind(1, *terms.user).step());
    if (!is_known) return Status(Code::not_found, Msg::user_unknown, {std::to_string(*terms.user)});
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> known, device(number));
  if (known || number == kHubDevice) {
    return Status(Code::exists, Msg::device_number_taken, {std::to_string(number)});
  }
  DAFTAR_ASSIGN_OR_RETURN(
      Statement insert, database_.prepare("INSERT INTO device(number, key, user, label, holds_all) "
                                          "VALUES(?1, ?2, ?3, ?4, ?5)"));
  DAFTAR_RETURN_IF_ERROR(insert.bind(1, number)
                             .bind_blob(2, key_bytes(key))
                             .bind(3, user)
                             .bind_text(4, terms.label)
                             .bind(5, terms.holds_all ? 1 : 0)
                             .run());
  DAFTAR_RETURN_IF_ERROR(set_user(user, terms.role, terms.party));
  DAFTAR_RETURN_IF_ERROR(open_ledgers(number, terms.ledgers));
  DAFTAR_RETURN_IF_ERROR(note_due(number, ""));
  DAFTAR_RETURN_IF_ERROR(note_opened(number, terms.holds_all, terms.ledgers));
  // One that comes back may know of more than this hub, whoever else is waited for; a new one knows
  // nothing.
  if (terms.number) {
    DAFTAR_RETURN_IF_ERROR(await_device(*terms.number, terms.holds_all, terms.ledgers));
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> made, device(number));
  return *made;
}

Status HubStore::check_may_appoint(std::optional<UserNumber> user, Role role) {
  DAFTAR_ASSIGN_OR_RETURN(const bool is_founding, this->is_founding());
  if (role == Role::none || is_founding) return {};
  DAFTAR_ASSIGN_OR_RETURN(
      Statement query,
      database_.prepare("SELECT EXISTS (SELECT 1 FROM device WHERE user = ?1 AND role = ?2)"));
  query.bind(1, user.value_or(0)).bind(2, static_cast<int>(role));
  DAFTAR_RETURN_IF_ERROR(query.step().status());
  if (query.integer(0) != 0) return {};
  return {Code::refused, Msg::hub_may_not_appoint, {std::string(role_name(role))}};
}

// What is not said yet counts too.
Result<bool> HubStore::is_founding() {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement query,
      database_.prepare("SELECT EXISTS (SELECT 1 FROM setting WHERE name = 'founded'), "
                        "(SELECT count(DISTINCT user) FROM device WHERE role = ?1)"));
  query.bind(1, static_cast<int>(Role::omsar_administrator));
  DAFTAR_RETURN_IF_ERROR(query.step().status());
  return query.integer(0) == 0 && query.number(1) < kApprovers;
}

Status HubStore::set_user(UserNumber user, Role role, const std::string& party) {
  if (user == 0) return {};
  DAFTAR_ASSIGN_OR_RETURN(
      Statement update,
      database_.prepare(
          "UPDATE device SET "
          "role = iif(?2 = 0, (SELECT max(role) FROM device WHERE user = ?1), ?2), "
          // Said once: what his devices made belongs to it.
          "party = ifnull(nullif((SELECT max(party) FROM device WHERE user = ?1), ''), ?3) "
          "WHERE user = ?1"));
  return update.bind(1, user).bind(2, static_cast<int>(role)).bind_text(3, party).run();
}

Status HubStore::add_recovered_devices(const std::map<DeviceNumber, PublicKey>& keys) {
  for (const auto& [number, key] : keys) {
    if (number == kHubDevice) continue;
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> known, device(number));
    if (known && known->key == key) continue;
    if (known) DAFTAR_RETURN_IF_ERROR(take_number_back(number));
    // Registered again, under another number, before it was known that it has this one.
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> elsewhere, device_by_key(key));
    if (elsewhere) DAFTAR_RETURN_IF_ERROR(take_number_back(elsewhere->number));
    // Its user's number and role went with the backup; the operator grants them anew.
    DAFTAR_ASSIGN_OR_RETURN(
        Statement insert,
        database_.prepare("INSERT INTO device(number, key, user, label, holds_all) "
                          "VALUES(?1, ?2, 0, 'recovered', 0)"));
    DAFTAR_RETURN_IF_ERROR(insert.bind(1, number).bind_blob(2, key_bytes(key)).run());
    DAFTAR_RETURN_IF_ERROR(note_due(number, ""));
  }
  return {};
}

Result<bool> HubStore::has_entered(DeviceNumber number) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT EXISTS (SELECT 1 FROM chain_head WHERE device = ?1)"));
  query->bind(1, number);
  DAFTAR_RETURN_IF_ERROR(query->step().status());
  const bool has_any = query->integer(0) != 0;
  query->reset();
  return has_any;
}

// A number that was given again, before it was known whose it is: whoever has it since is nobody.
Status HubStore::take_number_back(DeviceNumber number) {
  DAFTAR_ASSIGN_OR_RETURN(const bool has_entered, this->has_entered(number));
  if (has_entered) return {Code::corrupt, Msg::device_key_differs, {std::to_string(number)}};
  for (const char* const from :
       {"DELETE FROM device WHERE number = ?1", "DELETE FROM device_ledger WHERE device = ?1",
        "DELETE FROM due WHERE device = ?1", "DELETE FROM shown WHERE device = ?1"}) {
    DAFTAR_ASSIGN_OR_RETURN(Statement away, database_.prepare(from));
    DAFTAR_RETURN_IF_ERROR(away.bind(1, number).run());
  }
  return {};
}

Status HubStore::grant(DeviceNumber number, bool holds_all, const std::vector<std::string>& ledgers,
                       std::optional<UserNumber> user, std::optional<Role> role) {
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> known, device(number));
  if (!known) return {Code::not_found, Msg::device_not_registered, {std::to_string(number)}};
  DAFTAR_RETURN_IF_ERROR(open_to(*known, holds_all, ledgers, user, role));
  return transaction.commit();
}

Status HubStore::open_to(const Device& known, bool holds_all,
                         const std::vector<std::string>& ledgers, std::optional<UserNumber> user,
                         std::optional<Role> role) {
  if (user && known.user != 0 && known.user != *user) {
    return {Code::exists,
            Msg::device_has_user,
            {std::to_string(known.number), std::to_string(known.user)}};
  }
  const UserNumber of = user.value_or(known.user);
  if (role && of == 0) {
    return {Code::invalid, Msg::device_without_user, {std::to_string(known.number)}};
  }
  DAFTAR_RETURN_IF_ERROR(check_may_appoint(of, role.value_or(Role::none)));
  DAFTAR_ASSIGN_OR_RETURN(Statement update,
                          database_.prepare("UPDATE device SET holds_all = max(holds_all, ?2), "
                                            "user = ?3 WHERE number = ?1"));
  DAFTAR_RETURN_IF_ERROR(update.bind(1, known.number).bind(2, holds_all ? 1 : 0).bind(3, of).run());
  DAFTAR_RETURN_IF_ERROR(set_user(of, role.value_or(Role::none), ""));
  DAFTAR_RETURN_IF_ERROR(open_ledgers(known.number, ledgers));
  if (user || role) DAFTAR_RETURN_IF_ERROR(note_due(known.number, ""));
  DAFTAR_RETURN_IF_ERROR(note_opened(known.number, holds_all, ledgers));
  DAFTAR_ASSIGN_OR_RETURN(const bool is_restored, is_any_awaiting());
  return is_restored ? await_device(known.number, holds_all, ledgers) : Status();
}

Status HubStore::open_ledgers(DeviceNumber number, const std::vector<std::string>& ledgers) {
  DAFTAR_ASSIGN_OR_RETURN(Statement put,
                          database_.prepare("INSERT OR IGNORE INTO device_ledger VALUES(?1, ?2)"));
  for (const std::string& ledger : ledgers) {
    if (!is_ledger_name(ledger)) return {Code::invalid, Msg::ledger_name_bad, {ledger}};
    DAFTAR_RETURN_IF_ERROR(put.bind(1, number).bind_text(2, ledger).run());
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<LedgerId> found, ledgers_->find_ledger(ledger));
    if (!found) DAFTAR_RETURN_IF_ERROR(make_ledger(ledger));
  }
  return {};
}

// While others wait, a missing ledger is likely one that was made after the backup: it waits too.
Status HubStore::make_ledger(const std::string& name) {
  DAFTAR_RETURN_IF_ERROR(ledgers_->add_ledger(name).status());
  DAFTAR_ASSIGN_OR_RETURN(
      Statement wait,
      database_.prepare("INSERT INTO awaiting SELECT ?1 WHERE EXISTS (SELECT 1 FROM awaiting)"));
  return wait.bind_text(1, name).run();
}

Status HubStore::revoke_device(DeviceNumber number, bool is_lost) {
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> known, device(number));
  if (!known) return {Code::not_found, Msg::device_not_registered, {std::to_string(number)}};
  DAFTAR_RETURN_IF_ERROR(shut_out(number, is_lost));
  DAFTAR_RETURN_IF_ERROR(note_due(number, "!"));
  return transaction.commit();
}

// Who was lost stays so: its work may not be handed over.
Status HubStore::shut_out(DeviceNumber number, bool is_lost) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement update,
      database_.prepare(
          "UPDATE device SET is_revoked = 1, is_lost = max(is_lost, ?2) WHERE number = ?1"));
  DAFTAR_RETURN_IF_ERROR(update.bind(1, number).bind(2, is_lost ? 1 : 0).run());
  // A ledger that waited for this one alone is open again, and stays so.
  return settle_waits().status();
}

Result<Device> HubStore::read_device(Statement& query) {
  Device device;
  device.number = query.number(0);
  const std::string_view key = query.blob(1);
  if (key.size() != device.key.size()) return Status(Code::corrupt, Msg::record_state_bad);
  std::memcpy(device.key.data(), key.data(), key.size());
  device.user = query.number(2);
  device.label = query.text(3);
  device.holds_all = query.integer(4) != 0;
  device.is_revoked = query.integer(5) != 0;
  device.is_lost = query.integer(6) != 0;
  device.role = role_of(query.number(7));
  device.party = query.text(8);
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * ledgers,
      database_.use("SELECT ledger FROM device_ledger WHERE device = ?1 ORDER BY ledger"));
  ledgers->bind(1, device.number);
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, ledgers->step());
    if (!has_row) return device;
    device.ledgers.emplace_back(ledgers->text(0));
  }
}

Result<std::optional<PublicKey>> HubStore::device_key(DeviceNumber number) {
  if (number == kHubDevice) {
    DAFTAR_ASSIGN_OR_RETURN(const HubIdentity own, identity());
    return std::optional(own.key.public_key());
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> device, this->device(number));
  return device ? std::optional(device->key) : std::nullopt;
}

Result<std::optional<Device>> HubStore::device(DeviceNumber number) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT * FROM device WHERE number = ?1"));
  query->bind(1, number);
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  if (!has_row) return std::optional<Device>();
  Result<Device> device = read_device(*query);
  query->reset();
  if (!device.ok()) return device.status();
  return std::optional<Device>(*std::move(device));
}

Result<std::optional<Device>> HubStore::device_by_key(const PublicKey& key) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT number FROM device WHERE key = ?1"));
  query->bind_blob(1, key_bytes(key));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  const DeviceNumber number = has_row ? query->number(0) : 0;
  query->reset();
  return has_row ? device(number) : std::optional<Device>();
}

Result<std::vector<Device>> HubStore::devices() {
  DAFTAR_ASSIGN_OR_RETURN(Statement query,
                          database_.prepare("SELECT * FROM device ORDER BY number"));
  std::vector<Device> devices;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query.step());
    if (!has_row) return devices;
    DAFTAR_ASSIGN_OR_RETURN(Device device, read_device(query));
    devices.push_back(std::move(device));
  }
}

Status HubStore::put_cosignature(const std::string& ledger, DeviceNumber device, uint64_t size,
                                 const std::string& line) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * put,
      database_.use("INSERT INTO cosignature VALUES(?1, ?2, ?3, ?4) ON CONFLICT(ledger, device) "
                    "DO UPDATE SET size = ?3, line = ?4 WHERE size < ?3"));
  return put->bind_text(1, ledger).bind(2, device).bind(3, size).bind_text(4, line).run();
}

Result<std::pair<uint64_t, std::string>> HubStore::cosignatures(const std::string& ledger) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT size, line FROM cosignature WHERE ledger = ?1 AND size = "
                    "(SELECT max(size) FROM cosignature WHERE ledger = ?1) ORDER BY device"));
  query->bind_text(1, ledger);
  std::pair<uint64_t, std::string> found;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) return found;
    found.first = query->number(0);
    found.second += query->text(1);
  }
}

Status HubStore::add_ledger(const std::string& name) {
  if (!is_ledger_name(name)) return {Code::invalid, Msg::ledger_name_bad, {name}};
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<LedgerId> found, ledgers_->find_ledger(name));
  if (found) return {Code::exists, Msg::ledger_exists, {name}};
  DAFTAR_RETURN_IF_ERROR(make_ledger(name));
  return transaction.commit();
}

Result<std::map<std::string, LedgerId>> HubStore::granted(const Device& device) {
  std::map<std::string, LedgerId> result;
  if (device.is_revoked) return result;
  DAFTAR_ASSIGN_OR_RETURN(const auto all, ledgers_->ledgers());
  for (const auto& [name, id] : all) {
    const bool by_name =
        std::find(device.ledgers.begin(), device.ledgers.end(), name) != device.ledgers.end();
    if (device.holds_all || by_name) result[name] = id;
  }
  return result;
}

}  // namespace daftar::hub
