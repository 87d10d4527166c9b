// Exporting tables that `import` reads, and entries that anyone can check.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "client/client_store.h"
#include "client/view.h"

namespace daftar::client {

/// Writes indicators.csv, baselines.csv, targets.csv and measurements.csv into `folder`: what is
/// visible now, or what was confirmed at `position`. Deleted records and those whose indicator is
/// missing are left out of the tables. Returns the rows of each table.
Result<std::map<std::string, uint64_t>> export_tables(View& view, const std::string& folder,
                                                      std::optional<uint64_t> position);

/// Writes the entries file of FORMAT.md §9 for a ledger with a verified checkpoint.
Status export_entries(ClientStore& store, const LedgerInfo& ledger, const std::string& path);

}  // namespace daftar::client
