#include "client/client_store.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>
#include <sstream>
#include <utility>

#include "common/store/files.h"
#include "common/store/sqlite_ledger_store.h"
#include "common/trust/certificate.h"

namespace daftar::client {
namespace {

constexpr int64_t kFormatVersion = 1;

constexpr char kTables[] = R"sql(
CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- The changeset last: an import's is 100 kB, and what stands behind it costs a walk over its pages.
CREATE TABLE pending(
  ledger INTEGER NOT NULL, device INTEGER NOT NULL, seq INTEGER NOT NULL, link BLOB NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, position INTEGER NOT NULL DEFAULT 0,
  reason INTEGER NOT NULL DEFAULT 0, crc INTEGER NOT NULL, changeset BLOB NOT NULL,
  PRIMARY KEY(ledger, device, seq)) STRICT;
CREATE INDEX forked_pending ON pending(ledger, device, seq) WHERE state = 5;
CREATE TABLE pending_touch(
  ledger INTEGER NOT NULL, key BLOB NOT NULL, device INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY(ledger, key, device, seq)) STRICT, WITHOUT ROWID;
-- By position, so that entries add to its end however long the ledger is; of each record the entry
-- before, 0 for none. The last one is in the record's own state.
CREATE TABLE touch(
  ledger INTEGER NOT NULL, position INTEGER NOT NULL, key BLOB NOT NULL, previous INTEGER NOT NULL,
  PRIMARY KEY(ledger, position, key)) STRICT, WITHOUT ROWID;
CREATE TABLE code(
  ledger INTEGER NOT NULL, code TEXT NOT NULL, key BLOB NOT NULL,
  PRIMARY KEY(ledger, code, key)) STRICT, WITHOUT ROWID;
CREATE TABLE imported(
  ledger INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(ledger, hash)) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint(
  ledger INTEGER NOT NULL, size INTEGER NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY(ledger, size)) STRICT, WITHOUT ROWID;
CREATE TABLE cosigned(ledger INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
CREATE TABLE device_key(device INTEGER PRIMARY KEY, key BLOB NOT NULL) STRICT;
PRAGMA user_version = 1;
)sql";

std::string database_path(const std::string& folder) { return folder + "/daftar.db"; }
std::string key_path(const std::string& folder) { return folder + "/device.key"; }
std::string role_setting(Role role) { return std::to_string(static_cast<unsigned>(role)); }

}  // namespace

Status ClientStore::create(const std::string& folder) {
  DAFTAR_RETURN_IF_ERROR(make_private_folder(folder));
  if (KeyFile::read(key_path(folder)).ok()) return {Code::exists, Msg::folder_exists, {folder}};
  DAFTAR_RETURN_IF_ERROR(make_private_file(database_path(folder)));
  DAFTAR_ASSIGN_OR_RETURN(Database database, Database::open(database_path(folder)));
  DAFTAR_ASSIGN_OR_RETURN(const int64_t version, database.user_version());
  // A power cut may have left the tables without a key; but where a device has its number, the key
  // was lost later, and another one would not be known to the hub.
  if (version != 0) {
    DAFTAR_ASSIGN_OR_RETURN(Statement used,
                            database.prepare("SELECT EXISTS (SELECT 1 FROM setting)"));
    DAFTAR_RETURN_IF_ERROR(used.step().status());
    if (used.integer(0) != 0) return {Code::corrupt, Msg::key_file_bad, {key_path(folder)}};
  } else {
    Transaction transaction(database);
    DAFTAR_RETURN_IF_ERROR(transaction.begin());
    DAFTAR_RETURN_IF_ERROR(database.execute(kTables));
    DAFTAR_RETURN_IF_ERROR(create_ledger_tables(database));
    DAFTAR_RETURN_IF_ERROR(transaction.commit());
  }
  // Last, so that a folder with a key is a whole one.
  return write_file(key_path(folder), SigningKey::generate().seed(), true);
}

Result<std::unique_ptr<ClientStore>> ClientStore::open(const std::string& folder,
                                                       Database::Access access) {
  if (KeyFile::read(key_path(folder)).status().code() == Code::not_found) {
    return Status(Code::not_found, Msg::folder_missing, {folder});
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
  std::unique_ptr<ClientStore> store(new ClientStore(std::move(database), folder));
  DAFTAR_ASSIGN_OR_RETURN(store->ledger_store_, open_sqlite_ledger_store(store->database_));
  if (access == Database::Access::read_write && store->has_new_key()) {
    DAFTAR_RETURN_IF_ERROR(store->move_new_key());
  }
  return store;
}

// Read each time, for another program may have changed it; opened once, which takes longer.
Result<SigningKey> ClientStore::key() {
  DAFTAR_ASSIGN_OR_RETURN(const KeyFile file, KeyFile::read(key_path(folder_)));
  if (!key_ || key_->public_key() != file.public_key()) {
    DAFTAR_ASSIGN_OR_RETURN(key_, open_key(file));
  }
  return *key_;
}

Result<SigningKey> ClientStore::open_key(const KeyFile& file) {
  if (!file.is_sealed()) return file.open("");
  if (passphrase_) {
    Result<SigningKey> key = file.open(*passphrase_);
    // A change of the passphrase that a power cut ended has changed one file alone.
    if (key.ok() || key.status().message() != Msg::passphrase_wrong) return key;
  }
  if (!ask_passphrase_) return Status(Code::refused, Msg::passphrase_needed);
  DAFTAR_ASSIGN_OR_RETURN(const std::string passphrase, ask_passphrase_());
  DAFTAR_ASSIGN_OR_RETURN(SigningKey key, file.open(passphrase));
  passphrase_ = passphrase;
  return key;
}

Result<PublicKey> ClientStore::public_key() {
  DAFTAR_ASSIGN_OR_RETURN(const KeyFile file, KeyFile::read(key_path(folder_)));
  return file.public_key();
}

Result<bool> ClientStore::is_key_sealed() {
  DAFTAR_ASSIGN_OR_RETURN(const KeyFile file, KeyFile::read(key_path(folder_)));
  return file.is_sealed();
}

Status ClientStore::seal_key(const std::string& passphrase) {
  DAFTAR_ASSIGN_OR_RETURN(const SigningKey own, key());
  if (has_new_key()) {
    DAFTAR_ASSIGN_OR_RETURN(const SigningKey fresh, new_key());
    DAFTAR_ASSIGN_OR_RETURN(const std::string bytes, key_file_bytes(fresh, passphrase));
    DAFTAR_RETURN_IF_ERROR(write_file(new_key_path(), bytes, true));
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::string bytes, key_file_bytes(own, passphrase));
  DAFTAR_RETURN_IF_ERROR(write_file(key_path(folder_), bytes, true));
  passphrase_ = passphrase;
  return {};
}

// ---- settings

Result<std::optional<std::string>> ClientStore::setting(const std::string& name) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT value FROM setting WHERE name = ?1"));
  query->bind_text(1, name);
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  std::optional<std::string> value;
  if (has_row) value = std::string(query->text(0));
  query->reset();
  return value;
}

Status ClientStore::set_setting(const std::string& name, const std::string& value) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * put,
                          database_.use("INSERT OR REPLACE INTO setting VALUES(?1, ?2)"));
  return put->bind_text(1, name).bind_text(2, value).run();
}

