// ClientStore: what sync does with own changesets and with the hub's entries.
#include <algorithm>
#include <utility>

#include "client/client_store.h"
#include "common/base/planted.h"

namespace daftar::client {

Result<ChainPoint> ClientStore::newest_own(LedgerId ledger) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  DAFTAR_ASSIGN_OR_RETURN(const ChainHead head, own_head(ledger, own));
  return ChainPoint{own, head.seq, head.link};
}

Status ClientStore::reconcile_chain(LedgerId ledger, const ChainHead& hub_head) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * find,
      database_.use("SELECT link FROM pending WHERE ledger = ?1 AND device = ?2 AND seq = ?3"));
  find->bind(1, ledger).bind(2, own).bind(3, hub_head.seq);
  DAFTAR_ASSIGN_OR_RETURN(const bool is_pending, find->step());
  const bool differs = is_pending && find->blob(0) != hash_bytes(hub_head.link);
  find->reset();
  if (differs) return {Code::forked, Msg::device_forked, {std::to_string(own)}};
  // What the hub has, though its reply was lost, need not be sent again; its entry will tell the
  // place.
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * entered,
      database_.use("UPDATE pending SET state = 1 "
                    "WHERE ledger = ?1 AND device = ?2 AND seq <= ?3 AND state = 0 AND ?4"));
  DAFTAR_RETURN_IF_ERROR(entered->bind(1, ledger)
                             .bind(2, own)
                             .bind(3, hub_head.seq)
                             .bind(4, is_pending ? 1 : 0)
                             .run());
  // A hub restored from a backup may have lost what it acknowledged: send that again.
  if (is_planted(Defect::entered_not_sent_again)) return {};
  DAFTAR_ASSIGN_OR_RETURN(Statement * again,
                          database_.use("UPDATE pending SET state = 0, position = 0, reason = 0 "
                                        "WHERE ledger = ?1 AND device = ?2 AND seq > ?3 AND "
                                        "(state = 1 OR (state IN (2, 3, 4) AND position > ?4))"));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, ledger_store_->row(ledger));
  return again->bind(1, ledger).bind(2, own).bind(3, hub_head.seq).bind(4, row.size).run();
}

Status ClientStore::mark_entered(LedgerId ledger, uint64_t first_seq, uint64_t first_position,
                                 uint64_t count) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * mark,
      database_.use(
          "UPDATE pending SET state = 1, position = ?3 + seq - ?4 "
          "WHERE ledger = ?1 AND device = ?2 AND seq >= ?4 AND seq < ?4 + ?5 AND state = 0"));
  return mark->bind(1, ledger)
      .bind(2, own)
      .bind(3, first_position)
      .bind(4, first_seq)
      .bind(5, count)
      .run();
}

Status ClientStore::mark_refused(LedgerId ledger, uint64_t seq, RefusalReason reason) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * mark,
      database_.use("UPDATE pending SET state = ?5, reason = ?4 "
                    "WHERE ledger = ?1 AND device = ?2 AND seq = ?3 AND state IN (0, 1)"));
  // Work that the ledger has already needs nobody's attention.
  const PendingState state =
      reason == RefusalReason::origin_entered ? PendingState::discarded : PendingState::held;
  return mark->bind(1, ledger)
      .bind(2, own)
      .bind(3, seq)
      .bind(4, static_cast<int>(reason))
      .bind(5, static_cast<int>(state))
      .run();
}

Result<std::string> ClientStore::cosigned(LedgerId ledger) {
  DAFTAR_ASSIGN_OR_RETURN(Statement * query,
                          database_.use("SELECT note FROM cosigned WHERE ledger = ?1"));
  query->bind(1, ledger);
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
  std::string note = has_row ? std::string(query->text(0)) : "";
  query->reset();
  return note;
}

// Recomputed: what is stored of old roots is not held against anything.
Result<Hash> ClientStore::root_at(LedgerId ledger, uint64_t size) {
  RightEdge edge;
  DAFTAR_RETURN_IF_ERROR(
      ledger_store_->read_entries(ledger, 1, size, [&](const StoredEntry& entry) -> Status {
        edge.append(leaf_hash(entry.header, entry.changeset));
        return {};
      }));
  return edge.root();
}

