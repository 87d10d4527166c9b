// ClientStore: what this device has saved and the hub has not confirmed.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "client/authority.h"
#include "client/client_store.h"
#include "common/base/limits.h"
#include "common/base/planted.h"
#include "common/register/kinds.h"
#include "common/store/row_check.h"

namespace daftar::client {
namespace {

// The checksum of a row of `pending`, over what never changes in it.
uint64_t pending_check(DeviceNumber device, uint64_t seq, std::string_view link,
                       std::string_view bytes) {
  return row_check(device, seq, {link, bytes});
}

Status read_pending(const Database& database, Statement& query,
                    std::vector<PendingChangeset>& result) {
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query.step());
    if (!has_row) return {};
    PendingChangeset pending;
    pending.device = query.number(0);
    pending.seq = query.number(1);
    if (query.blob(2).size() != sizeof(Hash)) return {Code::corrupt, Msg::record_state_bad};
    pending.link = hash_from_bytes(query.blob(2));
    pending.bytes = query.blob(3);
    if (query.number(7) !=
        pending_check(pending.device, pending.seq, query.blob(2), pending.bytes)) {
      return database.damaged_row();
    }
    pending.state = static_cast<PendingState>(query.integer(4));
    pending.position = query.number(5);
    if (query.integer(6) != 0) pending.reason = static_cast<RefusalReason>(query.integer(6));
    result.push_back(std::move(pending));
  }
}

bool is_held(PendingState state) {
  return state == PendingState::held || state == PendingState::discarded ||
         state == PendingState::reapplied;
}

// The field that holds a kind's code, if it has one.
std::optional<FieldNumber> code_field(KindNumber number) {
  const Kind* kind = find_kind(number);
  const Field* field = kind == nullptr ? nullptr : kind->find("code");
  return field == nullptr ? std::nullopt : std::optional(field->number);
}

}  // namespace

// ---- saving

// The end of this device's chain on this disk: behind the last pending changeset, while its work
// forked or is further than what the hub confirmed; else where the hub confirmed it.
Result<ChainHead> ClientStore::own_head(LedgerId ledger, DeviceNumber device) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT seq, link, EXISTS (SELECT 1 FROM pending f "
                    "WHERE f.ledger = ?1 AND f.device = ?2 AND f.state = 5) "
                    "FROM pending WHERE ledger = ?1 AND device = ?2 ORDER BY seq DESC LIMIT 1"));
  query->bind(1, ledger).bind(2, device);
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  std::optional<ChainHead> pending;
  bool is_forked = false;
  if (has_row && query->blob(1).size() == sizeof(Hash)) {
    pending = {query->number(0), hash_from_bytes(query->blob(1))};
    is_forked = query->integer(2) != 0;
  }
  query->reset();
  if (is_forked) return *pending;
  DAFTAR_ASSIGN_OR_RETURN(const auto heads, ledger_store_->chain_heads(ledger));
  const auto confirmed = heads.find(device);
  if (confirmed != heads.end() && (!pending || pending->seq <= confirmed->second.seq)) {
    return confirmed->second;
  }
  if (pending) return *pending;
  DAFTAR_ASSIGN_OR_RETURN(const PublicKey own_key, public_key());
  DAFTAR_ASSIGN_OR_RETURN(const std::string name, ledger_name(ledger));
  return ChainHead{0, chain_start(name, device, own_key)};
}

Result<Context> ClientStore::current_context(LedgerId ledger) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, ledger_store_->row(ledger));
  DAFTAR_ASSIGN_OR_RETURN(const ChainHead head, own_head(ledger, own));
  return Context{row.size, head.seq, std::nullopt};
}

Status ClientStore::insert_pending(LedgerId ledger, const Changeset& changeset,
                                   std::string_view bytes, const Hash& link) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * insert,
      database_.use("INSERT INTO pending(ledger, device, seq, link, crc, changeset) "
                    "VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
  DAFTAR_RETURN_IF_ERROR(
      insert->bind(1, ledger)
          .bind(2, changeset.device)
          .bind(3, changeset.seq)
          .bind_blob(4, hash_bytes(link))
          .bind(5, pending_check(changeset.device, changeset.seq, hash_bytes(link), bytes))
          .bind_blob(6, bytes)
          .run());
  DAFTAR_ASSIGN_OR_RETURN(Statement * touch,
                          database_.use("INSERT INTO pending_touch VALUES(?1, ?2, ?3, ?4)"));
  for (const RecordEdits& record : changeset.records) {
    const std::string key = record.key.bytes();
    DAFTAR_RETURN_IF_ERROR(touch->bind(1, ledger)
                               .bind_blob(2, key)
                               .bind(3, changeset.device)
                               .bind(4, changeset.seq)
                               .run());
  }
  return index_changeset(ledger, changeset);
}

