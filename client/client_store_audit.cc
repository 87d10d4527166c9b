// ClientStore: what the audit compares with the entries, since it is derived from them and read in
// their place.
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "client/client_store.h"
#include "common/ledger/chain.h"

namespace daftar::client {

Result<bool> ClientStore::has_chain_row(LedgerId ledger, DeviceNumber device, const ChainHead& head,
                                        uint64_t position) {
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<ChainRow> row,
                          ledger_store_->chain_row(ledger, device, head.seq));
  return row && row->position == position && row->link == head.link;
}

Result<bool> ClientStore::has_touches(LedgerId ledger, uint64_t position, const Touched& touched) {
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use(
          "SELECT key, previous FROM touch WHERE ledger = ?1 AND position = ?2 ORDER BY key"));
  std::vector<std::pair<std::string_view, uint64_t>> expected;
  for (const auto& [key, previous] : touched) expected.emplace_back(*key, previous);
  std::sort(expected.begin(), expected.end());
  query->bind(1, ledger).bind(2, position);
  bool is_same = true;
  size_t count = 0;
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) break;
    is_same = is_same && count < expected.size() && query->blob(0) == expected[count].first &&
              query->number(1) == expected[count].second;
    ++count;
  }
  return is_same && count == expected.size();
}

Result<bool> ClientStore::has_codes(LedgerId ledger, const Changeset& changeset) {
  for (const auto& [code, key] : codes_in(changeset)) {
    DAFTAR_ASSIGN_OR_RETURN(
        Statement * query,
        database_.use("SELECT 1 FROM code WHERE ledger = ?1 AND code = ?2 AND key = ?3"));
    query->bind(1, ledger).bind_text(2, code).bind_blob(3, key);
    DAFTAR_ASSIGN_OR_RETURN(const bool is_there, query->step());
    query->reset();
    if (!is_there) return false;
  }
  if (!changeset.source) return true;
  return was_imported(ledger, changeset.source->hash);
}

Result<bool> ClientStore::has_pending_touches(LedgerId ledger) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<PendingChangeset> all, pending(ledger));
  std::set<std::tuple<std::string, DeviceNumber, uint64_t>> expected;
  for (const PendingChangeset& one : all) {
    DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(one.bytes));
    for (const RecordEdits& record : changeset.records) {
      expected.emplace(record.key.bytes(), one.device, one.seq);
    }
    DAFTAR_ASSIGN_OR_RETURN(const bool is_found, has_codes(ledger, changeset));
    if (!is_found) return false;
  }
  DAFTAR_ASSIGN_OR_RETURN(
      Statement * query,
      database_.use("SELECT key, device, seq FROM pending_touch WHERE ledger = ?1"));
  query->bind(1, ledger);
  while (true) {
    DAFTAR_ASSIGN_OR_RETURN(const bool has_row, query->step());
    if (!has_row) return expected.empty();
    const auto row =
        expected.extract({std::string(query->blob(0)), query->number(1), query->number(2)});
    if (row.empty()) return false;
  }
}

// Rows are found by indexes that hold parts of them too: what is read shows one of the two.
Result<bool> ClientStore::has_sound_pages() {
  DAFTAR_ASSIGN_OR_RETURN(Statement check, database_.prepare("PRAGMA integrity_check(1)"));
  DAFTAR_ASSIGN_OR_RETURN(const bool has_row, check.step());
  return has_row && check.text(0) == "ok";
}

Result<bool> ClientStore::has_whole_chain(const LedgerInfo& ledger) {
  DAFTAR_ASSIGN_OR_RETURN(const DeviceNumber own, number());
  DAFTAR_ASSIGN_OR_RETURN(const PublicKey own_key, public_key());
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<PublicKey> known, device_keys()(own));
  if (known && *known != own_key) return false;
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<PendingChangeset> all, pending(ledger.id));
  ChainHead before{0, chain_start(ledger.name, own, own_key)};
  for (const PendingChangeset& one : all) {
    if (one.device != own) continue;  // held under an older number, whose key is gone
    if (one.seq != before.seq + 1) {
      // Those in between were confirmed.
      DAFTAR_ASSIGN_OR_RETURN(const auto row,
                              ledger_store_->chain_row(ledger.id, own, one.seq - 1));
      if (!row) return false;
      before = {one.seq - 1, row->link};
    }
    const Result<Changeset> changeset = decode_changeset(one.bytes);
    const bool is_right = changeset.ok() && changeset->device == one.device &&
                          changeset->seq == one.seq && changeset->ledger == ledger.name &&
                          chain_next(before.link, one.bytes) == one.link;
    if (!is_right) return false;
    before = {one.seq, one.link};
  }
  return true;
}

}  // namespace daftar::client
