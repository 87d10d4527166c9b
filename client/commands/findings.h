// Findings of the checks, as commands show them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "client/commands/shared.h"
#include "common/check/check.h"

namespace daftar::client {

nlohmann::json finding_json(View& view, const Finding& finding);
void print_finding(View& view, const Finding& finding);

/// What the checks say of a baseline, target, measurement or verification, beside the others of its
/// indicator. Reads that indicator alone, however large the register is. Empty for other records.
Result<std::vector<Finding>> findings_of(const Session& session, ClientStore& store, View& view,
                                         const RecordKey& key);

}  // namespace daftar::client
