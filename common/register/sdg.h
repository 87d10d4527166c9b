// Codes of the Sustainable Development Goals, and the official list of them.
#pragma once

#include <string_view>

namespace daftar {

/// Whether a code names a goal ("4"), a target ("4.a", "4.7") or an indicator ("4.7.1") of the
/// official list (sdg.def). A space, "SDG" before it and capital letters do not matter.
bool is_sdg_code(std::string_view code);

}  // namespace daftar