std::vector<std::pair<std::string, std::string>> codes_in(const Changeset& changeset) {
  std::vector<std::pair<std::string, std::string>> codes;
  for (const RecordEdits& record : changeset.records) {
    const std::optional<FieldNumber> field = code_field(record.key.kind);
    for (const CellEdit& cell : record.cells) {
      const auto code = field == cell.field ? cell.value.as_text() : std::nullopt;
      if (code) codes.emplace_back(*code, record.key.bytes());
    }
  }
  return codes;
}

Status ClientStore::index_changeset(LedgerId ledger, const Changeset& changeset) {
  if (changeset.source) {
    DAFTAR_ASSIGN_OR_RETURN(Statement * put,
                            database_.use("INSERT OR IGNORE INTO imported VALUES(?1, ?2)"));
    DAFTAR_RETURN_IF_ERROR(
        put->bind(1, ledger).bind_blob(2, hash_bytes(changeset.source->hash)).run());
  }
  for (const auto& [code, key] : codes_in(changeset)) {
    DAFTAR_ASSIGN_OR_RETURN(Statement * put,
                            database_.use("INSERT OR IGNORE INTO code VALUES(?1, ?2, ?3)"));
    DAFTAR_RETURN_IF_ERROR(put->bind(1, ledger).bind_text(2, code).bind_blob(3, key).run());
  }
  return {};
}

Result<uint64_t> ClientStore::save(LedgerId ledger, const std::vector<Draft>& drafts,
                                   uint64_t now_ms) {
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t first_seq, append_drafts(ledger, drafts, now_ms));
  DAFTAR_RETURN_IF_ERROR(transaction.commit());
  return first_seq;
}

Result<std::optional<Directory>> ClientStore::directory_here() {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<LedgerInfo> national, held_ledger(kNational));
  if (!national) return std::optional<Directory>();
  DAFTAR_ASSIGN_OR_RETURN(Directory directory, read_directory(*ledger_store_, national->id));
  return std::optional(std::move(directory));
}

Result<uint64_t> ClientStore::append_drafts(LedgerId ledger, const std::vector<Draft>& drafts,
                                            uint64_t now_ms) {
  DAFTAR_ASSIGN_OR_RETURN(const std::string name, ledger_name(ledger));
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, identity());
  DAFTAR_ASSIGN_OR_RETURN(ChainHead head, own_head(ledger, own.device));
  const uint64_t first_seq = head.seq + 1;
  std::optional<Directory> directory;
  if (name == kNational || name.starts_with("sector/")) {
    DAFTAR_ASSIGN_OR_RETURN(directory, directory_here());
  }
  for (const Draft& draft : drafts) {
    Changeset changeset;
    changeset.ledger = name;
    changeset.device = own.device;
    changeset.seq = head.seq + 1;
    changeset.context = draft.context;
    if (is_planted(Defect::context_of_saving)) {
      DAFTAR_ASSIGN_OR_RETURN(changeset.context, current_context(ledger));
    }
    changeset.author = own.user;
    changeset.time_ms = now_ms;
    changeset.message = draft.message;
    changeset.source = draft.source;
    changeset.records = draft.records;
    DAFTAR_RETURN_IF_ERROR(check_authority(own.role, name, draft.records));
    if (directory) DAFTAR_RETURN_IF_ERROR(check_by_directory(*directory, changeset));
    if (is_planted(Defect::save_loses_edit) && changeset.records.size() > 1) {
      changeset.records.pop_back();
    }
    changeset.origin = draft.origin;
    DAFTAR_ASSIGN_OR_RETURN(const std::string bytes, encode_changeset(changeset));
    head = {changeset.seq, chain_next(head.link, bytes)};
    DAFTAR_RETURN_IF_ERROR(insert_pending(ledger, changeset, bytes, head.link));
  }
  return first_seq;
}

