#include "common/register/no_score.h"

#include <cstddef>

namespace daftar {

std::string_view name_of(NoScore reason) {
  constexpr std::string_view kNames[] = {"none",
                                         "not_due",
                                         "not_applicable",
                                         "not_reported",
                                         "no_evidence",
                                         "returned",
                                         "rejected",
                                         "no_direction",
                                         "wrong_kind",
                                         "no_target",
                                         "target_is_baseline",
                                         "target_wrong_side",
                                         "no_ratio",
                                         "no_tolerance",
                                         "no_baseline",
                                         "no_line",
                                         "no_formula_value",
                                         "not_growing",
                                         "too_little",
                                         "nothing_expected",
                                         "no_weight",
                                         "retired"};
  return kNames[static_cast<size_t>(reason)];
}

}  // namespace daftar
