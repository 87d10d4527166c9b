#include "common/score/explanation.h"

#include <algorithm>

#include "common/register/aim.h"
#include "common/register/kinds.h"

namespace daftar {
namespace {

Formula formula_of(const ScoreInput& input) {
  switch (input.direction) {
    case Direction::none:
      return Formula::none;
    case Direction::range:
      return Formula::range;
    case Direction::maintain:
      return Formula::maintain;
    case Direction::yes_no:
      return Formula::yes_no;
    case Direction::milestone:
      return Formula::milestone;
    case Direction::lower:
      return input.baseline ? Formula::from_baseline : Formula::inverse_ratio;
    case Direction::higher:
    case Direction::ordinal:
      return input.baseline ? Formula::from_baseline : Formula::ratio;
  }
  return Formula::none;
}

class Inputs {
  using Role = ExplainedInput::Role;

 public:
  Inputs(std::vector<ExplainedInput>& inputs, const Register& reg, const Indicator& indicator)
      : inputs_(inputs), reg_(reg), indicator_(indicator) {}

  void add_value(const Period& period, bool is_verified) {
    if (const Measurement* measurement = indicator_.measurement(period)) {
      add(measurement->is_computed ? Role::computed : Role::value,
          record_of(indicator_.key, kind::measurement, period), text_of(measurement->value));
      if (measurement->is_computed) add_formula(period, is_verified);
    } else if (!indicator_.formula.empty()) {
      add_formula(period, is_verified);
    }
    if (is_verified) add_verified(indicator_, period);
  }
  void add_baseline() {
    if (!indicator_.baseline) return;
    add(Role::baseline, {kind::baseline, indicator_.key.device, indicator_.key.counter, ""},
        indicator_.baseline->text());
  }
  void add_target(const Target* target) {
    if (target == nullptr) return;
    add(Role::target, record_of(indicator_.key, kind::target, target->period),
        aim_text(target->aim));
  }
  void add_own(Role role, const std::optional<Decimal>& number) {
    if (number) add(role, indicator_.key, number->text());
  }

