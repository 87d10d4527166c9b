#include "common/register/value_formula.h"

#include <muParser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "common/base/text.h"

namespace daftar {
namespace {

constexpr int kFarthestBack = 1'000;  // periods

Status bad_formula(std::string_view text, std::string_view at) {
  return {Code::invalid, Msg::formula_bad, {std::string(text), std::string(at)}};
}

// What stands between the brackets.
Result<FormulaReference> parse_reference(std::string_view formula, std::string_view text) {
  FormulaReference reference;
  const size_t at = text.rfind('@');
  reference.code = trim(text.substr(0, at));
  if (reference.code.empty()) return bad_formula(formula, "[" + std::string(text) + "]");
  if (at == std::string_view::npos) return reference;
  const std::string_view when = trim(text.substr(at + 1));
  if (when.starts_with('-')) {
    const auto [end, error] =
        std::from_chars(when.data() + 1, when.data() + when.size(), reference.back);
    const bool is_whole = error == std::errc() && end == when.data() + when.size();
    if (!is_whole || reference.back < 1 || reference.back > kFarthestBack) {
      return bad_formula(formula, "@" + std::string(when));
    }
    return reference;
  }
  DAFTAR_ASSIGN_OR_RETURN(const ParsedPeriod parsed, parse_period(when));
  reference.fixed = parsed.period;
  return reference;
}

// An = that is no comparison would be an assignment.
bool has_assignment(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') continue;
    const char before = i > 0 ? text[i - 1] : '\0';
    if (i + 1 < text.size() && text[i + 1] == '=') {
      ++i;
    } else if (before != '<' && before != '>' && before != '!') {
      return true;
    }
  }
  return false;
}

// What the parser calls a reference.
constexpr std::string_view kVariable = "daftar_";
std::string variable_name(size_t reference) {
  return std::string(kVariable) + std::to_string(reference);
}

Period::Date shifted(const Period& period, int months) {
  return period.start() + std::chrono::months(months);
}

}  // namespace

std::optional<Period> shift_period(const Period& period, int by) {
  const auto kept = [](const Result<Period>& result) {
    return result.ok() ? std::optional(*result) : std::nullopt;
  };
  const auto month_of = [](const Period::Date& date) {
    return static_cast<int>(static_cast<unsigned>(date.month()));
  };
  const auto year_of = [](const Period::Date& date) { return static_cast<int>(date.year()); };
  switch (period.kind()) {
    case PeriodKind::year:
      return period.letter() == '\0' ? kept(Period::year(period.start_year() + by)) : std::nullopt;
    case PeriodKind::split_year:
      return kept(Period::split_year(period.start_year() + by));
    case PeriodKind::half_year: {
      const Period::Date date = shifted(period, 6 * by);
      return kept(Period::half_year(year_of(date), (month_of(date) + 5) / 6));
    }
    case PeriodKind::quarter: {
      const Period::Date date = shifted(period, 3 * by);
      return kept(Period::quarter(year_of(date), (month_of(date) + 2) / 3));
    }
    case PeriodKind::month: {
      const Period::Date date = shifted(period, by);
      return kept(Period::month(year_of(date), month_of(date)));
    }
    default:
      return std::nullopt;
  }
}

std::optional<Period> FormulaReference::period_for(const Period& computed) const {
  if (fixed) return fixed;
  return back == 0 ? std::optional(computed) : shift_period(computed, -back);
}

// What the parser stopped at, as it was typed; the end where it came to it. In one pass: what
// stands in brackets may look like a variable.
std::string typed_token(std::string_view token, std::string_view formula,
                        const std::vector<std::string>& references) {
  std::string typed;
  while (!token.empty()) {
    size_t number = 0;
    const std::string_view rest = token.substr(std::min(kVariable.size(), token.size()));
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (token.starts_with(kVariable) && error == std::errc() && number < references.size()) {
      typed += references[number];
      token = rest.substr(static_cast<size_t>(end - rest.data()));
    } else {
      typed += token.front();
      token.remove_prefix(1);
    }
  }
  return trim(typed).empty() ? "… " + std::string(trim(formula)) : std::string(trim(typed));
}

struct ValueFormula::Parts {
  mu::Parser parser;
  std::vector<FormulaReference> references;
  std::vector<double> variables;  ///< the parser keeps their addresses
};

ValueFormula::ValueFormula(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ValueFormula::ValueFormula(ValueFormula&&) noexcept = default;
ValueFormula& ValueFormula::operator=(ValueFormula&&) noexcept = default;
ValueFormula::~ValueFormula() = default;

Result<ValueFormula> ValueFormula::parse(std::string_view text) {
  const std::string typed = western_digits(text);
  if (trim(typed).empty() || typed.size() > kLongest) return bad_formula(text, "");
  auto parts = std::make_unique<Parts>();
  std::string expression;
  std::vector<std::string> names;  // of the references, as they are typed
  for (size_t i = 0; i < typed.size();) {
    if (typed[i] != '[') {
      expression += typed[i++];
      continue;
    }
    const size_t end = typed.find(']', i);
    if (end == std::string::npos) return bad_formula(text, typed.substr(i));
    DAFTAR_ASSIGN_OR_RETURN(const FormulaReference reference,
                            parse_reference(text, typed.substr(i + 1, end - i - 1)));
    const std::string written = typed.substr(i, end + 1 - i);
    auto known = std::find(parts->references.begin(), parts->references.end(), reference);
    const auto number = static_cast<size_t>(known - parts->references.begin());
    if (known == parts->references.end()) {
      parts->references.push_back(reference);
      names.push_back(written);
    }
    expression += " " + variable_name(number) + " ";
    i = end + 1;
  }
  if (has_assignment(expression)) return bad_formula(text, "=");
  const bool is_moving =
      std::any_of(parts->references.begin(), parts->references.end(),
                  [](const FormulaReference& reference) { return !reference.fixed; });
  if (!is_moving) return Status(Code::invalid, Msg::formula_still, {std::string(text)});
  parts->variables.resize(parts->references.size(), 1);
  try {
    for (size_t i = 0; i < parts->variables.size(); ++i) {
      parts->parser.DefineVar(variable_name(i), &parts->variables[i]);
    }
    parts->parser.SetExpr(expression);
    parts->parser.Eval();
    if (parts->parser.GetNumResults() != 1) return bad_formula(text, ",");
  } catch (const mu::Parser::exception_type& error) {
    return bad_formula(text, typed_token(error.GetToken(), typed, names));
  }
  return ValueFormula(std::move(parts));
}

const std::vector<FormulaReference>& ValueFormula::references() const { return parts_->references; }

std::optional<double> ValueFormula::evaluate(const std::vector<double>& inputs) const {
  std::copy_n(inputs.begin(), parts_->variables.size(), parts_->variables.begin());
  try {
    const double result = parts_->parser.Eval();
    return std::isfinite(result) ? std::optional(result) : std::nullopt;
  } catch (const mu::Parser::exception_type&) {
    return std::nullopt;
  }
}

}  // namespace daftar
