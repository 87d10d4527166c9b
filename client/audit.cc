#include "client/audit.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "client/national_replay.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/entries_file.h"

namespace daftar::client {
namespace {

// Only what is wrong in the data is a verdict; what keeps the audit from reading is a failure.
Result<AuditReport> report_of(Audit& audit, Status found, bool is_about_entry) {
  if (!found.ok() && found.code() != Code::corrupt) return found;
  AuditReport report;
  report.ledger = audit.state().ledger;
  report.counts = audit.counts();
  report.head = audit.head();
  if (found.ok()) {
    DAFTAR_ASSIGN_OR_RETURN(report.digest, audit.digest());
  } else if (is_about_entry) {
    report.wrong_entry = audit.counts().entries + 1;
  }
  report.verdict = std::move(found);
  return report;
}

// Called with the changeset's bytes of an entry that was taken ("" for a refused one).
using OnEntry = std::function<Status(std::string_view changeset)>;

// Checkpoints as they come up while entries are taken, and whether the last word was on an entry.
class Replay {
 public:
  Replay(Audit& audit, std::string hub_name, const PublicKey& hub_key,
         std::vector<std::pair<uint64_t, std::string>> checkpoints, OnEntry on_entry = {})
      : audit_(audit),
        hub_name_(std::move(hub_name)),
        hub_key_(hub_key),
        checkpoints_(std::move(checkpoints)),
        on_entry_(std::move(on_entry)) {}

  Status take(std::string_view header, std::string_view changeset) {
    is_about_entry_ = true;
    DAFTAR_RETURN_IF_ERROR(audit_.take(header, changeset));
    is_about_entry_ = false;
    if (on_entry_) DAFTAR_RETURN_IF_ERROR(on_entry_(changeset));
    return check_reached();
  }

  // The checkpoints that no entry led to, and whether there are `size` entries, no more and no
  // less.
  Status finish(uint64_t size) {
    DAFTAR_RETURN_IF_ERROR(check_reached());  // that of an empty ledger
    if (size > 0 && (checkpoints_.empty() || checkpoints_.back().first < size)) {
      return {Code::corrupt, Msg::audit_no_checkpoint, {audit_.state().ledger}};
    }
    if (next_ == checkpoints_.size() && audit_.head().size == size) return {};
    return {Code::corrupt, Msg::entry_root_wrong, {audit_.state().ledger, std::to_string(size)}};
  }

  [[nodiscard]] bool is_about_entry() const { return is_about_entry_; }

 private:
  Status check_reached() {
    for (; next_ < checkpoints_.size() && checkpoints_[next_].first == audit_.head().size;
         ++next_) {
      DAFTAR_RETURN_IF_ERROR(
          audit_.check_checkpoint(checkpoints_[next_].second, hub_name_, hub_key_));
    }
    return {};
  }

  Audit& audit_;
  std::string hub_name_;
  PublicKey hub_key_;
  std::vector<std::pair<uint64_t, std::string>> checkpoints_;
  OnEntry on_entry_;
  size_t next_ = 0;
  bool is_about_entry_ = false;
};

// What is looked up of an entry, instead of reading them all.
Status check_indexes(ClientStore& store, const LedgerInfo& ledger, const Audit& audit,
                     const std::optional<Changeset>& changeset) {
  Status wrong(Code::corrupt, Msg::audit_state_wrong, {ledger.name});
  const uint64_t position = audit.head().size;
  const ChainHead& head = audit.state().heads.at(audit.author());
  DAFTAR_ASSIGN_OR_RETURN(const bool has_place,
                          store.has_chain_row(ledger.id, audit.author(), head, position));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_touches,
                          store.has_touches(ledger.id, position, audit.touched()));
  if (!has_place || !has_touches) return wrong;
  if (!changeset) return {};
  DAFTAR_ASSIGN_OR_RETURN(const bool has_codes, store.has_codes(ledger.id, *changeset));
  return has_codes ? Status() : wrong;
}

// That `national`, as it was when the hub judged the entry, gave its author the authority for it,
// and knows the author's device by the key that it is known by here.
Status check_authority(ClientStore& store, NationalReplay& national, const Audit& audit,
                       const Changeset& changeset) {
  const uint64_t entry = audit.head().size;
  const uint64_t position = audit.state().national;
  Status denied(Code::corrupt, Msg::entry_not_allowed,
                {changeset.ledger, std::to_string(entry), std::to_string(changeset.device),
                 std::to_string(position)});
  if (changeset.ledger == kNational && position >= entry) return denied;
  DAFTAR_ASSIGN_OR_RETURN(const Directory* directory, national.at(position));
  if (directory == nullptr) {
    return {Code::corrupt,
            Msg::audit_national_short,
            {changeset.ledger, std::to_string(entry), std::to_string(position)}};
  }
  if (!directory->may_enter(changeset)) return denied;
  if (changeset.device == kHubDevice) return {};
  const DirectoryDevice& device = directory->devices().at(changeset.device);
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<PublicKey> key,
                          store.device_keys()(changeset.device));
  return key == device.key ? Status() : denied;
}

