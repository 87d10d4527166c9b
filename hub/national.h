// What the hub says in `national` of its devices.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "hub/hub_store.h"

namespace daftar::hub {

/// The edits after which the directory says of a device what the hub's store says, as far as that
/// is due (HubStore::due): none if it does. Ascending by record. The user's role is said in the
/// founding only.
std::vector<RecordEdits> national_edits(const Device& device, const std::set<std::string>& due,
                                        const Directory& directory);

}  // namespace daftar::hub
