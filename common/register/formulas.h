// The formulas of a register: what each indicator's gives, in the order in which they need one
// another (FORMULAS.md).
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "common/register/indicator.h"
#include "common/register/value_formula.h"

namespace daftar {

class Formulas {
 public:
  Formulas() = default;
  /// Reads the formulas and puts what they give, and why they do not, into the indicators.
  explicit Formulas(std::vector<Indicator>& indicators);
  /// An indicator's index, then those of the indicators that are computed from it.
  [[nodiscard]] std::vector<size_t> needing(size_t indicator) const;
  /// After the values of the first of these changed, computes again which of them have a formula.
  void recompute(std::vector<Indicator>& indicators, const std::vector<size_t>& touched) const;
  /// What an indicator's formula refers to, and the indicator that is meant; empty without one that
  /// can be computed.
  [[nodiscard]] std::vector<std::pair<FormulaReference, size_t>> inputs_of(size_t indicator) const;

 private:
  struct Computed {
    size_t indicator;
    ValueFormula formula;
    std::vector<size_t> inputs;  ///< indicators, one for each of its references
  };
  class Codes;
  /// Nothing, and the problem in the indicator, where the formula cannot be computed.
  static std::optional<Computed> read(Indicator& indicator, size_t index, const Codes& codes);
  void put_in_order(std::vector<Indicator>& indicators, std::vector<Computed> unordered);
  void compute(std::vector<Indicator>& indicators, const Computed& computed) const;

  std::vector<Computed> computed_;  ///< none before those that it needs
};

}  // namespace daftar
