#include "common/register/indicator.h"

#include <algorithm>

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

}  // namespace daftar
