// An indicator's formula over other indicators (FORMULAS.md): what it refers to, and its value.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/period.h"
#include "common/base/status.h"

namespace daftar {

/// "[1.2.1]", "[1.2.1@2020]", "[1.2.1@-1]".
struct FormulaReference {
  std::string code;
  std::optional<Period> fixed;  ///< that period's value, whatever is computed
  int back = 0;                 ///< so many periods of the same kind earlier

  /// The period that is meant when the formula is computed for another; nothing if the calendar
  /// has none.
  [[nodiscard]] std::optional<Period> period_for(const Period& computed) const;
  friend bool operator==(const FormulaReference&, const FormulaReference&) = default;
};

/// So many periods of its kind later (earlier, below 0); nothing for spans, ranges and years with
/// a letter, and beyond the calendar.
std::optional<Period> shift_period(const Period& period, int by);

/// Used by one thread at a time.
class ValueFormula {
 public:
  static constexpr size_t kLongest = 2'000;  // bytes

  /// Code::invalid with what is wrong and where.
  static Result<ValueFormula> parse(std::string_view text);
  ValueFormula(ValueFormula&&) noexcept;
  ValueFormula& operator=(ValueFormula&&) noexcept;
  ~ValueFormula();

  [[nodiscard]] const std::vector<FormulaReference>& references() const;
  /// Of one number for each reference; nothing where the result is no number: a division by zero, a
  /// root of a negative number, too large.
  [[nodiscard]] std::optional<double> evaluate(const std::vector<double>& inputs) const;

 private:
  struct Parts;
  explicit ValueFormula(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace daftar
