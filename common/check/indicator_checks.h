// What is looked at in one indicator: its own fields, values and targets.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/check/check.h"

namespace daftar {

/// The key of what an indicator's record says for a period.
RecordKey record_of(const Indicator& indicator, KindNumber kind, const Period& period);
/// The names of fields for people, "code, unit".
std::string field_texts(KindNumber kind, const std::vector<FieldNumber>& fields);
/// As findings show what was computed: up to 15 digits.
std::string number_text(double number);

/// In the order in which they were looked for. `has_parts`: live indicators hang below it.
std::vector<Finding> check_own(const Register& reg, size_t indicator, const CheckOptions& options,
                               bool has_parts);

}  // namespace daftar
