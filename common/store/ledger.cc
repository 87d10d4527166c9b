#include "common/store/ledger.h"

#include <algorithm>
#include <utility>

#include "common/base/planted.h"

namespace daftar {
namespace {

// Records kept in memory between transactions: about 100 MB of ordinary ones. Above it, all are
// dropped after they were written; the next batch reads what it needs.
constexpr size_t kCachedRecords = 60'000;

Status broken(Msg message, const std::string& ledger, uint64_t position) {
  return {Code::corrupt, message, {ledger, std::to_string(position)}};
}

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(LedgerStore& store, LedgerId id,
                                             std::string_view name) {
  std::unique_ptr<Ledger> ledger(new Ledger(store, id));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, store.row(id));
  LedgerState& state = ledger->state_;
  state.ledger = name;
  state.position = row.size;
  state.time_ms = row.time_ms;
  state.national = row.national;
  DAFTAR_ASSIGN_OR_RETURN(ledger->edge_, RightEdge::from_bytes(row.size, row.right_edge));
  DAFTAR_ASSIGN_OR_RETURN(state.heads, store.chain_heads(id));
  DAFTAR_ASSIGN_OR_RETURN(state.continues, store.continuations(id));
  DAFTAR_ASSIGN_OR_RETURN(state.origins, store.origins(id));
  ledger->published_ = row.published;
  ledger->materialised_ = row.materialised;
  if (row.materialised < row.size) DAFTAR_RETURN_IF_ERROR(ledger->replay());
  return ledger;
}

Result<bool> Ledger::is_current() {
  if (is_planted(Defect::other_process_unnoticed)) return true;
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, store_.row(id_));
  return row.size == state_.position && row.materialised == materialised_ &&
         row.published == published_;
}

// Folds the entries that were durable before their records were written. Only records matter: chain
// heads, origins and the right edge were saved with the entries.
Status Ledger::replay() {
  LedgerState scratch = state_;
  scratch.position = materialised_;
  return store_.read_entries(
      id_, materialised_ + 1, state_.position, [&](const StoredEntry& entry) -> Status {
        DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
        if (header.refusal) {
          ++scratch.position;
          return {};
        }
        DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(entry.changeset));
        return fold_changeset(scratch, *this, changeset, Hash{}, header.link_matched,
                              {header.time_ms, header.national})
            .status();
      });
}

Result<ChainHead> Ledger::chain_head(DeviceNumber device, const DeviceKeys& keys) const {
  const auto found = state_.heads.find(device);
  if (found != state_.heads.end()) return found->second;
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<PublicKey> key, keys(device));
  if (!key) {
    return Status(Code::corrupt, Msg::device_unknown, {std::to_string(device), state_.ledger});
  }
  return ChainHead{0, chain_start(state_.ledger, device, *key)};
}

Result<bool> Ledger::is_on_chain(const ChainPoint& point) {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<ChainRow> row,
                          store_.chain_row(id_, point.device, point.seq));
  return row && row->link == point.link;
}

Result<bool> Ledger::has_origin(const Hash& origin) {
  if (is_planted(Defect::origin_unchecked)) return false;
  if (state_.origins.contains(origin)) return true;
  return store_.has_link(id_, origin);
}

Result<bool> Ledger::has_work(const Changeset& changeset, const Hash& link) {
  if (changeset.origin) return has_origin(*changeset.origin);
  return state_.origins.contains(link) && !is_planted(Defect::origin_unchecked);
}