Result<uint64_t> parse_setting(const std::string& name, const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Status(Code::corrupt, Msg::setting_bad, {name, text});
  }
  return number;
}

Result<Identity> ClientStore::identity() {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT name, value FROM setting "
                    "WHERE name IN ('device', 'user', 'hub_address', 'hub_name', 'hub_key', "
                    "'enrol_address', 'root', 'certificate', 'role')"));
  std::map<std::string, std::string> values;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) break;
    values[std::string(query->text(0))] = query->text(1);
  }
  if (values.size() < 9) return Status(Code::not_found, Msg::device_has_no_number, {folder_});
  Identity identity;
  DAFTAR_ASSIGN_OR_RETURN(identity.device, parse_setting("device", values["device"]));
  DAFTAR_ASSIGN_OR_RETURN(identity.user, parse_setting("user", values["user"]));
  identity.hub_address = values["hub_address"];
  identity.hub_name = values["hub_name"];
  identity.enrol_address = values["enrol_address"];
  identity.root = values["root"];
  identity.certificate = values["certificate"];
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t role, parse_setting("role", values["role"]));
  identity.role = role_of(role);
  if (identity.device == 0) {
    return Status(Code::corrupt, Msg::setting_bad, {"device", values["device"]});
  }
  const Result<PublicKey> key = parse_key(values["hub_key"]);
  if (!key.ok()) return Status(Code::corrupt, Msg::setting_bad, {"hub_key", values["hub_key"]});
  identity.hub_key = *key;
  return identity;
}

Result<DeviceNumber> ClientStore::number() {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> text, setting("device"));
  if (!text) return Status(Code::not_found, Msg::device_has_no_number, {folder_});
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber number, parse_setting("device", *text));
  if (number == 0) return Status(Code::corrupt, Msg::setting_bad, {"device", *text});
  return number;
}

