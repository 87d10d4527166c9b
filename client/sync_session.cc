#include "client/sync_session.h"

#include <algorithm>
#include <utility>

#include "common/base/limits.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/entry.h"

namespace daftar::client {
namespace {

// Without a word from the hub for this long, the line counts as gone …
constexpr uint64_t kAnswerDeadlineMs = 60'000;
// … and so much longer for what is being sent: the slowest line that counts as one.
constexpr uint64_t kSlowestBytesPerMs = 2;

}  // namespace

SyncSession::SyncSession(ClientStore& store, Transport& transport, Clock& clock, Progress progress,
                         Purpose purpose)
    : store_(store),
      transport_(transport),
      clock_(clock),
      progress_(std::move(progress)),
      purpose_(purpose) {}

void SyncSession::wait_for_answer(size_t sent_bytes) {
  deadline_ms_ = clock_.steady_ms() + kAnswerDeadlineMs + sent_bytes / kSlowestBytesPerMs;
}

void SyncSession::finish(const Status& status) {
  if (is_done_) return;
  is_done_ = true;
  report_.status = status.ok() ? failed_ : status;
  if (!report_.status.ok()) report_.is_unchanged = false;
  // Entries of a copy may have come in, now or earlier, and shown that this disk's own work forked.
  const Result<std::vector<LedgerInfo>> ledgers = store_.held_ledgers();
  if (!ledgers.ok()) return;
  for (const LedgerInfo& ledger : *ledgers) {
    if (ledger.forked > 0) report_.forked.insert(ledger.name);
  }
  if (!report_.forked.empty()) report_.is_unchanged = false;
}

void SyncSession::fail(const Status& status) {
  if (is_done_) return;
  transport_.cancel();
  if (step_ == Step::cosigning) return on_cosigned(status);
  finish(status);
}

void SyncSession::cancel() { fail({Code::cancelled, Msg::sync_cancelled}); }

void SyncSession::on_time() {
  if (!is_done_ && clock_.steady_ms() >= deadline_ms_) {
    fail({Code::unavailable, Msg::hub_silent});
  }
}

SyncSession::RemoteLedger* SyncSession::remote(const std::string& name) {
  const auto at = std::find_if(remotes_.begin(), remotes_.end(),
                               [&](const RemoteLedger& ledger) { return ledger.name == name; });
  return at == remotes_.end() ? nullptr : &*at;
}

// ---- heads

void SyncSession::start() {
  const Result<Identity> identity = store_.identity();
  if (!identity.ok()) return finish(identity.status());
  identity_ = *identity;
  ask_heads(false);
}

void SyncSession::ask_heads(bool show) {
  v1::HeadsRequest request;
  const Result<std::vector<LedgerInfo>> ledgers = store_.held_ledgers();
  if (!ledgers.ok()) return finish(ledgers.status());
  std::map<std::string, TreeHead> known;
  uint64_t total = 0;
  bool is_work_waiting = false;
  const Result<std::set<std::string>> listed = store_.listed_ledgers();
  if (!listed.ok()) return finish(listed.status());
  const Result<std::optional<std::string>> setting = store_.setting("cosigns");
  if (!setting.ok()) return finish(setting.status());
  const bool cosigns = *setting == "yes";
  for (const LedgerInfo& ledger : *ledgers) {
    // A ledger that the hub does not list (begun here, or no longer granted) is no part of what it
    // knows.
    if (listed->contains(ledger.name)) {
      known[ledger.name] = ledger.verified;
      total += ledger.verified.size;
    }
    is_work_waiting = is_work_waiting || ledger.waiting + ledger.entered > 0;
    if (cosigns) {
      // An earlier session was cut before the hub had this device's cosignature.
      const Result<uint64_t> cosigned = store_.cosigned_size(ledger.name);
      if (!cosigned.ok()) return finish(cosigned.status());
      is_work_waiting = is_work_waiting || ledger.verified.size > *cosigned;
    }
    if (!show || ledger.verified.size == 0) continue;
    const Result<std::string> note = store_.checkpoint(ledger.id);
    if (!note.ok()) return finish(note.status());
    request.add_shown_checkpoints(*note);
  }
  // With work to send, the hub's answer is needed in full even when it has nothing new.
  if (!is_work_waiting) request.set_known(known_token(known));
  request.set_known_total(total);
  request.set_shows(show);
  step_ = Step::heads;
  has_shown_ = show;
  wait_for_answer();
  transport_.heads(request);
}

void SyncSession::on_heads(const Status& status, const v1::HeadsReply& reply) {
  if (!is_done_ && step_ == Step::cosigning) return on_cosigned(status);
  if (is_done_ || step_ != Step::heads) return;
  if (!status.ok()) return finish(status);
  if (!reply.certificate().empty() && purpose_ == Purpose::exchange) {
    const Status kept = store_.keep_certificate(reply.certificate());
    if (!kept.ok()) return finish(kept);
  }
  if (purpose_ == Purpose::exchange && reply.has_role()) {
    const Status kept = store_.keep_role(role_of(reply.role()));
    if (!kept.ok()) return finish(kept);
  }
  if (reply.unchanged()) {
    report_.is_unchanged = report_.recovered == 0 && failed_.ok();
    return finish({});
  }
  if (reply.show()) {
    if (!has_shown_) return ask_heads(true);
    const Result<std::vector<LedgerInfo>> held = store_.held_ledgers();
    std::string names;
    for (const LedgerInfo& ledger : held.ok() ? *held : std::vector<LedgerInfo>()) {
      names += (names.empty() ? "" : ", ") + ledger.name;
    }
    return finish({Code::unavailable, Msg::push_recovering, {names}});
  }
  const Status read = read_heads(reply);
  if (!read.ok()) return finish(read);
  begin_recovery();
}

// Signatures cost more than all else that a small sync does: a note that is the last one, byte for
// byte, was verified before.
Status SyncSession::verify(const std::string& note, RemoteLedger& ledger) const {
  if (!note.empty() && note == ledger.note) return {};
  DAFTAR_ASSIGN_OR_RETURN(
      ledger.head, verify_checkpoint(note, checkpoint_origin(identity_.hub_name, ledger.name),
                                     identity_.hub_key));
  ledger.note = note;
  return {};
}

Status SyncSession::read_heads(const v1::HeadsReply& reply) {
  if (reply.ledgers_size() > static_cast<int>(limits::kLedgersOfDevice)) {
    return {Code::too_large, Msg::frame_bad};
  }
  remotes_.clear();
  cosigns_ = reply.cosigns();
  if (purpose_ == Purpose::exchange) {
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> before, store_.setting("cosigns"));
    const std::string now = cosigns_ ? "yes" : "no";
    if (before.value_or("no") != now) DAFTAR_RETURN_IF_ERROR(store_.set_setting("cosigns", now));
  }
  report_.expected = 0;
  std::set<std::string> listed;
  for (const v1::LedgerHead& head : reply.ledgers()) listed.insert(head.ledger());
  if (purpose_ == Purpose::learn) {
    DAFTAR_RETURN_IF_ERROR(check_all_listed(listed));
  }
  std::map<std::string, LedgerId> ids;
  for (const std::string& name : listed) {
    DAFTAR_ASSIGN_OR_RETURN(ids[name], store_.add_ledger(name));
  }
  // Now that they are here: what is listed and not here was lost here, says the audit.
  if (purpose_ == Purpose::exchange) {
    DAFTAR_RETURN_IF_ERROR(store_.set_listed_ledgers(listed));
  }
  for (const v1::LedgerHead& head : reply.ledgers()) {
    RemoteLedger ledger;
    ledger.name = head.ledger();
    ledger.id = ids.at(ledger.name);
    Status read = read_head(head, ledger);
    if (read.message() == Msg::entry_root_wrong) {
      pass_over(ledger, read);
    } else if (!read.ok()) {
      return read;
    }
    remotes_.push_back(std::move(ledger));
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> held, store_.held_ledgers());
  for (const LedgerInfo& ledger : held) {
    if (ledger.waiting + ledger.entered > 0 && !listed.contains(ledger.name)) {
      report_.turned_away[ledger.name] = Msg::push_no_ledger;
    } else {
      report_.expected += 2 * ledger.waiting;  // there, and back as an entry
    }
  }
  return {};
}

