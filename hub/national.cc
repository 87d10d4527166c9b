#include "hub/national.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "common/register/kinds.h"

namespace daftar::hub {
namespace {

void add_edits(std::vector<RecordEdits>& edits, RecordKey key,
               std::vector<std::pair<FieldNumber, Value>> values) {
  if (values.empty()) return;
  RecordEdits record{std::move(key), {}};
  for (auto& [field, value] : values) record.cells.push_back({field, std::move(value), {}});
  edits.push_back(std::move(record));
}

// The record of the party with this code, which is made if there is none.
RecordKey find_party(const std::string& code, const Directory& directory,
                     std::vector<RecordEdits>& edits) {
  uint64_t next = 1;
  for (const auto& [key, known] : directory.parties()) {
    if (known == code) return key;
    if (key.device == kHubDevice) next = std::max(next, key.counter + 1);
  }
  RecordKey key{kind::party, kHubDevice, next, ""};
  add_edits(edits, key, {{field::party_code, Value::text(code)}});
  return key;
}

void add_user(const Device& device, const Directory& directory, std::vector<RecordEdits>& edits) {
  const UserNumber user = device.user;
  std::vector<std::pair<FieldNumber, Value>> values;
  if (!device.party.empty() && directory.party_of(user) != device.party) {
    values.emplace_back(field::user_party,
                        Value::reference(find_party(device.party, directory, edits)));
  } else if (!directory.users().contains(user)) {
    values.emplace_back(field::user_party, Value());  // so that there is a record to give a role to
  }
  const bool is_known = directory.role_of(user) == device.role || !directory.is_founding();
  if (!is_known && device.role != Role::omsar_administrator) {
    const bool has_role = device.role != Role::none;
    values.emplace_back(field::user_role, has_role ? Value::text(role_name(device.role)) : Value());
  }
  add_edits(edits, user_record(user), std::move(values));
  if (!is_known && device.role == Role::omsar_administrator) {
    add_edits(edits, {kind::approval, kHubDevice, user, ""},
              {{field::approval_user, Value::reference(user_record(user))}});
  }
}

void add_device(const Device& device, const DirectoryDevice& said,
                std::vector<RecordEdits>& edits) {
  std::vector<std::pair<FieldNumber, Value>> values;
  if (said.key != device.key) {
    values.emplace_back(field::device_key, Value::text(key_text(device.key)));
  }
  if (device.user != 0 && said.user != device.user) {
    values.emplace_back(field::device_user, Value::reference(user_record(device.user)));
  }
  const Standing revoked = device.is_lost ? Standing::lost : Standing::retired;
  const Standing standing = device.is_revoked ? revoked : Standing::active;
  if (said.standing != standing) {
    values.emplace_back(field::device_standing, Value::text(standing_name(standing)));
  }
  add_edits(edits, device_record(device.number), std::move(values));
}

void add_grants(const Device& device, const DirectoryDevice& said,
                std::vector<RecordEdits>& edits) {
  std::set<std::string> open(device.ledgers.begin(), device.ledgers.end());
  if (device.holds_all) open.insert(std::string(kEveryLedger));
  uint64_t next = 1;
  for (const auto& [key, ledger] : said.grants) {
    open.erase(ledger);
    if (key.device == device.number) next = std::max(next, key.counter + 1);
  }
  for (const std::string& ledger : open) {
    add_edits(edits, {kind::grant, device.number, next++, ""},
              {{field::grant_device, Value::reference(device_record(device.number))},
               {field::grant_ledger, Value::text(ledger)}});
  }
}

}  // namespace

std::vector<RecordEdits> national_edits(const Device& device, const Directory& directory) {
  std::vector<RecordEdits> edits;
  const auto found = directory.devices().find(device.number);
  const DirectoryDevice said =
      found == directory.devices().end() ? DirectoryDevice{} : found->second;
  if (device.user != 0) add_user(device, directory, edits);
  add_device(device, said, edits);
  add_grants(device, said, edits);
  std::sort(edits.begin(), edits.end(),
            [](const RecordEdits& a, const RecordEdits& b) { return a.key < b.key; });
  return edits;
}

}  // namespace daftar::hub
