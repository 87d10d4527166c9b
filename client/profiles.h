// The scoring profiles that a device knows: presets, and records of `national`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/client_store.h"
#include "common/score/profile.h"

namespace daftar::client {

/// A profile with what `national` says of it. A record is one version: its code and version are
/// what was said first. It is in force when a user who wrote none of it has approved just this
/// content; of one code the highest such version. What one person writes, changes or deletes
/// afterwards changes nothing of that. Only what the hub has confirmed counts.
struct KnownProfile {
  Profile profile;
  std::optional<RecordKey> record;  ///< nothing for a preset
  Status problem;                   ///< why the record's content is no profile
  std::string content_hash;         ///< SCORES.md; which an approval names
  UserNumber author = 0;
  std::vector<UserNumber> approvers;
  bool is_in_force = false;
};

/// Presets first, then records by code and version, as they were when the hub had received what
/// came until that moment. Without `national`: the presets alone.
Result<std::vector<KnownProfile>> known_profiles(ClientStore& store,
                                                 uint64_t until_ms = UINT64_MAX);

/// The profile that is in force under a code ("" for the default one), or the one that "#7.3"
/// names, approved or not, or the content of a file that ends with .json: to see what it would do.
/// Code::not_found names those there are.
Result<Profile> choose_profile(ClientStore& store, const std::string& name,
                               uint64_t until_ms = UINT64_MAX);

}  // namespace daftar::client
