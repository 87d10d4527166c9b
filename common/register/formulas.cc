#include "common/register/formulas.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace daftar {
namespace {

using Problem = FormulaProblem::Kind;

// What a double holds, without the digits behind it: 0.1 + 0.2 is 0.3.
std::optional<Decimal> decimal_of(double number) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.15g", number);
  const Result<Decimal> decimal =
      Decimal::parse(std::string_view(text.data(), static_cast<size_t>(length)));
  return decimal.ok() ? std::optional(*decimal) : std::nullopt;
}

std::optional<double> number_of(const Measured& measured) {
  if (measured.number) return measured.number->to_double();
  if (measured.is_yes) return *measured.is_yes ? 1.0 : 0.0;
  return std::nullopt;
}

std::optional<double> reported_number(const Indicator& indicator, const Period& period) {
  const Measurement* measurement = indicator.measurement(period);
  return measurement == nullptr ? std::nullopt : number_of(measurement->value);
}

std::optional<double> verified_number(const Indicator& indicator, const Period& period) {
  const Verification* verification = indicator.verification(period);
  if (verification != nullptr && verification->verdict == Verdict::rejected) return std::nullopt;
  if (verification != nullptr && verification->verdict == Verdict::corrected) {
    if (const auto number = number_of(verification->value)) return number;
  }
  return reported_number(indicator, period);
}

bool is_verified(const Indicator& indicator, const Period& period) {
  const Verification* verification = indicator.verification(period);
  return verification != nullptr && (verification->verdict == Verdict::rejected ||
                                     verification->verdict == Verdict::corrected);
}

// Takes what was computed out, and what people entered stays.
void forget_computed(Indicator& indicator) {
  indicator.computed.clear();
  std::erase_if(indicator.measurements, [](const Measurement& one) { return one.is_computed; });
  std::erase_if(indicator.verifications, [](const Verification& one) { return one.is_computed; });
  std::erase_if(indicator.formula_problems,
                [](const FormulaProblem& one) { return one.kind == Problem::undefined; });
}

template <typename Item>
void insert(std::vector<Item>& items, Item item) {
  const auto at = std::lower_bound(items.begin(), items.end(), item.period,
                                   [](const Item& a, const Period& b) { return a.period < b; });
  items.insert(at, std::move(item));
}

}  // namespace

Formulas::Formulas(std::vector<Indicator>& indicators) {
  std::map<std::string_view, std::optional<size_t>> codes;
  std::vector<Computed> unordered;
  for (size_t i = 0; i < indicators.size(); ++i) {
    const auto [at, is_new] = codes.emplace(indicators[i].code, i);
    if (!is_new) at->second.reset();
  }
  for (size_t i = 0; i < indicators.size(); ++i) {
    Indicator& indicator = indicators[i];
    if (indicator.formula.empty()) continue;
    Result<ValueFormula> formula = ValueFormula::parse(indicator.formula);
    if (!formula.ok()) {
      indicator.formula_problems.push_back({Problem::wrong, formula.status().text(), {}});
      continue;
    }
    std::vector<size_t> inputs;
    for (const FormulaReference& reference : formula->references()) {
      const auto found = codes.find(reference.code);
      if (found == codes.end() || !found->second) {
        indicator.formula_problems.push_back({Problem::unknown, reference.code, {}});
      } else {
        inputs.push_back(*found->second);
      }
    }
    if (!indicator.formula_problems.empty()) continue;
    unordered.push_back({i, *std::move(formula), std::move(inputs)});
  }
  // One after the other those of which all inputs are there; what is left goes round in a circle,
  // or needs what does.
  std::set<size_t> waiting;
  for (const Computed& one : unordered) waiting.insert(one.indicator);
  for (bool is_moving = true; is_moving;) {
    is_moving = false;
    for (auto at = unordered.begin(); at != unordered.end();) {
      const bool is_ready = std::none_of(at->inputs.begin(), at->inputs.end(),
                                         [&](size_t input) { return waiting.contains(input); });
      if (!is_ready) {
        ++at;
        continue;
      }
      waiting.erase(at->indicator);
      computed_.push_back(std::move(*at));
      at = unordered.erase(at);
      is_moving = true;
    }
  }
  for (const Computed& one : unordered) {
    indicators[one.indicator].formula_problems.push_back({Problem::circle, {}, {}});
  }
  for (const Computed& one : computed_) compute(indicators, one);
}

