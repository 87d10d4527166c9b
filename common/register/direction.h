// Which way an indicator is to go.
#pragma once

#include <cstdint>
#include <string_view>

namespace daftar {

enum class Direction : uint8_t { none, higher, lower, range, maintain, yes_no, ordinal, milestone };

/// The direction of a choice's word (kinds.def); none for another word.
Direction direction_of(std::string_view word);
/// Whether its numbers are to grow or to shrink, from a baseline to a target.
bool is_moving(Direction direction);

}  // namespace daftar
