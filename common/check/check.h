// What somebody should look at in a register before he reports it: values that cannot be right,
// that are missing, or that are not like their own past. Pure functions over a Register; CHECKS.md
// says what each looks for.
//
// Rules that span records cannot be refused offline: they show here until they are mended, or
// justified by somebody (kinds.def: justification).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/register/register.h"
#include "common/score/score_table.h"

namespace daftar {

enum class Severity : uint8_t { error, warning, note };
std::string_view name_of(Severity severity);

enum class Check : uint8_t {
#define DAFTAR_CHECK(enumerator, id, severity) enumerator,
#include "common/check/checks.def"
#undef DAFTAR_CHECK
};
std::string_view id_of(Check check);
Severity severity_of(Check check);
const std::vector<Check>& all_checks();

struct CheckOptions {
  ScoreOptions score;
  double soft_above = 0;       ///< achievements above it: the profile's
  std::vector<Period> newest;  ///< in which values are missed: Register::newest_periods()
};

struct Finding {
  Check check = Check::contended;
  RecordKey record;                    ///< that has to be mended
  std::vector<std::string> arguments;  ///< of the message check.ID, behind the record's name
  std::string justification;           ///< why it is right all the same; "" if nobody says so
};

/// The findings of a register, kept up with its edits.
class Checks {
 public:
  /// `options` as for scores: what is not due yet is not missing. `soft_above`: the profile's. The
  /// register must outlive it.
  Checks(const Register& reg, const ScoreOptions& options, double soft_above);

  /// By record, in the register's order, those of codes, of the tree and of names first; of one
  /// record by severity.
  [[nodiscard]] std::vector<Finding> all() const;
  /// Of one indicator's values, targets and parts.
  [[nodiscard]] const std::vector<Finding>& of_indicator(size_t indicator) const {
    return of_indicators_[indicator];
  }
  /// After Register::update(): looks again at the indicators that it names, and at those above
  /// them.
  void recheck(const std::vector<size_t>& touched);

 private:
  void check(size_t indicator);

  const Register& reg_;
  CheckOptions options_;
  ScoreTable tree_;  ///< without periods
  std::vector<Finding> of_register_;
  std::vector<std::vector<Finding>> of_indicators_;
};

}  // namespace daftar
