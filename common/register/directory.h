// The directory: who may do what, by the records of `national`.
//
// Parties, users, devices, grants and approvals are ordinary records, so that whoever holds
// `national` can judge for any of its positions as the hub judged there. Pure: a Directory is made
// of the states of those records, and of nothing else.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/ledger/changeset.h"
#include "common/ledger/keys.h"
#include "common/ledger/record_state.h"
#include "common/register/authority.h"

namespace daftar {

inline constexpr std::string_view kNational = "national";
/// What a grant of every ledger, those to come too, names.
inline constexpr std::string_view kEveryLedger = "*";

/// The number under which the hub itself writes in `national`, with its own key. Devices are
/// numbered from 1 on and do not come to it.
inline constexpr DeviceNumber kHubDevice = uint64_t{1} << 32;

/// So many persons approve an administrator, and so many whom the hub has approved at one time end
/// the founding.
inline constexpr size_t kApprovers = 2;

/// Users and devices are known by their numbers: the record of user 7 is user 7.1.
RecordKey user_record(UserNumber user);
RecordKey device_record(DeviceNumber device);

enum class Standing { active, retired, lost };
/// "active", as a device's record says it.
std::string_view standing_name(Standing standing);
std::optional<Standing> find_standing(std::string_view name);

/// Why a changeset has no authority.
enum class NoAuthority {
  device,              ///< not known, shut out, or not its author's
  ledger,              ///< not open to the device
  role,                ///< a field that its author's role may not write
  owner,               ///< a field that only the party may write that made the record
  source,              ///< what is shared, from a ledger that is not open to the device
  appoints,            ///< an administrator by a role alone, its author by himself, an unknown role
  party_again,         ///< another party for a user: records would go with him
  approval_again,      ///< an approval that was written before, or taken back before
  last_administrator,  ///< nobody could appoint any more
  hub_record,          ///< made under the hub's number, and not by it
  hub,                 ///< what the hub may not say
};

struct DirectoryUser {
  Role role = Role::none;  ///< as it is written; see Directory::role_of
  std::optional<RecordKey> party;
};

struct DirectoryDevice {
  std::optional<PublicKey> key;
  UserNumber user = 0;
  Standing standing = Standing::active;
  std::map<RecordKey, std::string> grants;  ///< ledgers that are open to it, by their grant

  [[nodiscard]] bool may_reach(std::string_view ledger) const;
};

class Directory {
 public:
  /// Takes a record of `national` as it is now, in the place of what it was. Where several versions
  /// stand, the current one counts; but a device is shut out, and a grant or an approval gone, as
  /// soon as one of them says so.
  void take(const RecordKey& key, const RecordState& record);

  [[nodiscard]] const std::map<DeviceNumber, DirectoryDevice>& devices() const { return devices_; }
  [[nodiscard]] const std::map<UserNumber, DirectoryUser>& users() const { return users_; }
  /// Codes of the parties, by their records.
  [[nodiscard]] const std::map<RecordKey, std::string>& parties() const { return parties_; }
  /// The code of a user's party; "" if it has none.
  [[nodiscard]] std::string party_of(UserNumber user) const;
  /// Whether a user is of the party whose device that is, or its user.
  [[nodiscard]] bool is_owner(UserNumber user, DeviceNumber made_by) const;
  /// The persons who have approved `user` as administrator, without the approvals in `without`.
  [[nodiscard]] std::set<UserNumber> approvers(UserNumber user,
                                               const std::set<RecordKey>& without = {}) const;

  /// The role in which a user acts: administrators are those whom kApprovers persons, or in the
  /// founding the hub, approved, whatever their record says.
  [[nodiscard]] Role role_of(UserNumber user) const;
  [[nodiscard]] Role role_of_device(DeviceNumber device) const;
  [[nodiscard]] std::set<UserNumber> administrators() const;
  /// Until the hub's approvals of as many as can approve another one have stood at one time, it
  /// appoints; never again after.
  [[nodiscard]] bool is_founding() const;
  /// The hub's approvals of a user that still count.
  [[nodiscard]] std::vector<RecordKey> approvals_by_hub(UserNumber user) const;
  /// A number that no record of the hub's making has had.
  [[nodiscard]] uint64_t next_hub_id() const { return next_hub_id_; }

  /// What its author lacks for a changeset; nothing if he has authority for all of it: its device
  /// is known and not shut out, is its author's, the ledger is open to it, its role may write each
  /// field and its party made each record where that is asked for, what it shares comes from a
  /// ledger that is open to it, it does not appoint wrongly, and
  /// leaves an administrator. The hub registers devices with their users and parties, opens ledgers
  /// to them and shuts them out, and never gives one another key or user or a better standing; it
  /// appoints in the founding only.
  [[nodiscard]] std::optional<NoAuthority> denies(const Changeset& changeset) const;
  [[nodiscard]] bool may_enter(const Changeset& changeset) const { return !denies(changeset); }

 private:
  struct Approval {
    UserNumber user = 0;
    DeviceNumber by = 0;
    uint64_t made = 0;             ///< the position where it was
    std::optional<uint64_t> gone;  ///< where it was taken back
  };
  void take_grant(const RecordKey& key, const RecordState& record);
  void take_approval(const RecordKey& key, const RecordState& record);
  [[nodiscard]] bool is_approved(UserNumber user, const std::set<RecordKey>& without = {}) const;
  [[nodiscard]] bool may_hub_enter(const Changeset& changeset) const;
  [[nodiscard]] bool may_hub_write(const RecordKey& key, const CellEdit& edit) const;
  [[nodiscard]] bool is_party_again(const RecordKey& key, const CellEdit& edit) const;
  [[nodiscard]] bool is_approval_again(const RecordKey& key, const CellEdit& edit) const;
  [[nodiscard]] bool leaves_an_administrator(const std::vector<RecordEdits>& records) const;

  std::map<RecordKey, std::string> parties_;
  std::map<UserNumber, DirectoryUser> users_;
  std::map<DeviceNumber, DirectoryDevice> devices_;
  std::map<RecordKey, DeviceNumber> grants_;
  std::map<RecordKey, Approval> approvals_;  ///< those taken back too
  std::map<UserNumber, std::set<RecordKey>> approvals_that_stand_;
  std::set<RecordKey> approvals_by_hub_;  ///< those taken back too
  uint64_t next_hub_id_ = 1;
};

}  // namespace daftar
