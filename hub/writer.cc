#include "hub/writer.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "common/base/limits.h"
#include "common/base/planted.h"
#include "common/ledger/bytes.h"
#include "common/register/kinds.h"

namespace daftar::hub {
namespace {

using TurnedAway = v1::TurnedAway;

// A round holds at most this much before the batch that crosses it: what one fsync writes, and what
// one pull frame must be able to carry (limits::kPullFrameBytes has room for a batch and headers).
constexpr size_t kRoundBytes = limits::kPushFrameBytes;
// Open ledgers whose state stays in memory.
constexpr size_t kOpenLedgers = 64;
// Records in memory over all of them, when nothing waits to be written: about 100 MB.
constexpr size_t kCachedRecords = 60'000;

constexpr uint64_t kSuspicionMs = 60'000;
// What a device takes at the most for one frame of what it gives back (client/sync_session.cc).
constexpr uint64_t kFrameMs = 10 * 60'000;

v1::PushReply turned_away(const std::string& ledger, TurnedAway::Reason reason) {
  v1::PushReply reply;
  reply.set_ledger(ledger);
  reply.mutable_turned_away()->set_reason(reason);
  return reply;
}

void add_place(v1::PushReply& reply, uint64_t seq, uint64_t position) {
  if (reply.entered_size() > 0) {
    v1::EnteredRun& last = *reply.mutable_entered(reply.entered_size() - 1);
    if (last.first_seq() + last.count() == seq &&
        last.first_position() + last.count() == position) {
      last.set_count(last.count() + 1);
      return;
    }
  }
  v1::EnteredRun& run = *reply.add_entered();
  run.set_first_seq(seq);
  run.set_first_position(position);
  run.set_count(1);
}

void add_refusal(v1::PushReply& reply, uint64_t seq, RefusalReason reason) {
  v1::RefusedChangeset& refused = *reply.add_refused();
  refused.set_seq(seq);
  refused.set_reason(static_cast<uint32_t>(reason));
}

}  // namespace

std::optional<PushBatch> decode_batch(const Device& device, const v1::PushRequest& request) {
  PushBatch batch;
  batch.device = device;
  batch.ledger = request.ledger();
  batch.seal.seen.size = request.seen_size();
  if (request.seen_root().size() != sizeof(Hash) ||
      request.signature().size() != sizeof(Signature)) {
    return std::nullopt;
  }
  batch.seal.seen.root = hash_from_bytes(request.seen_root());
  std::memcpy(batch.seal.signature.data(), request.signature().data(), sizeof(Signature));
  Result<std::vector<std::string>> bytes = decode_push_frame(request.frame());
  if (!bytes.ok()) return std::nullopt;
  batch.bytes = *std::move(bytes);
  for (const std::string& one : batch.bytes) {
    Result<Changeset> changeset = decode_changeset(one);
    if (!changeset.ok() || changeset->ledger != batch.ledger ||
        changeset->device != device.number) {
      return std::nullopt;
    }
    if (!batch.changesets.empty() && changeset->seq != batch.changesets.back().seq + 1) {
      return std::nullopt;
    }
    batch.changesets.push_back(*std::move(changeset));
    batch.hashes.push_back(sha256(one));
  }
  return batch;
}

Writer::Writer(std::unique_ptr<HubStore> store, Clock& clock, Authority authority)
    : store_(std::move(store)), clock_(clock), authority_(std::move(authority)) {}

void Writer::push(PushBatch batch, PushDone done) {
  Job job;
  job.ledger = batch.ledger;
  for (const std::string& bytes : batch.bytes) job.bytes += bytes.size();
  job.push = std::move(batch);
  job.push_done = std::move(done);
  submit(std::move(job));
}

void Writer::recover(RecoveryBatch batch, RecoveryDone done) {
  Job job;
  job.ledger = batch.ledger;
  for (const WireEntry& entry : batch.entries) job.bytes += entry.changeset.size();
  job.recovery = std::move(batch);
  job.recovery_done = std::move(done);
  submit(std::move(job));
}

void Writer::note_shown(const std::string& ledger, uint64_t size, DeviceNumber device) {
  Job job;
  job.ledger = ledger;
  job.shown = {device, size};
  submit(std::move(job));
}

void Writer::note_cosigned(const std::string& ledger, uint64_t size, DeviceNumber device,
                           std::string line) {
  Job job;
  job.ledger = ledger;
  job.cosigned = {device, size, std::move(line)};
  submit(std::move(job));
}

void Writer::say_soon() {
  Job job;
  job.ledger = kNational;
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

void Writer::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
}

std::vector<Writer::Job> Writer::take_round() {
  const std::lock_guard lock(mutex_);
  std::vector<Job> jobs;
  size_t bytes = 0;
  while (!queue_.empty() && bytes < kRoundBytes) {
    // A recovery may turn out wrong and roll its round back, so it has one of its own.
    const bool alone = queue_.front().recovery.has_value();
    if (alone && !jobs.empty()) break;
    bytes += queue_.front().bytes;
    jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (alone) break;
  }
  return jobs;
}

bool Writer::run_once() {
  const std::vector<Job> jobs = take_round();
  if (jobs.empty()) {
    if (unwritten_.empty()) return false;
    write_all_records();
    return true;
  }
  std::vector<Answer> answers(jobs.size());
  touched_.clear();
  const std::pair flags(has_other_words_, has_come_back_);
  const Status done = run_round(jobs, answers);
  if (!done.ok()) {
    std::tie(has_other_words_, has_come_back_) = flags;
    store_->ledgers().rollback();
    if (!is_planted(Defect::failed_round_stays)) {
      open_.clear();
      directory_at_.reset();
    }
    unwritten_.clear();
  }
  if (!is_planted(Defect::acknowledged_early)) answer_all(jobs, answers, done);
  // With work always waiting, records would never be written: bound what they hold in memory.
  size_t cached = 0;
  for (const auto& [name, ledger] : open_) cached += ledger->cached_records();
  if (cached > kCachedRecords) write_all_records();
  return true;
}

void Writer::answer_all(const std::vector<Job>& jobs, std::vector<Answer>& answers,
                        const Status& done) {
  if (done.ok() && events_.open) {
    for (const std::string& ledger : opened_) events_.open(ledger);
  }
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].shown && done.ok()) {
      settle_shown(jobs[i], answers[i]);
    } else if (jobs[i].push_done) {
      jobs[i].push_done(done.ok() ? Result<v1::PushReply>(std::move(answers[i].reply))
                                  : Result<v1::PushReply>(done));
    } else if (jobs[i].recovery_done) {
      done.ok() ? settle_recovered(*jobs[i].recovery) : settle_failed(*jobs[i].recovery, done);
      jobs[i].recovery_done(done.ok() ? Result<uint64_t>(answers[i].recovered)
                                      : Result<uint64_t>(done));
    }
  }
}

