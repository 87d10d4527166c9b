#include "common/score/achievement.h"

#include <algorithm>
#include <cmath>

namespace daftar {
namespace {

Achievement no_score(NoScore reason) { return {0, reason}; }

// A result that is no finite number says nothing: values of 1e300 are none that anybody measured.
Achievement finite(double share) {
  // 0 is added so that nobody reads −0.
  return std::isfinite(share) ? Achievement{share + 0.0, NoScore::none}
                              : no_score(NoScore::no_ratio);
}

// (x − b) / (t − b) is one formula for both directions.
Achievement from_baseline(bool is_higher_better, double value, double baseline, double target) {
  if (target == baseline) return no_score(NoScore::target_is_baseline);
  if ((target > baseline) != is_higher_better) return no_score(NoScore::target_wrong_side);
  return finite((value - baseline) / (target - baseline));
}

// Without a baseline: x / t, or t / x where less is better. Of numbers below zero a ratio grows as
// they get worse.
Achievement from_nothing(bool is_higher_better, double value, double target) {
  if (target <= 0 || value < 0) return no_score(NoScore::no_ratio);
  if (is_higher_better) return finite(value / target);
  return value == 0 ? no_score(NoScore::no_ratio) : finite(target / value);
}

Achievement within(double low, double high, double value, std::optional<double> tolerance) {
  if (value >= low && value <= high) return {1, NoScore::none};
  const double distance = value < low ? low - value : value - high;
  const double width = tolerance.value_or(high - low);
  if (!(width > 0) || !std::isfinite(width)) return no_score(NoScore::no_tolerance);
  return finite(std::max(0.0, 1 - distance / width));
}

Achievement maintained(const ScoreInput& input) {
  if (input.aim && input.aim->is_range) {
    return within(input.aim->low, input.aim->high, input.value, input.tolerance);
  }
  if (!input.baseline) return no_score(NoScore::no_baseline);
  return within(*input.baseline, *input.baseline, input.value, input.tolerance);
}

}  // namespace

Achievement achieve(const ScoreInput& input) {
  const Direction direction = input.direction;
  if (direction == Direction::none) return no_score(NoScore::no_direction);
  if (direction == Direction::maintain) return maintained(input);
  if (!input.aim) return no_score(NoScore::no_target);
  const NumericAim& aim = *input.aim;
  if (aim.is_range != (direction == Direction::range)) return no_score(NoScore::wrong_kind);
  switch (direction) {
    case Direction::range:
      return within(aim.low, aim.high, input.value, input.tolerance);
    case Direction::yes_no:
      return {input.value == aim.low ? 1.0 : 0.0, NoScore::none};
    case Direction::milestone:
      // Nothing is due yet: there is nothing to measure against.
      return aim.low > 0 ? finite(input.value / aim.low) : no_score(NoScore::not_due);
    default:
      break;
  }
  const bool is_higher_better = direction != Direction::lower;
  if (input.baseline) return from_baseline(is_higher_better, input.value, *input.baseline, aim.low);
  return from_nothing(is_higher_better, input.value, aim.low);
}

}  // namespace daftar