 private:
  // Central Inspection's word on a value of any indicator; what a formula gives has none of its
  // own.
  void add_verified(const Indicator& of, const Period& period) {
    const Verification* verification = of.verification(period);
    if (verification == nullptr || verification->is_computed ||
        verification->verdict == Verdict::none) {
      return;
    }
    const Measured* corrected = verification->corrected();
    add(Role::verified, record_of(of.key, kind::verification, period),
        corrected == nullptr ? std::string(word_of(verification->verdict)) : text_of(*corrected));
  }
  void add_formula(const Period& period, bool is_verified) {
    add(Role::formula, indicator_.key, indicator_.formula);
    const auto self = reg_.find_indicator(indicator_.key);
    for (const auto& [reference, index] : reg_.formulas().inputs_of(self.value_or(SIZE_MAX))) {
      const Indicator& input = reg_.indicators()[index];
      const auto of = reference.period_for(period);
      const Measurement* measurement = of ? input.measurement(*of) : nullptr;
      if (measurement == nullptr) continue;
      add(Role::formula_input, record_of(input.key, kind::measurement, *of),
          text_of(measurement->value));
      if (is_verified) add_verified(input, *of);
    }
  }
  void add(Role role, const RecordKey& record, std::string text) {
    inputs_.push_back({role, record, std::move(text)});
  }
  std::vector<ExplainedInput>& inputs_;
  const Register& reg_;
  const Indicator& indicator_;
};

void add_progress_inputs(Explanation& explanation, const Register& reg, const Indicator& indicator,
                         const Period& period) {
  Inputs inputs(explanation.inputs, reg, indicator);
  const CurrentValue current = current_value(indicator, period, explanation.is_verified);
  inputs.add_value(current.measurement == nullptr ? period : current.measurement->period,
                   explanation.is_verified);
  inputs.add_baseline();
  inputs.add_target(progress_target(indicator, period));
  if (explanation.progress && explanation.progress->limit) {
    inputs.add_own(ExplainedInput::Role::limit, indicator.highest);
  }
}

void add_inputs(Explanation& explanation, const Register& reg, const Indicator& indicator,
                const Period& period) {
  Inputs inputs(explanation.inputs, reg, indicator);
  inputs.add_value(period, explanation.is_verified);
  inputs.add_baseline();
  inputs.add_target(target_for(indicator, period));
  inputs.add_own(ExplainedInput::Role::tolerance, indicator.tolerance);
}

}  // namespace

std::string_view name_of(Formula formula) {
  constexpr std::string_view kNames[] = {"none",           "from_baseline", "ratio",
                                         "inverse_ratio",  "range",         "maintain",
                                         "yes_no",         "milestone",     "progress_to_target",
                                         "progress_alone", "roll_up"};
  return kNames[static_cast<size_t>(formula)];
}

std::string_view name_of(ExplainedInput::Role role) {
  constexpr std::string_view kNames[] = {"value",    "verified", "baseline",
                                         "target",   "limit",    "tolerance",
                                         "computed", "formula",  "formula_input"};
  return kNames[static_cast<size_t>(role)];
}

Explanation explain(const Register& reg, const ScoreTable& table, const Profile& profile,
                    const Scorer& scorer, NodeIndex node, size_t period, bool is_verified) {
  Explanation explanation;
  explanation.node = node;
  explanation.period = period;
  explanation.is_verified = is_verified;
  const auto score_of = [&](NodeIndex of) {
    return is_verified ? scorer.verified_at(of, period) : scorer.at(of, period);
  };
  explanation.score = score_of(node);
  const ScoreNode& of = table.nodes[node];
  const bool is_rolled_up = !of.is_indicator || explanation.score.has_score() ||
                            explanation.score.reason == NoScore::too_little ||
                            explanation.score.reason == NoScore::no_weight;
  if (!explanation.score.is_own && of.children > 0 && !of.is_retired && is_rolled_up) {
    explanation.formula = Formula::roll_up;
    for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
      explanation.parts.push_back({child, table.nodes[child].weight, score_of(child)});
    }
    return explanation;
  }
  if (!of.is_indicator) return explanation;
  const Indicator& indicator = reg.indicators()[table.items[node]];
  const size_t cell = table.cell(node, period);
  if (profile.method == Method::progress_rate) {
    const auto& progress = is_verified ? table.verified_progress[cell] : table.progress[cell];
    if (explanation.score.is_own || explanation.score.reason == NoScore::not_growing) {
      explanation.progress = progress;
    }
    add_progress_inputs(explanation, reg, indicator, table.periods[period]);
    if (explanation.progress) {
      explanation.formula =
          explanation.progress->target ? Formula::progress_to_target : Formula::progress_alone;
    }
    return explanation;
  }
  add_inputs(explanation, reg, indicator, table.periods[period]);
  const NoScore missing = is_verified ? table.unverified[cell] : table.missing[cell];
  const bool is_put_in =
      missing == NoScore::none && !of.is_retired && of.direction != Direction::none;
  if (!is_put_in) return explanation;
  explanation.aim = table.aim[cell];
  explanation.numbers = table.input(node, period, is_verified);
  // Without a line to the next target there is nothing to put in.
  if (explanation.aim != AimSource::no_line) explanation.formula = formula_of(explanation.numbers);
  return explanation;
}

Score recompute(const Explanation& explanation, const Profile& profile) {
  Score score;
  score.reason = explanation.score.reason;
  if (explanation.formula == Formula::roll_up) {
    RollUp roll_up;
    for (const Explanation::Part& part : explanation.parts) roll_up.add(part.weight, part.score);
    return roll_up.result(profile.least_coverage);
  }
  if (explanation.progress) {
    const Progress progress = measure_progress(*explanation.progress);
    score.reason = progress.reason;
    score.achievement = progress.rate;
    score.score = progress.reason == NoScore::none
                      ? std::clamp(progress.score, profile.lowest, profile.highest)
                      : 0;
  } else if (explanation.formula != Formula::none) {
    const Achievement achieved = achieve(explanation.numbers);
    score.reason = achieved.reason;
    score.achievement = achieved.share;
    score.score = achieved.reason == NoScore::none
                      ? std::clamp(100 * achieved.share, profile.lowest, profile.highest)
                      : 0;
  }
  return score;
}

}  // namespace daftar
