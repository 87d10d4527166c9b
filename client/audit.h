// The audit of what a device holds, or of an entries file: replayed, and held against every claim.
#pragma once

#include <string>

#include "client/client_store.h"
#include "common/store/audit.h"

namespace daftar::client {

struct AuditReport {
  std::string ledger;
  AuditCounts counts;  ///< of what was checked before anything was wrong
  TreeHead head;
  Hash digest{};
  Status verdict;            ///< ok, or the rule that is broken
  uint64_t wrong_entry = 0;  ///< the entry that breaks it; 0 if it is about no single one
  uint64_t judged = 0;       ///< entries whose author's authority was checked by `national`
};

/// Replays a ledger of this device and compares: every checkpoint that was verified here, chain
/// heads, the records' values and which of them are contended. Fails only if it cannot be carried
/// out.
Result<AuditReport> audit_ledger(ClientStore& store, const LedgerInfo& ledger);

/// The same of an entries file (FORMAT.md §9), by the hub's key; `name` is what people call it.
/// With `folder`, whatever that holds of the ledger must be the same past, and its devices' keys
/// those of the file: a file alone is as good as the keys in it.
Result<AuditReport> audit_entries(std::string_view bytes, const std::string& name,
                                  const PublicKey& hub_key, ClientStore* folder = nullptr);

}  // namespace daftar::client
