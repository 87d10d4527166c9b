// Indicators whose names say almost the same: the lesson of earlier registers was to keep fewer.
#pragma once

#include <cstddef>
#include <vector>

#include "common/register/register.h"

namespace daftar {

struct NearDuplicate {
  size_t first;  ///< in the register's order
  size_t second;
  Language language;  ///< of the names that are alike
};

/// Among the KPIs of a register, and among the parts of each: names that are the same but for case,
/// accents, Arabic spelling, punctuation, the order of words, a final s, or one letter in a long
/// word; in one language at least, and in every one in which both have a name. Each indicator once,
/// with the first that it is like; ascending by `second`.
std::vector<NearDuplicate> find_near_duplicates(const Register& reg);

}  // namespace daftar
