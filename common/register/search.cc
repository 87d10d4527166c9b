#include "common/register/search.h"

#include <algorithm>
#include <optional>

#include "common/base/folding.h"

namespace daftar {
namespace {

// What people separate by spaces; a code such as 1.2.1 stays together as "1 2 1".
std::vector<std::string> words_of(std::string_view typed) {
  std::vector<std::string> words;
  for (size_t from = 0; from < typed.size();) {
    const size_t to = std::min(typed.find_first_of(" \t\r\n", from), typed.size());
    std::string word = fold_text(typed.substr(from, to - from));
    if (!word.empty()) words.push_back(std::move(word));
    from = to + 1;
  }
  // The longest is in the fewest.
  std::sort(words.begin(), words.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  return words;
}

// Whether a word of the text begins with it.
bool begins_a_word(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if (text[at - 1] == ' ' || text[at - 1] == '\n') return true;
  }
  return false;
}

// `whole` as it is in the text: "\n" before each part and behind the last.
std::optional<MatchRank> rank_of(std::string_view text, const std::vector<std::string>& words,
                                 std::string_view whole) {
  const bool has_all = std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return text.find(word) != std::string_view::npos;
  });
  if (!has_all) return std::nullopt;
  const std::string begin = "\n" + std::string(whole);
  const std::string exact = begin + "\n";
  if (text.starts_with(exact)) return MatchRank::code;
  if (text.starts_with(begin)) return MatchRank::code_begins;
  if (text.find(exact) != std::string_view::npos) return MatchRank::name;
  if (text.find(begin) != std::string_view::npos) return MatchRank::name_begins;
  const bool begin_words = std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return begins_a_word(text, word);
  });
  return begin_words ? MatchRank::words : MatchRank::inside;
}

}  // namespace

void SearchIndex::add(std::string_view code, const Names& names) {
  texts_ += '\n' + fold_text(code) + '\n';
  for (const std::string& name : names) {
    if (!name.empty()) texts_ += fold_text(name) + '\n';
  }
  ends_.push_back(texts_.size());
}

std::string_view SearchIndex::text(size_t item) const {
  const size_t from = item == 0 ? 0 : ends_[item - 1];
  return std::string_view(texts_).substr(from, ends_[item] - from);
}

std::vector<SearchHit> SearchIndex::find(std::string_view typed) const {
  const std::vector<std::string> words = words_of(typed);
  std::vector<SearchHit> hits;
  if (words.empty()) return hits;
  const std::string whole = fold_text(typed);
  // The rarest word is looked for in all of it at once.
  const std::string_view all = texts_;
  for (size_t at = all.find(words.front()); at != std::string_view::npos;) {
    const auto end = std::upper_bound(ends_.begin(), ends_.end(), at);
    const auto item = static_cast<size_t>(end - ends_.begin());
    if (const auto rank = rank_of(text(item), words, whole)) hits.push_back({item, *rank});
    at = all.find(words.front(), *end);
  }
  std::stable_sort(hits.begin(), hits.end(),
                   [](const SearchHit& a, const SearchHit& b) { return a.rank < b.rank; });
  return hits;
}

}  // namespace daftar
