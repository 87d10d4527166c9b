#include "common/base/folding.h"

#include <utf8proc.h>

#include <array>
#include <cstdint>

namespace daftar {
namespace {

// Letters that have no decomposition in Unicode and are typed for one another.
utf8proc_int32_t common_form(utf8proc_int32_t letter) {
  switch (letter) {
    case 0x0671:  // alef wasla
      return 0x0627;
    case 0x0649:  // alef maqsura
    case 0x06CC:  // Persian ya
      return 0x064A;
    case 0x0629:  // ta marbuta
    case 0x06C1:  // Urdu ha
      return 0x0647;
    case 0x06A9:  // Persian kaf
      return 0x0643;
    default:
      break;
  }
  if (letter >= 0x0660 && letter <= 0x0669) return '0' + (letter - 0x0660);
  if (letter >= 0x06F0 && letter <= 0x06F9) return '0' + (letter - 0x06F0);
  return letter;
}

// Written or left out as people like: tatweel, and the hamza on the line.
bool is_left_out(utf8proc_int32_t letter) { return letter == 0x0640 || letter == 0x0621; }

bool belongs_to_word(utf8proc_int32_t letter) {
  switch (utf8proc_category(letter)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

void append(std::string& folded, utf8proc_int32_t letter) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto length = utf8proc_encode_char(letter, bytes.data());
  folded.append(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(length));
}

// A space is put before a word, not behind one.
class Words {
 public:
  explicit Words(size_t room) { folded_.reserve(room); }
  void end_word() { is_between_ = true; }
  void add(char c) {
    begin_letter();
    folded_ += c;
  }
  void add(utf8proc_int32_t letter) {
    begin_letter();
    append(folded_, letter);
  }
  std::string take() { return std::move(folded_); }

 private:
  void begin_letter() {
    if (is_between_ && !folded_.empty()) folded_ += ' ';
    is_between_ = false;
  }
  std::string folded_;
  bool is_between_ = false;
};

void add_letter(Words& words, utf8proc_int32_t letter) {
  // œ and æ are letters of their own in Unicode, and two in French keyboards.
  if (letter == 0x0153 || letter == 0x00E6) {
    words.add(letter == 0x0153 ? 'o' : 'a');
    words.add('e');
    return;
  }
  if (is_left_out(letter)) return;
  letter = common_form(letter);
  belongs_to_word(letter) ? words.add(letter) : words.end_word();
}

}  // namespace

std::string fold_text(std::string_view text) {
  constexpr auto kFold =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE |
                                     UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
  Words words(text.size());
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) < 0x80) {
      const bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      const bool is_capital = c >= 'A' && c <= 'Z';
      if (is_letter || is_capital) {
        words.add(is_capital ? static_cast<char>(c - 'A' + 'a') : c);
      } else {
        words.end_word();
      }
      ++i;
      continue;
    }
    utf8proc_int32_t code_point = 0;
    const auto length =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
                         static_cast<utf8proc_ssize_t>(text.size() - i), &code_point);
    if (length <= 0) {
      words.end_word();
      ++i;
      continue;
    }
    i += static_cast<size_t>(length);
    // The longest decomposition of one code point has 18.
    std::array<utf8proc_int32_t, 32> parts{};
    int last_class = 0;
    const auto count = utf8proc_decompose_char(
        code_point, parts.data(), static_cast<utf8proc_ssize_t>(parts.size()), kFold, &last_class);
    for (utf8proc_ssize_t part = 0; part < count && part < 32; ++part) {
      add_letter(words, parts.at(static_cast<size_t>(part)));
    }
  }
  return words.take();
}

}  // namespace daftar