// A failure leaves records lagging behind entries, as a crash would: they are folded again when the
// ledger is opened.
void Writer::write_all_records() {
  if (!materialise().ok()) open_.clear();
  unwritten_.clear();
}

void Writer::run(const std::stop_token& stop) {
  while (true) {
    while (run_once()) {
    }
    std::unique_lock lock(mutex_);
    if (!wake_.wait(lock, stop, [&] { return !queue_.empty(); })) return;
  }
}

Status Writer::run_round(const std::vector<Job>& jobs, std::vector<Answer>& answers) {
  // Between rounds alone: whoever works in one holds ledgers.
  if (open_.size() >= kOpenLedgers) {
    std::erase_if(open_, [&](const auto& entry) { return !unwritten_.contains(entry.first); });
  }
  DAFTAR_RETURN_IF_ERROR(store_->ledgers().begin());
  DAFTAR_RETURN_IF_ERROR(say_due());
  for (size_t i = 0; i < jobs.size(); ++i) {
    DAFTAR_RETURN_IF_ERROR(run_job(jobs[i], answers[i]));
  }
  DAFTAR_RETURN_IF_ERROR(follow_national());
  for (const std::string& name : touched_) {
    DAFTAR_RETURN_IF_ERROR(open_.at(name)->save_head());
    unwritten_.insert(name);
  }
  DAFTAR_ASSIGN_OR_RETURN(opened_, store_->settle_waits());
  if (is_planted(Defect::acknowledged_early)) answer_all(jobs, answers, {});
  return store_->ledgers().commit();
}

