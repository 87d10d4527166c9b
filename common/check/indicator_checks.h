// What is looked at in one indicator: its own fields, values and targets.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/check/check.h"

namespace daftar {

/// The names of fields for people, "code, unit".
std::string field_texts(KindNumber kind, const std::vector<FieldNumber>& fields);
/// Significant digits of what was computed, in findings.
inline constexpr int kShownDigits = 15;

/// Adds them in the order in which they were looked for. `has_parts`: live indicators hang below
/// it.
void check_own(const Register& reg, size_t indicator, const CheckOptions& options, bool has_parts,
               std::vector<Finding>& findings);

}  // namespace daftar