// The roots that a restored hub is given back from here: one for each checkpoint that was verified.
Result<bool> check_tree_heads(ClientStore& store, const LedgerInfo& ledger, const Audit& audit) {
  constexpr size_t kAtOnce = 1'000;
  DAFTAR_ASSIGN_OR_RETURN(const auto checkpoints, store.checkpoints_above(ledger.id, 0));
  auto checkpoint = checkpoints.begin();
  for (uint64_t above = 0;;) {
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<TreeHead> heads,
                            store.ledgers().tree_heads_above(ledger.id, above, kAtOnce));
    for (const TreeHead& head : heads) {
      if (checkpoint == checkpoints.end() || checkpoint->first != head.size) return false;
      if (audit.root_at(head.size) != head.root) return false;
      ++checkpoint;
    }
    if (heads.size() < kAtOnce) return checkpoint == checkpoints.end();
    above = heads.back().size;
  }
}

// What people see here is derived from the entries, and kept apart from them.
Status check_stored_state(ClientStore& store, const LedgerInfo& ledger, Audit& audit) {
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> stored,
                          Ledger::open(store.ledgers(), ledger.id, ledger.name));
  DAFTAR_ASSIGN_OR_RETURN(const Hash here, stored->digest());
  DAFTAR_ASSIGN_OR_RETURN(const Hash replayed, audit.digest());
  DAFTAR_ASSIGN_OR_RETURN(const auto contended, store.ledgers().contended_records(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const auto expected, audit.contended_records());
  DAFTAR_ASSIGN_OR_RETURN(const bool is_own_whole, store.has_whole_chain(ledger));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, store.ledgers().row(ledger.id));
  const bool is_row_right = row.materialised == row.size && row.published == 0;  // the hub's alone
  DAFTAR_ASSIGN_OR_RETURN(const bool has_pending, store.has_pending_touches(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_heads, check_tree_heads(store, ledger, audit));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_sound_pages, store.has_sound_pages());
  if (here == replayed && stored->tree_head() == audit.head() && contended == expected &&
      is_row_right && is_own_whole && has_pending && has_heads && has_sound_pages) {
    return {};
  }
  return {Code::corrupt, Msg::audit_state_wrong, {ledger.name}};
}

// What this device has verified of the ledger is the file's past too.
Status compare_with_folder(ClientStore& store, const EntriesFile& file, const std::string& name,
                           const Audit& audit) {
  const Result<Identity> identity = store.identity();
  if (!identity.ok() || identity->hub_key != file.hub_key) return {};  // of another hub, or of none
  Status other(Code::corrupt, Msg::audit_other_past, {name, file.ledger});
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> held, store.held_ledgers());
  const DeviceKeys keys = store.device_keys();
  for (const LedgerInfo& ledger : held) {
    if (ledger.name != file.ledger) continue;
    const uint64_t size = std::min(ledger.verified.size, file.size);
    DAFTAR_ASSIGN_OR_RETURN(const Hash here, store.root_at(ledger.id, size));
    if (audit.root_at(size) != here) return other;
    for (const auto& [device, told] : file.device_keys) {
      DAFTAR_ASSIGN_OR_RETURN(const std::optional<PublicKey> known, keys(device));
      if (known && *known != told) return other;
    }
  }
  return {};
}

Status replay_ledger(ClientStore& store, const LedgerInfo& ledger, Replay& replay, Audit& audit) {
  DAFTAR_RETURN_IF_ERROR(store.ledgers().read_entries(
      ledger.id, 1, ledger.verified.size + 1,  // one more would be too many
      [&](const StoredEntry& entry) { return replay.take(entry.header, entry.changeset); }));
  DAFTAR_RETURN_IF_ERROR(replay.finish(ledger.verified.size));
  return check_stored_state(store, ledger, audit);
}

