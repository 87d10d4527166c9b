// One sync with the hub, as a state machine without I/O of its own.
//
// The owner brings a Transport that sends, calls an on_… function for whatever comes back, and
// on_time when next_deadline_ms has passed; all on one thread. The session stores as it goes: cut
// anywhere, the next one goes on from what is durable. Reconnecting, and when to, is the owner's
// job (sync_schedule.h).
//
//   heads ─┬─ unchanged ────────────────────────────────────────► done
//          ├─ show ──► heads with checkpoints
//          └─ ledgers ──► recover (hub older than we are) ──► push (work waits) ──► pull (hub
//          ahead) ──► cosign (if the hub asks for it) ──► done
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/client_store.h"
#include "common/base/clock.h"
#include "daftar/v1/hub.pb.h"

namespace daftar::client {

/// Sends for a session. Nothing here may call back into the session before it returns.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void heads(const v1::HeadsRequest& request) = 0;
  virtual void open_push() = 0;
  virtual void push(const v1::PushRequest& request) = 0;
  /// No more requests: the stream ends when all are answered.
  virtual void finish_push() = 0;
  virtual void pull(const v1::PullRequest& request) = 0;
  virtual void open_recover() = 0;
  virtual void recover(const v1::RecoverRequest& request) = 0;
  virtual void finish_recover() = 0;
  /// Ends whatever is under way; nothing of it is reported afterwards.
  virtual void cancel() = 0;
};

/// What a sync did. All counts are of what is durable here.
struct SyncReport {
  Status status;
  uint64_t pushed = 0;      ///< changesets that the hub has entered
  uint64_t refused = 0;     ///< of these, refused: they are held
  uint64_t pulled = 0;      ///< entries
  uint64_t pulled_own = 0;  ///< of these, this device's own coming back
  uint64_t pulled_edits = 0;
  uint64_t expected = 0;      ///< changesets to push and entries to pull, as far as is known
  uint64_t recovered = 0;     ///< entries given back to a restored hub
  bool is_unchanged = false;  ///< there was nothing new on either side
  /// Ledgers whose work was turned away, with the reason as a message. What the hub shows of one
  /// may be wrong, too: then `status` says so, and the others went on.
  std::map<std::string, Msg> turned_away;
  std::set<std::string> forked;  ///< ledgers in which a copy of this disk has been at work
};

class SyncSession {
 public:
  enum class Purpose {
    exchange,
    /// Takes what the hub has and sends nothing: under the number that this disk is about to get,
    /// so that only what the hub does not have is made again.
    learn,
  };

  /// Called after each durable step, with the report so far.
  using Progress = std::function<void(const SyncReport&)>;

  SyncSession(ClientStore& store, Transport& transport, Clock& clock, Progress progress,
              Purpose purpose = Purpose::exchange);

  void start();
  void on_heads(const Status& status, const v1::HeadsReply& reply);
  void on_push_reply(const v1::PushReply& reply);
  void on_push_end(const Status& status);
  void on_pull_reply(const v1::PullReply& reply);
  void on_pull_end(const Status& status);
  /// The transport can take another recover request.
  void on_recover_sent();
  void on_recover_end(const Status& status, const v1::RecoverReply& reply);
  void on_time();
  void cancel();

  [[nodiscard]] bool is_done() const { return is_done_; }
  /// By Clock::steady_ms; the moment after which the hub counts as gone.
  [[nodiscard]] uint64_t next_deadline_ms() const { return deadline_ms_; }
  /// Valid when is_done().
  [[nodiscard]] const SyncReport& report() const { return report_; }

 private:
  enum class Step { idle, heads, recovering, pushing, pulling, cosigning };

  struct RemoteLedger {
    std::string name;
    LedgerId id = 0;
    TreeHead head;         ///< of the hub, by the newest checkpoint that was verified …
    std::string note;      ///< … which is this one
    TreeHead verified;     ///< of this device, when the session began
    ChainHead chain;       ///< of this device at the hub
    std::string cosigned;  ///< the hub's newest cosigned checkpoint, as it says
    bool is_passed_over = false;
  };

  void ask_heads(bool show);
  Status read_heads(const v1::HeadsReply& reply);
  Status read_head(const v1::LedgerHead& head, RemoteLedger& ledger);
  Status check_all_listed(const std::set<std::string>& listed);
  void begin_recovery();
  void recover_next();
  Status send_recovery();
  void begin_push();
  /// Sends the next batch; false when all ledgers are through.
  Result<bool> send_batch();
  Status take_push_reply(const v1::PushReply& reply);
  Status begin_pull();
  Status take_pull_reply(const v1::PullReply& reply, RemoteLedger& ledger);
  /// All that is new is here: what is left is to keep and give cosignatures.
  void end_exchange();
  Status keep_cosigned();
  Result<bool> send_cosignatures();
  void on_cosigned(const Status& status);
  void finish(const Status& status);
  void fail(const Status& status);
  void wait_for_answer(size_t sent_bytes = 0);
  void leave_behind();
  /// The hub's ledger is not the one that is here, or damaged: the others go on without it.
  void pass_over(RemoteLedger& ledger, const Status& why);
  [[nodiscard]] RemoteLedger* remote(const std::string& name);
  /// Sets `ledger.head` to what a checkpoint of the hub says.
  Status verify(const std::string& note, RemoteLedger& ledger) const;

  ClientStore& store_;
  Transport& transport_;
  Clock& clock_;
  Progress progress_;
  Purpose purpose_;
  Identity identity_;
  SyncReport report_;
  Step step_ = Step::idle;
  bool is_done_ = false;
  bool has_shown_ = false;
  bool has_recovered_ = false;
  bool is_any_recovered_ = false;             ///< the hub has taken what a ledger of it lacked
  bool cosigns_ = false;                      ///< the hub wants this device's cosignatures
  std::map<std::string, uint64_t> cosigned_;  ///< sizes that were sent, by ledger
  std::set<std::string> other_pasts_;         ///< ledgers that the hub would not take back
  Status failed_;                             ///< of the first ledger that was passed over
  uint64_t deadline_ms_ = 0;
  std::vector<RemoteLedger> remotes_;
  size_t at_ = 0;              ///< ledger that is being pushed or recovered
  uint64_t sent_seq_ = 0;      ///< newest seq pushed in it
  uint64_t recovered_to_ = 0;  ///< entries sent up to here in it
};

}  // namespace daftar::client
