// Unicode text as Daftar keeps it: valid UTF-8, normalised to NFC when it is typed.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"

namespace daftar {

/// Whether `bytes` is well-formed UTF-8 (no surrogates, no overlong forms, up to U+10FFFF).
bool is_valid_utf8(std::string_view bytes);

/// `typed` in Unicode normalisation form C; Code::invalid if it is not UTF-8.
Result<std::string> normalise_text(std::string_view typed);

/// Replaces Arabic-Indic and Eastern Arabic-Indic digits by Western ones, the Arabic decimal
/// separator (U+066B) by '.', and drops the Arabic thousands separator (U+066C).
std::string western_digits(std::string_view text);

/// A text that somebody else wrote, on one line and without what a terminal or a log would obey:
/// control characters become spaces.
std::string one_line(std::string_view text);

/// `text` without white space (ASCII, no-break space) at either end.
std::string_view trim(std::string_view text);

/// A computed number with at most so many significant digits: "0.3333", "1e+20"; "–" for what is
/// none.
std::string number_text(double number, int digits);
/// A text with spaces behind it up to that many characters, two where it is as long or longer.
std::string padded(const std::string& text, size_t width);

}  // namespace daftar