// "<hub name>/<ledger>", as the note's first line says it.
std::string hub_name_of(std::string_view note, std::string_view ledger) {
  const std::string_view origin = note.substr(0, note.find('\n'));
  const size_t slash = std::min(origin.find('/'), origin.size());
  return std::string(origin.substr(slash) == "/" + std::string(ledger) ? origin.substr(0, slash)
                                                                       : "");
}

}  // namespace

Result<AuditReport> audit_ledger(ClientStore& store, const LedgerInfo& ledger) {
  DAFTAR_ASSIGN_OR_RETURN(const Identity identity, store.identity());
  DAFTAR_ASSIGN_OR_RETURN(auto checkpoints, store.checkpoints_above(ledger.id, 0));
  DAFTAR_ASSIGN_OR_RETURN(const std::string cosigned, store.cosigned(ledger.id));
  if (!cosigned.empty()) {
    checkpoints.emplace_back(checkpoint_size(cosigned), cosigned);
    std::stable_sort(checkpoints.begin(), checkpoints.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<Audit> audit,
                          Audit::begin(ledger.name, store.device_keys()));
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<NationalReplay> national,
                          NationalReplay::begin(store));
  uint64_t judged = 0;
  Replay replay(*audit, identity.hub_name, identity.hub_key, std::move(checkpoints),
                [&](std::string_view bytes) -> Status {
                  std::optional<Changeset> changeset;
                  if (!bytes.empty()) {
                    DAFTAR_ASSIGN_OR_RETURN(changeset, decode_changeset(bytes));
                  }
                  DAFTAR_RETURN_IF_ERROR(check_indexes(store, ledger, *audit, changeset));
                  if (!changeset || national == nullptr) return {};
                  DAFTAR_RETURN_IF_ERROR(check_authority(store, *national, *audit, *changeset));
                  ++judged;
                  return {};
                });
  Status found = replay_ledger(store, ledger, replay, *audit);
  // A row that cannot be read is that of the next entry.
  const bool is_unread = !found.ok() && found.message() == Msg::database_corrupt &&
                         audit->counts().entries < ledger.verified.size;
  const bool is_denied = !found.ok() && (found.message() == Msg::entry_not_allowed ||
                                         found.message() == Msg::audit_national_short);
  DAFTAR_ASSIGN_OR_RETURN(AuditReport report, report_of(*audit, std::move(found),
                                                        replay.is_about_entry() || is_unread));
  if (is_denied) report.wrong_entry = audit->counts().entries;
  report.judged = judged;
  return report;
}

Result<AuditReport> audit_entries(std::string_view bytes, const std::string& name,
                                  const PublicKey& hub_key, ClientStore* folder) {
  const Result<EntriesFile> file = decode_entries_file(bytes);
  if (file.status().code() == Code::newer_version) return file.status();
  if (!file.ok()) return Status(Code::corrupt, Msg::entries_file_bad, {name});
  const DeviceKeys keys = [&](DeviceNumber device) -> Result<std::optional<PublicKey>> {
    const auto found = file->device_keys.find(device);
    return found == file->device_keys.end() ? std::nullopt : std::optional(found->second);
  };
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<Audit> audit, Audit::begin(file->ledger, keys));
  // First of all that the hub signed it: nobody else's file is worth a replay.
  const std::string hub_name = hub_name_of(file->note, file->ledger);
  const std::string origin = checkpoint_origin(hub_name, file->ledger);
  Status found = verify_checkpoint(file->note, origin, hub_key).status();
  if (!found.ok()) return report_of(*audit, std::move(found), false);
  Replay replay(*audit, hub_name, hub_key, {{file->size, file->note}});
  found = visit_entries(*file, [&](std::string_view header, std::string_view changeset) {
    return replay.take(header, changeset);
  });
  if (found.ok()) found = replay.finish(file->size);
  if (found.ok()) {
    DAFTAR_ASSIGN_OR_RETURN(const Hash digest, audit->digest());
    const bool is_whole = digest == file->digest && file->hub_key == hub_key &&
                          file->device_keys.size() == audit->counts().devices;
    if (!is_whole) found = Status(Code::corrupt, Msg::audit_file_wrong, {name});
  }
  if (found.ok() && folder != nullptr) {
    found = compare_with_folder(*folder, *file, name, *audit);
  }
  return report_of(*audit, std::move(found), replay.is_about_entry());
}

}  // namespace daftar::client
