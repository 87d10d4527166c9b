// Exact decimal numbers: what people type, kept digit for digit.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace daftar {

/// (−1)^negative · c · 10^exponent with c < 10^38, one form for each number: c has no trailing
/// zero, zero is not negative and has exponent 0. 38 digits, because two 64-bit halves of 10^19
/// hold them on every compiler; official statistics carry 17, IEEE decimal128 carries 34.
class Decimal {
 public:
  static constexpr int kDigits = 38;
  static constexpr int kExponent = 6000;
  static constexpr uint64_t kHalf = 10'000'000'000'000'000'000U;  // 10^19

  Decimal() = default;
  /// A whole number.
  explicit Decimal(int64_t value);

  /// Reads "12.5", "-0.001", "5.3e-07", "١٢٫٥", "1 234" is refused (a group mark is a guess).
  static Result<Decimal> parse(std::string_view text);
  /// From the parts of the format (FORMAT.md §2); Code::invalid unless they are canonical.
  static Result<Decimal> from_parts(bool negative, uint64_t high, uint64_t low, int exponent);

  [[nodiscard]] bool negative() const { return negative_; }
  [[nodiscard]] uint64_t high() const { return high_; }
  [[nodiscard]] uint64_t low() const { return low_; }
  [[nodiscard]] int exponent() const { return exponent_; }
  [[nodiscard]] bool is_zero() const { return high_ == 0 && low_ == 0; }

  /// Plain notation when it needs at most kDigits places ("0.2", "-1200"), else "12e50".
  [[nodiscard]] std::string text() const;
  /// The nearest finite double; for scores, never for storage.
  [[nodiscard]] double to_double() const;

  friend bool operator==(const Decimal& a, const Decimal& b) = default;
  /// Numeric order.
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);

 private:
  static Decimal from_digits(bool negative, std::string_view digits, int exponent);
  [[nodiscard]] std::string digits() const;

  uint64_t high_ = 0;
  uint64_t low_ = 0;
  int exponent_ = 0;
  bool negative_ = false;
};

}  // namespace daftar
