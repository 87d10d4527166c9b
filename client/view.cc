#include "client/view.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/decimal.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

bool is_visible(PendingState state) {
  return state == PendingState::waiting || state == PendingState::entered ||
         state == PendingState::forked;
}

const RecordEdits* edits_of(const Changeset& changeset, const RecordKey& key) {
  const auto at = std::lower_bound(
      changeset.records.begin(), changeset.records.end(), key,
      [](const RecordEdits& record, const RecordKey& wanted) { return record.key < wanted; });
  return at != changeset.records.end() && at->key == key ? &*at : nullptr;
}

// Number of edits of the changeset before those of `key`: where its outcomes begin.
size_t edits_before(const Changeset& changeset, const RecordKey& key) {
  size_t count = 0;
  for (const RecordEdits& record : changeset.records) {
    if (record.key == key) break;
    count += record.cells.size();
  }
  return count;
}

void add_history(const Changeset& changeset, const RecordKey& key, std::optional<FieldNumber> field,
                 const EntryHeader* header, const HistoryItem& base,
                 std::vector<HistoryItem>& items) {
  const RecordEdits* edits = edits_of(changeset, key);
  if (edits == nullptr) return;
  size_t index = edits_before(changeset, key);
  for (const CellEdit& cell : edits->cells) {
    const size_t at = index++;
    if (field && cell.field != *field) continue;
    HistoryItem item = base;
    item.device = changeset.device;
    item.seq = changeset.seq;
    item.author = changeset.author;
    item.message = changeset.message;
    item.source = changeset.source;
    item.saved_ms = changeset.time_ms;
    item.field = cell.field;
    item.value = cell.value;
    item.place = cell.place;
    if (header != nullptr) item.outcome = outcome_of(*header, at);
    items.push_back(std::move(item));
  }
}

void add_changes(const RecordKey& key, const RecordState& before, const RecordState& after,
                 std::vector<CellChange>& changes) {
  std::vector<FieldNumber> fields;
  for (const RecordState* state : {&before, &after}) {
    for (const Cell& cell : state->cells) fields.push_back(cell.field);
  }
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  for (const FieldNumber field : fields) {
    const Value was = before.reading(field);
    const Value is = after.reading(field);
    if (was != is) changes.push_back({key, field, was, is});
  }
}

// A number that was typed in two ways is one number: where the value is not contended, how it was
// typed is not either.
void settle_spellings(KindNumber kind, RecordState& record) {
  for (const Cell& cell : record.cells) {
    const std::optional<FieldNumber> number = companion_of(kind, cell.field);
    if (!number || cell.is_contended()) continue;
    if (record.find(*number) == nullptr) return;
    Cell& spelling = record.find_or_add(*number);
    const bool same = std::all_of(spelling.standing.begin(), spelling.standing.end(),
                                  [&](const Version& version) {
                                    const auto text = version.value.as_text();
                                    const Result<Decimal> typed = Decimal::parse(text ? *text : "");
                                    return version.value.is_empty() ||
                                           (typed.ok() && Value::decimal(*typed) == cell.reading());
                                  });
    if (same && spelling.has_current) spelling.standing.resize(1);
    return;  // a kind has one number with a spelling; the cells may have moved
  }
}

}  // namespace

Result<View> View::open(ClientStore& store, LedgerId ledger) {
  View view(store, ledger);
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, store.ledgers().row(ledger));
  view.position_ = row.size;
  DAFTAR_ASSIGN_OR_RETURN(view.continuations_, store.ledgers().continuations(ledger));
  DAFTAR_ASSIGN_OR_RETURN(const Continuations pending, store.pending_continuations(ledger));
  view.continuations_.insert(pending.begin(), pending.end());
  return view;
}

Result<RecordState> View::confirmed(std::string_view key) {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                          store_.ledgers().record(ledger_, key));
  return stored ? RecordState::decode(*stored) : Result<RecordState>(RecordState{});
}

