// Reporting periods: the stretch of time to which one value of an indicator belongs.
//
// A Period is a small immutable value, safe to copy and to read from any thread. It always covers
// whole days inside the years 1000 to 9999. Functions that can fail return Result with
// Code::invalid and a message for the person who typed the period; only `from_bytes` answers
// Code::corrupt.
//
// Canonical bytes. They are the key of records on disk and never change. Four bytes for a year,
// half-year, quarter, month or split year; 4 or 6 for a span; 5 to 7 for a date range.
//
//   START  3 bytes, big-endian: year << 9 | month << 5 | day of the first day. The year takes 14
//          bits, the month (1..12) 4, the day (1..31) 5; the top bit is 0.
//   END    Let k be the number of calendar months from the month of the first day to the month of
//          the last day (0 = the same month), and e = 2k + 1 if the last day is the last of its
//          month, else e = 2k.
//            e < 0xF0   1 byte: e
//            otherwise  3 bytes: 0xF0 | e >> 16, then the low 16 bits of e big-endian. The largest
//                       e, of 1000-9999, is 0x34BBF.
//   TAIL   e even: 1 byte, the day of the month of the last day (always a date range).
//          e odd, date range: 1 byte 0xFF.
//          e odd, year with a letter: 1 byte, the ASCII letter 0x61..0x7A.
//          e odd, every other period: nothing. START then has day 1, and k with the month of the
//          first day tells the kind: k 0 month; k 2 and month 1, 4, 7, 10 quarter; k 5 and month
//          1, 7 half-year; k 11 and month 1 year, month 7 split year; k 12n - 1 with n > 1 and
//          month 1 span of n years, month 7 span of n split years. All else is corrupt.
//
//   2019                    0F C6 21 | 17           1974a     0F 6C 21 | 17 | 61
//   2019 Q1                 0F C6 21 | 05           2007/08   0F AE E1 | 17
//   2023-05-17..2023-06-11  0F CE B1 | 02 | 0B      1987-1991 0F 86 21 | 77
//   2023-05-01..2023-05-31  0F CE A1 | 01 | FF      2000-2020 0F A0 21 | F0 01 F7
//
// memcmp order of the bytes (a prefix comes first) is the order of the periods: START orders by
// the first day, e and the day in TAIL by the last day, and nothing < letters < 0xFF by kind and
// letter, because only a date range can cover the same days as another kind. The bytes carry no
// length and 2019 is a prefix of 2019a: in a composite key put the period last or delimit it.
// Rejected: a kind byte and a full end date, which cost a plain year 7 bytes instead of 4.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace daftar {

/// The order breaks ties between periods over the same days; date_range must stay last.
enum class PeriodKind : std::uint8_t {
  year,             ///< 2019, 1974a
  half_year,        ///< 2024 H1
  quarter,          ///< 2019 Q1
  month,            ///< 1993 M01
  split_year,       ///< 2007/08: a school or fiscal year, whatever its first month
  year_span,        ///< 1987-1991
  split_year_span,  ///< 2019/20-2021/22
  date_range,       ///< 2023-05-17..2023-06-11, or one day: 2023-05-17
};

class Period {
 public:
  using Date = std::chrono::year_month_day;

  // The makers refuse years outside 1000..9999, parts that the calendar lacks, and spans and
  // ranges that do not run forward.

  /// The calendar year; `letter` 'a'..'z' tells apart several values within it, '\0' is none.
  static Result<Period> year(int year, char letter = '\0');
  /// `half` 1..2.
  static Result<Period> half_year(int year, int half);
  /// `quarter` 1..4.
  static Result<Period> quarter(int year, int quarter);
  /// `month` 1..12.
  static Result<Period> month(int year, int month);
  /// The split year that begins in `first_year` and ends in the next.
  static Result<Period> split_year(int first_year);
  /// All of `first_year` to all of `last_year`, which is later.
  static Result<Period> year_span(int first_year, int last_year);
  /// The split years that begin in `first_year` to the one that begins in `last_first_year`,
  /// which is later: 2019/20-2021/22 is (2019, 2021).
  static Result<Period> split_year_span(int first_year, int last_first_year);
  /// Both days included; `end` may equal `start`.
  static Result<Period> date_range(Date start, Date end);

  /// The period that has these canonical bytes; Code::corrupt if none has.
  static Result<Period> from_bytes(std::string_view bytes);

  [[nodiscard]] PeriodKind kind() const { return kind_; }
  /// The letter of a year such as 1974a, or '\0'.
  [[nodiscard]] char letter() const { return letter_; }
  /// First day. By convention a split year starts on 1 July of its first year, since its true
  /// first month differs from country to country and is not recorded.
  [[nodiscard]] Date start() const { return start_; }
  /// Last day, included. By convention a split year ends on 30 June of its second year.
  [[nodiscard]] Date end() const { return end_; }
  /// Year of the first day: 2007 for 2007/08.
  [[nodiscard]] int start_year() const { return static_cast<int>(start_.year()); }
  /// Year of the last day: 2008 for 2007/08.
  [[nodiscard]] int end_year() const { return static_cast<int>(end_.year()); }

  /// The one canonical text, which parse_period reads back as this period.
  [[nodiscard]] std::string text() const;
  /// The canonical bytes, as laid out above.
  [[nodiscard]] std::string bytes() const;

  /// By first day, last day, kind, letter.
  auto operator<=>(const Period&) const = default;

 private:
  Period(Date start, Date end, PeriodKind kind, char letter = '\0')
      : start_(start), end_(end), kind_(kind), letter_(letter) {}

  // The defaulted comparison goes through these in order.
  Date start_;
  Date end_;
  PeriodKind kind_;
  char letter_;
};

struct ParsedPeriod {
  Period period;
  /// Bracketed tail such as "(baseline)" or "[Note 9]", verbatim; "" if none.
  std::string suffix;
};

/// The longest span that a two-digit last year may reach across a century, counted in years with
/// both ends: 1999-01 is read as 1999-2001, but 2019-01 is not read as 2019-2101.
inline constexpr int kLongestWrappedSpanYears = 20;

/// Reads a period as people write it.
///
/// Beside the canonical texts: 2021.0; 1993 01, Jan 1993; Q1 2019, 2019-Q1; 2019/2020; 2011 to
/// 2013, 2003-05 (2003 to 2005), 2010/20 (not consecutive, so a span); 2002/03 to 2007/08; 17 May
/// to 11 June 2023. Case, spaces, the kind of dash and the script of the digits do not matter,
/// except that the letter of a year is lower-case and follows it directly.
///
/// YYYY/YY is a split year only if the years are consecutive. YYYY-NN is never a month: it is a
/// span if NN is later than YY or wraps within kLongestWrappedSpanYears, else it is refused.
Result<ParsedPeriod> parse_period(std::string_view text);

}  // namespace daftar
