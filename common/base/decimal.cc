#include "common/base/decimal.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "common/base/text.h"

namespace daftar {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

uint64_t to_u64(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

// The exponent after 'e'; false unless the whole of `text` is one of at most 5 digits.
bool parse_exponent(std::string_view text, int* exponent) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const size_t most = text.starts_with('-') ? 6 : 5;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *exponent);
  return error == std::errc() && end == text.data() + text.size() && text.size() <= most;
}

}  // namespace

Decimal::Decimal(int64_t value)
    : Decimal(from_digits(value < 0,
                          std::to_string(value < 0 ? 0 - static_cast<uint64_t>(value)
                                                   : static_cast<uint64_t>(value)),
                          0)) {}

// Precondition: `digits` has no leading zero, at most kDigits once trailing zeros are cut, and the
// resulting exponent is within kExponent.
Decimal Decimal::from_digits(bool negative, std::string_view digits, int exponent) {
  Decimal result;
  while (digits.ends_with('0')) {
    digits.remove_suffix(1);
    ++exponent;
  }
  if (digits.empty()) return result;
  const size_t low_digits = std::min<size_t>(digits.size(), 19);
  result.high_ = to_u64(digits.substr(0, digits.size() - low_digits));
  result.low_ = to_u64(digits.substr(digits.size() - low_digits));
  result.exponent_ = exponent;
  result.negative_ = negative;
  return result;
}

Result<Decimal> Decimal::parse(std::string_view typed) {
  const std::string plain = western_digits(trim(typed));
  std::string_view rest = plain;
  const Status bad(Code::invalid, Msg::decimal_bad, {std::string(typed)});
  bool negative = false;
  if (rest.starts_with("\xE2\x88\x92")) {  // U+2212, the minus sign of typeset tables
    negative = true;
    rest.remove_prefix(3);
  } else if (rest.starts_with('-') || rest.starts_with('+')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  std::string digits;
  int exponent = 0;
  bool point = false;
  bool any = false;
  size_t i = 0;
  for (; i < rest.size() && (is_digit(rest[i]) || rest[i] == '.'); ++i) {
    if (rest[i] == '.') {
      if (point) return bad;
      point = true;
      continue;
    }
    any = true;
    if (!(digits.empty() && rest[i] == '0')) digits += rest[i];
    if (point) --exponent;
  }
  if (!any) return bad;
  if (i < rest.size()) {
    int written = 0;
    if ((rest[i] != 'e' && rest[i] != 'E') || !parse_exponent(rest.substr(i + 1), &written)) {
      return bad;
    }
    exponent += written;
  }
  size_t significant = digits.size();
  while (significant > 0 && digits[significant - 1] == '0') --significant;
  const int last = exponent + static_cast<int>(digits.size() - significant);
  if (significant > kDigits || (significant > 0 && std::abs(last) > kExponent)) {
    return Status(
        Code::too_large, Msg::decimal_too_long,
        {std::string(typed.substr(0, 80)), std::to_string(kDigits), std::to_string(kExponent)});
  }
  return from_digits(negative, digits, exponent);
}

Result<Decimal> Decimal::from_parts(bool negative, uint64_t high, uint64_t low, int exponent) {
  const bool zero = high == 0 && low == 0;
  const bool canonical = high < kHalf && low < kHalf && std::abs(exponent) <= kExponent &&
                         (zero ? !negative && exponent == 0 : low % 10 != 0);
  if (!canonical) return Status(Code::corrupt, Msg::decimal_not_canonical);
  Decimal result;
  result.high_ = high;
  result.low_ = low;
  result.exponent_ = exponent;
  result.negative_ = negative;
  return result;
}

std::string Decimal::digits() const {
  if (high_ == 0) return std::to_string(low_);
  std::string low = std::to_string(low_);
  return std::to_string(high_) + std::string(19 - low.size(), '0') + low;
}

std::string Decimal::text() const {
  std::string text = digits();
  const int places = static_cast<int>(text.size());
  if (exponent_ > 0 && places + exponent_ <= kDigits) {
    text.append(static_cast<size_t>(exponent_), '0');
  } else if (exponent_ < 0 && -exponent_ < places) {
    text.insert(text.size() - static_cast<size_t>(-exponent_), ".");
  } else if (exponent_ < 0 && -exponent_ <= kDigits) {
    text = "0." + std::string(static_cast<size_t>(-exponent_) - text.size(), '0') + text;
  } else if (exponent_ != 0) {
    text += "e" + std::to_string(exponent_);
  }
  return negative_ ? "-" + text : text;
}

double Decimal::to_double() const {
  const std::string text = (negative_ ? "-" : "") + digits() + "e" + std::to_string(exponent_);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && exponent_ > 0) {
    value = negative_ ? std::numeric_limits<double>::lowest() : std::numeric_limits<double>::max();
  }
  return value;
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  if (a.is_zero() && b.is_zero()) return std::strong_ordering::equal;
  const bool a_below = !a.is_zero() && a.negative_;
  const bool b_below = !b.is_zero() && b.negative_;
  if (a_below != b_below) {
    return a_below ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  if (a.is_zero()) return std::strong_ordering::less;
  if (b.is_zero()) return std::strong_ordering::greater;
  std::string left = a.digits();
  std::string right = b.digits();
  const int left_size = static_cast<int>(left.size()) + a.exponent_;
  const int right_size = static_cast<int>(right.size()) + b.exponent_;
  std::strong_ordering magnitude = left_size <=> right_size;
  if (magnitude == 0) {
    left.resize(Decimal::kDigits, '0');
    right.resize(Decimal::kDigits, '0');
    magnitude = left <=> right;
  }
  return a.negative_ ? 0 <=> magnitude : magnitude;
}

}  // namespace daftar