Status ClientStore::set_identity(const Identity& identity) {
  // In the owner's transaction, if there is one: whole or not at all.
  const std::pair<const char*, std::string> values[] = {{"device", std::to_string(identity.device)},
                                                        {"user", std::to_string(identity.user)},
                                                        {"hub_address", identity.hub_address},
                                                        {"hub_name", identity.hub_name},
                                                        {"hub_key", key_text(identity.hub_key)},
                                                        {"enrol_address", identity.enrol_address},
                                                        {"root", identity.root},
                                                        {"certificate", identity.certificate},
                                                        {"role", role_setting(identity.role)}};
  DAFTAR_RETURN_IF_ERROR(database_.execute("SAVEPOINT identity"));
  for (const auto& [name, value] : values) {
    Status put = set_setting(name, value);
    if (put.ok()) continue;
    static_cast<void>(database_.execute("ROLLBACK TO identity; RELEASE identity"));
    return put;
  }
  return database_.execute("RELEASE identity");
}

Status ClientStore::keep_role(Role role) {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> known, setting("role"));
  if (known == role_setting(role)) return {};
  return set_setting("role", role_setting(role));
}

Status ClientStore::keep_certificate(const std::string& certificate) {
  // The device may be taking another number at this moment.
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, identity());
  DAFTAR_ASSIGN_OR_RETURN(const PublicKey own_key, public_key());
  DAFTAR_ASSIGN_OR_RETURN(const CertificateTerms terms, read_certificate(certificate));
  if (terms.device != own.device || terms.key != own_key) {
    return {Code::corrupt, Msg::certificate_bad};
  }
  // Whether it has ended is for the hub to say: this computer's clock may be wrong.
  DAFTAR_RETURN_IF_ERROR(verify_certificates(certificate, own.root, CertificateUse::device, 0));
  DAFTAR_RETURN_IF_ERROR(set_setting("certificate", certificate));
  return transaction.commit();
}

// ---- ledgers

Result<std::vector<LedgerInfo>> ClientStore::held_ledgers() {
  DAFTAR_ASSIGN_OR_RETURN(const auto all, ledger_store_->ledgers());
  std::vector<LedgerInfo> result;
  for (const auto& [name, id] : all) {
    LedgerInfo info{name, id, {}, 0, 0, 0, 0};
    DAFTAR_ASSIGN_OR_RETURN(info.verified, verified_head(id));
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use("SELECT state, count(*) FROM pending WHERE ledger = ?1 GROUP BY state"));
    query->bind(1, id);
    while (true) {
      DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
      if (!has_row) break;
      const auto state = static_cast<PendingState>(query->integer(0));
      if (state == PendingState::waiting) info.waiting = query->number(1);
      if (state == PendingState::entered) info.entered = query->number(1);
      if (state == PendingState::held) info.held = query->number(1);
      if (state == PendingState::forked) info.forked = query->number(1);
    }
    result.push_back(std::move(info));
  }
  return result;
}

Result<std::optional<LedgerInfo>> ClientStore::held_ledger(std::string_view name) {
  DAFTAR_ASSIGN_OR_RETURN(std::vector<LedgerInfo> ledgers, held_ledgers());
  for (LedgerInfo& ledger : ledgers) {
    if (ledger.name == name) return std::optional(std::move(ledger));
  }
  return std::optional<LedgerInfo>();
}

Result<std::set<std::string>> ClientStore::listed_ledgers() {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> text, setting("listed_ledgers"));
  std::set<std::string> names;
  std::istringstream lines(text.value_or(""));
  for (std::string line; std::getline(lines, line);) names.insert(line);
  return names;
}

Status ClientStore::set_listed_ledgers(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> before, setting("listed_ledgers"));
  return before == text ? Status() : set_setting("listed_ledgers", text);
}

Result<LedgerId> ClientStore::add_ledger(const std::string& name) {
  if (!is_ledger_name(name)) return Status(Code::invalid, Msg::ledger_name_bad, {name});
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const LedgerId id, ledger_store_->add_ledger(name));
  DAFTAR_RETURN_IF_ERROR(transaction.commit());
  return id;
}

Result<LedgerId> ClientStore::find_ledger(const std::string& name) {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<LedgerId> id, ledger_store_->find_ledger(name));
  if (!id) return Status(Code::not_found, Msg::ledger_missing, {name});
  return *id;
}

Result<std::string> ClientStore::ledger_name(LedgerId ledger) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT name FROM ledger WHERE id = ?1"));
  query->bind(1, ledger);
  DAFTAR_RETURN_IF_ERROR(query->step().status());
  std::string name(query->text(0));
  query->reset();
  return name;
}

