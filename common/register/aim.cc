#include "common/register/aim.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace daftar {
namespace {

const Decimal kWhole(100);

Value end_value(const std::optional<Decimal>& end) { return end ? Value::decimal(*end) : Value(); }

bool is_end(const Value& value) { return value.is_empty() || value.as_decimal(); }

std::optional<Milestone> read_milestone(const Value& value) {
  const std::vector<Value> parts = value.as_list();
  if (value.type() != ValueType::list || parts.size() != 3) return std::nullopt;
  const auto percent = parts[0].as_decimal();
  const auto due = parts[1].as_period();
  const auto name = parts[2].as_text();
  if (!percent || percent->negative() || *percent > kWhole || !due || !name) return std::nullopt;
  const Result<Period> day = Period::from_bytes(*due);
  if (!day.ok() || day->start() != day->end()) return std::nullopt;
  return Milestone{*percent, *day, std::string(*name)};
}

// Where a percent sign stands, and how many bytes it has: the Western or the Arabic one.
std::pair<size_t, size_t> find_percent(std::string_view text) {
  constexpr std::string_view kArabic = "\xD9\xAA";
  const size_t western = text.find('%');
  const size_t arabic = text.find(kArabic);
  if (western < arabic) return {western, 1};
  return {arabic, kArabic.size()};
}

Status bad_aim(std::string_view typed) {
  return {Code::invalid, Msg::aim_bad, {std::string(typed.substr(0, 80))}};
}

Result<Value> parse_range(std::string_view typed, size_t dots) {
  Range range;
  const std::string_view low = trim(typed.substr(0, dots));
  const std::string_view high = trim(typed.substr(dots + 2));
  if ((low.empty() && high.empty()) || high.starts_with('.')) return bad_aim(typed);
  if (!low.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(range.low, Decimal::parse(low));
  }
  if (!high.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(range.high, Decimal::parse(high));
  }
  if (range.low && range.high && *range.low > *range.high) return bad_aim(typed);
  return aim_value(range);
}

Result<Milestone> parse_milestone(std::string_view typed) {
  const auto [mark, length] = find_percent(typed);
  if (mark == std::string_view::npos) return bad_aim(typed);
  DAFTAR_ASSIGN_OR_RETURN(const Decimal percent, Decimal::parse(trim(typed.substr(0, mark))));
  const std::string_view rest = trim(typed.substr(mark + length));
  const size_t space = rest.find(' ');
  if (percent.negative() || percent > kWhole || space == std::string_view::npos) {
    return bad_aim(typed);
  }
  DAFTAR_ASSIGN_OR_RETURN(const ParsedPeriod due, parse_period(rest.substr(0, space)));
  if (due.period.start() != due.period.end()) return bad_aim(typed);
  DAFTAR_ASSIGN_OR_RETURN(std::string name, normalise_text(trim(rest.substr(space))));
  return Milestone{percent, due.period, std::move(name)};
}

Result<Value> parse_milestones(std::string_view typed) {
  Milestones milestones;
  Decimal before;
  while (!typed.empty()) {
    const size_t end = std::min(typed.find(';'), typed.size());
    DAFTAR_ASSIGN_OR_RETURN(Milestone milestone, parse_milestone(typed.substr(0, end)));
    if (!milestones.empty() && milestone.due < milestones.back().due) return bad_aim(typed);
    milestones.push_back(std::move(milestone));
    typed.remove_prefix(std::min(end + 1, typed.size()));
    if (trim(typed).empty()) break;
  }
  return aim_value(milestones);
}

}  // namespace

std::optional<bool> parse_yes_no(std::string_view typed) {
  constexpr std::pair<std::string_view, bool> kWords[] = {
      {"yes", true}, {"Yes", true}, {"oui", true},  {"Oui", true},  {"نعم", true},
      {"no", false}, {"No", false}, {"non", false}, {"Non", false}, {"لا", false}};
  for (const auto& [word, yes] : kWords) {
    if (trim(typed) == word) return yes;
  }
  return std::nullopt;
}

Aim read_aim(const Value& value) {
  if (const auto number = value.as_decimal()) return *number;
  if (value.type() == ValueType::boolean) return value.is_yes();
  if (value.type() != ValueType::list) return {};
  const std::vector<Value> parts = value.as_list();
  if (parts.size() == 2 && is_end(parts[0]) && is_end(parts[1])) {
    const Range range{parts[0].as_decimal(), parts[1].as_decimal()};
    const bool is_backward = range.low && range.high && *range.low > *range.high;
    if ((!range.low && !range.high) || is_backward) return {};
    return range;
  }
  Milestones milestones;
  for (const Value& part : parts) {
    std::optional<Milestone> milestone = read_milestone(part);
    if (!milestone) return {};
    milestones.push_back(*std::move(milestone));
  }
  if (milestones.empty()) return {};
  return milestones;
}

Result<Value> parse_aim(std::string_view typed) {
  typed = trim(typed);
  if (typed.empty()) return Value();
  if (const auto yes = parse_yes_no(typed)) return Value::boolean(*yes);
  if (find_percent(typed).first != std::string_view::npos) return parse_milestones(typed);
  const size_t dots = typed.find("..");
  if (dots != std::string_view::npos) return parse_range(typed, dots);
  DAFTAR_ASSIGN_OR_RETURN(const Decimal number, Decimal::parse(typed));
  return Value::decimal(number);
}

Value aim_value(const Range& range) {
  return Value::list({end_value(range.low), end_value(range.high)});
}

Value aim_value(const Milestones& milestones) {
  std::vector<Value> list;
  list.reserve(milestones.size());
  for (const Milestone& milestone : milestones) {
    list.push_back(
        Value::list({Value::decimal(milestone.percent), Value::period(milestone.due.bytes()),
                     Value::text(milestone.name)}));
  }
  return Value::list(list);
}

std::string aim_text(const Aim& aim) {
  if (const auto* number = std::get_if<Decimal>(&aim)) return number->text();
  if (const auto* yes = std::get_if<bool>(&aim)) return *yes ? "yes" : "no";
  if (const auto* range = std::get_if<Range>(&aim)) {
    return (range->low ? range->low->text() : "") + ".." + (range->high ? range->high->text() : "");
  }
  std::string text;
  if (const auto* milestones = std::get_if<Milestones>(&aim)) {
    for (const Milestone& milestone : *milestones) {
      text += (text.empty() ? "" : "; ") + milestone.percent.text() + "% " + milestone.due.text() +
              " " + milestone.name;
    }
  }
  return text;
}

}  // namespace daftar
