#include "common/register/directory.h"

#include <algorithm>

#include "common/register/kinds.h"

namespace daftar {
namespace {

// Whether any version that stands says so: what shuts out does not wait until a conflict is
// settled.
bool says_any(const RecordState& record, FieldNumber field, const auto& wanted) {
  const Cell* cell = record.find(field);
  return cell != nullptr && std::any_of(cell->standing.begin(), cell->standing.end(),
                                        [&](const Version& one) { return wanted(one.value); });
}

bool is_gone(const RecordState& record) {
  return says_any(record, kDeletedField, [](const Value& value) { return value.is_yes(); });
}

std::string text_of(const RecordState& record, FieldNumber field) {
  return std::string(record.reading(field).as_text().value_or(""));
}

// The number of the user or device whose record is named; 0 for none.
uint64_t number_named(const Value& value, KindNumber of) {
  const std::optional<RecordKey> named = value.as_reference();
  return named && *named == RecordKey{of, named->device, 1, ""} ? named->device : 0;
}

uint64_t number_of(const RecordState& record, FieldNumber field, KindNumber of) {
  return number_named(record.reading(field), of);
}

// Where the first version that stands was entered which deletes a record.
std::optional<uint64_t> gone_at(const RecordState& record) {
  std::optional<uint64_t> first;
  const Cell* cell = record.find(kDeletedField);
  if (cell == nullptr) return first;
  for (const Version& version : cell->standing) {
    if (version.value.is_yes())
      first = std::min(first.value_or(version.position), version.position);
  }
  return first;
}

// What makes an administrator by a role alone, has its author approve himself, or gives a role of
// no name: nobody has authority for that.
bool appoints_wrongly(const RecordKey& key, const CellEdit& edit, UserNumber author) {
  if (key.kind == kind::user && edit.field == field::user_role && !edit.value.is_empty()) {
    const std::optional<Role> role = find_role(edit.value.as_text().value_or(""));
    return !role || role == Role::omsar_administrator;
  }
  return key.kind == kind::approval && edit.field == field::approval_user &&
         number_named(edit.value, kind::user) == author;
}

// What is shared names the register that it comes from: one that its device may read.
bool names_closed_source(const RecordKey& key, const CellEdit& edit,
                         const DirectoryDevice& device) {
  const bool is_origin = key.kind == kind::origin && edit.field == field::origin_source_ledger;
  const bool is_shared = key.kind == kind::indicator && edit.field == field::indicator_shared_from;
  const std::string_view source = edit.value.as_text().value_or("");
  return (is_origin || is_shared) && !source.empty() &&
         !device.may_reach(source.substr(0, source.rfind('#')));
}

bool any_edit(const std::vector<RecordEdits>& records, const auto& is_wanted) {
  return std::any_of(records.begin(), records.end(), [&](const RecordEdits& record) {
    return std::any_of(record.cells.begin(), record.cells.end(),
                       [&](const CellEdit& edit) { return is_wanted(record.key, edit); });
  });
}

Standing standing_of(const RecordState& record) {
  const auto says = [&](Standing standing) {
    return says_any(record, field::device_standing,
                    [&](const Value& value) { return value.as_text() == standing_name(standing); });
  };
  if (says(Standing::lost)) return Standing::lost;
  return says(Standing::retired) || is_gone(record) ? Standing::retired : Standing::active;
}

std::optional<PublicKey> key_of(const RecordState& record) {
  const Result<PublicKey> key = parse_key(text_of(record, field::device_key));
  return key.ok() ? std::optional(*key) : std::nullopt;
}

}  // namespace

std::string_view standing_name(Standing standing) {
  if (standing == Standing::lost) return "lost";
  return standing == Standing::retired ? "retired" : "active";
}

std::optional<Standing> find_standing(std::string_view name) {
  for (const Standing standing : {Standing::active, Standing::retired, Standing::lost}) {
    if (standing_name(standing) == name) return standing;
  }
  return std::nullopt;
}

RecordKey user_record(UserNumber user) { return {kind::user, user, 1, ""}; }
RecordKey device_record(DeviceNumber device) { return {kind::device, device, 1, ""}; }

void Directory::take(const RecordKey& key, const RecordState& record) {
  if (key.device == kHubDevice) next_hub_id_ = std::max(next_hub_id_, key.counter + 1);
  if (key == device_record(kHubDevice)) return;  // the hub is none of its devices
  if (key.kind == kind::party) {
    parties_[key] = text_of(record, field::party_code);
  } else if (key.kind == kind::user && key == user_record(key.device)) {
    DirectoryUser& user = users_[key.device];
    user.role = is_gone(record) ? Role::none
                                : find_role(text_of(record, field::user_role)).value_or(Role::none);
    user.party = record.reading(field::user_party).as_reference();
  } else if (key.kind == kind::device && key == device_record(key.device)) {
    DirectoryDevice& device = devices_[key.device];
    device.key = key_of(record);
    device.user = number_of(record, field::device_user, kind::user);
    device.standing = standing_of(record);
  } else if (key.kind == kind::grant) {
    take_grant(key, record);
  } else if (key.kind == kind::approval) {
    take_approval(key, record);
  }
}

void Directory::take_approval(const RecordKey& key, const RecordState& record) {
  const auto before = approvals_.find(key);
  if (before != approvals_.end()) {
    approvals_that_stand_[before->second.user].erase(key);
    approvals_.erase(before);
    approvals_by_hub_.erase(key);
  }
  const UserNumber user = number_of(record, field::approval_user, kind::user);
  if (user == 0) return;
  const Version& made = *record.find(field::approval_user)->current();
  const std::optional<uint64_t> gone = gone_at(record);
  approvals_[key] = {user, made.device, made.position, gone};
  if (made.device == kHubDevice) approvals_by_hub_.insert(key);
  if (!gone) approvals_that_stand_[user].insert(key);
}

void Directory::take_grant(const RecordKey& key, const RecordState& record) {
  const auto before = grants_.find(key);
  if (before != grants_.end()) {
    devices_[before->second].grants.erase(key);
    grants_.erase(before);
  }
  const DeviceNumber device = number_of(record, field::grant_device, kind::device);
  if (is_gone(record) || device == 0 || device == kHubDevice) return;
  grants_[key] = device;
  devices_[device].grants[key] = text_of(record, field::grant_ledger);
}

bool DirectoryDevice::may_reach(std::string_view ledger) const {
  return std::any_of(grants.begin(), grants.end(), [&](const auto& grant) {
    return grant.second == ledger || grant.second == kEveryLedger;
  });
}

std::set<UserNumber> Directory::approvers(UserNumber user,
                                          const std::set<RecordKey>& without) const {
  std::set<UserNumber> users;
  const auto found = approvals_that_stand_.find(user);
  if (found == approvals_that_stand_.end()) return users;
  for (const RecordKey& key : found->second) {
    const auto device = devices_.find(approvals_.at(key).by);
    if (device != devices_.end() && !without.contains(key)) users.insert(device->second.user);
  }
  return users;
}

std::vector<RecordKey> Directory::approvals_by_hub(UserNumber user) const {
  std::vector<RecordKey> keys;
  for (const RecordKey& key : approvals_by_hub_) {
    const Approval& approval = approvals_.at(key);
    if (approval.user == user && !approval.gone) keys.push_back(key);
  }
  return keys;
}

bool Directory::is_founding() const {
  static_assert(kApprovers == 2, "two that stood at one time are a pair");
  const auto stood_together = [](const Approval& one, const Approval& other) {
    return one.user != other.user && one.made < other.gone.value_or(UINT64_MAX) &&
           other.made < one.gone.value_or(UINT64_MAX);
  };
  for (const RecordKey& one : approvals_by_hub_) {
    for (const RecordKey& other : approvals_by_hub_) {
      if (stood_together(approvals_.at(one), approvals_.at(other))) return false;
    }
  }
  return true;
}

bool Directory::is_approved(UserNumber user, const std::set<RecordKey>& without) const {
  const std::vector<RecordKey> by_hub = approvals_by_hub(user);
  return std::any_of(by_hub.begin(), by_hub.end(),
                     [&](const RecordKey& key) { return !without.contains(key); }) ||
         approvers(user, without).size() >= kApprovers;
}

Role Directory::role_of(UserNumber user) const {
  if (is_approved(user)) return Role::omsar_administrator;
  const auto found = users_.find(user);
  if (found == users_.end() || found->second.role == Role::omsar_administrator) return Role::none;
  return found->second.role;
}

std::string Directory::party_of(UserNumber user) const {
  const auto found = users_.find(user);
  if (found == users_.end() || !found->second.party) return "";
  const auto party = parties_.find(*found->second.party);
  return party == parties_.end() ? "" : party->second;
}

Role Directory::role_of_device(DeviceNumber device) const {
  const auto found = devices_.find(device);
  return found == devices_.end() ? Role::none : role_of(found->second.user);
}

std::set<UserNumber> Directory::administrators() const {
  std::set<UserNumber> users;
  for (const auto& [user, approvals] : approvals_that_stand_) {
    if (is_approved(user)) users.insert(user);
  }
  return users;
}

bool Directory::may_hub_write(const RecordKey& key, const CellEdit& edit) const {
  if (key.kind == kind::device) {
    const auto known = devices_.find(key.device);
    const bool is_new = known == devices_.end();
    if (edit.field == field::device_key) return is_new || !known->second.key;
    if (edit.field == field::device_user) return is_new || known->second.user == 0;
    const std::optional<Standing> standing = find_standing(edit.value.as_text().value_or(""));
    const Standing before = is_new ? Standing::active : known->second.standing;
    return edit.field == field::device_standing && standing && *standing > before;
  }
  if (is_founding()) return true;
  if (edit.field == kDeletedField) return false;
  return key.kind == kind::grant || key.kind == kind::party ||
         (key.kind == kind::user && edit.field == field::user_party);
}

bool Directory::may_hub_enter(const Changeset& changeset) const {
  return changeset.ledger == kNational &&
         !any_edit(changeset.records, [&](const RecordKey& key, const CellEdit& edit) {
           return !may_hub_write(key, edit) || is_approval_again(key, edit) ||
                  is_party_again(key, edit);
         });
}

// An approval names its user once and is taken back once, for good: who has approved whom, and when
// the founding ended, stays readable in the records.
bool Directory::is_approval_again(const RecordKey& key, const CellEdit& edit) const {
  if (key.kind != kind::approval) return false;
  const auto known = approvals_.find(key);
  if (edit.field != kDeletedField) return known != approvals_.end();
  return !edit.value.is_yes() || (known != approvals_.end() && known->second.gone);
}

bool Directory::leaves_an_administrator(const std::vector<RecordEdits>& records) const {
  std::set<RecordKey> gone;
  for (const RecordEdits& record : records) {
    const auto known = approvals_.find(record.key);
    if (known != approvals_.end() && !known->second.gone) gone.insert(record.key);
  }
  return gone.empty() || std::any_of(approvals_that_stand_.begin(), approvals_that_stand_.end(),
                                     [&](const auto& one) { return is_approved(one.first, gone); });
}

// A record is the party's whose device made it.
bool Directory::is_owner(UserNumber user, DeviceNumber made_by) const {
  const auto device = devices_.find(made_by);
  if (device == devices_.end()) return false;
  if (device->second.user == user) return true;
  // By its record: a code can be written again.
  const auto one = users_.find(user);
  const auto other = users_.find(device->second.user);
  return one != users_.end() && other != users_.end() && one->second.party &&
         one->second.party == other->second.party;
}

// A user's party is said once: what his devices made in a sector is that party's for good. Who goes
// to another one is enrolled there anew.
bool Directory::is_party_again(const RecordKey& key, const CellEdit& edit) const {
  if (key.kind != kind::user || edit.field != field::user_party) return false;
  const auto known = users_.find(key.device);
  return known != users_.end() && known->second.party &&
         edit.value.as_reference() != known->second.party;
}

std::optional<NoAuthority> Directory::denies(const Changeset& changeset) const {
  if (changeset.device == kHubDevice) {
    return may_hub_enter(changeset) ? std::nullopt : std::optional(NoAuthority::hub);
  }
  const auto device = devices_.find(changeset.device);
  if (device == devices_.end() || device->second.standing != Standing::active ||
      device->second.user != changeset.author) {
    return NoAuthority::device;
  }
  if (!device->second.may_reach(changeset.ledger)) return NoAuthority::ledger;
  const UserNumber user = device->second.user;
  if (find_denied(role_of(user), changeset.ledger, changeset.records)) return NoAuthority::role;
  const Role role = role_of(user);
  if (changeset.ledger.starts_with("sector/") &&
      any_edit(changeset.records, [&](const RecordKey& key, const CellEdit& edit) {
        return is_owners_alone(role, changeset.ledger, key.kind, edit.field) &&
               !is_owner(user, key.device);
      })) {
    return NoAuthority::owner;
  }
  if (changeset.ledger.starts_with("sector/") &&
      any_edit(changeset.records, [&](const RecordKey& key, const CellEdit& edit) {
        return names_closed_source(key, edit, device->second);
      })) {
    return NoAuthority::source;
  }
  if (changeset.ledger != kNational) return std::nullopt;
  // The hub counts its records: a number far ahead would be its last.
  if (std::any_of(changeset.records.begin(), changeset.records.end(),
                  [&](const RecordEdits& record) {
                    return record.key.device == kHubDevice && record.key.counter >= next_hub_id_;
                  })) {
    return NoAuthority::hub_record;
  }
  if (any_edit(changeset.records, [&](const RecordKey& key, const CellEdit& edit) {
        return appoints_wrongly(key, edit, user);
      })) {
    return NoAuthority::appoints;
  }
  if (any_edit(changeset.records, [&](const RecordKey& key, const CellEdit& edit) {
        return is_party_again(key, edit);
      })) {
    return NoAuthority::party_again;
  }
  if (any_edit(changeset.records, [&](const RecordKey& key, const CellEdit& edit) {
        return is_approval_again(key, edit);
      })) {
    return NoAuthority::approval_again;
  }
  if (!leaves_an_administrator(changeset.records)) return NoAuthority::last_administrator;
  return std::nullopt;
}

}  // namespace daftar