Result<TreeHead> ClientStore::verified_head(LedgerId ledger) {
  // Entries are taken only up to verified checkpoints, so the ledger's row is the verified head.
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, ledger_store_->row(ledger));
  DAFTAR_ASSIGN_OR_RETURN(const RightEdge edge, RightEdge::from_bytes(row.size, row.right_edge));
  return TreeHead{row.size, edge.root()};
}

Result<std::string> ClientStore::checkpoint(LedgerId ledger) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT note FROM checkpoint WHERE ledger = ?1 ORDER BY size DESC LIMIT 1"));
  query->bind(1, ledger);
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  std::string note = has_row ? std::string(query->text(0)) : "";
  query->reset();
  return note;
}

Result<std::vector<std::pair<uint64_t, std::string>>> ClientStore::checkpoints_above(
    LedgerId ledger, uint64_t size) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use(
          "SELECT size, note FROM checkpoint WHERE ledger = ?1 AND size > ?2 ORDER BY size"));
  query->bind(1, ledger).bind(2, size);
  std::vector<std::pair<uint64_t, std::string>> notes;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) return notes;
    notes.emplace_back(query->number(0), std::string(query->text(1)));
  }
}

Result<Ledger*> ClientStore::open_ledger(LedgerId id) {
  const auto found = open_.find(id);
  if (found != open_.end()) return found->second.get();
  DAFTAR_ASSIGN_OR_RETURN(const std::string name, ledger_name(id));
  DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<Ledger> ledger, Ledger::open(*ledger_store_, id, name));
  return (open_[id] = std::move(ledger)).get();
}

DeviceKeys ClientStore::device_keys() {
  return [this](DeviceNumber device) -> Result<std::optional<PublicKey>> {
    DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                            database_.use("SELECT key FROM device_key WHERE device = ?1"));
    query->bind(1, device);
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    std::optional<PublicKey> key;
    if (has_row) {
      if (query->blob(0).size() != sizeof(PublicKey)) return database_.damaged_row();
      std::memcpy(key.emplace().data(), query->blob(0).data(), sizeof(PublicKey));
    }
    query->reset();
    return key;
  };
}

Status ClientStore::put_device_key(DeviceNumber device, const PublicKey& key) {
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, identity());
  if (device == own.device) {
    DAFTAR_ASSIGN_OR_RETURN(const PublicKey own_key, public_key());
    if (key != own_key) {
      return {Code::corrupt, Msg::device_key_not_own, {std::to_string(device)}};
    }
  }
  if (device == kHubDevice) {
    DAFTAR_ASSIGN_OR_RETURN(const Identity known, identity());
    if (known.hub_key != key) return {Code::corrupt, Msg::device_key_not_own, {"hub"}};
  }
  DAFTAR_ASSIGN_OR_RETURN(Statement * put,
                          database_.use("INSERT OR IGNORE INTO device_key VALUES(?1, ?2)"));
  return put->bind(1, device)
      .bind_blob(2, {reinterpret_cast<const char*>(key.data()), key.size()})
      .run();
}

// ---- what is looked up of confirmed entries

Result<std::vector<uint64_t>> ClientStore::touches(LedgerId ledger, std::string_view key) {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                          ledger_store_->record(ledger, key));
  if (!stored) return std::vector<uint64_t>();
  DAFTAR_ASSIGN_OR_RETURN(const RecordState record, RecordState::decode(*stored));
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT previous FROM touch WHERE ledger = ?1 AND position = ?2 AND key = ?3"));
  std::vector<uint64_t> positions;
  for (uint64_t at = record.newest_position(); at > 0;) {
    query->bind(1, ledger).bind(2, at).bind_blob(3, key);
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    const uint64_t previous = has_row ? query->number(0) : at;
    query->reset();
    if (previous >= at) return database_.damaged_row();
    positions.push_back(at);
    at = previous;
  }
  std::reverse(positions.begin(), positions.end());
  return positions;
}

Result<std::vector<RecordKey>> ClientStore::records_with_code(LedgerId ledger,
                                                              std::string_view code) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT key FROM code WHERE ledger = ?1 AND code = ?2 ORDER BY key"));
  query->bind(1, ledger).bind_text(2, code);
  std::vector<RecordKey> keys;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) return keys;
    DAFTAR_ASSIGN_OR_RETURN(RecordKey key, RecordKey::from_bytes(query->blob(0)));
    keys.push_back(std::move(key));
  }
}

Result<bool> ClientStore::was_imported(LedgerId ledger, const Hash& file) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT 1 FROM imported WHERE ledger = ?1 AND hash = ?2"));
  query->bind(1, ledger).bind_blob(2, hash_bytes(file));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  query->reset();
  return has_row;
}

}  // namespace daftar::client