Result<bool> View::link_matches(const Changeset& changeset) {
  if (!changeset.context.foreign) return false;
  const ChainPoint& point = *changeset.context.foreign;
  DAFTAR_ASSIGN_OR_RETURN(const auto row,
                          store_.ledgers().chain_row(ledger_, point.device, point.seq));
  return row && row->link == point.link;
}

Status View::merge_pending(const RecordKey& key, RecordState& record,
                           const std::vector<PendingChangeset>& pending) {
  uint64_t position = position_;
  for (const PendingChangeset& one : pending) {
    ++position;
    if (!is_visible(one.state)) continue;
    DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(one.bytes));
    const RecordEdits* edits = edits_of(changeset, key);
    if (edits == nullptr) continue;
    DAFTAR_ASSIGN_OR_RETURN(const bool matches, link_matches(changeset));
    const Seen seen(changeset, matches, continuations_);
    std::vector<Outcome> outcomes;
    merge_record(record, *edits, seen, {position, changeset.device, changeset.seq, {}}, outcomes);
  }
  return {};
}

Result<RecordState> View::record(const RecordKey& key) {
  const std::string bytes = key.bytes();
  if (has_overlay_) {
    const auto found = overlay_.find(bytes);
    if (found != overlay_.end()) return found->second;
  }
  DAFTAR_ASSIGN_OR_RETURN(RecordState record, confirmed(bytes));
  if (!has_overlay_) {
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<PendingChangeset> pending,
                            store_.pending(ledger_, bytes));
    DAFTAR_RETURN_IF_ERROR(merge_pending(key, record, pending));
  }
  settle_spellings(key.kind, record);
  return record;
}

// Folds all pending changesets once, for whatever reads many records.
Status View::load_overlay() {
  if (has_overlay_) return {};
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<PendingChangeset> pending, store_.pending(ledger_));
  uint64_t position = position_;
  for (const PendingChangeset& one : pending) {
    ++position;
    if (!is_visible(one.state)) continue;
    DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(one.bytes));
    DAFTAR_ASSIGN_OR_RETURN(const bool matches, link_matches(changeset));
    const Seen seen(changeset, matches, continuations_);
    for (const RecordEdits& edits : changeset.records) {
      const auto [at, is_new] = overlay_.try_emplace(edits.key.bytes());
      if (is_new) {
        DAFTAR_ASSIGN_OR_RETURN(at->second, confirmed(at->first));
      }
      std::vector<Outcome> outcomes;
      merge_record(at->second, edits, seen, {position, changeset.device, changeset.seq, {}},
                   outcomes);
    }
  }
  for (auto& [bytes, record] : overlay_) {
    DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, RecordKey::from_bytes(bytes));
    settle_spellings(key.kind, record);
  }
  has_overlay_ = true;
  return {};
}

Status View::scan(std::string_view prefix, const Visit& visit) {
  DAFTAR_RETURN_IF_ERROR(load_overlay());
  auto next = overlay_.lower_bound(std::string(prefix));
  const auto visit_bytes = [&](std::string_view key_bytes, const RecordState& record) -> Status {
    DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, RecordKey::from_bytes(key_bytes));
    return visit(key, record);
  };
  DAFTAR_RETURN_IF_ERROR(store_.ledgers().read_records(
      ledger_, prefix, [&](std::string_view key, std::string_view state) -> Status {
        for (; next != overlay_.end() && next->first < key; ++next) {
          DAFTAR_RETURN_IF_ERROR(visit_bytes(next->first, next->second));
        }
        if (next != overlay_.end() && next->first == key) {
          const auto& [bytes, record] = *next++;
          return visit_bytes(bytes, record);
        }
        DAFTAR_ASSIGN_OR_RETURN(RecordState record, RecordState::decode(state));
        DAFTAR_ASSIGN_OR_RETURN(const RecordKey decoded, RecordKey::from_bytes(key));
        settle_spellings(decoded.kind, record);
        return visit(decoded, record);
      }));
  for (; next != overlay_.end() && next->first.starts_with(prefix); ++next) {
    DAFTAR_RETURN_IF_ERROR(visit_bytes(next->first, next->second));
  }
  return {};
}

