#include "common/register/direction.h"

#include <algorithm>
#include <iterator>

namespace daftar {

Direction direction_of(std::string_view word) {
  constexpr std::string_view kWords[] = {"",         "higher", "lower",   "range",
                                         "maintain", "yes_no", "ordinal", "milestone"};
  // Registers that were imported before directions had words of their own.
  if (word == "higher_better") return Direction::higher;
  if (word == "lower_better") return Direction::lower;
  if (word == "binary") return Direction::yes_no;
  const auto* const found = std::find(std::begin(kWords) + 1, std::end(kWords), word);
  return found == std::end(kWords) ? Direction::none
                                   : static_cast<Direction>(found - std::begin(kWords));
}

bool is_moving(Direction direction) {
  return direction == Direction::higher || direction == Direction::lower ||
         direction == Direction::ordinal;
}

}  // namespace daftar