Result<uint64_t> ClientStore::reserve_ids(uint64_t count) {
  // A gap after a crash is harmless; a number given twice is not, so it is durable before it is
  // used.
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> next, setting("next_counter"));
  uint64_t first = 1;
  if (next) {
    DAFTAR_ASSIGN_OR_RETURN(first, parse_setting("next_counter", *next));
    if (first == 0) return Status(Code::corrupt, Msg::setting_bad, {"next_counter", *next});
  }
  DAFTAR_RETURN_IF_ERROR(set_setting("next_counter", std::to_string(first + count)));
  DAFTAR_RETURN_IF_ERROR(transaction.commit());
  return first;
}

// ---- own changesets that are not confirmed

Result<std::vector<PendingChangeset>> ClientStore::pending(LedgerId ledger,
                                                           std::optional<std::string_view> record) {
  const char* const all =
      "SELECT device, seq, link, changeset, state, position, reason, crc FROM pending "
      "WHERE ledger = ?1 ORDER BY device, seq";
  const char* const of_record =
      "SELECT p.device, p.seq, p.link, p.changeset, p.state, p.position, p.reason, p.crc "
      "FROM pending_touch t JOIN pending p USING(ledger, device, seq) "
      "WHERE t.ledger = ?1 AND t.key = ?2 ORDER BY p.device, p.seq";
  DAFTAR_ASSIGN_OR_RETURN(Statement * query, database_.use(record ? of_record : all));
  query->bind(1, ledger);
  if (record) query->bind_blob(2, *record);
  std::vector<PendingChangeset> result;
  DAFTAR_RETURN_IF_ERROR(read_pending(database_, *query, result));
  return result;
}

Result<std::vector<std::string>> ClientStore::pending_keys(LedgerId ledger) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use(
          "SELECT DISTINCT key FROM pending_touch t JOIN pending p USING(ledger, device, seq) "
          "WHERE t.ledger = ?1 AND p.state IN (0, 1, 5) ORDER BY key"));
  query->bind(1, ledger);
  std::vector<std::string> keys;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) return keys;
    keys.emplace_back(query->blob(0));
  }
}

Result<Continuations> ClientStore::pending_continuations(LedgerId ledger) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use(
          "SELECT device, seq, link, changeset, state, position, reason, crc FROM pending "
          "WHERE ledger = ?1 AND seq = 1"));
  query->bind(1, ledger);
  std::vector<PendingChangeset> first;
  DAFTAR_RETURN_IF_ERROR(read_pending(database_, *query, first));
  Continuations result;
  for (const PendingChangeset& one : first) {
    DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(one.bytes));
    if (changeset.continues) result[one.device] = *changeset.continues;
  }
  return result;
}

Result<std::vector<PendingChangeset>> ClientStore::waiting_batch(LedgerId ledger,
                                                                 uint64_t after_seq) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use(
          "SELECT seq, link, changeset, crc FROM pending "
          "WHERE ledger = ?1 AND device = ?2 AND seq > ?3 AND state = 0 AND NOT EXISTS ("
          "SELECT 1 FROM pending f WHERE f.ledger = ?1 AND f.device = ?2 AND f.state = 5) "
          "ORDER BY seq LIMIT ?4"));
  query->bind(1, ledger).bind(2, own).bind(3, after_seq);
  query->bind(4, static_cast<uint64_t>(limits::kPushFrameChangesets));
  std::vector<PendingChangeset> batch;
  size_t bytes = 16;  // the frame's count
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) return batch;
    bytes += query->blob(2).size() + 9;
    const bool follows = batch.empty() || query->number(0) == batch.back().seq + 1;
    if ((bytes > limits::kPushFrameBytes && !batch.empty()) || !follows) break;
    PendingChangeset one;
    one.device = own;
    one.seq = query->number(0);
    one.link = hash_from_bytes(query->blob(1));
    one.bytes = query->blob(2);
    if (query->number(3) != pending_check(one.device, one.seq, query->blob(1), one.bytes)) {
      query->reset();
      return database_.damaged_row();
    }
    batch.push_back(std::move(one));
  }
  query->reset();
  return batch;
}

