// Values that an administration shares with its sector: what has to be written in the sector's
// ledger so that it says what the administration's says (common/register/SECTORS.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/client_store.h"

namespace daftar::client {

/// Of one administration's ledger and one sector.
struct SharePlan {
  std::string sector;         ///< "health": of the ledger sector/health
  size_t indicators = 0;      ///< of which `sectors` names it
  size_t values = 0;          ///< they have, confirmed by the hub
  size_t changed = 0;         ///< of those, what the sector's ledger does not say yet
  bool has_ledger = false;    ///< the sector's ledger is on this device
  LedgerId ledger = 0;        ///< with has_ledger
  std::vector<Draft> drafts;  ///< what to save there
};

/// For each sector that an indicator of `source` names, by name. Gives out numbers for indicators
/// that were not shared before, and writes nothing else.
Result<std::vector<SharePlan>> plan_shares(ClientStore& store, const LedgerInfo& source);

}  // namespace daftar::client