Result<std::vector<RecordKey>> View::contended() {
  DAFTAR_ASSIGN_OR_RETURN(std::vector<std::string> candidates,
                          store_.ledgers().contended_records(ledger_));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<std::string> pending, store_.pending_keys(ledger_));
  candidates.insert(candidates.end(), pending.begin(), pending.end());
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  if (!pending.empty()) DAFTAR_RETURN_IF_ERROR(load_overlay());
  std::vector<RecordKey> keys;
  for (const std::string& bytes : candidates) {
    DAFTAR_ASSIGN_OR_RETURN(RecordKey key, RecordKey::from_bytes(bytes));
    DAFTAR_ASSIGN_OR_RETURN(const RecordState state, record(key));
    if (state.is_contended()) keys.push_back(std::move(key));
  }
  return keys;
}

Result<RecordKey> View::find_code(KindNumber kind, const std::string& code) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<RecordKey> candidates,
                          store_.records_with_code(ledger_, code));
  const Kind* described = find_kind(kind);
  const Field* field = described == nullptr ? nullptr : described->find("code");
  // Best first: it reads so; it reads so and is deleted; the code is one that stands beside
  // another.
  std::array<std::vector<RecordKey>, 3> found;
  for (const RecordKey& key : candidates) {
    if (key.kind != kind || field == nullptr) continue;
    DAFTAR_ASSIGN_OR_RETURN(const RecordState state, record(key));
    const Cell* cell = state.find(field->number);
    if (cell == nullptr) continue;
    const bool reads_so = cell->reading() == Value::text(code);
    const bool stands_so =
        std::any_of(cell->standing.begin(), cell->standing.end(),
                    [&](const Version& version) { return version.value == Value::text(code); });
    if (reads_so) {
      found[state.is_deleted() ? 1 : 0].push_back(key);
    } else if (stands_so) {
      found[2].push_back(key);
    }
  }
  for (const std::vector<RecordKey>& keys : found) {
    if (keys.size() > 1) {
      return Status(Code::conflict, Msg::code_twice, {code, keys[0].id(), keys[1].id()});
    }
    if (keys.size() == 1) return keys.front();
  }
  return Status(Code::not_found, Msg::code_missing, {code});
}

Result<std::vector<HistoryItem>> View::history(const RecordKey& key,
                                               std::optional<FieldNumber> field) {
  const std::string bytes = key.bytes();
  std::vector<HistoryItem> items;
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<uint64_t> positions, store_.touches(ledger_, bytes));
  for (const uint64_t position : positions) {
    DAFTAR_RETURN_IF_ERROR(store_.ledgers().read_entries(
        ledger_, position, position, [&](const StoredEntry& entry) -> Status {
          DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
          DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(entry.changeset));
          HistoryItem base;
          base.position = position;
          base.received_ms = header.time_ms;
          add_history(changeset, key, field, &header, base, items);
          return {};
        }));
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<PendingChangeset> pending,
                          store_.pending(ledger_, bytes));
  for (const PendingChangeset& one : pending) {
    DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(one.bytes));
    HistoryItem base;
    base.pending = one.state;
    base.reason = one.reason;
    add_history(changeset, key, field, nullptr, base, items);
  }
  return items;
}