Result<EntryHeader> Ledger::enter(const IncomingChangeset& incoming, const EntryStamp& stamp,
                                  std::optional<RefusalReason> reason,
                                  const std::optional<Seal>& seal) {
  const Changeset& changeset = *incoming.changeset;
  EntryHeader header;
  header.position = state_.position + 1;
  header.time_ms = std::max(stamp.time_ms, state_.time_ms);
  if (is_planted(Defect::time_falls)) header.time_ms = stamp.time_ms;
  header.national = std::max(stamp.national, state_.national);
  header.seal = seal;
  const EntryStamp kept{header.time_ms, header.national};
  if (reason) {
    header.refusal = {changeset.device, changeset.seq, *reason, sha256(incoming.bytes)};
    fold_refusal(state_, *header.refusal, incoming.link, kept);
  } else {
    if (changeset.context.foreign) {
      DAFTAR_ASSIGN_OR_RETURN(header.link_matched, is_on_chain(*changeset.context.foreign));
      if (is_planted(Defect::foreign_link_unchecked)) header.link_matched = true;
    }
    DAFTAR_ASSIGN_OR_RETURN(
        header.exceptions,
        fold_changeset(state_, *this, changeset, incoming.link, header.link_matched, kept));
    DAFTAR_RETURN_IF_ERROR(remember(changeset));
  }
  DAFTAR_RETURN_IF_ERROR(append(header, encode_header(header),
                                reason ? std::string_view() : incoming.bytes,
                                {changeset.device, changeset.seq, incoming.link}));
  return header;
}

Status Ledger::check_order(const EntryHeader& header) const {
  const bool in_order = header.position == state_.position + 1 &&
                        header.time_ms >= state_.time_ms && header.national >= state_.national;
  return in_order ? Status() : broken(Msg::entry_out_of_order, state_.ledger, header.position);
}

Status Ledger::check_references(const Changeset& changeset, const Hash& link, bool link_matched) {
  const uint64_t position = state_.position + 1;
  bool matches = false;
  if (changeset.context.foreign) {
    DAFTAR_ASSIGN_OR_RETURN(matches, is_on_chain(*changeset.context.foreign));
    if (is_planted(Defect::foreign_link_unchecked)) matches = true;
  }
  if (matches != link_matched || changeset.context.position >= position) {
    return broken(Msg::entry_context_wrong, state_.ledger, position);
  }
  if (changeset.continues) {
    DAFTAR_ASSIGN_OR_RETURN(const bool continues, is_on_chain(*changeset.continues));
    if (!continues) return broken(Msg::entry_chain_broken, state_.ledger, position);
  }
  DAFTAR_ASSIGN_OR_RETURN(const bool is_known, has_work(changeset, link));
  return is_known ? broken(Msg::entry_origin_twice, state_.ledger, position) : Status();
}

Result<std::optional<Changeset>> Ledger::accept(std::string_view header_bytes,
                                                std::string_view changeset_bytes,
                                                const DeviceKeys& keys) {
  DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(header_bytes));
  DAFTAR_RETURN_IF_ERROR(check_order(header));
  touched_.clear();
  std::optional<Changeset> changeset;
  if (!header.refusal) {
    DAFTAR_ASSIGN_OR_RETURN(changeset, decode_changeset(changeset_bytes));
  } else if (!changeset_bytes.empty()) {
    return broken(Msg::entry_out_of_order, state_.ledger, header.position);
  }
  ChainPoint point;
  point.device = header.refusal ? header.refusal->device : changeset->device;
  point.seq = header.refusal ? header.refusal->seq : changeset->seq;
  DAFTAR_ASSIGN_OR_RETURN(const ChainHead before, chain_head(point.device, keys));
  if (point.seq != before.seq + 1 || (changeset && changeset->ledger != state_.ledger)) {
    return broken(Msg::entry_chain_broken, state_.ledger, header.position);
  }
  point.link = chain_next(
      before.link, header.refusal ? header.refusal->changeset_hash : sha256(changeset_bytes));
  const EntryStamp stamp{header.time_ms, header.national};
  if (header.refusal) {
    fold_refusal(state_, *header.refusal, point.link, stamp);
  } else {
    DAFTAR_RETURN_IF_ERROR(check_references(*changeset, point.link, header.link_matched));
    notes_touched_ = true;
    const Result<std::vector<Exception>> exceptions =
        fold_changeset(state_, *this, *changeset, point.link, header.link_matched, stamp);
    notes_touched_ = false;
    if (!exceptions.ok()) return exceptions.status();
    if (*exceptions != header.exceptions) {
      return broken(Msg::entry_outcome_wrong, state_.ledger, header.position);
    }
    DAFTAR_RETURN_IF_ERROR(remember(*changeset));
  }
  // A batch is of one device, and its last entry is sealed.
  if (unsealed_ && *unsealed_ != point.device) {
    return broken(Msg::entry_seal_wrong, state_.ledger, header.position);
  }
  unsealed_ = header.seal ? std::nullopt : std::optional(point.device);
  if (header.seal) {
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<PublicKey> key, keys(point.device));
    if (!key || !verify_seal(*key, state_.ledger, point, *header.seal)) {
      return broken(Msg::entry_seal_wrong, state_.ledger, header.position);
    }
  }
  DAFTAR_RETURN_IF_ERROR(append(header, header_bytes, changeset_bytes, point));
  return changeset;
}

