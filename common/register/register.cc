#include "common/register/register.h"

#include <algorithm>
#include <cctype>
#include <compare>
#include <string_view>

#include "common/register/kinds.h"

namespace daftar {
namespace {

std::string text_of(const RecordState& record, FieldNumber field) {
  return std::string(record.reading(field).as_text().value_or(""));
}

std::optional<Decimal> number_of(const RecordState& record, FieldNumber field) {
  return record.reading(field).as_decimal();
}

std::optional<uint64_t> count_of(const RecordState& record, FieldNumber field) {
  const auto number = number_of(record, field);
  if (!number || number->negative()) return std::nullopt;
  return static_cast<uint64_t>(std::min(number->to_double(), 1e15));
}

// The place of a word among the choices of a type, from 1; 0 if it is none of them.
template <typename Choice>
Choice choice_of(const RecordState& record, FieldNumber field, FieldType type) {
  const std::string word = text_of(record, field);
  const std::vector<std::string_view>& words = choices_of(type);
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? Choice::none : static_cast<Choice>(found - words.begin() + 1);
}

Measured measured_of(const Value& value) {
  Measured measured;
  if (const auto number = value.as_decimal()) {
    measured.number = number;
  } else if (value.type() == ValueType::boolean) {
    measured.is_yes = value.is_yes();
  } else {
    const std::string_view word = value.as_text().value_or("");
    measured.missing = word == "not_due"          ? NoScore::not_due
                       : word == "not_applicable" ? NoScore::not_applicable
                       : word == "no_evidence"    ? NoScore::no_evidence
                                                  : NoScore::not_reported;
  }
  return measured;
}

Names names_of(const RecordState& record, FieldNumber en, FieldNumber ar, FieldNumber fr) {
  return {text_of(record, en), text_of(record, ar), text_of(record, fr)};
}

std::vector<std::string> texts_of(const RecordState& record, FieldNumber field) {
  std::vector<std::string> texts;
  for (const Value& item : record.reading(field).as_list()) {
    if (const auto text = item.as_text()) texts.emplace_back(*text);
  }
  return texts;
}

// The entry that wrote what a field reads; 0 if nobody did.
uint64_t position_of(const RecordState& record, FieldNumber field) {
  const Cell* cell = record.find(field);
  const Version* current = cell == nullptr ? nullptr : cell->current();
  return current == nullptr ? 0 : current->position;
}

std::vector<FieldNumber> unfilled_of(KindNumber kind, const RecordState& record) {
  std::vector<FieldNumber> unfilled;
  for (const Field& field : find_kind(kind)->fields) {
    if (field.is_required && record.reading(field.number) == Value()) {
      unfilled.push_back(field.number);
    }
  }
  return unfilled;
}

Area area_of(const RecordKey& key, const RecordState& record) {
  Area area;
  area.key = key;
  area.code = text_of(record, field::kpa_code);
  area.names = names_of(record, field::kpa_name_en, field::kpa_name_ar, field::kpa_name_fr);
  area.scope = choice_of<Scope>(record, field::kpa_scope, FieldType::scope);
  area.weight = number_of(record, field::kpa_weight);
  area.order = count_of(record, field::kpa_order);
  area.unfilled = unfilled_of(kind::kpa, record);
  return area;
}

Indicator indicator_of(const RecordKey& key, const RecordState& record) {
  Indicator indicator;
  indicator.key = key;
  indicator.code = text_of(record, field::indicator_code);
  indicator.names = names_of(record, field::indicator_name_en, field::indicator_name_ar,
                             field::indicator_name_fr);
  indicator.parent = record.reading(field::indicator_parent).as_reference();
  indicator.direction = direction_of(text_of(record, field::indicator_direction));
  indicator.frequency =
      choice_of<Frequency>(record, field::indicator_frequency, FieldType::frequency);
  indicator.unit = text_of(record, field::indicator_unit_of_measure);
  indicator.formula = text_of(record, field::indicator_formula);
  indicator.weight = number_of(record, field::indicator_weight);
  indicator.tolerance = number_of(record, field::indicator_tolerance);
  indicator.lowest = number_of(record, field::indicator_lowest);
  indicator.highest = number_of(record, field::indicator_highest);
  indicator.order = count_of(record, field::indicator_order);
  indicator.decimals = count_of(record, field::indicator_decimals);
  indicator.is_linear = record.reading(field::indicator_is_linear).is_yes();
  indicator.is_sum = record.reading(field::indicator_is_sum).is_yes();
  indicator.is_retired = record.reading(field::indicator_retired).is_yes();
  indicator.levels = record.reading(field::indicator_levels).as_list().size();
  for (const Value& item : record.reading(field::indicator_breaks).as_list()) {
    const Result<Period> period = Period::from_bytes(item.as_period().value_or(""));
    if (period.ok()) indicator.breaks.push_back(*period);
  }
  indicator.agreed_administration =
      count_of(record, field::indicator_agreed_administration).value_or(0);
  indicator.agreed_inspection = count_of(record, field::indicator_agreed_inspection).value_or(0);
  std::sort(indicator.breaks.begin(), indicator.breaks.end());
  if (!indicator.breaks.empty()) {
    indicator.definition_position = position_of(record, field::indicator_breaks);
  }
  indicator.sdg = texts_of(record, field::indicator_sdg);
  indicator.sectors = texts_of(record, field::indicator_sectors);
  indicator.shared_from = text_of(record, field::indicator_shared_from);
  indicator.unfilled = unfilled_of(kind::indicator, record);
  return indicator;
}

// Puts, replaces or takes away what stands for a period.
template <typename Item>
void put_item(std::vector<Item>& items, const Period& period, std::optional<Item> item) {
  const auto at = std::lower_bound(items.begin(), items.end(), period,
                                   [](const Item& a, const Period& b) { return a.period < b; });
  const bool is_there = at != items.end() && at->period == period;
  if (item && is_there) {
    *at = *std::move(item);
  } else if (item) {
    items.insert(at, *std::move(item));
  } else if (is_there) {
    items.erase(at);
  }
}

void put_series(Indicator& indicator, const RecordKey& key, const RecordState& record) {
  const bool is_gone = record.is_deleted();
  if (key.kind == kind::baseline) {
    indicator.baseline = is_gone ? std::nullopt : number_of(record, field::baseline_value);
    const Value period = record.reading(field::baseline_period);
    const Result<Period> when = Period::from_bytes(period.as_period().value_or(""));
    indicator.baseline_period = when.ok() && !is_gone ? std::optional(*when) : std::nullopt;
    indicator.baseline_position = std::max(position_of(record, field::baseline_value),
                                           position_of(record, field::baseline_period));
    return;
  }
  const Result<Period> period = Period::from_bytes(key.qualifier);
  if (!period.ok()) return;
  if (key.kind == kind::measurement) {
    const Value value = record.reading(field::measurement_value);
    Measurement item{*period, measured_of(value), position_of(record, field::measurement_value)};
    const bool is_returned = !text_of(record, field::measurement_returned).empty();
    if (is_returned) item.value = {std::nullopt, std::nullopt, NoScore::returned};
    // A note alone, or a value that was taken out, says nothing.
    const bool is_none = is_gone || (value == Value() && !is_returned);
    put_item(indicator.measurements, *period, is_none ? std::nullopt : std::optional(item));
  } else if (key.kind == kind::target) {
    const Target item{*period, read_aim(record.reading(field::target_value)),
                      position_of(record, field::target_value)};
    const bool is_none = is_gone || item.aim.index() == 0;
    put_item(indicator.targets, *period, is_none ? std::nullopt : std::optional(item));
  } else if (key.kind == kind::verification) {
    const Verification item{
        *period,
        choice_of<Verdict>(record, field::verification_verdict, FieldType::verdict),
        measured_of(record.reading(field::verification_value)),
        false,
        !record.reading(field::verification_value).is_empty(),
        std::max(position_of(record, field::verification_verdict),
                 position_of(record, field::verification_value))};
    put_item(indicator.verifications, *period, is_gone ? std::nullopt : std::optional(item));
  }
}

bool is_series(KindNumber kind) {
  return kind == kind::baseline || kind == kind::target || kind == kind::measurement ||
         kind == kind::verification;
}

// "1.2" before "1.10": digits by their number, the rest as bytes.
std::weak_ordering compare_codes(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) return a[i] <=> b[j];
      ++i;
      ++j;
      continue;
    }
    while (i < a.size() && a[i] == '0') ++i;
    while (j < b.size() && b[j] == '0') ++j;
    const size_t from_i = i;
    const size_t from_j = j;
    while (i < a.size() && is_digit(a[i])) ++i;
    while (j < b.size() && is_digit(b[j])) ++j;
    if (i - from_i != j - from_j) return i - from_i <=> j - from_j;
    const int digits = a.substr(from_i, i - from_i).compare(b.substr(from_j, j - from_j));
    if (digits != 0) return digits <=> 0;
  }
  return a.size() - i <=> b.size() - j;
}