Status Writer::run_job(const Job& job, Answer& answer) {
  DAFTAR_ASSIGN_OR_RETURN(Ledger * ledger, open_ledger(job.ledger));
  if (ledger == nullptr) {
    answer.reply = turned_away(job.ledger, TurnedAway::NO_LEDGER);
    return {};
  }
  if (job.push) {
    DAFTAR_ASSIGN_OR_RETURN(answer.reply, enter_batch(*ledger, *job.push));
  } else if (job.recovery) {
    DAFTAR_ASSIGN_OR_RETURN(answer.recovered, recover_entries(*ledger, *job.recovery));
  } else if (job.shown) {
    // In the queue's order, so that nothing slips in between the suspicion and its proof.
    DAFTAR_ASSIGN_OR_RETURN(const bool is_given_up, store_->has_given_up(job.ledger));
    const bool is_more = job.shown->size > std::max(ledger->published(), ledger->state().position);
    answer.is_suspicious = is_more && is_given_up;
    if (is_more && !is_given_up) {
      ledger->set_published(job.shown->size);
      touched_.insert(job.ledger);
      answer.lacked = job.shown->size;
    }
    DAFTAR_ASSIGN_OR_RETURN(answer.still_awaited,
                            store_->note_shown(job.ledger, job.shown->device, job.shown->size));
  } else if (job.cosigned) {
    return store_->put_cosignature(job.ledger, job.cosigned->device, job.cosigned->size,
                                   job.cosigned->line);
  }
  return {};
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

Result<Ledger*> Writer::open_ledger(const std::string& name) {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<LedgerId> id, store_->ledgers().find_ledger(name));
  if (!id) return nullptr;
  const auto found = open_.find(name);
  if (found != open_.end()) {
    if (touched_.contains(name)) return found->second.get();
    DAFTAR_ASSIGN_OR_RETURN(const bool is_current, found->second->is_current());
    if (is_current || is_planted(Defect::failed_round_stays)) return found->second.get();
    open_.erase(found);
    unwritten_.erase(name);
  }
  DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<Ledger> ledger,
                          Ledger::open(store_->ledgers(), *id, name));
  return (open_[name] = std::move(ledger)).get();
}

DeviceKeys Writer::device_keys() {
  return [this](DeviceNumber number) { return store_->device_key(number); };
}