Result<std::string> ClientStore::own_bytes(LedgerId ledger, DeviceNumber own, uint64_t seq) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT changeset, link, crc FROM pending "
                                        "WHERE ledger = ?1 AND device = ?2 AND seq = ?3"));
  query->bind(1, ledger).bind(2, own).bind(3, seq);
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  std::string bytes = has_row ? std::string(query->blob(0)) : "";
  const bool is_damaged =
      has_row && query->number(2) != pending_check(own, seq, query->blob(1), bytes);
  query->reset();
  if (is_damaged) return database_.damaged_row();
  if (!has_row) return Status(Code::corrupt, Msg::own_work_missing, {std::to_string(seq)});
  return bytes;
}

// ---- held changesets

Result<DeviceNumber> ClientStore::holder(LedgerId ledger, uint64_t seq) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT device FROM pending WHERE ledger = ?1 AND seq = ?2 AND state = 2 "
                    "ORDER BY device = ?3 DESC, device DESC LIMIT 1"));
  query->bind(1, ledger).bind(2, seq).bind(3, own);
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  const DeviceNumber device = has_row ? query->number(0) : 0;
  query->reset();
  if (!has_row) return Status(Code::not_found, Msg::held_missing, {std::to_string(seq)});
  return device;
}

Result<uint64_t> ClientStore::reapply(LedgerId ledger, uint64_t seq, const std::string& message,
                                      uint64_t now_ms) {
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber device, holder(ledger, seq));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<PendingChangeset> all, pending(ledger));
  std::optional<Changeset> held;
  std::set<std::pair<RecordKey, FieldNumber>> later;
  const auto note_cells = [&](const Changeset& changeset, uint64_t) {
    for (const RecordEdits& record : changeset.records) {
      for (const CellEdit& cell : record.cells) later.emplace(record.key, cell.field);
    }
  };
  for (const PendingChangeset& one : all) {
    const bool is_later = one.device == own && (device != own || one.seq > seq);
    DAFTAR_ASSIGN_OR_RETURN(Changeset changeset, decode_changeset(one.bytes));
    if (one.device == device && one.seq == seq) {
      held = std::move(changeset);
    } else if (is_later && !is_held(one.state)) {
      note_cells(changeset, 0);
    }
  }
  DAFTAR_ASSIGN_OR_RETURN(const auto heads, ledger_store_->chain_heads(ledger));
  const auto read_later = [&](DeviceNumber number, uint64_t first) -> Status {
    const auto head = heads.find(number);
    if (head == heads.end()) return {};
    return read_chain(ledger, number, first, head->second.seq, note_cells);
  };
  DAFTAR_RETURN_IF_ERROR(read_later(device, seq + 1));
  if (device != own) DAFTAR_RETURN_IF_ERROR(read_later(own, 1));
  if (device != own) {
    DAFTAR_ASSIGN_OR_RETURN(held->context, context_of_number(ledger, held->context, device));
  }
  Draft draft{
      held->context, message.empty() ? held->message : message, held->source, {}, held->origin};
  if (is_planted(Defect::reapply_fresh_context)) {
    DAFTAR_ASSIGN_OR_RETURN(draft.context, current_context(ledger));
  }
  if (is_planted(Defect::reapply_overwrites_later)) later.clear();
  for (RecordEdits& record : held->records) {
    std::erase_if(record.cells, [&](const CellEdit& cell) {
      return later.contains({record.key, cell.field});
    });
    if (!record.cells.empty()) draft.records.push_back(std::move(record));
  }
  if (draft.records.empty()) {
    return Status(Code::refused, Msg::held_superseded, {std::to_string(seq)});
  }
  DAFTAR_ASSIGN_OR_RETURN(const uint64_t saved, append_drafts(ledger, {draft}, now_ms));
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * mark,
      database_.use("UPDATE pending SET state = 4 "
                    "WHERE ledger = ?1 AND device = ?2 AND seq = ?3 AND state = 2"));
  DAFTAR_RETURN_IF_ERROR(mark->bind(1, ledger).bind(2, device).bind(3, seq).run());
  DAFTAR_RETURN_IF_ERROR(transaction.commit());
  return saved;
}

Status ClientStore::discard(LedgerId ledger, uint64_t seq) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber device, holder(ledger, seq));
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * mark,
      database_.use("UPDATE pending SET state = 3 "
                    "WHERE ledger = ?1 AND device = ?2 AND seq = ?3 AND state = 2"));
  return mark->bind(1, ledger).bind(2, device).bind(3, seq).run();
}

}  // namespace daftar::client