Result<std::vector<LogItem>> View::log(size_t most) {
  std::vector<LogItem> items;
  DAFTAR_ASSIGN_OR_RETURN(std::vector<PendingChangeset> pending, store_.pending(ledger_));
  std::reverse(pending.begin(), pending.end());
  for (const PendingChangeset& one : pending) {
    if (items.size() == most) return items;
    LogItem item;
    item.pending = one.state;
    DAFTAR_ASSIGN_OR_RETURN(item.changeset, decode_changeset(one.bytes));
    items.push_back(std::move(item));
  }
  const uint64_t wanted = std::min<uint64_t>(most - items.size(), position_);
  std::vector<LogItem> entered;
  DAFTAR_RETURN_IF_ERROR(store_.ledgers().read_entries(
      ledger_, position_ - wanted + 1, position_, [&](const StoredEntry& entry) -> Status {
        DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
        LogItem item;
        item.position = entry.position;
        item.received_ms = header.time_ms;
        item.refusal = header.refusal;
        if (!header.refusal) {
          DAFTAR_ASSIGN_OR_RETURN(item.changeset, decode_changeset(entry.changeset));
        }
        for (const Exception& exception : header.exceptions) {
          ++(exception.outcome == Outcome::contended ? item.contended : item.agreed);
        }
        entered.push_back(std::move(item));
        return {};
      }));
  items.insert(items.end(), std::make_move_iterator(entered.rbegin()),
               std::make_move_iterator(entered.rend()));
  return items;
}

Result<uint64_t> View::position_at(uint64_t time_ms) {
  uint64_t low = 0;  // received not after time_ms, as far as is known
  uint64_t high = position_;
  while (low < high) {
    const uint64_t middle = low + (high - low + 1) / 2;
    uint64_t received = 0;
    DAFTAR_RETURN_IF_ERROR(store_.ledgers().read_entries(
        ledger_, middle, middle, [&](const StoredEntry& entry) -> Status {
          DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
          received = header.time_ms;
          return {};
        }));
    if (received <= time_ms) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

Result<RecordState> View::record_as_of(const RecordKey& key, uint64_t position) {
  RecordState record;
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<uint64_t> positions,
                          store_.touches(ledger_, key.bytes()));
  for (const uint64_t at : positions) {
    if (at > position) break;
    DAFTAR_RETURN_IF_ERROR(
        store_.ledgers().read_entries(ledger_, at, at, [&](const StoredEntry& entry) -> Status {
          DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
          DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(entry.changeset));
          const Seen seen(changeset, header.link_matched, continuations_);
          std::vector<Outcome> outcomes;
          if (const RecordEdits* edits = edits_of(changeset, key)) {
            merge_record(record, *edits, seen, {at, changeset.device, changeset.seq, {}}, outcomes);
          }
          return {};
        }));
  }
  return record;
}

Status View::fold_until(uint64_t position, MemoryRecords& records) {
  LedgerState state;
  return store_.ledgers().read_entries(
      ledger_, 1, position, [&](const StoredEntry& entry) -> Status {
        DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
        const EntryStamp stamp{header.time_ms, header.national};
        if (header.refusal) {
          fold_refusal(state, *header.refusal, Hash{}, stamp);
          return {};
        }
        DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(entry.changeset));
        return fold_changeset(state, records, changeset, Hash{}, header.link_matched, stamp)
            .status();
      });
}

Result<std::vector<CellChange>> View::diff(uint64_t from, std::optional<uint64_t> to) {
  std::map<RecordKey, bool> touched;
  const uint64_t last = std::min(to.value_or(position_), position_);
  DAFTAR_RETURN_IF_ERROR(store_.ledgers().read_entries(
      ledger_, from + 1, last, [&](const StoredEntry& entry) -> Status {
        if (entry.changeset.empty()) return {};
        DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(entry.changeset));
        for (const RecordEdits& record : changeset.records) touched[record.key] = true;
        return {};
      }));
  if (!to) {
    DAFTAR_ASSIGN_OR_RETURN(const std::vector<std::string> pending, store_.pending_keys(ledger_));
    for (const std::string& bytes : pending) {
      DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, RecordKey::from_bytes(bytes));
      touched[key] = true;
    }
    DAFTAR_RETURN_IF_ERROR(load_overlay());
  }
  std::vector<CellChange> changes;
  for (const auto& [key, unused] : touched) {
    DAFTAR_ASSIGN_OR_RETURN(const RecordState before, record_as_of(key, from));
    DAFTAR_ASSIGN_OR_RETURN(const RecordState after, to ? record_as_of(key, last) : record(key));
    add_changes(key, before, after, changes);
  }
  return changes;
}

}  // namespace daftar::client