Result<v1::PushReply> Writer::enter_batch(Ledger& ledger, const PushBatch& batch) {
  std::vector<Hash> links;
  size_t known = 0;
  DAFTAR_ASSIGN_OR_RETURN(const TurnedAway::Reason reason,
                          check_batch(ledger, batch, links, known));
  if (reason != TurnedAway::UNSPECIFIED) return turned_away(batch.ledger, reason);
  v1::PushReply reply;
  reply.set_ledger(batch.ledger);
  const uint64_t now = clock_.wall_ms();
  const bool is_national = batch.ledger == kNational;
  for (size_t i = 0; i < batch.changesets.size(); ++i) {
    const Changeset& changeset = batch.changesets[i];
    if (i < known) {
      DAFTAR_ASSIGN_OR_RETURN(const auto row, store_->ledgers().chain_row(
                                                  ledger.id(), changeset.device, changeset.seq));
      add_place(reply, changeset.seq, row->position);
      DAFTAR_RETURN_IF_ERROR(store_->ledgers().read_entries(
          ledger.id(), row->position, row->position, [&](const StoredEntry& entry) -> Status {
            DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
            if (header.refusal) add_refusal(reply, changeset.seq, header.refusal->reason);
            return {};
          }));
      continue;
    }
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<RefusalReason> refusal,
                            refusal_of(ledger, changeset, links[i], batch.device.key));
    const bool is_last = i + 1 == batch.changesets.size();
    DAFTAR_ASSIGN_OR_RETURN(
        const EntryHeader header,
        ledger.enter({batch.bytes[i], &changeset, links[i]}, {now, *directory_at_}, refusal,
                     is_last ? std::optional(batch.seal) : std::nullopt));
    touched_.insert(batch.ledger);
    if (is_national) {
      has_other_words_ = true;
      DAFTAR_RETURN_IF_ERROR(take_records(ledger, changeset.records));
    }
    add_place(reply, changeset.seq, header.position);
    if (refusal) add_refusal(reply, changeset.seq, *refusal);
  }
  return reply;
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

// Everything that turns a batch away is found before anything of it is entered. `known`: how many
// of its changesets the ledger has already.
Result<TurnedAway::Reason> Writer::check_batch(Ledger& ledger, const PushBatch& batch,
                                               std::vector<Hash>& links, size_t& known) {
  DAFTAR_ASSIGN_OR_RETURN(const bool is_recovering, this->is_recovering(ledger, batch.ledger));
  if (is_recovering && !is_planted(Defect::restored_hub_goes_on)) return TurnedAway::RECOVERING;
  // Who may write what is not known either, as long as `national` may lack entries.
  DAFTAR_ASSIGN_OR_RETURN(Ledger * national, open_national());
  DAFTAR_ASSIGN_OR_RETURN(const bool is_lacking, lacks_entries(*national, std::string(kNational)));
  DAFTAR_ASSIGN_OR_RETURN(const bool may_lack, store_->may_lack_national());
  if ((is_lacking || may_lack) && !is_planted(Defect::restored_hub_goes_on))
    return TurnedAway::RECOVERING;
  // The number may have gone back to its owner, or have been shut out, since the batch was queued.
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Device> device, store_->device(batch.device.number));
  if (!device || device->key != batch.device.key || device->is_revoked) {
    return TurnedAway::RECOVERING;
  }
  DAFTAR_ASSIGN_OR_RETURN(const TurnedAway::Reason chain, check_links(ledger, batch, links, known));
  if (chain != TurnedAway::UNSPECIFIED) return chain;
  DAFTAR_ASSIGN_OR_RETURN(const TurnedAway::Reason seal, check_seal(ledger, batch, links.back()));
  if (seal != TurnedAway::UNSPECIFIED) return seal;
  return check_changesets(ledger, batch, known);
}

Result<TurnedAway::Reason> Writer::check_links(Ledger& ledger, const PushBatch& batch,
                                               std::vector<Hash>& links, size_t& known) {
  const DeviceNumber device = batch.device.number;
  DAFTAR_ASSIGN_OR_RETURN(const ChainHead head, ledger.chain_head(device, device_keys()));
  const uint64_t first = batch.changesets.front().seq;
  if (first > head.seq + 1) return TurnedAway::CHAIN_BROKEN;
  Hash link = head.link;
  if (first == 1) {
    link = chain_start(batch.ledger, device, batch.device.key);
  } else if (first <= head.seq) {
    DAFTAR_ASSIGN_OR_RETURN(const auto before,
                            store_->ledgers().chain_row(ledger.id(), device, first - 1));
    if (!before) return TurnedAway::CHAIN_BROKEN;
    link = before->link;
  }
  for (size_t i = 0; i < batch.changesets.size(); ++i) {
    link = chain_next(link, batch.hashes[i]);
    links.push_back(link);
    const uint64_t seq = batch.changesets[i].seq;
    if (seq > head.seq) continue;
    DAFTAR_ASSIGN_OR_RETURN(const bool is_known, ledger.is_on_chain({device, seq, link}));
    if (!is_known && !is_planted(Defect::duplicate_without_link)) return TurnedAway::CHAIN_BROKEN;
    known = i + 1;
  }
  return TurnedAway::UNSPECIFIED;
}

