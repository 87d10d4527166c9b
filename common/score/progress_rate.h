// The rate of progress of a series with a long past: profile `progress_rate` (SCORES.md), the
// method of Open SDG, Eurostat and Statistics Canada. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/score/achievement.h"

namespace daftar {

enum class ProgressStatus : uint8_t {
  none,
  deterioration,
  limited,
  moderate,
  substantial,
  achieved
};

std::string_view name_of(ProgressStatus status);

/// Values at the base year and now; years ascending. Values are finite.
struct ProgressInput {
  bool is_higher_better = true;
  double base = 0;
  int base_year = 0;
  double current = 0;
  int current_year = 0;
  std::optional<double> target;
  int target_year = 0;          ///< with a target
  std::optional<double> limit;  ///< without: the most that there can be, such as 100 %
};

struct Progress {
  /// The observed rate of change for the better: against the one that reaches the target, or by
  /// itself a year. 0 where the target was reached from numbers that have no rate.
  double rate = 0;
  double score = 0;  ///< −5 to 5
  ProgressStatus status = ProgressStatus::none;
  NoScore reason = NoScore::none;
};

Progress measure_progress(const ProgressInput& input);

}  // namespace daftar
