// SyncSession: giving entries back to a hub that was restored from an old backup.
#include <algorithm>
#include <utility>

#include "client/sync_session.h"
#include "common/base/limits.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/entry.h"

namespace daftar::client {

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

}  // namespace daftar::client
