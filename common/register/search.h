// Search by name as somebody types: whatever the case, accents, Arabic spelling or digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/register/indicator.h"

namespace daftar {

/// How well something matches, the best first.
enum class MatchRank : uint8_t {
  code,         ///< its code is what was typed
  code_begins,  ///< its code begins with it
  name,         ///< one of its names is what was typed
  name_begins,
  words,   ///< every word that was typed begins a word of it
  inside,  ///< every word is somewhere in it
};

struct SearchHit {
  size_t item;  ///< as it was added, from 0
  MatchRank rank;
};

/// Of 30,000 names a search takes some milliseconds, without any structure beside the names.
class SearchIndex {
 public:
  void add(std::string_view code, const Names& names);

  /// All that hold every word of what was typed, the best first, of one rank in the order in which
  /// they were added. Nothing for a text without letters and digits.
  [[nodiscard]] std::vector<SearchHit> find(std::string_view typed) const;

 private:
  [[nodiscard]] std::string_view text(size_t item) const;

  /// Of each item its folded code, then its folded names, each between line ends.
  std::string texts_;
  std::vector<size_t> ends_;
};

}  // namespace daftar
