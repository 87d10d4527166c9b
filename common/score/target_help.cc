#include "common/score/target_help.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>

#include "common/register/unit_of_measure.h"
#include "common/score/statistics.h"

namespace daftar {
namespace {

constexpr double kTwice = 2;
// Numbers that were computed in binary are compared with a little room.
constexpr double kRoom = 1e-9;

// A day as a number of years, each as long as the next: 31 December 2025 is nearly 2026.
double year_of(const Period::Date& day) {
  const auto first = std::chrono::sys_days(day.year() / std::chrono::January / 1);
  const auto next =
      std::chrono::sys_days((day.year() + std::chrono::years(1)) / std::chrono::January / 1);
  const auto passed = (std::chrono::sys_days(day) - first).count() + 1;
  return static_cast<int>(day.year()) +
         static_cast<double>(passed) / static_cast<double>((next - first).count());
}

// The values of the kind of period that has the most of them.
std::vector<const Measurement*> series_of(const Indicator& indicator) {
  std::map<PeriodKind, std::vector<const Measurement*>> kinds;
  for (const Measurement& measurement : indicator.measurements) {
    const bool is_newest =
        indicator.definition_version_in(measurement.period) == indicator.definition_version();
    if (measurement.value.number && is_newest) {
      kinds[measurement.period.kind()].push_back(&measurement);
    }
  }
  std::vector<const Measurement*> best;
  for (auto& [kind, series] : kinds) {
    if (series.size() > best.size()) best = std::move(series);
  }
  if (best.size() > kMostForTrend) best.erase(best.begin(), best.end() - kMostForTrend);
  return best;
}

}  // namespace

double Trend::at(const Period& period) const { return level + per_year * year_of(period.end()); }

std::optional<Trend> find_trend(const Indicator& indicator) {
  const std::vector<const Measurement*> series = series_of(indicator);
  if (series.size() < kFewestForTrend) return std::nullopt;
  std::vector<double> years;
  std::vector<double> values;
  for (const Measurement* measurement : series) {
    years.push_back(year_of(measurement->period.end()));
    values.push_back(measurement->value.number->to_double());
  }
  std::vector<double> slopes;
  for (size_t i = 0; i < series.size(); ++i) {
    for (size_t j = i + 1; j < series.size(); ++j) {
      if (years[j] > years[i]) slopes.push_back((values[j] - values[i]) / (years[j] - years[i]));
    }
  }
  if (slopes.empty()) return std::nullopt;
  const double per_year = median_of(std::move(slopes));
  std::vector<double> levels;
  for (size_t i = 0; i < series.size(); ++i) levels.push_back(values[i] - per_year * years[i]);
  const double level = median_of(std::move(levels));
  if (!std::isfinite(per_year) || !std::isfinite(level)) return std::nullopt;
  return Trend{per_year,     level, series.size(), series.front()->period, series.back()->period,
               values.back()};
}

std::string_view name_of(TargetPlace place) {
  constexpr std::string_view kNames[] = {"unknown",   "reached", "within",
                                         "ambitious", "beyond",  "against"};
  return kNames[static_cast<size_t>(place)];
}

TargetPlace place_target(const Indicator& indicator, const Target& target) {
  const auto* aimed = std::get_if<Decimal>(&target.aim);
  const std::optional<Trend> trend = find_trend(indicator);
  if (aimed == nullptr || !trend || !is_moving(indicator.direction) ||
      target.period.end() < trend->until.end()) {
    return TargetPlace::unknown;
  }
  // Both measured in what is better.
  const double sign = indicator.direction == Direction::lower ? -1 : 1;
  const double needed = sign * (aimed->to_double() - trend->newest);
  const double led = sign * (trend->at(target.period) - trend->newest);
  const double room = kRoom * std::max(std::abs(trend->newest), std::abs(aimed->to_double()));
  if (needed <= room) return TargetPlace::reached;
  if (led <= room) return TargetPlace::against;
  if (needed <= led + room) return TargetPlace::within;
  return needed <= kTwice * led + room ? TargetPlace::ambitious : TargetPlace::beyond;
}

Peers::Peers(const Register& reg) : reg_(reg) {
  units_.reserve(reg.indicators().size());
  for (size_t i = 0; i < reg.indicators().size(); ++i) {
    const Indicator& indicator = reg.indicators()[i];
    units_.push_back(normal_unit(indicator.unit));
    if (indicator.is_retired || units_.back().empty()) continue;
    for (const Measurement& measurement : indicator.measurements) {
      if (!measurement.value.number) continue;
      const double value = measurement.value.number->to_double();
      values_[kind_of(i, false, measurement.period)].push_back(value);
      values_[kind_of(i, true, measurement.period)].push_back(value);
    }
  }
  for (auto& [of, values] : values_) std::sort(values.begin(), values.end());
}

Peers::Kind Peers::kind_of(size_t index, bool only_beside, const Period& period) const {
  const Indicator& indicator = reg_.indicators()[index];
  return {units_[index], indicator.direction, only_beside,
          only_beside ? indicator.parent : std::nullopt, period};
}

std::optional<PeerSpread> Peers::spread(size_t index) const {
  const Indicator& indicator = reg_.indicators()[index];
  const auto newest = std::find_if(indicator.measurements.rbegin(), indicator.measurements.rend(),
                                   [](const Measurement& one) { return one.value.number; });
  if (newest == indicator.measurements.rend() || units_[index].empty()) return std::nullopt;
  for (const bool only_beside : {true, false}) {
    const auto found = values_.find(kind_of(index, only_beside, newest->period));
    if (found == values_.end()) continue;
    std::vector<double> values = found->second;
    if (!indicator.is_retired) {  // itself
      const double own = newest->value.number->to_double();
      values.erase(std::lower_bound(values.begin(), values.end(), own));
    }
    if (values.size() < kFewestPeers) continue;
    return PeerSpread{newest->period,
                      values.size(),
                      values.front(),
                      quantile_of(values, 0.25),
                      quantile_of(values, 0.75),
                      values.back()};
  }
  return std::nullopt;
}

}  // namespace daftar
