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

struct Finding {
  Check check = Check::contended;
  RecordKey record;                    ///< that has to be mended
  std::vector<std::string> arguments;  ///< of the message check.ID, behind the record's name
  std::string justification;           ///< why it is right all the same; "" if nobody says so
};

/// By record, in the register's order, those of codes and of the tree first; of one record by
/// severity. `options` as for scores: what is not due yet is not missing. `soft_above`: the
/// profile's.
std::vector<Finding> check_register(const Register& reg, const ScoreOptions& options,
                                    double soft_above);
/// Those of one indicator's own values and targets, and of its parts' sum: all that changes with an
/// edit of its values but the sum of its parent.
std::vector<Finding> check_indicator(const Register& reg, size_t indicator,
                                     const ScoreOptions& options, double soft_above);

}  // namespace daftar
