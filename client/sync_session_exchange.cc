// SyncSession: push, pull, cosignatures.
#include <algorithm>
#include <set>
#include <utility>

#include "client/sync_session.h"
#include "common/base/limits.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/entry.h"

namespace daftar::client {
namespace {

// A pull frame of ordinary size on that line. A dead line is found sooner, by gRPC's pings.
constexpr size_t kPullReplyBytes = 1024 * 1024;

Msg turned_away_message(v1::TurnedAway::Reason reason) {
  switch (reason) {
    case v1::TurnedAway::CHAIN_BROKEN:
      return Msg::push_chain_broken;
    case v1::TurnedAway::SCHEMA_NEWER:
      return Msg::push_schema_newer;
    case v1::TurnedAway::OTHER_PAST:
      return Msg::push_other_past;
    case v1::TurnedAway::HUB_BEHIND:
      return Msg::push_hub_behind;
    case v1::TurnedAway::RECOVERING:
      return Msg::push_recovering;
    case v1::TurnedAway::NO_LEDGER:
      return Msg::push_no_ledger;
    default:
      return Msg::push_malformed;
  }
}

}  // namespace

// ---- push

void SyncSession::begin_push() {
  step_ = Step::pushing;
  at_ = 0;
  sent_seq_ = 0;
  bool is_waiting = false;
  for (const RemoteLedger& ledger : remotes_) {
    if (purpose_ == Purpose::learn) break;
    const auto batch = store_.waiting_batch(ledger.id, 0);
    if (!batch.ok()) return finish(batch.status());
    is_waiting = is_waiting || !batch->empty();
  }
  if (is_waiting) {
    transport_.open_push();
    const Result<bool> sent = send_batch();
    if (!sent.ok()) return fail(sent.status());
    if (*sent) return;
    transport_.finish_push();
    return wait_for_answer();
  }
  const Status begun = begin_pull();
  if (!begun.ok()) finish(begun);
}

Result<bool> SyncSession::send_batch() {
  for (; at_ < remotes_.size(); ++at_, sent_seq_ = 0) {
    const RemoteLedger& ledger = remotes_[at_];
    if (ledger.is_passed_over || report_.forked.contains(ledger.name) ||
        report_.turned_away.contains(ledger.name)) {
      continue;
    }
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<PendingChangeset> batch,
                            store_.waiting_batch(ledger.id, sent_seq_));
    if (batch.empty()) continue;
    const PendingChangeset& newest = batch.back();
    DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, store_.key());
    const Seal seal =
        make_seal(key, ledger.name, {newest.device, newest.seq, newest.link}, ledger.verified);
    std::vector<std::string> changesets;
    changesets.reserve(batch.size());
    for (const PendingChangeset& one : batch) changesets.push_back(one.bytes);
    v1::PushRequest request;
    request.set_ledger(ledger.name);
    request.set_frame(encode_push_frame(changesets));
    request.set_seen_size(seal.seen.size);
    request.set_seen_root(std::string(hash_bytes(seal.seen.root)));
    request.set_signature(std::string(seal.signature.begin(), seal.signature.end()));
    sent_seq_ = newest.seq;
    wait_for_answer(request.frame().size());
    transport_.push(request);
    return true;
  }
  return false;
}

void SyncSession::on_push_reply(const v1::PushReply& reply) {
  if (is_done_ || step_ != Step::pushing) return;
  const Status taken = take_push_reply(reply);
  if (!taken.ok()) return fail(taken);
  progress_(report_);
  const Result<bool> sent = send_batch();
  if (!sent.ok()) return fail(sent.status());
  if (*sent) return;
  transport_.finish_push();
  wait_for_answer();
}