template <typename Item>
bool comes_before(const Item& a, const Item& b) {
  const uint64_t order_a = a.order.value_or(UINT64_MAX);
  const uint64_t order_b = b.order.value_or(UINT64_MAX);
  if (order_a != order_b) return order_a < order_b;
  const std::weak_ordering codes = compare_codes(a.code, b.code);
  return codes != 0 ? codes < 0 : a.key < b.key;
}

}  // namespace

void Register::take(const RecordKey& key, const RecordState& record) {
  if (record.is_contended()) contended_.insert(key);
  if (record.is_deleted()) return;
  if (key.kind == kind::kpa) {
    areas_.push_back(area_of(key, record));
  } else if (key.kind == kind::indicator) {
    indicator_ids_[{key.device, key.counter}] = indicators_.size();
    indicators_.push_back(indicator_of(key, record));
  } else if (key.kind == kind::budget_line) {
    const auto area = record.reading(field::budget_line_kpa).as_reference();
    const Value period = record.reading(field::budget_line_period);
    const Result<Period> when = Period::from_bytes(period.as_period().value_or(""));
    if (area && when.ok()) {
      budget_.emplace_back(*area, BudgetLine{*when, number_of(record, field::budget_line_allocated),
                                             number_of(record, field::budget_line_spent)});
    }
  } else if (key.kind == kind::justification) {
    const auto about = record.reading(field::justification_about).as_reference();
    const std::string text = text_of(record, field::justification_text);
    Justification said{text, position_of(record, field::justification_text)};
    if (!about || text.empty()) return;
    const auto [at, is_new] = justifications_.emplace(
        std::pair(text_of(record, field::justification_check), *about), said);
    if (!is_new && at->second.position < said.position) at->second = std::move(said);
  } else if (is_series(key.kind)) {
    const auto found = indicator_ids_.find({key.device, key.counter});
    if (found == indicator_ids_.end()) {
      early_.emplace_back(key, record);
    } else {
      put_series(indicators_[found->second], key, record);
    }
  }
}

