#include "common/check/indicator_checks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "common/base/report.h"
#include "common/base/text.h"
#include "common/register/kinds.h"
#include "common/register/sdg.h"
#include "common/score/achievement.h"
#include "common/score/statistics.h"

namespace daftar {
namespace {

// A change to more than so many times the value before, or to less than that part of it.
constexpr double kJumpFactor = 3;
// Deviations from the median of the past, with at least so many values before: median absolute
// deviations scaled to a normal's standard deviation (Iglewicz and Hoaglin's modified z-score), and
// mean ones where more than half of the past is one value.
constexpr double kOutlierScore = 3.5;
constexpr double kMedianScale = 1.4826;
constexpr double kMeanScale = 1.253314;
constexpr size_t kFewestForOutlier = 5;
constexpr size_t kUnchanged = 3;
constexpr int kFewDigits = 6;  // of what nobody typed
// Of numbers that were computed in binary: relative.
constexpr double kRoom = 1e-9;

// How far ascending values lie from their median, as a standard deviation.
double spread_of(const std::vector<double>& values, double median) {
  const double spread = kMedianScale * median_deviation(values, median);
  if (spread > 0) return spread;
  double sum = 0;
  for (const double value : values) sum += std::abs(value - median);
  return kMeanScale * sum / static_cast<double>(values.size());
}

// Whether a typed number is another one, rounded to as many decimals as were typed.
bool is_rounded(const Decimal& typed, const Decimal& exact) {
  const double half_unit = 0.5 * std::pow(10.0, std::min(typed.exponent(), 0));
  const double distance = std::abs(typed.to_double() - exact.to_double());
  return distance <= half_unit * (1 + kRoom) + kRoom * std::abs(exact.to_double());
}

std::string bound_text(const std::optional<Decimal>& bound) { return bound ? bound->text() : "–"; }

// The findings of one indicator.
class IndicatorChecks {
 public:
  IndicatorChecks(const Register& reg, size_t index, const CheckOptions& options, bool has_parts,
                  std::vector<Finding>& findings)
      : reg_(reg),
        indicator_(reg.indicators()[index]),
        options_(options),
        has_parts_(has_parts),
        findings_(findings) {}

  void run() {
    check_fields();
    check_formula();
    check_targets();
    check_values();
    check_series();
    check_corrections();
    check_missing();
  }

 private:
  // `position`: of the entry that wrote what was looked at.
  void add(Check check, const RecordKey& record, std::vector<std::string> arguments,
           uint64_t position = 0) {
    findings_.push_back(
        {check, record, std::move(arguments), reg_.justification(id_of(check), record, position)});
  }
  void add(Check check, const Measurement& measurement, std::vector<std::string> arguments) {
    add(check, record_of(indicator_.key, kind::measurement, measurement.period),
        std::move(arguments), measurement.position);
  }
  void add(Check check, const Target& target, std::vector<std::string> arguments) {
    add(check, record_of(indicator_.key, kind::target, target.period), std::move(arguments),
        target.position);
  }
  [[nodiscard]] RecordKey baseline_record() const {
    return {kind::baseline, indicator_.key.device, indicator_.key.counter, ""};
  }

  void check_fields() {
    if (!indicator_.unfilled.empty()) {
      add(Check::unfilled, indicator_.key, {field_texts(kind::indicator, indicator_.unfilled)});
    }
    if (indicator_.baseline && !indicator_.baseline_period) {
      add(Check::unfilled, baseline_record(),
          {field_texts(kind::baseline, {field::baseline_period})});
    }
    if (indicator_.lowest && indicator_.highest && *indicator_.lowest > *indicator_.highest) {
      add(Check::limits_crossed, indicator_.key,
          {indicator_.lowest->text(), indicator_.highest->text()});
    }
    for (const std::string& code : indicator_.sdg) {
      if (!is_sdg_code(code)) add(Check::sdg_code, indicator_.key, {code});
    }
    if (indicator_.baseline) check_range_of_baseline(*indicator_.baseline);
  }

  void check_range_of_baseline(const Decimal& baseline) {
    const std::string when = indicator_.baseline_period ? indicator_.baseline_period->text() : "–";
    const bool has_levels = indicator_.direction == Direction::ordinal && indicator_.levels > 0;
    if (is_outside(baseline)) {
      add(Check::out_of_range, baseline_record(),
          {when, baseline.text(), bound_text(indicator_.lowest), bound_text(indicator_.highest)},
          indicator_.baseline_position);
    } else if (has_levels && !is_step(baseline, indicator_.levels - 1)) {
      add(Check::out_of_range, baseline_record(),
          {when, baseline.text(), "0", std::to_string(indicator_.levels - 1)},
          indicator_.baseline_position);
    }
  }

