// The hub's database: ledgers, and who may reach them (devices, users, grants).
//
// Who may write what is judged by the ledger `national` (common/register/directory.h). What is said
// here about a device is due to be said there: the Writer does so before it judges anything. One
// HubStore is used by one thread at a time; several may be open over one folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/ledger/keys.h"
#include "common/register/directory.h"
#include "common/store/ledger.h"
#include "common/store/ledger_store.h"
#include "common/store/sqlite.h"

namespace daftar::hub {

struct Device {
  DeviceNumber number = 0;
  UserNumber user = 0;
  PublicKey key{};
  std::string label;
  bool holds_all = false;            ///< every ledger, those to come too
  std::vector<std::string> ledgers;  ///< granted by name, if not all
  bool is_revoked = false;
  bool is_lost = false;    ///< revoked, and its unsent work may not be handed over
  Role role = Role::none;  ///< its user's
  std::string party;       ///< its user's: the code of a party, "" for none
  bool operator==(const Device&) const = default;
};

/// Code::refused, with what to tell it, for a device that was shut out.
Status check_not_revoked(const Device& device);

/// What an enrolment token opens to the device that shows it.
struct TokenTerms {
  std::optional<UserNumber> user;      ///< of a device before; a new one if there is none
  std::optional<DeviceNumber> number;  ///< that the device had before this hub was restored
  Role role = Role::none;
  std::string label;
  bool holds_all = false;
  std::vector<std::string> ledgers;
  uint64_t ends_ms = 0;
  std::string party;
};

/// What identifies a hub: its name (the first part of every checkpoint's origin) and key.
struct HubIdentity {
  std::string name;
  SigningKey key;
};

class HubStore {
 public:
  /// Creates the folder, database and key of a new hub. Code::exists if there is one.
  static Status create(const std::string& folder, const std::string& name);
  /// Code::not_found if `folder` holds no hub, Code::newer_version if a newer one made it.
  static Result<std::unique_ptr<HubStore>> open(const std::string& folder, Database::Access access);

  Result<HubIdentity> identity();
  LedgerStore& ledgers() { return *ledgers_; }
  Database& database() { return database_; }

  /// Registers a device with the next number; a user of its own unless `user` is given. `number`
  /// gives a device back the one that it had before this hub was restored from a backup.
  /// Code::exists if its key or that number is registered.
  Result<Device> add_device(const PublicKey& key, std::optional<UserNumber> user,
                            const std::string& label, bool holds_all,
                            const std::vector<std::string>& ledgers,
                            std::optional<DeviceNumber> number = {}, Role role = Role::focal_point);
  /// Keeps devices that a restored hub had registered after its backup, in the open transaction:
  /// numbers and keys, so that no number is given twice; no ledgers. Whoever was given such a
  /// number since, and has entered nothing under it, loses it; Code::corrupt if he has.
  Status add_recovered_devices(const std::map<DeviceNumber, PublicKey>& keys);
  /// Whether any changeset of a device is in a ledger.
  Result<bool> has_entered(DeviceNumber number);
  /// Whether the hub appoints (common/register/directory.h).
  Result<bool> is_founding();
  /// Opens further ledgers (made if missing), or all, to a device. `user` names the user of a
  /// device that was recovered and has none; with `role` it has that one from now on.
  /// Code::not_found; Code::exists if it has another user.
  Status grant(DeviceNumber number, bool holds_all, const std::vector<std::string>& ledgers,
               std::optional<UserNumber> user = {}, std::optional<Role> role = {});
  /// Shuts a device out: as retired, whose unsent work may be made again under another number, or
  /// as lost.
  Status revoke_device(DeviceNumber number, bool is_lost = false);
  Result<std::optional<Device>> device_by_key(const PublicKey& key);

  /// Keeps a token by the hash of its secret, and forgets those that have ended.
  Status add_token(const Hash& secret, const TokenTerms& terms, uint64_t now_ms);
  /// Registers the device that shows a token; the same device (an answer that was lost) gets the
  /// same number again. `had`: the number that it says to have, 0 if none. `follows`: the number
  /// whose unsent work it will make again, 0 for none. Code::refused for a token that is unknown,
  /// has ended, was another device's, or is not for that number; and where that number, or the one
  /// that it follows, was lost.
  Result<Device> redeem_token(const Hash& secret, const PublicKey& key, DeviceNumber had,
                              DeviceNumber follows, uint64_t now_ms);
  /// Where devices enrol, for those who are given a token.
  Status set_enrolment_port(int port);
  Result<int> enrolment_port();

  /// What is said here of devices and not in `national` yet: with the ledgers that were opened to
  /// each ("*" for all), "!" that it was shut out, and "" the rest.
  Result<std::map<DeviceNumber, std::set<std::string>>> due();
  /// In the open transaction.
  Status clear_due();
  /// An entry of the hub's own came back, in the open transaction: when it was written, all that
  /// was due when the backup was made had been said. The next take_directory forgets it.
  Status note_spoken_since();
  /// Makes of every device what `national` says of it, in the open transaction; of one that is due
  /// ledgers that were opened stay open, it stays shut out if it was, and in the founding it keeps
  /// its role. `is_recovered`: it was given back to a hub that had lost it; the ledgers that it
  /// opens wait for the devices to which they are open, which may know more.
  Status take_directory(const Directory& directory, bool is_recovered);
  /// Registers the devices that `directory` names and that are not known here, in the open
  /// transaction: what is missing of `national` may be with one of them.
  Status add_named(const Directory& directory);
  /// Whether `national` may say more than is here: it waits for somebody, lacks what was shown, or
  /// a restored hub knows nobody who holds it.
  Result<bool> may_lack_national();

