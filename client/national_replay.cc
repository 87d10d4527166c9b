#include "client/national_replay.h"

#include <string>
#include <utility>
#include <vector>

namespace daftar::client {

Result<std::unique_ptr<NationalReplay>> NationalReplay::begin(ClientStore& store) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> ledgers, store.held_ledgers());
  for (const LedgerInfo& ledger : ledgers) {
    if (ledger.name != kNational) continue;
    DAFTAR_ASSIGN_OR_RETURN(std::unique_ptr<Audit> audit,
                            Audit::begin(ledger.name, store.device_keys()));
    return std::unique_ptr<NationalReplay>(new NationalReplay(store, ledger, std::move(audit)));
  }
  return std::unique_ptr<NationalReplay>();
}

Result<const Directory*> NationalReplay::at(uint64_t position) {
  if (position > ledger_.verified.size) return nullptr;
  const uint64_t first = audit_->head().size + 1;
  DAFTAR_RETURN_IF_ERROR(store_.ledgers().read_entries(
      ledger_.id, first, position, [&](const StoredEntry& entry) -> Status {
        DAFTAR_RETURN_IF_ERROR(audit_->take(entry.header, entry.changeset));
        std::vector<std::string> keys;
        for (const auto& [key, previous] : audit_->touched()) keys.push_back(*key);
        for (const std::string& bytes : keys) {
          DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, RecordKey::from_bytes(bytes));
          DAFTAR_ASSIGN_OR_RETURN(const std::optional<RecordState> record, audit_->record(bytes));
          if (record) directory_.take(key, *record);
        }
        return {};
      }));
  if (audit_->head().size != position) return nullptr;
  return &directory_;
}

}  // namespace daftar::client