Result<TurnedAway::Reason> Writer::check_seal(Ledger& ledger, const PushBatch& batch,
                                              const Hash& newest) {
  const Changeset& last = batch.changesets.back();
  if (!verify_seal(batch.device.key, batch.ledger, {last.device, last.seq, newest}, batch.seal)) {
    return TurnedAway::MALFORMED;
  }
  if (batch.seal.seen.size > ledger.state().position) return TurnedAway::HUB_BEHIND;
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Hash> root,
                          store_->ledgers().root_at(ledger.id(), batch.seal.seen.size));
  if (!root || *root != batch.seal.seen.root) return TurnedAway::OTHER_PAST;
  return TurnedAway::UNSPECIFIED;
}

Result<TurnedAway::Reason> Writer::check_changesets(Ledger& ledger, const PushBatch& batch,
                                                    size_t known) {
  for (size_t i = known; i < batch.changesets.size(); ++i) {
    const Changeset& changeset = batch.changesets[i];
    if (changeset.context.position > ledger.state().position) return TurnedAway::HUB_BEHIND;
    if (check_schema(changeset) == SchemaVerdict::unknown_field) return TurnedAway::SCHEMA_NEWER;
    // What was not said yet may be its authority.
    if (has_unsaid_ && !directory_.may_enter(changeset)) return TurnedAway::RECOVERING;
    if (changeset.continues) {
      DAFTAR_ASSIGN_OR_RETURN(const bool on_chain, ledger.is_on_chain(*changeset.continues));
      if (!on_chain) return TurnedAway::CHAIN_BROKEN;
    }
  }
  return TurnedAway::UNSPECIFIED;
}

Result<std::optional<RefusalReason>> Writer::refusal_of(Ledger& ledger, const Changeset& changeset,
                                                        const Hash& link,
                                                        const PublicKey& key) const {
  DAFTAR_ASSIGN_OR_RETURN(const bool is_known, ledger.has_work(changeset, link));
  if (is_known) return std::optional(RefusalReason::origin_entered);
  if (check_schema(changeset) == SchemaVerdict::wrong_type) {
    return std::optional(RefusalReason::wrong_type);
  }
  // Of a number that two devices had `national` may mean the other one.
  const auto said = directory_.devices().find(changeset.device);
  const bool is_others =
      said != directory_.devices().end() && said->second.key && *said->second.key != key;
  if (is_others || !directory_.may_enter(changeset)) {
    return std::optional(RefusalReason::no_authority);
  }
  return authority_ ? authority_(changeset, *directory_at_) : std::nullopt;
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

Status Writer::write_records(Ledger& ledger) {
  DAFTAR_ASSIGN_OR_RETURN(const bool is_current, ledger.is_current());
  // What another program wrote meanwhile holds these records too; open_ledger will read it.
  return is_current ? ledger.materialise() : Status();
}

Status Writer::materialise() {
  DAFTAR_RETURN_IF_ERROR(store_->ledgers().begin());
  for (const std::string& name : unwritten_) {
    const auto found = open_.find(name);
    if (found == open_.end()) continue;
    Status written = write_records(*found->second);
    if (!written.ok()) {
      store_->ledgers().rollback();
      return written;
    }
  }
  DAFTAR_RETURN_IF_ERROR(store_->ledgers().commit());
  size_t cached = 0;
  for (const auto& [name, ledger] : open_) cached += ledger->cached_records();
  if (cached > kCachedRecords) open_.clear();
  return {};
}

}  // namespace daftar::hub