Result<bool> ClientStore::has_past(LedgerId ledger, const TreeHead& head) {
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, ledger_store_->row(ledger));
  if (head.size > row.size) return false;
  DAFTAR_ASSIGN_OR_RETURN(const Hash root, root_at(ledger, head.size));
  return root == head.root;
}

Status ClientStore::keep_cosigned(LedgerId ledger, const TreeHead& head, const std::string& note) {
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, ledger_store_->row(ledger));
  if (head.size > row.size) return {};
  DAFTAR_ASSIGN_OR_RETURN(const Hash root, root_at(ledger, head.size));
  if (root != head.root) {
    DAFTAR_ASSIGN_OR_RETURN(const std::string name, ledger_name(ledger));
    return {Code::corrupt, Msg::entry_root_wrong, {name, std::to_string(head.size)}};
  }
  DAFTAR_ASSIGN_OR_RETURN(Statement * put,
                          database_.use("INSERT OR REPLACE INTO cosigned VALUES(?1, ?2)"));
  return put->bind(1, ledger).bind_text(2, note).run();
}

Result<uint64_t> ClientStore::cosigned_size(const std::string& ledger) {
  const std::string name = "cosigned/" + ledger;
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> text, setting(name));
  if (!text) return uint64_t{0};
  return parse_setting(name, *text);
}

Status ClientStore::set_cosigned_size(const std::string& ledger, uint64_t size) {
  return set_setting("cosigned/" + ledger, std::to_string(size));
}

Result<uint64_t> ClientStore::take_entries(LedgerId ledger, const PulledBatch& batch) {
  Transaction transaction(database_);
  DAFTAR_RETURN_IF_ERROR(transaction.begin());
  uint64_t edits = 0;
  // Another program of this folder may have synced since this one did.
  if (const auto open = open_.find(ledger); open != open_.end()) {
    DAFTAR_ASSIGN_OR_RETURN(const bool is_current, open->second->is_current());
    if (!is_current && !is_planted(Defect::failed_batch_stays)) open_.erase(open);
  }
  Status taken = take_all(ledger, batch, edits);
  if (taken.ok()) taken = transaction.commit();
  if (!taken.ok()) {
    if (!is_planted(Defect::failed_batch_stays)) open_.erase(ledger);  // it is ahead of the disk
    return taken;
  }
  return edits;
}

Status ClientStore::take_all(LedgerId id, const PulledBatch& batch, uint64_t& edits) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  for (const auto& [device, key] : batch.keys) {
    DAFTAR_RETURN_IF_ERROR(put_device_key(device, key));
  }
  for (const WireEntry& entry : batch.entries) {
    DAFTAR_RETURN_IF_ERROR(take_entry(id, entry, own, edits));
  }
  DAFTAR_ASSIGN_OR_RETURN(Ledger * ledger, open_ledger(id));
  if (ledger->tree_head() != batch.head || !ledger->is_sealed()) {
    return {Code::corrupt,
            Msg::entry_root_wrong,
            {ledger->state().ledger, std::to_string(batch.head.size)}};
  }
  if (is_planted(Defect::cursor_apart)) {
    DAFTAR_RETURN_IF_ERROR(database_.commit());
    DAFTAR_RETURN_IF_ERROR(database_.begin());
  }
  DAFTAR_RETURN_IF_ERROR(ledger->save_head());
  DAFTAR_RETURN_IF_ERROR(ledger->materialise());
  DAFTAR_ASSIGN_OR_RETURN(Statement * put,
                          database_.use("INSERT OR REPLACE INTO checkpoint VALUES(?1, ?2, ?3)"));
  return put->bind(1, id).bind(2, batch.head.size).bind_text(3, batch.note).run();
}

