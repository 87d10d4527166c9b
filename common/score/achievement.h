// How far a value has come towards its target: profile `achievement` (SCORES.md). Pure functions.
#pragma once

#include <optional>

#include "common/register/direction.h"
#include "common/register/no_score.h"

namespace daftar {

/// What is aimed at, as numbers: one for most directions (yes is 1, no is 0), the ends of a range,
/// for milestones the share that is due (0 to 1).
struct NumericAim {
  bool is_range = false;
  double low = 0;   ///< the number, or the low end
  double high = 0;  ///< the high end of a range; an open end is an infinity
};

/// Of one indicator in one period. Numbers are finite but for open ends of a range.
struct ScoreInput {
  Direction direction = Direction::none;
  double value = 0;  ///< milestone: the share that is reached (0 to 1)
  std::optional<NumericAim> aim;
  std::optional<double> baseline;
  std::optional<double> tolerance;
};

struct Achievement {
  double share = 0;  ///< 1: the target was reached; finite; may be below 0 and above 1
  NoScore reason = NoScore::none;
};

/// Formulas and sources: SCORES.md.
Achievement achieve(const ScoreInput& input);

}  // namespace daftar
