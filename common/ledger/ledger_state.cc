#include "common/ledger/ledger_state.h"

#include "common/ledger/bytes.h"

namespace daftar {
namespace {

void advance(LedgerState& state, DeviceNumber device, uint64_t seq, const Hash& link,
             const EntryStamp& stamp) {
  ++state.position;
  state.time_ms = stamp.time_ms;
  state.national = stamp.national;
  state.heads[device] = {seq, link};
}

}  // namespace

Result<std::vector<Exception>> fold_changeset(LedgerState& state, RecordSource& records,
                                              const Changeset& changeset, const Hash& link,
                                              bool link_matched, const EntryStamp& stamp) {
  const Seen seen(changeset, link_matched, state.continues);
  const Version version{state.position + 1, changeset.device, changeset.seq, {}};
  std::vector<Outcome> outcomes;
  for (const RecordEdits& edits : changeset.records) {
    DAFTAR_ASSIGN_OR_RETURN(RecordState * record, records.change(edits.key));
    merge_record(*record, edits, seen, version, outcomes);
  }
  std::vector<Exception> exceptions;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] != Outcome::applied) {
      exceptions.push_back({static_cast<uint32_t>(i), outcomes[i]});
    }
  }
  advance(state, changeset.device, changeset.seq, link, stamp);
  if (changeset.continues) state.continues[changeset.device] = *changeset.continues;
  if (changeset.origin) state.origins.insert(*changeset.origin);
  return exceptions;
}

void fold_refusal(LedgerState& state, const Refusal& refusal, const Hash& link,
                  const EntryStamp& stamp) {
  advance(state, refusal.device, refusal.seq, link, stamp);
}

StateDigest::StateDigest(std::string_view ledger) {
  std::string head = "daftar state 1";
  put_bytes(head, ledger);
  hash_.add(head);
}

void StateDigest::add_record(std::string_view key, std::string_view record) {
  std::string head(1, '\1');
  put_bytes(head, key);
  hash_.add(head);
  hash_.add(record);
}

Hash StateDigest::finish(const LedgerState& state) {
  std::string tail(1, '\0');
  put_n(tail, state.heads.size());
  for (const auto& [device, head] : state.heads) {
    put_n(tail, device);
    put_n(tail, head.seq);
    tail += hash_bytes(head.link);
  }
  put_n(tail, state.continues.size());
  for (const auto& [device, point] : state.continues) {
    put_n(tail, device);
    put_n(tail, point.device);
    put_n(tail, point.seq);
    tail += hash_bytes(point.link);
  }
  put_n(tail, state.origins.size());
  for (const Hash& origin : state.origins) tail += hash_bytes(origin);
  put_n(tail, state.position);
  put_n(tail, state.time_ms);
  put_n(tail, state.national);
  hash_.add(tail);
  return hash_.finish();
}

}  // namespace daftar
