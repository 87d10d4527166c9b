#include "hub/writer.h"

#include <algorithm>
#include <utility>

#include "common/base/limits.h"
#include "common/base/planted.h"

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

}  // namespace

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