// The parts of the state that have rows of their own and are rare.
Status Ledger::remember(const Changeset& changeset) {
  if (changeset.continues) {
    DAFTAR_RETURN_IF_ERROR(store_.put_continuation(id_, changeset.device, *changeset.continues));
  }
  return changeset.origin ? store_.put_origin(id_, *changeset.origin) : Status();
}

Status Ledger::append(const EntryHeader& header, std::string_view header_bytes,
                      std::string_view changeset_bytes, const ChainPoint& point) {
  edge_.append(leaf_hash(header_bytes, changeset_bytes));
  moved_heads_.insert(point.device);
  return store_.append(id_, header.position, header_bytes, changeset_bytes, point);
}

Result<RecordState*> Ledger::change(const RecordKey& key) {
  const auto [at, is_new] = records_.try_emplace(key.bytes());
  Slot& slot = at->second;
  if (is_new) {
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> stored, store_.record(id_, at->first));
    if (stored) {
      DAFTAR_ASSIGN_OR_RETURN(slot.record, RecordState::decode(*stored));
    }
  }
  if (notes_touched_) touched_.emplace_back(&at->first, slot.record.newest_position());
  if (!slot.is_dirty) {
    slot.is_dirty = true;
    dirty_.push_back(&*at);
  }
  return &slot.record;
}

LedgerRow Ledger::row() const {
  return {state_.position, materialised_, state_.time_ms,
          state_.national, edge_.bytes(), published_};
}

Status Ledger::save_head() {
  for (const DeviceNumber device : moved_heads_) {
    DAFTAR_RETURN_IF_ERROR(store_.put_chain_head(id_, device, state_.heads.at(device)));
  }
  moved_heads_.clear();
  if (is_planted(Defect::records_said_written)) materialised_ = state_.position;
  DAFTAR_RETURN_IF_ERROR(store_.put_tree_head(id_, tree_head()));
  return store_.put_row(id_, row());
}

Status Ledger::materialise() {
  // In key order, so that neighbouring rows are written together.
  std::sort(dirty_.begin(), dirty_.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  for (auto* entry : dirty_) {
    const RecordState& record = entry->second.record;
    DAFTAR_RETURN_IF_ERROR(
        store_.put_record(id_, entry->first, record.encode(), record.is_contended()));
    entry->second.is_dirty = false;
  }
  dirty_.clear();
  touched_.clear();
  if (records_.size() > kCachedRecords) records_.clear();
  materialised_ = state_.position;
  return store_.put_row(id_, row());
}

Result<Hash> Ledger::digest() {
  if (!is_materialised()) DAFTAR_RETURN_IF_ERROR(materialise());
  StateDigest digest(state_.ledger);
  DAFTAR_RETURN_IF_ERROR(
      store_.read_records(id_, "", [&](std::string_view key, std::string_view state) {
        digest.add_record(key, state);
        return Status();
      }));
  return digest.finish(state_);
}

}  // namespace daftar