Status SyncSession::take_push_reply(const v1::PushReply& reply) {
  const RemoteLedger* ledger = remote(reply.ledger());
  if (ledger == nullptr) return {Code::corrupt, Msg::frame_bad};
  if (reply.has_turned_away()) {
    if (reply.turned_away().reason() == v1::TurnedAway::CHAIN_BROKEN) {
      report_.forked.insert(ledger->name);
    } else {
      report_.turned_away[ledger->name] = turned_away_message(reply.turned_away().reason());
    }
    return {};
  }
  for (const v1::EnteredRun& run : reply.entered()) {
    DAFTAR_RETURN_IF_ERROR(
        store_.mark_entered(ledger->id, run.first_seq(), run.first_position(), run.count()));
    report_.pushed += run.count();
  }
  for (const v1::RefusedChangeset& refused : reply.refused()) {
    if (refused.reason() < 1 || refused.reason() > 5) return {Code::corrupt, Msg::frame_bad};
    DAFTAR_RETURN_IF_ERROR(store_.mark_refused(ledger->id, refused.seq(),
                                               static_cast<RefusalReason>(refused.reason())));
    // Work that the ledger has already is no refusal that anyone must look at.
    const bool is_known = refused.reason() == static_cast<uint32_t>(RefusalReason::origin_entered);
    if (!is_known) ++report_.refused;
  }
  return {};
}

void SyncSession::on_push_end(const Status& status) {
  if (is_done_ || step_ != Step::pushing) return;
  if (!status.ok()) return finish(status);
  const Status begun = begin_pull();
  if (!begun.ok()) finish(begun);
}

// ---- pull

Status SyncSession::begin_pull() {
  v1::PullRequest request;
  // The hub reads a ledger's size before it says what it has of this device, and what was on the
  // way from a session that broke off may have come in between.
  std::set<LedgerId> entered;
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> held, store_.held_ledgers());
  for (const LedgerInfo& ledger : held) {
    if (ledger.entered > 0) entered.insert(ledger.id);
  }
  for (const RemoteLedger& ledger : remotes_) {
    DAFTAR_ASSIGN_OR_RETURN(const TreeHead verified, store_.verified_head(ledger.id));
    // A push that found the fork came behind entries that the hub's heads did not name yet.
    const bool is_behind = ledger.head.size > verified.size || report_.pushed > 0 ||
                           entered.contains(ledger.id) || report_.forked.contains(ledger.name);
    if (!is_behind || ledger.is_passed_over) continue;
    DAFTAR_ASSIGN_OR_RETURN(const ChainPoint own, store_.newest_own(ledger.id));
    v1::PullFrom& from = *request.add_ledgers();
    from.set_ledger(ledger.name);
    from.set_position(verified.size);
    from.set_own_seq(own.seq);
    from.set_own_link(std::string(hash_bytes(own.link)));
  }
  if (request.ledgers_size() == 0) {
    report_.is_unchanged = report_.pushed == 0 && report_.recovered == 0 &&
                           report_.turned_away.empty() && failed_.ok();
    end_exchange();
    return {};
  }
  step_ = Step::pulling;
  wait_for_answer(kPullReplyBytes);
  transport_.pull(request);
  return {};
}

void SyncSession::on_pull_reply(const v1::PullReply& reply) {
  if (is_done_ || step_ != Step::pulling) return;
  RemoteLedger* const ledger = remote(reply.ledger());
  if (ledger == nullptr) return fail({Code::corrupt, Msg::frame_bad});
  const Status taken = ledger->is_passed_over ? Status() : take_pull_reply(reply, *ledger);
  if (taken.code() == Code::corrupt && purpose_ == Purpose::exchange) {
    pass_over(*ledger, taken);  // the rest of it is on the way, and then the others
  } else if (!taken.ok()) {
    return fail(taken);
  }
  progress_(report_);
  wait_for_answer(kPullReplyBytes);
}

