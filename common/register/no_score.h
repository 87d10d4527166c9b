// Why something has no score.
#pragma once

#include <cstdint>
#include <string_view>

namespace daftar {

/// Why there is no score. The first six are missing values; the others are values that cannot be
/// scored, and groups.
enum class NoScore : uint8_t {
  none,  ///< there is one
  not_due,
  not_applicable,
  not_reported,
  no_evidence,
  returned,
  rejected,
  no_direction,        ///< nobody has said which direction is better
  wrong_kind,          ///< the value or the target is of another kind than the direction wants
  no_target,           ///< for the period, and none later to draw a line to
  target_is_baseline,  ///< t = b: nothing was aimed at
  target_wrong_side,   ///< the target is worse than the baseline
  no_ratio,            ///< no baseline, and a target or value whose ratio says nothing
  no_tolerance,        ///< outside a range without width, and no tolerance is given
  no_baseline,         ///< maintain, and there is nothing to maintain
  no_line,             ///< no earlier baseline from which a line would lead to the later target
  no_formula_value,    ///< its formula's inputs are there, and give no number
  not_growing,         ///< progress rate: a base or value of zero or below, or no time between
  too_little,          ///< a group with less than the profile's share of what was expected
  nothing_expected,    ///< a group without anything that was due
  no_weight,           ///< a group whose parts all weigh nothing
  retired,
};

std::string_view name_of(NoScore reason);

}  // namespace daftar