  void check_formula() {
    for (const FormulaProblem& problem : indicator_.formula_problems) {
      switch (problem.kind) {
        case FormulaProblem::Kind::wrong:
          add(Check::formula_wrong, indicator_.key, {problem.text});
          break;
        case FormulaProblem::Kind::unknown:
          add(Check::formula_unknown, indicator_.key, {problem.text});
          break;
        case FormulaProblem::Kind::circle:
          add(Check::formula_circle, indicator_.key, {});
          break;
        case FormulaProblem::Kind::undefined:
          add(Check::formula_undefined,
              record_of(indicator_.key, kind::measurement, *problem.period),
              {problem.period->text()});
          break;
      }
    }
    for (const ComputedValue& computed : indicator_.computed) {
      const Measurement* entered = indicator_.measurement(computed.period);
      if (entered == nullptr || entered->is_computed || !entered->value.number) continue;
      if (is_rounded(*entered->value.number, computed.reported)) continue;
      add(Check::formula_differs, record_of(indicator_.key, kind::measurement, computed.period),
          {computed.period.text(), entered->value.number->text(), computed.reported.text()},
          std::max(entered->position, computed.position));
    }
  }

  // ---- targets

  void check_targets() {
    if (!indicator_.baseline && needs_baseline()) add(Check::no_baseline, indicator_.key, {});
    check_baseline();
    for (const Target& target : indicator_.targets) {
      check_definition(target);
      if (const auto* milestones = std::get_if<Milestones>(&target.aim)) {
        check_milestones(target, *milestones);
      }
      const auto* aimed = std::get_if<Decimal>(&target.aim);
      if (aimed == nullptr) continue;
      if (is_outside(*aimed)) {
        add(Check::out_of_range, target, range_arguments(target.period, *aimed));
      } else if (const auto last = last_step(target.period); last && !is_step(*aimed, *last)) {
        add(Check::out_of_range, target,
            {target.period.text(), aimed->text(), "0", std::to_string(*last)});
      }
      if (is_moving(indicator_.direction)) check_side(target, *aimed);
    }
  }

  // Whether its values are measured from one.
  [[nodiscard]] bool needs_baseline() const {
    if (is_moving(indicator_.direction)) return !indicator_.targets.empty();
    if (indicator_.direction != Direction::maintain) return false;
    const bool is_measured = !indicator_.measurements.empty() || !indicator_.targets.empty();
    return is_measured && std::none_of(indicator_.targets.begin(), indicator_.targets.end(),
                                       [](const Target& target) {
                                         return std::holds_alternative<Range>(target.aim);
                                       });
  }

  // Targets of the newest version of the definition that are older than it.
  void check_definition(const Target& target) {
    const bool is_newest =
        indicator_.definition_version_in(target.period) == indicator_.definition_version();
    if (!is_newest || target.position >= indicator_.definition_position) return;
    add(Check::definition_changed, record_of(indicator_.key, kind::target, target.period),
        {target.period.text()}, indicator_.definition_position);
  }

  // Values of a later definition that are measured from an earlier one's.
  void check_baseline() {
    const bool is_used = needs_baseline() || indicator_.direction == Direction::ordinal;
    if (!is_used || !indicator_.baseline || !indicator_.baseline_period) return;
    const bool is_newest = indicator_.definition_version_in(*indicator_.baseline_period) ==
                           indicator_.definition_version();
    if (is_newest || indicator_.baseline_position >= indicator_.definition_position) return;
    add(Check::baseline_before_break, baseline_record(), {indicator_.baseline_period->text()},
        indicator_.definition_position);
  }

  void check_milestones(const Target& target, const Milestones& milestones) {
    double percent = 0;
    for (const Milestone& milestone : milestones) percent += milestone.percent.to_double();
    if (std::abs(percent - 100) <= kRoom * 100) return;
    add(Check::milestones, target, {target.period.text(), number_text(percent, kShownDigits)});
  }

  void check_side(const Target& target, const Decimal& aimed) {
    if (!indicator_.baseline) return;
    const bool is_right = indicator_.direction == Direction::lower ? aimed < *indicator_.baseline
                                                                   : aimed > *indicator_.baseline;
    if (is_right) return;
    add(Check::target_wrong_side, target,
        {target.period.text(), aimed.text(), indicator_.baseline->text()});
  }

