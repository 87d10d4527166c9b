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

// ---- recovery of a hub that was restored from an old backup

void SyncSession::begin_recovery() {
  const bool needed = std::any_of(remotes_.begin(), remotes_.end(), [](const RemoteLedger& ledger) {
    return ledger.verified.size > ledger.head.size;
  });
  // Nothing is learnt of what is passed over, and it would be made again.
  if (purpose_ == Purpose::learn && !failed_.ok()) return finish(failed_);
  if (!needed) return begin_push();
  // What is still missing after it was given back once has another past there.
  if (has_recovered_) {
    leave_behind();
    return begin_push();
  }
  // The hub must know what is missing before anyone else pushes in its place.
  if (!has_shown_) return ask_heads(true);
  has_recovered_ = true;
  step_ = Step::recovering;
  at_ = 0;
  is_any_recovered_ = false;
  recover_next();
}

// A stream for each ledger: one in which the hub has another past must not keep it from what it
// lacks of the others.
void SyncSession::recover_next() {
  const auto is_ahead = [&] { return remotes_[at_].verified.size > remotes_[at_].head.size; };
  while (at_ < remotes_.size() && !is_ahead()) ++at_;
  if (at_ < remotes_.size()) {
    recovered_to_ = 0;
    wait_for_answer();
    transport_.open_recover();
    return on_recover_sent();
  }
  // The hub is another one now: begin again.
  if (is_any_recovered_) return ask_heads(false);
  leave_behind();
  begin_push();
}

void SyncSession::on_recover_sent() {
  if (is_done_ || step_ != Step::recovering) return;
  const Status sent = send_recovery();
  if (!sent.ok()) fail(sent);
}

// One frame for each checkpoint that was verified here, from the hub's last entry on.
Status SyncSession::send_recovery() {
  const RemoteLedger& ledger = remotes_[at_];
  const uint64_t from = std::max(recovered_to_, ledger.head.size);
  DAFTAR_ASSIGN_OR_RETURN(const auto notes, store_.checkpoints_above(ledger.id, from));
  if (from >= ledger.verified.size || notes.empty()) {
    transport_.finish_recover();
    return {};
  }
  const auto& [size, note] = notes.front();
  std::vector<WireEntry> entries;
  std::set<DeviceNumber> devices;
  v1::RecoverRequest request;
  DAFTAR_RETURN_IF_ERROR(store_.ledgers().read_entries(
      ledger.id, from + 1, size, [&](const StoredEntry& entry) -> Status {
        entries.push_back({std::string(entry.header), std::string(entry.changeset), false});
        DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
        if (header.refusal) {
          devices.insert(header.refusal->device);
          return {};
        }
        DAFTAR_ASSIGN_OR_RETURN(const ChangesetAuthor author,
                                read_changeset_author(entry.changeset));
        devices.insert(author.device);
        return {};
      }));
  const DeviceKeys keys = store_.device_keys();
  for (const DeviceNumber device : devices) {
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<PublicKey> key, keys(device));
    if (!key) continue;
    v1::DeviceKey& sent = *request.add_keys();
    sent.set_device(device);
    sent.set_key(std::string(key->begin(), key->end()));
  }
  request.set_ledger(ledger.name);
  request.set_frame(encode_pull_frame(entries));
  request.set_checkpoint(note);
  recovered_to_ = size;
  wait_for_answer(request.frame().size());
  transport_.recover(request);
  return {};
}

// The ledgers in which the hub stays behind: the others go on without them.
void SyncSession::leave_behind() {
  for (const RemoteLedger& ledger : remotes_) {
    if (ledger.verified.size <= ledger.head.size) continue;
    const bool is_other = other_pasts_.contains(ledger.name);
    report_.turned_away[ledger.name] = is_other ? Msg::push_other_past : Msg::push_recovering;
  }
}

void SyncSession::on_recover_end(const Status& status, const v1::RecoverReply& reply) {
  if (is_done_ || step_ != Step::recovering) return;
  if (status.code() == Code::unavailable || status.code() == Code::cancelled) {
    return finish(status);
  }
  if (status.ok()) {
    is_any_recovered_ = true;
    report_.recovered += reply.recovered();
    progress_(report_);
  } else if (status.code() == Code::corrupt) {
    other_pasts_.insert(remotes_[at_].name);
  }
  ++at_;
  recover_next();
}

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
  for (const RemoteLedger& ledger : remotes_) {
    DAFTAR_ASSIGN_OR_RETURN(const TreeHead verified, store_.verified_head(ledger.id));
    // A push that found the fork came behind entries that the hub's heads did not name yet.
    const bool is_behind = ledger.head.size > verified.size || report_.pushed > 0 ||
                           report_.forked.contains(ledger.name);
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
