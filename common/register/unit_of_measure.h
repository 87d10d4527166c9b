// Units of measure as people type them, and the one form of each.
#pragma once

#include <string>
#include <string_view>

namespace daftar {

/// The unit that a text names, the same for all its spellings (units.def): "Percentage (%)", "per
/// cent" and "نسبة مئوية" are "percent", "GBP (£ thousands)" is "thousand gbp". A unit that is not
/// in the table is its folded text. "" where none is named.
std::string normal_unit(std::string_view typed);

}  // namespace daftar
