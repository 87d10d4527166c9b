// Writer: what devices know that the hub does not: suspicions, what they give back, other pasts.
#include <algorithm>
#include <utility>

#include "common/base/planted.h"
#include "hub/writer.h"

namespace daftar::hub {
namespace {

constexpr uint64_t kSuspicionMs = 60'000;
// What a device takes at the most for one frame of what it gives back (client/sync_session.cc).
constexpr uint64_t kFrameMs = 10 * 60'000;

}  // namespace

void Writer::note_shown(const std::string& ledger, uint64_t size, DeviceNumber device) {
  Job job;
  job.ledger = ledger;
  job.shown = {device, size};
  submit(std::move(job));
}

void Writer::suspect(const std::vector<std::string>& ledgers, DeviceNumber device) {
  const std::lock_guard lock(mutex_);
  for (const std::string& ledger : ledgers) {
    Suspicion& suspicion = suspects_[ledger][device];
    const bool is_shown = suspicion.size > 0 && clock_.steady_ms() < suspicion.until_ms;
    const uint64_t until_ms = clock_.steady_ms() + kSuspicionMs;
    suspicion = {std::max(is_shown ? suspicion.until_ms : 0, until_ms),
                 is_shown ? suspicion.size : 0};
  }
}

void Writer::trust(DeviceNumber device) {
  const std::lock_guard lock(mutex_);
  for (auto& [ledger, devices] : suspects_) {
    const auto suspect = devices.find(device);
    // What it has shown of one ledger stands, whatever it knows of all together.
    if (suspect != devices.end() && suspect->second.size == 0) devices.erase(suspect);
  }
}

// Whether entries are known to be missing here, or may be because devices have not shown theirs.
Result<bool> Writer::lacks_entries(const Ledger& ledger, const std::string& name) {
  if (ledger.published() > ledger.state().position) return true;
  DAFTAR_ASSIGN_OR_RETURN(const auto awaited, store_->awaited(name));
  return awaited.has_value();
}

// The same, or a device seems to know of some: their places must not be taken.
Result<bool> Writer::is_recovering(const Ledger& ledger, const std::string& name) {
  DAFTAR_ASSIGN_OR_RETURN(const bool is_lacking, lacks_entries(ledger, name));
  if (is_lacking) return true;
  const std::lock_guard lock(mutex_);
  const auto suspects = suspects_.find(name);
  return suspects != suspects_.end() &&
         std::any_of(suspects->second.begin(), suspects->second.end(), [&](const auto& suspect) {
           const bool is_back =
               suspect.second.size > 0 && suspect.second.size <= ledger.state().position;
           return !is_back && clock_.steady_ms() < suspect.second.until_ms;
         });
}

// Once what was shown is durable, it is what keeps the ledger waiting, if anything does.
void Writer::settle_shown(const Job& job, const Answer& answer) {
  {
    const std::lock_guard lock(mutex_);
    suspects_[job.ledger].erase(job.shown->device);
    // It may be a past that was given up. As long as the device takes to give it back its places
    // are kept, and no longer.
    const bool is_refused =
        other_pasts_[job.ledger][job.shown->device] == job.shown->size && job.shown->size > 0;
    if (answer.is_suspicious && !is_refused) {
      suspects_[job.ledger][job.shown->device] = {clock_.steady_ms() + kFrameMs, job.shown->size};
    }
  }
  if (answer.lacked > 0 && events_.ledger_short) {
    const auto found = open_.find(job.ledger);
    const uint64_t here = found == open_.end() ? 0 : found->second->state().position;
    events_.ledger_short(job.ledger, answer.lacked, here);
  }
  if (answer.still_awaited && events_.shown) {
    events_.shown(job.ledger, job.shown->device, *answer.still_awaited);
  }
}

// As long as one frame follows the other, what is still missing is waited for, of the ledgers too
// whose turn comes later.
void Writer::settle_recovered(const RecoveryBatch& batch) {
  const std::lock_guard lock(mutex_);
  for (auto& [ledger, devices] : suspects_) {
    const auto shown = devices.find(batch.device);
    if (shown != devices.end() && shown->second.size > 0) {
      shown->second.until_ms = clock_.steady_ms() + kFrameMs;
    }
  }
  std::map<DeviceNumber, Suspicion>& devices = suspects_[batch.ledger];
  const auto suspect = devices.find(batch.device);
  if (suspect == devices.end()) return;
  suspect->second.until_ms = clock_.steady_ms() + kFrameMs;
  const uint64_t shown = suspect->second.size;
  if (shown > 0 && batch.head.size >= shown) devices.erase(suspect);
}

// What a device wanted to give back does not follow what is here.
void Writer::settle_failed(const RecoveryBatch& batch, const Status& why) {
  if (why.code() != Code::corrupt) return;
  {
    const std::lock_guard lock(mutex_);
    std::map<DeviceNumber, Suspicion>& devices = suspects_[batch.ledger];
    const auto suspect = devices.find(batch.device);
    if (suspect != devices.end()) {
      // Shown once more in the same session, it is not waited for again.
      other_pasts_[batch.ledger][batch.device] = suspect->second.size;
      devices.erase(suspect);
    }
  }
  if (!events_.other_past) return;
  const Result<bool> is_stopped = store_->lacks_shown(batch.ledger);
  events_.other_past(batch.ledger, batch.device, is_stopped.ok() && *is_stopped);
}

Result<uint64_t> Writer::recover_entries(Ledger& ledger, const RecoveryBatch& batch) {
  uint64_t recovered = 0;
  const DeviceKeys registered = device_keys();
  const DeviceKeys keys = [&](DeviceNumber number) -> Result<std::optional<PublicKey>> {
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<PublicKey> key, registered(number));
    const auto sent = batch.keys.find(number);
    if (sent == batch.keys.end() || key == sent->second) return key;
    if (!key) return std::optional(sent->second);
    // The number may have been given to somebody else since: who has entered something has it.
    DAFTAR_ASSIGN_OR_RETURN(const bool has_entered, store_->has_entered(number));
    return has_entered ? key : std::optional(sent->second);
  };
  touched_.insert(batch.ledger);
  if (batch.ledger == kNational) has_other_words_ = has_come_back_ = true;
  for (const WireEntry& entry : batch.entries) {
    DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
    if (header.position <= ledger.state().position) continue;
    DAFTAR_RETURN_IF_ERROR(ledger.accept(entry.header, entry.changeset, keys).status());
    ++recovered;
    if (batch.ledger == kNational) DAFTAR_RETURN_IF_ERROR(note_spoken(entry));
    // Devices may have verified a checkpoint at any sealed end.
    if (header.seal && !is_planted(Defect::recovered_heads_lost)) {
      DAFTAR_RETURN_IF_ERROR(store_->ledgers().put_tree_head(ledger.id(), ledger.tree_head()));
    }
  }
  // With nothing new, another device was faster: its entries were held against the same key.
  if (recovered > 0 && (ledger.tree_head() != batch.head || !ledger.is_sealed())) {
    return Status(Code::corrupt, Msg::entry_root_wrong,
                  {batch.ledger, std::to_string(batch.head.size)});
  }
  if (recovered > 0 && batch.ledger != kNational) {
    DAFTAR_RETURN_IF_ERROR(note_judged_by(ledger.state().national));
  }
  // Keys that the entries have proved: their chains begin with them.
  std::map<DeviceNumber, PublicKey> proved;
  for (const auto& [number, key] : batch.keys) {
    if (recovered > 0 && ledger.state().heads.contains(number)) proved[number] = key;
  }
  DAFTAR_RETURN_IF_ERROR(store_->add_recovered_devices(proved));
  return recovered;
}

Status Writer::note_spoken(const WireEntry& entry) {
  if (entry.changeset.empty()) return {};
  DAFTAR_ASSIGN_OR_RETURN(const ChangesetAuthor author, read_changeset_author(entry.changeset));
  return author.device == kHubDevice ? store_->note_spoken_since() : Status();
}

// An entry that came back was judged by `national` at that position: so much of it there was.
Status Writer::note_judged_by(uint64_t position) {
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t lost, store_->lost_national());
  DAFTAR_ASSIGN_OR_RETURN(Ledger * national, open_national());
  const uint64_t here = std::max(national->published(), national->state().position);
  if (position <= std::max(here, lost)) return {};
  DAFTAR_ASSIGN_OR_RETURN(const bool is_given_up, store_->has_given_up(std::string(kNational)));
  if (is_given_up) return store_->set_lost_national(position);
  if (events_.national_short) events_.national_short(position, national->state().position);
  national->set_published(position);
  touched_.insert(std::string(kNational));
  return {};
}

}  // namespace daftar::hub
