#include "common/register/formulas.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "common/base/text.h"

namespace daftar {
namespace {

using Problem = FormulaProblem::Kind;

constexpr int kDigits = 15;

// What a double holds, without the digits behind it: 0.1 + 0.2 is 0.3.
std::optional<Decimal> decimal_of(double number) {
  const Result<Decimal> decimal = Decimal::parse(number_text(number, kDigits));
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
  const Measured* corrected = verification == nullptr ? nullptr : verification->corrected();
  return corrected == nullptr ? reported_number(indicator, period) : number_of(*corrected);
}

// Why an input has no verified value; none for one that has, or was not looked at.
NoScore reason_in(const Indicator& indicator, const Period& period) {
  const Verification* verification = indicator.verification(period);
  if (verification == nullptr) return NoScore::none;
  if (verification->verdict == Verdict::rejected) return NoScore::rejected;
  const Measured* corrected = verification->corrected();
  return corrected == nullptr || corrected->has_value() ? NoScore::none : corrected->missing;
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

// Which indicator a code means: the live one that has it; a retired one if there is none.
class Formulas::Codes {
 public:
  explicit Codes(const std::vector<Indicator>& indicators) {
    for (size_t i = 0; i < indicators.size(); ++i) {
      const Indicator& indicator = indicators[i];
      auto& codes = indicator.is_retired ? retired_ : live_;
      const auto [at, is_new] = codes.emplace(compared_code(indicator.code), i);
      if (!is_new) at->second.reset();
    }
  }
  /// Nothing for a code that none has, or several.
  [[nodiscard]] std::optional<size_t> find(const std::string& code) const {
    for (const auto* codes : {&live_, &retired_}) {
      const auto found = codes->find(compared_code(code));
      if (found != codes->end()) return found->second;
    }
    return std::nullopt;
  }

 private:
  std::unordered_map<std::string, std::optional<size_t>> live_;
  std::unordered_map<std::string, std::optional<size_t>> retired_;
};

Formulas::Formulas(std::vector<Indicator>& indicators) {
  const Codes codes(indicators);
  std::vector<Computed> unordered;
  for (size_t i = 0; i < indicators.size(); ++i) {
    if (indicators[i].formula.empty()) continue;
    auto computed = read(indicators[i], i, codes);
    if (computed) unordered.push_back(*std::move(computed));
  }
  put_in_order(indicators, std::move(unordered));
  for (const Computed& one : computed_) compute(indicators, one);
}

std::optional<Formulas::Computed> Formulas::read(Indicator& indicator, size_t index,
                                                 const Codes& codes) {
  Result<ValueFormula> formula = ValueFormula::parse(indicator.formula);
  if (!formula.ok()) {
    indicator.formula_problems.push_back({Problem::wrong, formula.status().text(), {}});
    return std::nullopt;
  }
  std::vector<size_t> inputs;
  for (const FormulaReference& reference : formula->references()) {
    if (const auto found = codes.find(reference.code)) {
      inputs.push_back(*found);
    } else {
      indicator.formula_problems.push_back({Problem::unknown, reference.code, {}});
    }
  }
  if (!indicator.formula_problems.empty()) return std::nullopt;
  return Computed{index, *std::move(formula), std::move(inputs)};
}

// Whatever waits for nothing, then what waited for that alone, and so on (Kahn 1962). What is left
// goes round in a circle, or needs what does.
void Formulas::put_in_order(std::vector<Indicator>& indicators, std::vector<Computed> unordered) {
  std::unordered_map<size_t, size_t> places;  // by indicator
  for (size_t i = 0; i < unordered.size(); ++i) places[unordered[i].indicator] = i;
  std::vector<size_t> open(unordered.size());
  std::vector<std::vector<size_t>> needed_by(unordered.size());
  for (size_t i = 0; i < unordered.size(); ++i) {
    for (const size_t input : unordered[i].inputs) {
      const auto place = places.find(input);
      if (place == places.end()) continue;
      ++open[i];
      needed_by[place->second].push_back(i);
    }
  }
  std::vector<size_t> ready;
  for (size_t i = 0; i < unordered.size(); ++i) {
    if (open[i] == 0) ready.push_back(i);
  }
  for (size_t next = 0; next < ready.size(); ++next) {
    for (const size_t after : needed_by[ready[next]]) {
      if (--open[after] == 0) ready.push_back(after);
    }
  }
  computed_.reserve(ready.size());
  for (const size_t i : ready) computed_.push_back(std::move(unordered[i]));
  for (size_t i = 0; i < unordered.size(); ++i) {
    if (open[i] > 0) {
      indicators[unordered[i].indicator].formula_problems.push_back({Problem::circle, {}, {}});
    }
  }
}

std::vector<size_t> Formulas::needing(size_t indicator) const {
  std::vector<size_t> touched = {indicator};
  std::unordered_set<size_t> known = {indicator};
  for (const Computed& one : computed_) {
    const bool is_touched = std::any_of(one.inputs.begin(), one.inputs.end(),
                                        [&](size_t input) { return known.contains(input); });
    if (is_touched && known.insert(one.indicator).second) touched.push_back(one.indicator);
  }
  return touched;
}

void Formulas::recompute(std::vector<Indicator>& indicators,
                         const std::vector<size_t>& touched) const {
  if (computed_.empty()) return;
  const std::unordered_set<size_t> known(touched.begin(), touched.end());
  for (const Computed& one : computed_) {
    if (known.contains(one.indicator)) compute(indicators, one);
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
    NoScore reason = NoScore::none;
    uint64_t position = 0;
    for (size_t i = 0; i < references.size(); ++i) {
      const Indicator& input = indicators[computed.inputs[i]];
      const auto of = references[i].period_for(period);
      is_there = is_there && of && reported_number(input, *of);
      const Measurement* measurement = of ? input.measurement(*of) : nullptr;
      if (measurement != nullptr) position = std::max(position, measurement->position);
      is_checked = is_checked || (of && is_verified(input, *of));
      const NoScore missing = of ? reason_in(input, *of) : NoScore::none;
      if (reason == NoScore::none || missing == NoScore::rejected) reason = missing;
    }
    if (!is_there) continue;
    const auto result = evaluate(period, reported_number);
    const auto reported = result ? decimal_of(*result) : std::nullopt;
    if (!reported) {
      indicator.formula_problems.push_back({Problem::undefined, {}, period});
      continue;
    }
    ComputedValue value{period, *reported, reported, position};
    if (is_checked) {
      const auto again = evaluate(period, verified_number);
      value.verified = again ? decimal_of(*again) : std::nullopt;
    }
    if (indicator.measurement(period) == nullptr) {
      insert(indicator.measurements,
             Measurement{period, {*reported, {}, NoScore::none}, position, true});
      if (is_checked && indicator.verification(period) == nullptr) {
        const bool is_missing = reason != NoScore::none && reason != NoScore::rejected;
        const Verdict verdict =
            value.verified || is_missing ? Verdict::corrected : Verdict::rejected;
        const Measured said{value.verified, {}, is_missing ? reason : NoScore::none};
        insert(indicator.verifications,
               Verification{period, verdict, said, true, is_missing, position});
      }
    }
    indicator.computed.push_back(value);
  }
}

}  // namespace daftar
