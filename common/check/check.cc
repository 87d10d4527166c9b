#include "common/check/check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <map>

#include "common/register/kinds.h"
#include "common/score/achievement.h"
#include "common/score/profile.h"

namespace daftar {
namespace {

// A change to more than so many times the value before, or to less than that part of it.
constexpr double kJumpFactor = 3;
// Median absolute deviations, scaled to a normal's standard deviation, from the median of the past
// (Iglewicz and Hoaglin's modified z-score), with at least so many values before.
constexpr double kOutlierScore = 3.5;
constexpr double kDeviationScale = 1.4826;
constexpr size_t kFewestForOutlier = 5;
constexpr size_t kUnchanged = 3;
// Sums of parts are compared with a little room for parts that were rounded.
constexpr double kSumRoom = 1e-6;

struct Rule {
  Check check;
  std::string_view id;
  Severity severity;
};
constexpr Rule kRules[] = {
#define DAFTAR_CHECK(enumerator, id, severity) {Check::enumerator, id, Severity::severity},
#include "common/check/checks.def"
#undef DAFTAR_CHECK
};

RecordKey record_of(const Indicator& indicator, KindNumber kind, const Period& period) {
  return {kind, indicator.key.device, indicator.key.counter, period.bytes()};
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// The findings of one indicator.
class IndicatorChecks {
 public:
  IndicatorChecks(const Register& reg, size_t index, const ScoreOptions& options, double soft_above)
      : reg_(reg),
        indicator_(reg.indicators()[index]),
        options_(options),
        soft_above_(soft_above) {}

  std::vector<Finding> run() {
    if (indicator_.is_retired) return {};
    check_contended();
    check_targets();
    // Numbers of one rhythm are like one another; a year is not like a half-year.
    std::map<PeriodKind, std::vector<const Measurement*>> series;
    for (const Measurement& measurement : indicator_.measurements) {
      if (measurement.value.number) series[measurement.period.kind()].push_back(&measurement);
    }
    if (series.empty() && indicator_.formula.empty()) {
      add(Check::never_measured, indicator_.key, {});
    }
    for (const auto& [kind, measurements] : series) check_series(measurements);
    check_missing();
    return std::move(findings_);
  }

 private:
  void add(Check check, const RecordKey& record, std::vector<std::string> arguments) {
    findings_.push_back(
        {check, record, std::move(arguments), reg_.justification(id_of(check), record)});
  }
  [[nodiscard]] RecordKey measured_at(const Period& period) const {
    return record_of(indicator_, kind::measurement, period);
  }

  void check_contended() {
    for (const Measurement& measurement : indicator_.measurements) {
      if (measurement.is_contended) {
        add(Check::contended, measured_at(measurement.period), {measurement.period.text()});
      }
    }
    for (const Target& target : indicator_.targets) {
      if (target.is_contended) {
        add(Check::contended, record_of(indicator_, kind::target, target.period),
            {target.period.text()});
      }
    }
  }

  void check_targets() {
    const bool is_moving = indicator_.direction == Direction::higher ||
                           indicator_.direction == Direction::lower ||
                           indicator_.direction == Direction::ordinal;
    if (!is_moving || indicator_.targets.empty()) return;
    if (!indicator_.baseline) add(Check::no_baseline, indicator_.key, {});
    for (const Target& target : indicator_.targets) {
      const auto* aimed = std::get_if<Decimal>(&target.aim);
      if (aimed == nullptr) continue;
      check_target(target, *aimed);
    }
  }

  void check_target(const Target& target, const Decimal& aimed) {
    const RecordKey record = record_of(indicator_, kind::target, target.period);
    if (indicator_.baseline) {
      const bool is_right = indicator_.direction == Direction::lower ? aimed < *indicator_.baseline
                                                                     : aimed > *indicator_.baseline;
      if (!is_right) {
        return add(Check::target_wrong_side, record,
                   {target.period.text(), aimed.text(), indicator_.baseline->text()});
      }
    }
    const Measurement* measurement = indicator_.measurement(target.period);
    if (measurement == nullptr || !measurement->value.number) return;
    ScoreInput input;
    input.direction = indicator_.direction;
    input.value = measurement->value.number->to_double();
    input.aim = NumericAim{false, aimed.to_double(), aimed.to_double()};
    if (indicator_.baseline) input.baseline = indicator_.baseline->to_double();
    const Achievement achieved = achieve(input);
    if (achieved.reason != NoScore::none || achieved.share <= soft_above_) return;
    add(Check::soft_target, record,
        {target.period.text(), aimed.text(), measurement->value.number->text()});
  }

  // Ascending by period, all of one kind and all numbers.
  void check_series(const std::vector<const Measurement*>& series) {
    std::vector<double> past;
    for (size_t i = 0; i < series.size(); ++i) {
      const Measurement& measurement = *series[i];
      check_number(measurement);
      const double value = measurement.value.number->to_double();
      if (i > 0) check_jump(*series[i - 1], measurement);
      check_outlier(past, measurement, value);
      past.push_back(value);
    }
    if (series.size() < kUnchanged) return;
    const Decimal& last = *series.back()->value.number;
    const bool is_unchanged = std::all_of(
        series.end() - kUnchanged, series.end(),
        [&](const Measurement* measurement) { return *measurement->value.number == last; });
    if (is_unchanged) {
      add(Check::unchanged, measured_at(series.back()->period),
          {last.text(), std::to_string(kUnchanged)});
    }
  }

  void check_number(const Measurement& measurement) {
    const Decimal& number = *measurement.value.number;
    const bool is_low = indicator_.lowest && number < *indicator_.lowest;
    const bool is_high = indicator_.highest && number > *indicator_.highest;
    if (is_low || is_high) {
      add(Check::out_of_range, measured_at(measurement.period),
          {measurement.period.text(), number.text(),
           indicator_.lowest ? indicator_.lowest->text() : "–",
           indicator_.highest ? indicator_.highest->text() : "–"});
    }
    if (indicator_.decimals && -number.exponent() > static_cast<int>(*indicator_.decimals)) {
      add(Check::decimals, measured_at(measurement.period),
          {measurement.period.text(), number.text(), std::to_string(*indicator_.decimals)});
    }
  }

  void check_jump(const Measurement& before, const Measurement& now) {
    const double from = std::abs(before.value.number->to_double());
    const double to = std::abs(now.value.number->to_double());
    if (from == 0 || (to <= from * kJumpFactor && to * kJumpFactor >= from)) return;
    add(Check::jump, measured_at(now.period),
        {now.period.text(), before.value.number->text(), now.value.number->text()});
  }

  void check_outlier(const std::vector<double>& past, const Measurement& now, double value) {
    if (past.size() < kFewestForOutlier) return;
    const double median = median_of(past);
    std::vector<double> deviations;
    deviations.reserve(past.size());
    for (const double one : past) deviations.push_back(std::abs(one - median));
    const double spread = kDeviationScale * median_of(std::move(deviations));
    if (!(spread > 0) || std::abs(value - median) <= kOutlierScore * spread) return;
    add(Check::outlier, measured_at(now.period), {now.period.text(), now.value.number->text()});
  }

  // In the newest period that the register reports about.
  void check_missing() {
    if (!reg_.newest_period() || indicator_.direction == Direction::none) return;
    const Period& period = *reg_.newest_period();
    const Measurement* measurement = indicator_.measurement(period);
    const bool is_there =
        measurement != nullptr && measurement->value.missing != NoScore::not_reported;
    if (is_there || !is_due(indicator_, period, options_) ||
        target_for(indicator_, period) == nullptr) {
      return;
    }
    add(Check::not_reported, measured_at(period), {period.text()});
  }

  const Register& reg_;
  const Indicator& indicator_;
  const ScoreOptions& options_;
  double soft_above_;
  std::vector<Finding> findings_;
};

// One code stands for one record: in the order of the register those that have it stand together.
template <typename Item>
void check_codes(const Register& reg, const std::vector<Item>& items,
                 std::vector<Finding>& findings) {
  std::map<std::string_view, size_t> seen;
  for (const Item& item : items) {
    if (!item.code.empty()) ++seen[item.code];
  }
  for (const Item& item : items) {
    const auto found = seen.find(item.code);
    if (found == seen.end() || found->second < 2) continue;
    findings.push_back({Check::duplicate_code,
                        item.key,
                        {item.code, std::to_string(found->second)},
                        reg.justification(id_of(Check::duplicate_code), item.key)});
  }
}

// The sum of an indicator's parts in the periods in which all of them have a number.
void check_sums(const Register& reg, const ScoreTable& table, size_t index,
                std::vector<Finding>& findings) {
  const Indicator& indicator = reg.indicators()[index];
  const ScoreNode& node = table.nodes[table.nodes_of_indicators[index]];
  if (!indicator.is_sum || node.children == 0) return;
  for (const Measurement& measurement : indicator.measurements) {
    if (!measurement.value.number) continue;
    double sum = 0;
    bool is_whole = true;
    for (NodeIndex child = node.first_child; child < node.first_child + node.children; ++child) {
      const Indicator& part = reg.indicators()[table.items[child]];
      const Measurement* of = part.measurement(measurement.period);
      if (part.is_retired) continue;
      is_whole = is_whole && of != nullptr && of->value.number.has_value();
      if (is_whole) sum += of->value.number->to_double();
    }
    const double value = measurement.value.number->to_double();
    if (!is_whole || std::abs(sum - value) <= kSumRoom * std::max(1.0, std::abs(value))) continue;
    const RecordKey record = record_of(indicator, kind::measurement, measurement.period);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.10g", sum);
    findings.push_back({Check::sum_of_parts,
                        record,
                        {measurement.period.text(), measurement.value.number->text(), text.data()},
                        reg.justification(id_of(Check::sum_of_parts), record)});
  }
}

// Parts of which none weighs anything have no sum.
void check_weights(const Register& reg, const ScoreTable& table, NodeIndex at,
                   const RecordKey& record, std::vector<Finding>& findings) {
  const ScoreNode& node = table.nodes[at];
  double sum = 0;
  for (NodeIndex child = node.first_child; child < node.first_child + node.children; ++child) {
    sum += table.nodes[child].weight;
  }
  if (node.children == 0 || sum > 0) return;
  findings.push_back({Check::no_weight,
                      record,
                      {std::to_string(node.children)},
                      reg.justification(id_of(Check::no_weight), record)});
}

}  // namespace

std::string_view name_of(Severity severity) {
  constexpr std::string_view kNames[] = {"error", "warning", "note"};
  return kNames[static_cast<size_t>(severity)];
}

std::string_view id_of(Check check) { return kRules[static_cast<size_t>(check)].id; }
Severity severity_of(Check check) { return kRules[static_cast<size_t>(check)].severity; }

const std::vector<Check>& all_checks() {
  static const std::vector<Check> kAll = [] {
    std::vector<Check> all;
    for (const Rule& rule : kRules) all.push_back(rule.check);
    return all;
  }();
  return kAll;
}

std::vector<Finding> check_indicator(const Register& reg, size_t indicator,
                                     const ScoreOptions& options, double soft_above) {
  return IndicatorChecks(reg, indicator, options, soft_above).run();
}

std::vector<Finding> check_register(const Register& reg, const ScoreOptions& options,
                                    double soft_above) {
  std::vector<Finding> findings;
  check_codes(reg, reg.areas(), findings);
  check_codes(reg, reg.indicators(), findings);
  const ScoreTable table = make_score_table(reg, default_profile(), {}, options);
  const ScoreNode& outside = table.nodes[1];
  for (uint32_t i = 0; i < outside.children; ++i) {
    const RecordKey& record = reg.indicators()[table.items[outside.first_child + i]].key;
    findings.push_back(
        {Check::outside, record, {}, reg.justification(id_of(Check::outside), record)});
  }
  for (size_t i = 0; i < reg.areas().size(); ++i) {
    check_weights(reg, table, table.nodes_of_areas[i], reg.areas()[i].key, findings);
  }
  for (size_t i = 0; i < reg.indicators().size(); ++i) {
    check_weights(reg, table, table.nodes_of_indicators[i], reg.indicators()[i].key, findings);
    check_sums(reg, table, i, findings);
    std::vector<Finding> own = check_indicator(reg, i, options, soft_above);
    std::stable_sort(own.begin(), own.end(), [](const Finding& a, const Finding& b) {
      return severity_of(a.check) < severity_of(b.check);
    });
    std::move(own.begin(), own.end(), std::back_inserter(findings));
  }
  return findings;
}

}  // namespace daftar