std::vector<size_t> Formulas::needing(size_t indicator) const {
  std::vector<size_t> touched = {indicator};
  for (const Computed& one : computed_) {
    const bool is_touched = std::any_of(one.inputs.begin(), one.inputs.end(), [&](size_t input) {
      return std::find(touched.begin(), touched.end(), input) != touched.end();
    });
    if (is_touched) touched.push_back(one.indicator);
  }
  return touched;
}

void Formulas::recompute(std::vector<Indicator>& indicators,
                         const std::vector<size_t>& touched) const {
  for (const Computed& one : computed_) {
    const bool is_touched =
        std::find(touched.begin(), touched.end(), one.indicator) != touched.end();
    if (is_touched) compute(indicators, one);
  }
}

std::vector<std::pair<FormulaReference, size_t>> Formulas::inputs_of(size_t indicator) const {
  std::vector<std::pair<FormulaReference, size_t>> inputs;
  for (const Computed& one : computed_) {
    if (one.indicator != indicator) continue;
    for (size_t i = 0; i < one.inputs.size(); ++i) {
      inputs.emplace_back(one.formula.references()[i], one.inputs[i]);
    }
  }
  return inputs;
}

void Formulas::compute(std::vector<Indicator>& indicators, const Computed& computed) const {
  Indicator& indicator = indicators[computed.indicator];
  forget_computed(indicator);
  const std::vector<FormulaReference>& references = computed.formula.references();
  // The periods for which the first value that moves with the period is there.
  const auto moving = std::find_if(references.begin(), references.end(),
                                   [](const FormulaReference& one) { return !one.fixed; });
  if (moving == references.end()) return;
  const auto first = static_cast<size_t>(moving - references.begin());
  std::vector<Period> periods;
  for (const Measurement& measurement : indicators[computed.inputs[first]].measurements) {
    const auto period = moving->back == 0 ? std::optional(measurement.period)
                                          : shift_period(measurement.period, moving->back);
    if (period) periods.push_back(*period);
  }
  std::vector<double> numbers(references.size());
  const auto evaluate = [&](const Period& period, auto number_in) -> std::optional<double> {
    for (size_t i = 0; i < references.size(); ++i) {
      const auto of = references[i].period_for(period);
      const auto number =
          of ? number_in(indicators[computed.inputs[i]], *of) : std::optional<double>();
      if (!number) return std::nullopt;
      numbers[i] = *number;
    }
    return computed.formula.evaluate(numbers);
  };
  for (const Period& period : periods) {
    bool is_there = true;
    bool is_checked = false;
    for (size_t i = 0; i < references.size(); ++i) {
      const Indicator& input = indicators[computed.inputs[i]];
      const auto of = references[i].period_for(period);
      is_there = is_there && of && reported_number(input, *of);
      is_checked = is_checked || (of && is_verified(input, *of));
    }
    if (!is_there) continue;
    const auto result = evaluate(period, reported_number);
    const auto reported = result ? decimal_of(*result) : std::nullopt;
    if (!reported) {
      indicator.formula_problems.push_back({Problem::undefined, {}, period});
      continue;
    }
    ComputedValue value{period, *reported, reported};
    if (is_checked) {
      const auto again = evaluate(period, verified_number);
      value.verified = again ? decimal_of(*again) : std::nullopt;
    }
    if (indicator.measurement(period) == nullptr) {
      insert(indicator.measurements, Measurement{period, {*reported, {}, NoScore::none}, 0, true});
      if (is_checked && indicator.verification(period) == nullptr) {
        const Verdict verdict = value.verified ? Verdict::corrected : Verdict::rejected;
        insert(indicator.verifications,
               Verification{period, verdict, {value.verified, {}, NoScore::none}, true});
      }
    }
    indicator.computed.push_back(std::move(value));
  }
}

}  // namespace daftar
