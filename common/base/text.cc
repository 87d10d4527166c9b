#include "common/base/text.h"

#include <utf8proc.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace daftar {
namespace {

// Decodes one code point at `i`; returns its length, or 0 if it is not well-formed.
int decode_code_point(std::string_view text, size_t i, utf8proc_int32_t* code_point) {
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
                                       static_cast<utf8proc_ssize_t>(text.size() - i), code_point);
  return length > 0 ? static_cast<int>(length) : 0;
}

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    if (static_cast<unsigned char>(bytes[i]) < 0x80) {
      ++i;
      continue;
    }
    utf8proc_int32_t code_point = 0;
    const int length = decode_code_point(bytes, i, &code_point);
    if (length == 0) return false;
    i += static_cast<size_t>(length);
  }
  return true;
}

Result<std::string> normalise_text(std::string_view typed) {
  if (is_ascii(typed)) return std::string(typed);
  if (!is_valid_utf8(typed)) return Status(Code::invalid, Msg::text_not_utf8);
  utf8proc_uint8_t* output = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(typed.data()),
                   static_cast<utf8proc_ssize_t>(typed.size()), &output,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(output, &std::free);
  if (length < 0) return Status(Code::invalid, Msg::text_not_utf8);
  return std::string(reinterpret_cast<const char*>(output), static_cast<size_t>(length));
}

std::string western_digits(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    utf8proc_int32_t code_point = 0;
    const int length = decode_code_point(text, i, &code_point);
    if (length == 0) {  // not UTF-8: keep the byte, the caller's parser will refuse it
      result += text[i++];
      continue;
    }
    if (code_point >= 0x660 && code_point <= 0x669) {
      result += static_cast<char>('0' + (code_point - 0x660));
    } else if (code_point >= 0x6F0 && code_point <= 0x6F9) {
      result += static_cast<char>('0' + (code_point - 0x6F0));
    } else if (code_point == 0x66B) {
      result += '.';
    } else if (code_point != 0x66C) {
      result.append(text.substr(i, static_cast<size_t>(length)));
    }
    i += static_cast<size_t>(length);
  }
  return result;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    line += is_control ? ' ' : c;
  }
  return line;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
  constexpr std::string_view kAscii = " \t\r\n\v\f";
  bool changed = true;
  while (changed) {
    changed = false;
    if (!text.empty() && kAscii.find(text.front()) != std::string_view::npos) {
      text.remove_prefix(1);
      changed = true;
    } else if (text.starts_with(kNoBreakSpace)) {
      text.remove_prefix(2);
      changed = true;
    }
    if (!text.empty() && kAscii.find(text.back()) != std::string_view::npos) {
      text.remove_suffix(1);
      changed = true;
    } else if (text.ends_with(kNoBreakSpace)) {
      text.remove_suffix(2);
      changed = true;
    }
  }
  return text;
}

std::string number_text(double number, int digits) {
  if (!std::isfinite(number)) return "–";
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*g", digits, number);
  return {text.data(), static_cast<size_t>(length)};
}

std::string padded(const std::string& text, size_t width) {
  size_t shown = 0;
  for (const char c : text) shown += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  constexpr size_t kApart = 2;
  return text + std::string(shown < width ? width - shown : kApart, ' ');
}

}  // namespace daftar
