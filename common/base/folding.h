// Text as search and comparison see it: what people mean as the same reads the same.
#pragma once

#include <string>
#include <string_view>

namespace daftar {

/// Words with single spaces between them, without what people write in several ways: case, accents
/// and ligatures; Arabic vowel signs, tatweel, the hamza, the forms of alef, ya and ta marbuta,
/// Persian letters; the script of digits; punctuation, marks of direction. "" if nothing is left.
/// Bytes that are no UTF-8 are taken as spaces.
std::string fold_text(std::string_view text);

}  // namespace daftar
