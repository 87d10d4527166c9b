// Reading the signed notes and receipts of C2SP: lines, and numbers that have one form.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace daftar {

/// Takes the first line, without its newline, off `text`; nothing if there is no whole line.
inline std::optional<std::string_view> take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

/// A number in decimal without leading zeros; nothing if `text` is anything else.
inline std::optional<uint64_t> parse_count(std::string_view text) {
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool canonical = error == std::errc() && end == text.data() + text.size() &&
                         (text == "0" || text.front() != '0');
  return canonical ? std::optional(count) : std::nullopt;
}

}  // namespace daftar