void Register::finish() {
  for (const auto& [key, record] : early_) {
    const auto found = indicator_ids_.find({key.device, key.counter});
    if (found != indicator_ids_.end()) put_series(indicators_[found->second], key, record);
  }
  early_.clear();
  std::sort(areas_.begin(), areas_.end(), comes_before<Area>);
  std::sort(indicators_.begin(), indicators_.end(), comes_before<Indicator>);
  area_ids_.clear();
  indicator_ids_.clear();
  for (size_t i = 0; i < areas_.size(); ++i) {
    area_ids_[{areas_[i].key.device, areas_[i].key.counter}] = i;
  }
  for (const auto& [key, line] : budget_) {
    if (const auto area = find_area(key)) areas_[*area].budget.push_back(line);
  }
  budget_.clear();
  formulas_ = Formulas(indicators_);
  for (size_t i = 0; i < indicators_.size(); ++i) {
    indicator_ids_[{indicators_[i].key.device, indicators_[i].key.counter}] = i;
    count_periods(indicators_[i], true);
  }
}

void Register::count_periods(const Indicator& indicator, bool is_added) {
  if (indicator.is_retired) return;
  for (const Measurement& measurement : indicator.measurements) {
    const bool is_reported =
        is_reporting_period(measurement.period) && measurement.value.has_value();
    if (!is_reported) continue;
    size_t& count = measured_[measurement.period];
    is_added ? ++count : --count;
  }
}

std::vector<Period> Register::newest_periods(const std::optional<Period::Date>& today) const {
  std::vector<Period> newest;
  for (const PeriodKind kind : {PeriodKind::year, PeriodKind::half_year}) {
    for (auto at = measured_.rbegin(); at != measured_.rend(); ++at) {
      const bool is_over = !today || at->first.end() < *today;
      if (at->second == 0 || at->first.kind() != kind || !is_over) continue;
      newest.push_back(at->first);
      break;
    }
  }
  std::sort(newest.begin(), newest.end());
  return newest;
}

std::string Register::justification(std::string_view check, const RecordKey& record,
                                    uint64_t position) const {
  if (justifications_.empty()) return "";
  const auto found = justifications_.find({std::string(check), record});
  const bool is_there = found != justifications_.end() && found->second.position >= position;
  return is_there ? found->second.text : "";
}

std::optional<size_t> Register::find_area(const RecordKey& key) const {
  const auto found = area_ids_.find({key.device, key.counter});
  return key.kind == kind::kpa && found != area_ids_.end() ? std::optional(found->second)
                                                           : std::nullopt;
}

std::optional<size_t> Register::find_indicator(const RecordKey& key) const {
  const bool is_of_one = key.kind == kind::indicator || is_series(key.kind);
  const auto found = indicator_ids_.find({key.device, key.counter});
  return is_of_one && found != indicator_ids_.end() ? std::optional(found->second) : std::nullopt;
}

bool Register::try_weight(std::string_view code, const Decimal& weight) {
  bool is_known = false;
  const bool is_of_area = code.starts_with("kpa:");
  if (is_of_area) code.remove_prefix(4);
  for (Indicator& indicator : indicators_) {
    if (indicator.code != code || is_of_area) continue;
    indicator.weight = weight;
    is_known = true;
  }
  if (is_known) return true;
  for (Area& area : areas_) {
    if (area.code != code) continue;
    area.weight = weight;
    is_known = true;
  }
  return is_known;
}

std::vector<size_t> Register::update(const RecordKey& key, const RecordState& record) {
  const std::optional<size_t> found = find_indicator(key);
  if (!is_series(key.kind) || !found) return {};
  record.is_contended() ? (void)contended_.insert(key) : (void)contended_.erase(key);
  std::vector<size_t> touched = formulas_.needing(*found);
  for (const size_t index : touched) count_periods(indicators_[index], false);
  put_series(indicators_[*found], key, record);
  formulas_.recompute(indicators_, touched);
  for (const size_t index : touched) count_periods(indicators_[index], true);
  return touched;
}

}  // namespace daftar
