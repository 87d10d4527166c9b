// The hub's one writer: enters pushed batches, many in one durable transaction.
//
// Batches of all devices and ledgers stand in one queue. A round takes what is there, enters it in
// one transaction and answers when that is durable (group commit: with many devices pushing, one
// fsync serves them all). Records are written afterwards, when nobody waits: they are derived from
// entries.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/ledger/frame.h"
#include "daftar/v1/hub.pb.h"
#include "hub/hub_store.h"

namespace daftar::hub {

/// What else speaks against a changeset than its author's authority: nothing, or why not. Judged
/// against `national` at a position.
using Authority =
    std::function<std::optional<RefusalReason>(const Changeset& changeset, uint64_t national)>;

/// A batch whose bytes were decoded (by the thread that received it).
struct PushBatch {
  Device device;
  std::string ledger;
  std::vector<std::string> bytes;
  std::vector<Changeset> changesets;
  std::vector<Hash> hashes;
  Seal seal;
};

/// Entries that the hub has lost, with its own checkpoint over them.
struct RecoveryBatch {
  DeviceNumber device = 0;  ///< that gives them back
  std::string ledger;
  std::vector<WireEntry> entries;
  TreeHead head;                           ///< from the verified checkpoint
  std::map<DeviceNumber, PublicKey> keys;  ///< of the devices in it
};

/// Decodes a request; nothing if no device of ours makes such a thing (MALFORMED).
std::optional<PushBatch> decode_batch(const Device& device, const v1::PushRequest& request);
/// The answer to a batch that is not taken.
v1::PushReply turned_away(const std::string& ledger, v1::TurnedAway::Reason reason);

class Writer {
 public:
  using PushDone = std::function<void(Result<v1::PushReply>)>;
  /// The number of entries that were missing.
  using RecoveryDone = std::function<void(Result<uint64_t>)>;

  Writer(std::unique_ptr<HubStore> store, Clock& clock, Authority authority = {});

  /// `done` is called from the writing thread: when durable, or Code::unavailable or another
  /// failure when nothing of it was kept. Any thread.
  void push(PushBatch batch, PushDone done);
  void recover(RecoveryBatch batch, RecoveryDone done);

  /// Takes nothing for these ledgers until that device's note_shown: it seems to know more of one
  /// of them than the hub. It is asked to prove that at once, so the suspicion ends by itself after
  /// a minute.
  void suspect(const std::vector<std::string>& ledgers, DeviceNumber device);
  /// That device does not seem to know more of all its ledgers together. Any thread.
  void trust(DeviceNumber device);
  /// A device has shown what it knows of `ledger`: a checkpoint of this hub's own key of that size,
  /// 0 for none. If the hub has less, the ledger waits for the missing entries. Any thread.
  void note_shown(const std::string& ledger, uint64_t size, DeviceNumber device);

  /// Keeps a cosignature that was checked. Any thread.
  void note_cosigned(const std::string& ledger, uint64_t size, DeviceNumber device,
                     std::string line);

  /// Says what is due in `national` though nothing is pushed. Any thread.
  void say_soon();

  /// Called from the writing thread when a device that a ledger waited for (HubStore::awaited) has
  /// shown what it knows of it.
  using OnShown = std::function<void(const std::string& ledger, DeviceNumber device,
                                     const std::set<DeviceNumber>& still_awaited)>;
  /// Called from the writing thread when a ledger waits no longer.
  using OnOpen = std::function<void(const std::string& ledger)>;
  /// Called from the writing thread when an entry came back that was judged by more of `national`
  /// than there is here.
  using OnNationalShort = std::function<void(uint64_t judged_by, uint64_t size)>;
  /// Called from the writing thread when a device has another past of a ledger than the hub, which
  /// has gone on without it: what it gives back does not follow.
  /// `is_stopped`: it takes nothing until somebody gives back what that device has shown.
  using OnOtherPast =
      std::function<void(const std::string& ledger, DeviceNumber device, bool is_stopped)>;
  /// Called from the writing thread when a device has shown more of a ledger than is here.
  using OnShort = std::function<void(const std::string& ledger, uint64_t shown, uint64_t size)>;
  struct Events {
    OnShown shown;
    OnOpen open;
    OnNationalShort national_short;
    OnOtherPast other_past;
    OnShort ledger_short;
  };
  /// Before run().
  void on(Events events) { events_ = std::move(events); }

