#include "hub/national.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "common/register/kinds.h"

namespace daftar::hub {
namespace {

class Edits {
 public:
  explicit Edits(const Directory& directory)
      : directory_(directory), next_id_(directory.next_hub_id()) {}

  void add(RecordKey key, const std::vector<std::pair<FieldNumber, Value>>& values) {
    if (values.empty()) return;
    RecordEdits record{std::move(key), {}};
    for (const auto& [field, value] : values) record.cells.push_back({field, value, {}});
    edits_.push_back(std::move(record));
  }
  RecordKey new_record(KindNumber kind) { return {kind, kHubDevice, next_id_++, ""}; }

  // The record of the party with this code, which is made if there is none.
  RecordKey party(const std::string& code) {
    for (const auto& [key, known] : directory_.parties()) {
      if (known == code) return key;
    }
    RecordKey key = new_record(kind::party);
    add(key, {{field::party_code, Value::text(code)}});
    return key;
  }

  std::vector<RecordEdits> sorted() && {
    std::sort(edits_.begin(), edits_.end(),
              [](const RecordEdits& a, const RecordEdits& b) { return a.key < b.key; });
    return std::move(edits_);
  }

 private:
  const Directory& directory_;
  uint64_t next_id_;
  std::vector<RecordEdits> edits_;
};

void add_user(const Device& device, const Directory& directory, Edits& edits) {
  const UserNumber user = device.user;
  std::vector<std::pair<FieldNumber, Value>> values;
  const auto said = directory.users().find(user);
  const bool has_party = said != directory.users().end() && said->second.party;
  if (!device.party.empty() && !has_party) {
    values.emplace_back(field::user_party, Value::reference(edits.party(device.party)));
  } else if (!directory.users().contains(user)) {
    values.emplace_back(field::user_party, Value());  // so that there is a record to give a role to
  }
  const bool is_due = directory.is_founding() && directory.role_of(user) != device.role;
  const bool is_administrator = device.role == Role::omsar_administrator;
  if (is_due && !is_administrator) {
    values.emplace_back(field::user_role,
                        device.role == Role::none ? Value() : Value::text(role_name(device.role)));
  }
  edits.add(user_record(user), values);
  if (is_due && is_administrator) {
    edits.add(edits.new_record(kind::approval),
              {{field::approval_user, Value::reference(user_record(user))}});
  }
  // A founder who is given another role is none any more.
  if (is_due && !is_administrator) {
    for (const RecordKey& approval : directory.approvals_by_hub(user)) {
      edits.add(approval, {{kDeletedField, Value::boolean(true)}});
    }
  }
}

// Keys and users are said once: where the directory knows others, those count.
void add_device(const Device& device, bool is_shut_out, const DirectoryDevice& said, Edits& edits) {
  std::vector<std::pair<FieldNumber, Value>> values;
  if (!said.key) values.emplace_back(field::device_key, Value::text(key_text(device.key)));
  if (device.user != 0 && said.user == 0) {
    values.emplace_back(field::device_user, Value::reference(user_record(device.user)));
  }
  const Standing standing = device.is_lost ? Standing::lost : Standing::retired;
  if (is_shut_out && said.standing < standing) {
    values.emplace_back(field::device_standing, Value::text(standing_name(standing)));
  }
  edits.add(device_record(device.number), values);
}

void add_grants(const Device& device, const std::set<std::string>& opened,
                const DirectoryDevice& said, Edits& edits) {
  std::set<std::string> missing = opened;
  for (const char* const other : {"", "!"}) missing.erase(other);
  for (const auto& [key, ledger] : said.grants) missing.erase(ledger);
  for (const std::string& ledger : missing) {
    edits.add(edits.new_record(kind::grant),
              {{field::grant_device, Value::reference(device_record(device.number))},
               {field::grant_ledger, Value::text(ledger)}});
  }
}

}  // namespace

std::vector<RecordEdits> national_edits(const Device& device, const std::set<std::string>& due,
                                        const Directory& directory) {
  Edits edits(directory);
  const auto found = directory.devices().find(device.number);
  const DirectoryDevice said =
      found == directory.devices().end() ? DirectoryDevice{} : found->second;
  if (device.user != 0) add_user(device, directory, edits);
  add_device(device, device.is_revoked && due.contains("!"), said, edits);
  add_grants(device, due, said, edits);
  return std::move(edits).sorted();
}

}  // namespace daftar::hub
