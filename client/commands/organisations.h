// The organisations of `national`: which ministry each is below, and which sector it is of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/commands/shared.h"

namespace daftar::client {

struct Organisation {
  RecordKey key;
  std::string code;
  Names names;
  std::optional<RecordKey> parent;
  std::string sector;
  std::string ledger;                 ///< of its register; "" for none
  std::optional<LedgerId> held = {};  ///< that ledger, where it is on this device
};

/// By code. Code::not_found where `national` is not held.
Result<std::vector<Organisation>> read_organisations(ClientStore& store);

/// `daftar score --sector`, `--ministry`; explained: with how the figure is made of its parts.
Status score_organisations(const Session& session, const ScoreCommandOptions& options,
                           bool is_explained);

}  // namespace daftar::client