  /// Enters what is queued in one transaction, or writes records when nothing is. False when there
  /// was nothing to do. The writing thread only.
  bool run_once();
  /// run_once until `stop`; then what is queued is still answered.
  void run(const std::stop_token& stop);

 private:
  struct Job {
    std::string ledger;
    size_t bytes = 0;  ///< of changesets or entries: bounds a round
    std::optional<PushBatch> push;
    std::optional<RecoveryBatch> recovery;
    struct Shown {
      DeviceNumber device = 0;
      uint64_t size = 0;
    };
    std::optional<Shown> shown;
    struct Cosigned {
      DeviceNumber device = 0;
      uint64_t size = 0;
      std::string line;
    };
    std::optional<Cosigned> cosigned;
    PushDone push_done;
    RecoveryDone recovery_done;
  };
  struct Answer {
    v1::PushReply reply;
    uint64_t recovered = 0;
    std::optional<std::set<DeviceNumber>> still_awaited;
    /// More was shown than is here, after what is missing was given up.
    bool is_suspicious = false;
    uint64_t lacked = 0;  ///< entries that were shown, where that is more than are here
  };

  void submit(Job job);
  std::vector<Job> take_round();
  Status run_round(const std::vector<Job>& jobs, std::vector<Answer>& answers);
  Status run_job(const Job& job, Answer& answer);
  void answer_all(const std::vector<Job>& jobs, std::vector<Answer>& answers, const Status& done);
  void settle_shown(const Job& job, const Answer& answer);
  Result<Ledger*> open_ledger(const std::string& name);
  Result<bool> lacks_entries(const Ledger& ledger, const std::string& name);
  Result<bool> is_recovering(const Ledger& ledger, const std::string& name);
  Result<v1::PushReply> enter_batch(Ledger& ledger, const PushBatch& batch);
  Result<v1::TurnedAway::Reason> check_batch(Ledger& ledger, const PushBatch& batch,
                                             std::vector<Hash>& links, size_t& known);
  Result<v1::TurnedAway::Reason> check_links(Ledger& ledger, const PushBatch& batch,
                                             std::vector<Hash>& links, size_t& known);
  Result<v1::TurnedAway::Reason> check_seal(Ledger& ledger, const PushBatch& batch,
                                            const Hash& newest);
  Result<v1::TurnedAway::Reason> check_changesets(Ledger& ledger, const PushBatch& batch,
                                                  size_t known);
  Result<std::optional<RefusalReason>> refusal_of(Ledger& ledger, const Changeset& changeset,
                                                  const Hash& link, const PublicKey& key) const;
  Result<uint64_t> recover_entries(Ledger& ledger, const RecoveryBatch& batch);
  static Status write_records(Ledger& ledger);
  Status materialise();
  void write_all_records();
  void settle_recovered(const RecoveryBatch& batch);
  void settle_failed(const RecoveryBatch& batch, const Status& why);
  DeviceKeys device_keys();
  Status say_due();
  Status say(Ledger& national, std::vector<RecordEdits> edits);
  Status note_judged_by(uint64_t position);
  Status note_spoken(const WireEntry& entry);
  Result<Ledger*> open_national();
  Status follow_national();
  Status take_records(Ledger& national, const std::vector<RecordEdits>& records);

  std::unique_ptr<HubStore> store_;
  Clock& clock_;
  Authority authority_;

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Job> queue_;
  struct Suspicion {
    uint64_t until_ms = 0;  ///< by Clock::steady_ms
    uint64_t size = 0;      ///< that was shown; 0 if nothing was shown yet
  };
  /// Of each ledger the devices that seem to know more.
  std::map<std::string, std::map<DeviceNumber, Suspicion>> suspects_;
  /// By ledger and device: what was shown, and does not follow what is here.
  std::map<std::string, std::map<DeviceNumber, uint64_t>> other_pasts_;

  // The writing thread's own.
  Events events_;
  std::vector<std::string> opened_;  ///< ledgers that wait no longer since this round
  std::map<std::string, std::unique_ptr<Ledger>> open_;
  std::set<std::string> unwritten_;  ///< ledgers whose records lag
  std::set<std::string> touched_;    ///< ledgers changed in this round
  Directory directory_;              ///< `national` at this position; nothing if not read yet
  std::optional<uint64_t> directory_at_;
  bool has_other_words_ = true;  ///< the tables may not follow `national` yet
  bool has_come_back_ = false;   ///< because it was given back
  bool has_unsaid_ = false;      ///< what is due could not be said in this round
};

}  // namespace daftar::hub