  // ---- values, each by itself

  [[nodiscard]] bool is_outside(const Decimal& number) const {
    return (indicator_.lowest && number < *indicator_.lowest) ||
           (indicator_.highest && number > *indicator_.highest);
  }
  [[nodiscard]] std::vector<std::string> range_arguments(const Period& period,
                                                         const Decimal& number) const {
    return {period.text(), number.text(), bound_text(indicator_.lowest),
            bound_text(indicator_.highest)};
  }

  // The last level of an ordinal answer, or how many milestones there are.
  [[nodiscard]] std::optional<size_t> last_step(const Period& period) const {
    if (indicator_.direction == Direction::ordinal && indicator_.levels > 0) {
      return indicator_.levels - 1;
    }
    const bool has_milestones = indicator_.direction == Direction::milestone;
    const Target* target = has_milestones ? target_for(indicator_, period) : nullptr;
    const auto* milestones = target == nullptr ? nullptr : std::get_if<Milestones>(&target->aim);
    return milestones == nullptr ? std::nullopt : std::optional(milestones->size());
  }
  // Of answers a whole one; what is done of a milestone may be a part.
  [[nodiscard]] bool is_step(const Decimal& number, size_t last) const {
    const bool is_whole = number.exponent() >= 0 || indicator_.direction == Direction::milestone;
    return is_whole && !number.negative() && number <= Decimal(static_cast<int64_t>(last));
  }

  void check_values() {
    for (const Measurement& measurement : indicator_.measurements) {
      check_achievement(measurement);
      if (!measurement.value.number) continue;
      const Decimal& number = *measurement.value.number;
      if (is_outside(number)) {
        add(Check::out_of_range, measurement, range_arguments(measurement.period, number));
      } else if (const auto last = last_step(measurement.period); last && !is_step(number, *last)) {
        const Target* target = target_for(indicator_, measurement.period);
        add(Check::out_of_range, record_of(indicator_.key, kind::measurement, measurement.period),
            {measurement.period.text(), number.text(), "0", std::to_string(*last)},
            std::max(measurement.position, target == nullptr ? 0 : target->position));
      }
      const int64_t decimals = -static_cast<int64_t>(number.exponent());
      if (indicator_.decimals && decimals > 0 && !measurement.is_computed &&
          static_cast<uint64_t>(decimals) > *indicator_.decimals) {
        add(Check::decimals, measurement,
            {measurement.period.text(), number.text(), std::to_string(*indicator_.decimals)});
      }
    }
  }

  void check_achievement(const Measurement& measurement) {
    if (indicator_.direction == Direction::none) return;
    const OwnNumbers own = own_numbers(indicator_, measurement.period, options_.score);
    if (own.missing == NoScore::wrong_kind) {
      return add(Check::wrong_kind, measurement, {measurement.period.text()});
    }
    if (own.missing != NoScore::none) return;
    const Achievement achieved = achieve(own.input);
    if (achieved.reason != NoScore::none || achieved.share <= options_.soft_above) return;
    const Target* target = target_for(indicator_, measurement.period);
    if (target == nullptr) return;
    const bool is_pro_rata = own.aim == AimSource::pro_rata && own.input.aim;
    const std::string aimed = is_pro_rata ? number_text(own.input.aim->low, kFewDigits) + " " +
                                                text_of(Msg::score_pro_rata)
                                          : aim_text(target->aim);
    // Of the largest numbers 100 times as much is none any more.
    const double percent = std::min(100 * achieved.share, std::numeric_limits<double>::max());
    add(Check::soft_target, record_of(indicator_.key, kind::measurement, measurement.period),
        {measurement.period.text(), number_text(percent, kFewDigits), aimed},
        std::max(measurement.position, target->position));
  }

  // ---- series: numbers of one rhythm and one definition are like one another

  void check_series() {
    using Rhythm = std::pair<PeriodKind, uint64_t>;
    std::map<Rhythm, std::vector<const Measurement*>> series;
    bool is_measured = false;
    for (const Measurement& measurement : indicator_.measurements) {
      // What was sent back, or had no evidence, was measured.
      is_measured = is_measured || measurement.value.has_value() ||
                    measurement.value.missing == NoScore::returned ||
                    measurement.value.missing == NoScore::no_evidence;
      if (!measurement.value.number) continue;
      series[{measurement.period.kind(), indicator_.definition_version_in(measurement.period)}]
          .push_back(&measurement);
    }
    if (!is_measured && !has_parts_ && indicator_.formula.empty()) {
      add(Check::never_measured, indicator_.key, {});
    }
    // Steps that are reached go up by leaps.
    const bool is_steps =
        indicator_.direction == Direction::milestone || indicator_.direction == Direction::ordinal;
    for (const auto& [rhythm, measurements] : series) {
      if (!is_steps) check_changes(measurements);
      check_unchanged(measurements);
    }
  }

