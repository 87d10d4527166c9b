#include "common/score/progress_rate.h"

#include <algorithm>
#include <cmath>

namespace daftar {
namespace {

constexpr double kMost = 5;
// With a target: shares of the rate that reaches it.
constexpr double kSubstantial = 0.95;
constexpr double kModerate = 0.60;
// Without: a year's growth that counts as substantial, and how that falls towards a limit.
constexpr double kHighMark = 0.015;
constexpr double kLimitPower = 4.44;

Progress no_progress(NoScore reason) { return {0, 0, ProgressStatus::none, reason}; }

// Compound growth a year.
double yearly_growth(double from, double to, int years) {
  return std::pow(to / from, 1.0 / years) - 1;
}

bool is_reached(const ProgressInput& input) {
  return input.is_higher_better ? input.current >= *input.target : input.current <= *input.target;
}

// The observed growth against what reaches the target; nothing where either cannot be said.
std::optional<double> rate_to_target(const ProgressInput& input, std::optional<double> observed) {
  const int years = input.target_year - input.base_year;
  if (!observed || years <= 0 || *input.target < 0) return std::nullopt;
  const double needed = std::abs(yearly_growth(input.base, *input.target, years));
  const double rate = *observed / needed;
  return std::isfinite(rate) ? std::optional(rate) : std::nullopt;
}

Progress towards_target(const ProgressInput& input, std::optional<double> observed) {
  const std::optional<double> rate = rate_to_target(input, observed);
  if (is_reached(input)) return {rate.value_or(0), kMost, ProgressStatus::achieved, NoScore::none};
  if (!rate) return no_progress(NoScore::not_growing);
  Progress progress;
  progress.rate = *rate;
  progress.status = progress.rate >= kSubstantial ? ProgressStatus::substantial
                    : progress.rate >= kModerate  ? ProgressStatus::moderate
                    : progress.rate >= 0          ? ProgressStatus::limited
                                                  : ProgressStatus::deterioration;
  // Two lines that meet at 0.6: 0.95 is 2.5, 0 is −2.5.
  progress.score = progress.rate > kModerate ? std::min(kMost, 7.1429 * progress.rate - 4.2857)
                                             : std::max(-kMost, 4.1667 * progress.rate - 2.5);
  return progress;
}

Progress without_target(const ProgressInput& input, double observed) {
  double high = kHighMark;
  if (input.limit && input.base >= 0 && input.base <= *input.limit) {
    high *= 1 - std::pow(input.base / *input.limit, kLimitPower);
  }
  const double middle = high / 3;
  Progress progress;
  progress.rate = observed;
  if (observed < 0) {
    progress.status = ProgressStatus::deterioration;
    progress.score = std::max(-kMost, -2.5 + 125 * observed);
  } else if (observed < middle) {
    progress.status = ProgressStatus::limited;
    progress.score = -2.5 + 2.5 * observed / middle;
  } else if (observed < high) {
    progress.status = ProgressStatus::moderate;
    progress.score = 2.5 * (observed - middle) / (high - middle);
  } else {
    progress.status = ProgressStatus::substantial;
    // At the limit itself nothing more can grow.
    progress.score = middle > 0 ? std::min(kMost, 2.5 + 2.5 * (observed - high) / middle) : kMost;
  }
  return progress;
}

}  // namespace

std::string_view name_of(ProgressStatus status) {
  constexpr std::string_view kNames[] = {"none",     "deterioration", "limited",
                                         "moderate", "substantial",   "achieved"};
  return kNames[static_cast<size_t>(status)];
}

Progress measure_progress(const ProgressInput& input) {
  const int years = input.current_year - input.base_year;
  // A value of before the base, or of the same year, says nothing of what became of it.
  if (years <= 0) return no_progress(NoScore::not_growing);
  std::optional<double> observed;
  if (input.base > 0 && input.current >= 0) {
    const double growth = yearly_growth(input.base, input.current, years);
    if (std::isfinite(growth)) observed = input.is_higher_better ? growth : -growth;
  }
  if (input.target) return towards_target(input, observed);
  return observed ? without_target(input, *observed) : no_progress(NoScore::not_growing);
}

}  // namespace daftar