Status SyncSession::take_pull_reply(const v1::PullReply& reply, RemoteLedger& ledger) {
  DAFTAR_RETURN_IF_ERROR(verify(reply.checkpoint(), ledger));
  PulledBatch batch;
  batch.head = ledger.head;
  batch.note = reply.checkpoint();
  for (const v1::DeviceKey& sent : reply.keys()) {
    PublicKey key{};
    if (sent.key().size() != key.size()) return {Code::corrupt, Msg::frame_bad};
    std::copy(sent.key().begin(), sent.key().end(), key.begin());
    batch.keys[sent.device()] = key;
  }
  DAFTAR_ASSIGN_OR_RETURN(batch.entries, decode_pull_frame(reply.frame()));
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t edits, store_.take_entries(ledger.id, batch));
  report_.pulled += batch.entries.size();
  report_.pulled_own += static_cast<uint64_t>(
      std::count_if(batch.entries.begin(), batch.entries.end(),
                    [](const WireEntry& entry) { return entry.is_left_out; }));
  report_.pulled_edits += edits;
  return {};
}

void SyncSession::on_pull_end(const Status& status) {
  if (is_done_ || step_ != Step::pulling) return;
  if (!status.ok()) return finish(status);
  end_exchange();
}

// ---- cosignatures

void SyncSession::end_exchange() {
  const Status kept = keep_cosigned();
  if (!kept.ok()) return finish(kept);
  const Result<bool> sent = send_cosignatures();
  if (!sent.ok()) return finish(sent.status());
  if (!*sent) finish({});
}

// What others have cosigned is of use to this device's receipts. A checkpoint that the hub has
// signed and that is not of this ledger's past is proof that the hub shows different pasts.
Status SyncSession::keep_cosigned() {
  for (RemoteLedger& ledger : remotes_) {
    if (ledger.cosigned.empty() || ledger.is_passed_over) continue;
    DAFTAR_ASSIGN_OR_RETURN(const std::string before, store_.cosigned(ledger.id));
    if (before == ledger.cosigned) continue;
    const Result<TreeHead> head = verify_checkpoint(
        ledger.cosigned, checkpoint_origin(identity_.hub_name, ledger.name), identity_.hub_key);
    Status kept =
        head.ok() ? store_.keep_cosigned(ledger.id, *head, ledger.cosigned) : head.status();
    if (kept.code() == Code::corrupt && purpose_ == Purpose::exchange) {
      pass_over(ledger, kept);
    } else if (!kept.ok()) {
      return kept;
    }
  }
  return {};
}

Result<bool> SyncSession::send_cosignatures() {
  if (!cosigns_ || purpose_ == Purpose::learn) return false;
  v1::HeadsRequest request;
  std::map<std::string, TreeHead> known;
  for (const RemoteLedger& ledger : remotes_) {
    DAFTAR_ASSIGN_OR_RETURN(const TreeHead verified, store_.verified_head(ledger.id));
    known[ledger.name] = verified;
    if (ledger.is_passed_over) continue;
    DAFTAR_ASSIGN_OR_RETURN(const uint64_t before, store_.cosigned_size(ledger.name));
    if (verified.size == 0 || verified.size <= before) continue;
    DAFTAR_ASSIGN_OR_RETURN(const std::string note, store_.checkpoint(ledger.id));
    DAFTAR_ASSIGN_OR_RETURN(const SigningKey key, store_.key());
    v1::Cosignature& sent = *request.add_cosignatures();
    sent.set_ledger(ledger.name);
    sent.set_size(verified.size);
    sent.set_line(make_cosignature(key, cosigner_name(identity_.hub_name, identity_.device), note,
                                   clock_.wall_ms() / 1000));
    cosigned_[ledger.name] = verified.size;
  }
  if (cosigned_.empty()) return false;
  request.set_known(known_token(known));
  step_ = Step::cosigning;
  wait_for_answer();
  transport_.heads(request);
  return true;
}

// Everything else is done: a line that breaks here is no failed sync, and the next one cosigns.
void SyncSession::on_cosigned(const Status& status) {
  Status noted;
  for (const auto& [ledger, size] : cosigned_) {
    if (status.ok() && noted.ok()) noted = store_.set_cosigned_size(ledger, size);
  }
  finish(noted);
}

}  // namespace daftar::client