  // Ascending by period.
  void check_changes(const std::vector<const Measurement*>& series) {
    std::vector<double> past;  // ascending by value
    past.reserve(series.size());
    double before = 0;
    for (size_t i = 0; i < series.size(); ++i) {
      const double value = series[i]->value.number->to_double();
      if (i > 0) check_jump(*series[i - 1], *series[i]);
      if (past.size() >= kFewestForOutlier) check_outlier(past, before, *series[i], value);
      past.insert(std::upper_bound(past.begin(), past.end(), value), value);
      before = value;
    }
  }

  void check_jump(const Measurement& before, const Measurement& now) {
    const double from = before.value.number->to_double();
    const double to = now.value.number->to_double();
    if (from == 0) return;
    const double factor = to / from;
    if (factor <= kJumpFactor * (1 + kRoom) && factor * kJumpFactor >= 1 - kRoom) return;
    add(Check::jump, record_of(indicator_.key, kind::measurement, now.period),
        {now.period.text(), before.value.number->text(), now.value.number->text()},
        std::max(before.position, now.position));
  }

  void check_outlier(const std::vector<double>& past, double before, const Measurement& now,
                     double value) {
    const double median = median_of_ascending(past);
    const double most = kOutlierScore * spread_of(past, median);
    if (!(most > 0) || std::abs(value - median) <= most) return;
    // Close to another one it is on a new level.
    if (std::abs(before - median) > most && std::abs(value - before) <= most) return;
    add(Check::outlier, now, {now.period.text(), now.value.number->text()});
  }

  void check_unchanged(const std::vector<const Measurement*>& series) {
    if (series.size() < kUnchanged) return;
    const Decimal& last = *series.back()->value.number;
    const bool is_unchanged = std::all_of(
        series.end() - kUnchanged, series.end(),
        [&](const Measurement* measurement) { return *measurement->value.number == last; });
    if (!is_unchanged) return;
    add(Check::unchanged, *series.back(), {last.text(), std::to_string(kUnchanged)});
  }

  void check_corrections() {
    for (const Verification& verification : indicator_.verifications) {
      if (verification.verdict != Verdict::corrected || verification.corrected() != nullptr)
        continue;
      add(Check::no_correction, record_of(indicator_.key, kind::verification, verification.period),
          {verification.period.text()}, verification.position);
    }
  }

  // ---- what is owed

  // In the newest year and half-year that the register reports about.
  void check_missing() {
    if (indicator_.direction == Direction::none) return;
    for (const Period& period : options_.newest) {
      const Measurement* measurement = indicator_.measurement(period);
      const NoScore missing =
          measurement == nullptr ? NoScore::not_reported : measurement->value.missing;
      if (missing == NoScore::returned || missing == NoScore::no_evidence) {
        add(Check::still_owed, *measurement,
            {period.text(), words_of("no_score", name_of(missing))});
      } else if (missing == NoScore::not_reported && !indicator_.has_undefined_value(period) &&
                 is_expected(period)) {
        add(Check::not_reported, record_of(indicator_.key, kind::measurement, period),
            {period.text()});
      }
    }
  }

  [[nodiscard]] bool is_expected(const Period& period) const {
    if (!is_due(indicator_, period, options_.score)) return false;
    if (target_for(indicator_, period) != nullptr) return true;
    // These aim at something without a target.
    return indicator_.direction == Direction::yes_no ||
           (indicator_.direction == Direction::maintain && indicator_.baseline);
  }

  const Register& reg_;
  const Indicator& indicator_;
  const CheckOptions& options_;
  bool has_parts_;
  std::vector<Finding>& findings_;
};

}  // namespace

std::string field_texts(KindNumber kind, const std::vector<FieldNumber>& fields) {
  const Kind& of = *find_kind(kind);
  std::vector<std::string> texts;
  texts.reserve(fields.size());
  for (const FieldNumber field : fields) texts.push_back(field_text(of, *of.find(field)));
  return joined(texts);
}

void check_own(const Register& reg, size_t indicator, const CheckOptions& options, bool has_parts,
               std::vector<Finding>& findings) {
  IndicatorChecks(reg, indicator, options, has_parts, findings).run();
}

}  // namespace daftar