  /// The key of a device, or for kHubDevice the hub's own.
  Result<std::optional<PublicKey>> device_key(DeviceNumber number);
  Result<std::optional<Device>> device(DeviceNumber number);
  Result<std::vector<Device>> devices();

  /// This hub was restored from a backup: from now on each ledger waits for all its devices. Where
  /// the backup knows of none, the hub waits until one has come back.
  Status begin_awaiting();
  /// `ledger`, or each if it is "", waits for nobody any more, and for nothing that was shown and
  /// not given back: it is lost. Code::not_found if there is no such ledger.
  Status end_awaiting(const std::string& ledger = "");
  /// Whether what is missing of `ledger` was given up (end_awaiting) since this hub was restored.
  Result<bool> has_given_up(const std::string& ledger);
  /// Entries that were judged by `national` up to there say nothing of what is missing: it is lost.
  Result<uint64_t> lost_national();
  /// In the open transaction.
  Status set_lost_national(uint64_t position);
  /// Whether this hub was restored from a backup that knows no device which could come back by
  /// itself, and none has been enrolled again since.
  Result<bool> knows_nobody();
  /// Whether anything waits: until then entries may come back that name devices and users.
  Result<bool> is_any_awaiting();
  /// Lets ledgers go on that wait for nobody any more, in the open transaction; their names. None
  /// does before `national`, which may name others that hold it.
  Result<std::vector<std::string>> settle_waits();
  /// The devices that a ledger still waits for: those to which it is open, not revoked, that have
  /// not shown since what they know of it; empty if it waits for what was shown, or for `national`.
  /// Nothing if the ledger does not wait.
  Result<std::optional<std::set<DeviceNumber>>> awaited(const std::string& ledger);
  /// Whether any ledger waits for `device`.
  Result<bool> is_awaited(const Device& device);
  /// Whether somebody has shown more entries of `ledger` than are here.
  Result<bool> lacks_shown(const std::string& ledger);
  /// `device` has shown what it knows of `ledger`, `size` entries. Returns whom the ledger still
  /// waits for, nothing if it did not wait for this one. In the open transaction, which settles the
  /// waits.
  Result<std::optional<std::set<DeviceNumber>>> note_shown(const std::string& ledger,
                                                           DeviceNumber device, uint64_t size);

  /// A cosignature that was checked; kept if it is of a larger size than the device's last one.
  Status put_cosignature(const std::string& ledger, DeviceNumber device, uint64_t size,
                         const std::string& line);
  /// The largest cosigned size of a ledger with its cosignatures' lines; 0 and "" if there is none.
  Result<std::pair<uint64_t, std::string>> cosignatures(const std::string& ledger);

  /// Creates an empty ledger; Code::exists if it is there, Code::invalid for a bad name.
  Status add_ledger(const std::string& name);
  /// The ledgers that a device may read and write, by name.
  Result<std::map<std::string, LedgerId>> granted(const Device& device);

 private:
  HubStore(Database database, std::string folder)
      : database_(std::move(database)), folder_(std::move(folder)) {}
  Result<Device> insert_device(const PublicKey& key, const TokenTerms& terms);
  /// Code::refused once administrators appoint, unless the user has that role already.
  Status check_may_appoint(std::optional<UserNumber> user, Role role);
  /// A user has one role and party, on all devices.
  Status set_user(UserNumber user, Role role, const std::string& party);
  Status note_due(DeviceNumber number, const std::string& what);
  Status note_opened(DeviceNumber number, bool all, const std::vector<std::string>& ledgers);
  Status shut_out(DeviceNumber number, bool is_lost);
  Status take_number_back(DeviceNumber number);
  Status put_known(DeviceNumber number, std::set<std::string> due, const Directory& directory,
                   bool is_recovered);
  Status put_device(const Device& now);
  Status forget_said(const Directory& directory);
  Result<TokenTerms> read_token(const Hash& secret, const PublicKey& key, uint64_t now_ms);
  Status check_terms(const TokenTerms& terms, const std::optional<Device>& device, DeviceNumber had,
                     DeviceNumber follows);
  Result<Device> read_device(Statement& query);
  Status give_up(const std::string& ledger);
  Result<bool> is_awaiting(const std::string& ledger);
  Status open_to(const Device& known, bool holds_all, const std::vector<std::string>& ledgers,
                 std::optional<UserNumber> user, std::optional<Role> role);
  Status open_ledgers(DeviceNumber number, const std::vector<std::string>& ledgers);
  Status make_ledger(const std::string& name);
  /// These ledgers (or all) wait for `number` too; those that waited for nobody, for it alone.
  Status await_device(DeviceNumber number, bool all, const std::vector<std::string>& ledgers);

  Database database_;
  std::string folder_;
  std::unique_ptr<LedgerStore> ledgers_;
};

}  // namespace daftar::hub
