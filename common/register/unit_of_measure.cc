#include "common/register/unit_of_measure.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "common/base/folding.h"

namespace daftar {
namespace {

constexpr size_t kLongestSpelling = 3;  // words

struct UnitWord {
  std::string_view word;
  std::string_view spellings;
};
constexpr UnitWord kUnitWords[] = {
#define DAFTAR_UNIT_WORD(word, spellings) {word, spellings},
#include "common/register/units.def"
#undef DAFTAR_UNIT_WORD
};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (size_t from = 0; from <= text.size();) {
    const size_t to = std::min(text.find(at, from), text.size());
    if (to > from) parts.emplace_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

const std::map<std::string, std::string>& words_of_spellings() {
  static const std::map<std::string, std::string> kWords = [] {
    std::map<std::string, std::string> words;
    for (const UnitWord& unit : kUnitWords) {
      for (const std::string& spelling : split(unit.spellings, ';')) {
        words[fold_text(spelling)] = unit.word;
      }
    }
    return words;
  }();
  return kWords;
}

// Signs that folding takes for punctuation are words here, and "100,000" is one number.
std::string spell_out(std::string_view typed) {
  // Â£ is a pound sign that was read in the wrong encoding.
  struct Sign {
    std::string_view typed;
    std::string_view word;
    bool is_word = false;  ///< not behind a letter
  };
  constexpr Sign kSigns[] = {{"AUS$", " aud ", true}, {"AU$", " aud ", true}, {"A$", " aud ", true},
                             {"NZ$", " nzd ", true},  {"HK$", " hkd ", true}, {"S$", " sgd ", true},
                             {"CA$", " cad ", true},  {"C$", " cad "},        {"US$", " usd "},
                             {"$US", " usd "},        {"$", " dollarsign "},  {"€", " eur "},
                             {"Â£", " gbp "},         {"£", " gbp "},         {"‰", " per 1000 "},
                             {"%", " percent "},      {"٪", " percent "}};
  std::string text;
  for (size_t i = 0; i < typed.size();) {
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    const bool is_in_word = i > 0 && is_letter(typed[i - 1]);
    const auto* sign = std::find_if(std::begin(kSigns), std::end(kSigns), [&](const Sign& one) {
      return typed.substr(i).starts_with(one.typed) && !(one.is_word && is_in_word);
    });
    if (sign != std::end(kSigns)) {
      text += sign->word;
      i += sign->typed.size();
      continue;
    }
    const auto is_digit = [&](size_t at) {
      return at < typed.size() && typed[at] >= '0' && typed[at] <= '9';
    };
    const bool is_group_mark = (typed[i] == ',' || typed[i] == ' ') && i > 0 && is_digit(i - 1) &&
                               is_digit(i + 1) && is_digit(i + 2) && is_digit(i + 3) &&
                               !is_digit(i + 4);
    if (!is_group_mark) text += typed[i];
    ++i;
  }
  return text;
}

// The longest spelling first.
std::vector<std::string> same_words(const std::vector<std::string>& typed) {
  const auto& words = words_of_spellings();
  std::vector<std::string> same;
  for (size_t i = 0; i < typed.size();) {
    size_t taken = 0;
    for (size_t length = std::min(kLongestSpelling, typed.size() - i); length > 0; --length) {
      std::string spelling = typed[i];
      for (size_t more = 1; more < length; ++more) spelling += ' ' + typed[i + more];
      const auto found = words.find(spelling);
      if (found == words.end()) continue;
      for (std::string& word : split(found->second, ' ')) same.push_back(std::move(word));
      taken = length;
      break;
    }
    if (taken == 0) same.push_back(typed[i]);
    i += std::max<size_t>(taken, 1);
  }
  return same;
}

}  // namespace

std::string normal_unit(std::string_view typed) {
  std::vector<std::string> words;
  // What is said again in brackets is said once: "Percentage (%)".
  for (std::string& word : same_words(split(fold_text(spell_out(typed)), ' '))) {
    // The sign alone is the United States'; behind a dollar it says nothing more.
    if (word == "dollarsign") {
      if (std::find(words.begin(), words.end(), "cad") != words.end()) continue;
      word = "usd";
    }
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
  const auto is_scale = [](const std::string& word) {
    return word == "thousand" || word == "million" || word == "billion";
  };
  // "GBP (thousands)" is "thousand gbp"; "per million population" stays.
  const auto scale = std::find_if(words.begin(), words.end(), is_scale);
  const auto per = std::find(words.begin(), words.end(), "per");
  if (scale < per && scale != words.end()) std::rotate(words.begin(), scale, scale + 1);
  std::string unit;
  for (const std::string& word : words) unit += (unit.empty() ? "" : " ") + word;
  return unit;
}

}  // namespace daftar