Status SyncSession::read_head(const v1::LedgerHead& head, RemoteLedger& ledger) {
  DAFTAR_ASSIGN_OR_RETURN(ledger.verified, store_.verified_head(ledger.id));
  DAFTAR_ASSIGN_OR_RETURN(ledger.note, store_.checkpoint(ledger.id));
  ledger.head = ledger.verified;
  DAFTAR_RETURN_IF_ERROR(verify(head.checkpoint(), ledger));
  if (ledger.head.size == ledger.verified.size && ledger.head.root != ledger.verified.root) {
    return {Code::corrupt, Msg::entry_root_wrong, {ledger.name, std::to_string(ledger.head.size)}};
  }
  if (head.chain_link().size() != sizeof(Hash)) return {Code::corrupt, Msg::frame_bad};
  ledger.chain = {head.chain_seq(), hash_from_bytes(head.chain_link())};
  ledger.cosigned = head.cosigned();
  Status reconciled = purpose_ == Purpose::learn ? Status()  // it is the chain of another number
                                                 : store_.reconcile_chain(ledger.id, ledger.chain);
  if (reconciled.code() == Code::forked) {
    report_.forked.insert(ledger.name);
  } else if (!reconciled.ok()) {
    return reconciled;
  }
  if (ledger.head.size > ledger.verified.size) {
    report_.expected += ledger.head.size - ledger.verified.size;
  }
  return {};
}

void SyncSession::pass_over(RemoteLedger& ledger, const Status& why) {
  ledger.is_passed_over = true;
  if (failed_.ok()) failed_ = why;
}

// Of a ledger that the hub opened to the old number and not to the new one nothing can be learnt:
// its work would be made again whether the hub has it or not.
Status SyncSession::check_all_listed(const std::set<std::string>& listed) {
  DAFTAR_ASSIGN_OR_RETURN(const std::set<std::string> before, store_.listed_ledgers());
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> held, store_.held_ledgers());
  for (const LedgerInfo& ledger : held) {
    const bool has_work = ledger.waiting + ledger.entered + ledger.forked > 0;
    if (has_work && before.contains(ledger.name) && !listed.contains(ledger.name)) {
      return {Code::refused, Msg::init_ledger_not_open, {ledger.name}};
    }
  }
  return {};
}

}  // namespace daftar::client
