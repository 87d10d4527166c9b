#include "common/register/indicator.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/register/kinds.h"

namespace daftar {
namespace {

template <typename Item>
const Item* find_item(const std::vector<Item>& items, const Period& period) {
  const auto at = std::lower_bound(items.begin(), items.end(), period,
                                   [](const Item& a, const Period& b) { return a.period < b; });
  return at != items.end() && at->period == period ? &*at : nullptr;
}

}  // namespace

const Measurement* Indicator::measurement(const Period& period) const {
  return find_item(measurements, period);
}
const Target* Indicator::target(const Period& period) const { return find_item(targets, period); }
const Verification* Indicator::verification(const Period& period) const {
  return find_item(verifications, period);
}

bool is_reporting_period(const Period& period) {
  return (period.kind() == PeriodKind::year && period.letter() == '\0') ||
         period.kind() == PeriodKind::half_year;
}

const std::string& name_in(const Names& names, Language language) {
  const auto of = [&](Language one) -> const std::string& {
    return names[static_cast<size_t>(one)];
  };
  for (const Language one : {language, Language::arabic, Language::english}) {
    if (!of(one).empty()) return of(one);
  }
  return of(Language::french);
}

Money Area::money_in(const Period& period) const {
  const auto sum = [&](auto is_meant) {
    Money money;
    for (const BudgetLine& line : budget) {
      if (!is_meant(line.period)) continue;
      ++money.lines;
      if (line.allocated) money.allocated += line.allocated->to_double();
      if (line.spent) money.spent += line.spent->to_double();
    }
    return money;
  };
  const auto holds = [](const Period& whole, const Period& part) {
    return whole.start() <= part.start() && part.end() <= whole.end();
  };
  Money money = sum([&](const Period& of) { return of == period; });
  if (money.lines == 0) money = sum([&](const Period& of) { return holds(period, of); });
  if (money.lines == 0) money = sum([&](const Period& of) { return holds(of, period); });
  return money;
}

uint64_t Indicator::definition_version_in(const Period& period) const {
  uint64_t version = 1;
  for (const Period& from : breaks) {
    if (from.start() <= period.start()) ++version;
  }
  return version;
}

DefinitionStanding Indicator::standing() const {
  if (is_retired) return DefinitionStanding::retired;
  const uint64_t newest = definition_version();
  return agreed_administration == newest && agreed_inspection == newest ? DefinitionStanding::agreed
                                                                        : DefinitionStanding::draft;
}

std::string_view name_of(DefinitionStanding standing) {
  constexpr std::string_view kNames[] = {"draft", "agreed", "retired"};
  return kNames[static_cast<size_t>(standing)];
}

bool Indicator::has_undefined_value(const Period& period) const {
  return std::any_of(formula_problems.begin(), formula_problems.end(),
                     [&](const FormulaProblem& problem) { return problem.period == period; });
}

std::string text_of(const Measured& measured) {
  if (measured.number) return measured.number->text();
  if (measured.is_yes) return *measured.is_yes ? "yes" : "no";
  return std::string(name_of(measured.missing));
}

std::string_view word_of(Verdict verdict) {
  if (verdict == Verdict::none) return "";
  return choices_of(FieldType::verdict)[static_cast<size_t>(verdict) - 1];
}

RecordKey record_of(const RecordKey& indicator, KindNumber kind, const Period& period) {
  return {kind, indicator.device, indicator.counter, period.bytes()};
}

std::string compared_code(std::string_view code) {
  std::string compared = western_digits(trim(code));
  for (char& c : compared) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return compared;
}

}  // namespace daftar
