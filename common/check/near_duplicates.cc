#include "common/check/near_duplicates.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "common/base/folding.h"

namespace daftar {
namespace {

// In a shorter word another letter is mostly another word ("men", "ten"; "class A", "class B").
constexpr size_t kLongWord = 7;  // bytes

// A name's words in alphabetical order, without a final s.
using Words = std::vector<std::string>;

Words words_of(const std::string& name) {
  const std::string folded = fold_text(name);
  Words words;
  for (size_t from = 0; from < folded.size();) {
    const size_t to = std::min(folded.find(' ', from), folded.size());
    std::string word = folded.substr(from, to - from);
    if (word.size() > 3 && word.back() == 's') word.pop_back();
    words.push_back(std::move(word));
    from = to + 1;
  }
  std::sort(words.begin(), words.end());
  return words;
}

bool has_digit(std::string_view word) {
  return std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Whether one byte was changed, left out or put in. Letters beyond ASCII have two: a changed one
// counts when its first byte stayed.
bool differ_by_one(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  size_t same = 0;
  while (same < a.size() && a[same] == b[same]) ++same;
  const size_t skipped = a.size() == b.size() ? 1 : 0;
  return a.substr(std::min(same + skipped, a.size())) == b.substr(std::min(same + 1, b.size()));
}

bool are_alike(const Words& a, const Words& b) {
  if (a == b) return true;
  if (a.size() != b.size()) return false;
  const std::string* one = nullptr;
  const std::string* other = nullptr;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    if (one != nullptr) return false;
    one = &a[i];
    other = &b[i];
  }
  return std::min(one->size(), other->size()) >= kLongWord && !has_digit(*one) &&
         !has_digit(*other) && differ_by_one(*one, *other);
}

// The words of an indicator's names, by language.
using Named = std::array<Words, std::tuple_size_v<Names>>;

// In one language at least, and in none otherwise: names that were translated alike may stand for
// two things.
bool are_alike(const Named& a, const Named& b) {
  for (size_t language = 0; language < a.size(); ++language) {
    const bool has_both = !a[language].empty() && !b[language].empty();
    if (has_both && !are_alike(a[language], b[language])) return false;
  }
  return true;
}

// Finds pairs among some indicators.
class Group {
 public:
  Group(const Register& reg, const std::vector<size_t>& indicators) : indicators_(indicators) {
    for (const size_t i : indicators) {
      Named named;
      for (size_t language = 0; language < named.size(); ++language) {
        named[language] = words_of(reg.indicators()[i].names[language]);
      }
      names_.push_back(std::move(named));
    }
  }

  void compare(Language language, std::map<size_t, NearDuplicate>& found) {
    const auto of = static_cast<size_t>(language);
    std::vector<size_t> order;
    for (size_t i = 0; i < names_.size(); ++i) {
      if (!names_[i][of].empty()) order.push_back(i);
    }
    const auto words = [&](size_t i) -> const Words& { return names_[i][of]; };
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return words(a) != words(b) ? words(a) < words(b) : a < b;
    });
    compare_neighbours(order, language, found);
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      if (words(a) == words(b)) return a < b;
      return std::lexicographical_compare(words(a).rbegin(), words(a).rend(), words(b).rbegin(),
                                          words(b).rend());
    });
    compare_neighbours(order, language, found);
  }

 private:
  // Sorted, names that differ in one word's letter mostly stand side by side; sorted from the last
  // word on, those that differ in the first.
  void compare_neighbours(const std::vector<size_t>& order, Language language,
                          std::map<size_t, NearDuplicate>& found) {
    for (size_t i = 1; i < order.size(); ++i) {
      if (!are_alike(names_[order[i - 1]], names_[order[i]])) continue;
      const size_t first = indicators_[std::min(order[i - 1], order[i])];
      const size_t second = indicators_[std::max(order[i - 1], order[i])];
      const auto known = found.find(second);
      if (known == found.end() || first < known->second.first) {
        found.insert_or_assign(second, NearDuplicate{first, second, language});
      }
    }
  }

  const std::vector<size_t>& indicators_;  ///< ascending
  std::vector<Named> names_;
};

}  // namespace

std::vector<NearDuplicate> find_near_duplicates(const Register& reg) {
  // KPIs are compared with all KPIs, parts with those beside them.
  std::map<RecordKey, std::vector<size_t>> groups;
  for (size_t i = 0; i < reg.indicators().size(); ++i) {
    const Indicator& indicator = reg.indicators()[i];
    if (indicator.is_retired || !indicator.parent) continue;
    groups[reg.find_area(*indicator.parent) ? RecordKey() : *indicator.parent].push_back(i);
  }
  std::map<size_t, NearDuplicate> found;
  for (const auto& [parent, indicators] : groups) {
    Group group(reg, indicators);
    for (const Language language : {Language::arabic, Language::english, Language::french}) {
      group.compare(language, found);
    }
  }
  std::vector<NearDuplicate> pairs;
  pairs.reserve(found.size());
  for (const auto& [second, pair] : found) pairs.push_back(pair);
  return pairs;
}

}  // namespace daftar
