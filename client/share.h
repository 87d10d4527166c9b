// Values that an administration shares with its sectors: reads the ledgers, and makes the
// changesets (common/register/SECTORS.md).
#pragma once

#include <string>
#include <vector>

#include "client/client_store.h"
#include "common/register/sharing.h"

namespace daftar::client {

/// Of one administration's ledger and one sector.
struct SharePlan {
  std::string sector;         ///< "health": of the ledger sector/health
  size_t indicators = 0;      ///< of which `sectors` names it, confirmed by the hub
  bool has_ledger = false;    ///< the sector's ledger is on this device
  LedgerId ledger = 0;        ///< with has_ledger
  uint64_t source_size = 0;   ///< entries of the administration's ledger here
  Sharing sharing;            ///< with has_ledger
  std::vector<Draft> drafts;  ///< what to save there
};

/// For each sector that an indicator of `source` names, or of which the ledger is here and says
/// something of it, by name. Gives out numbers for records that are new, and writes nothing else.
Result<std::vector<SharePlan>> plan_shares(ClientStore& store, const LedgerInfo& source);

}  // namespace daftar::client
