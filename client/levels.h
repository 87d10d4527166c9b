// Ordinal answers by the names of their levels.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/view.h"

namespace daftar::client {

/// The levels that an indicator names, the lowest first; none for one without.
Result<std::vector<std::string>> levels_of(View& view, const RecordKey& indicator);
/// The number of the level that is called so, 0 for the first, however its case, accents and Arabic
/// letters are typed; nothing for numbers and other texts.
std::optional<Value> find_level(const std::vector<std::string>& levels, std::string_view typed);

}  // namespace daftar::client