Status ClientStore::take_entry(LedgerId id, const WireEntry& entry, DeviceNumber own,
                               uint64_t& edits) {
  DAFTAR_ASSIGN_OR_RETURN(Ledger * ledger, open_ledger(id));
  std::string left_out;
  if (entry.is_left_out) {
    const auto head = ledger->state().heads.find(own);
    const uint64_t seq = head == ledger->state().heads.end() ? 1 : head->second.seq + 1;
    DAFTAR_ASSIGN_OR_RETURN(left_out, own_bytes(id, own, seq));
  }
  const std::string& bytes = entry.is_left_out ? left_out : entry.changeset;
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Changeset> changeset,
                          ledger->accept(entry.header, bytes, device_keys()));
  DAFTAR_ASSIGN_OR_RETURN(const EntryHeader header, decode_header(entry.header));
  ChainPoint point;
  point.device = changeset ? changeset->device : header.refusal->device;
  point.seq = changeset ? changeset->seq : header.refusal->seq;
  point.link = ledger->state().heads.at(point.device).link;
  if (changeset) {
    edits += changeset->edit_count();
    DAFTAR_ASSIGN_OR_RETURN(Statement * touch,
                            database_.use("INSERT INTO touch VALUES(?1, ?2, ?3, ?4)"));
    for (const auto& [key, previous] : ledger->touched()) {
      touch->bind(1, id).bind(2, header.position).bind_blob(3, *key).bind(4, previous);
      DAFTAR_RETURN_IF_ERROR(touch->run());
    }
    DAFTAR_RETURN_IF_ERROR(index_changeset(id, *changeset));
    DAFTAR_RETURN_IF_ERROR(note_own_ids(*changeset, own));
  }
  return point.device == own ? settle_own(id, own, point, header) : Status();
}

// An own changeset has come back: it is confirmed, refused, or, if what this disk has at its seq is
// something else, made by a copy of this disk.
Status ClientStore::settle_own(LedgerId ledger, DeviceNumber own, const ChainPoint& point,
                               const EntryHeader& header) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * find,
      database_.use("SELECT link FROM pending WHERE ledger = ?1 AND device = ?2 AND seq = ?3"));
  find->bind(1, ledger).bind(2, own).bind(3, point.seq);
  DAFTAR_ASSIGN_OR_RETURN(const bool is_pending, find->step());
  const bool is_ours = is_pending && find->blob(0) == hash_bytes(point.link);
  find->reset();
  if (!is_pending) return {};
  if (!is_ours && !is_planted(Defect::fork_overwritten)) {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * fork,
        database_.use("UPDATE pending SET state = 5, position = 0 "
                      "WHERE ledger = ?1 AND device = ?2 AND seq >= ?3 AND state IN (0, 1)"));
    return fork->bind(1, ledger).bind(2, own).bind(3, point.seq).run();
  }
  if (header.refusal && !is_planted(Defect::refused_thrown_away)) {
    DAFTAR_RETURN_IF_ERROR(mark_refused(ledger, point.seq, header.refusal->reason));
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * place,
        database_.use(
            "UPDATE pending SET position = ?4 WHERE ledger = ?1 AND device = ?2 AND seq = ?3"));
    return place->bind(1, ledger).bind(2, own).bind(3, point.seq).bind(4, header.position).run();
  }
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * touches,
      database_.use(
          "DELETE FROM pending_touch WHERE ledger = ?1 AND device = ?2 AND seq = ?3 AND key = ?4"));
  DAFTAR_ASSIGN_OR_RETURN(const std::string bytes, own_bytes(ledger, own, point.seq));
  DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(bytes));
  for (const RecordEdits& record : changeset.records) {
    const std::string key = record.key.bytes();
    DAFTAR_RETURN_IF_ERROR(
        touches->bind(1, ledger).bind(2, own).bind(3, point.seq).bind_blob(4, key).run());
  }
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * done,
      database_.use("DELETE FROM pending WHERE ledger = ?1 AND device = ?2 AND seq = ?3"));
  return done->bind(1, ledger).bind(2, own).bind(3, point.seq).run();
}

// A restored disk may have forgotten ids that it gave out: never give them again.
Status ClientStore::note_own_ids(const Changeset& changeset, DeviceNumber own) {
  uint64_t highest = 0;
  for (const RecordEdits& record : changeset.records) {
    if (record.key.device == own) highest = std::max(highest, record.key.counter);
  }
  if (highest == 0) return {};
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<std::string> next, setting("next_counter"));
  if (next) {
    DAFTAR_ASSIGN_OR_RETURN(const uint64_t counter, parse_setting("next_counter", *next));
    if (counter > highest) return {};
  }
  return set_setting("next_counter", std::to_string(highest + 1));
}

}  // namespace daftar::client
