#include "common/base/period.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace daftar {

// For the failure messages of gtest.
void PrintTo(const Period& period, std::ostream* out) { *out << period.text(); }

namespace {

using std::chrono::April;
using std::chrono::day;
using std::chrono::February;
using std::chrono::January;
using std::chrono::July;
using std::chrono::June;
using std::chrono::month;
using std::chrono::year;

Period parsed(std::string_view text) {
  Result<ParsedPeriod> result = parse_period(text);
  EXPECT_TRUE(result.ok()) << text << ": " << result.status().text();
  return result.ok() ? result->period : *Period::year(1000);
}

std::string from_hex(std::string_view hexadecimal) {
  std::string bytes;
  for (std::size_t at = 0; at < hexadecimal.size(); at += 2) {
    bytes.push_back(
        static_cast<char>(std::stoi(std::string(hexadecimal.substr(at, 2)), nullptr, 16)));
  }
  return bytes;
}

struct ReadCase {
  std::string_view text;
  PeriodKind kind;
  std::string_view canonical;
  std::string_view suffix = "";
};

constexpr ReadCase kRead[] = {
    {"2019", PeriodKind::year, "2019"},
    {"  2019\t", PeriodKind::year, "2019"},
    {"2021.0", PeriodKind::year, "2021"},
    {"1974a", PeriodKind::year, "1974a"},
    {"1974h", PeriodKind::year, "1974h"},
    {"1000", PeriodKind::year, "1000"},
    {"9999z", PeriodKind::year, "9999z"},
    {"٢٠١٩", PeriodKind::year, "2019"},
    {"\u200F٢٠١٩\u200E", PeriodKind::year, "2019"},
    {"2020 (provisional)", PeriodKind::year, "2020", "(provisional)"},
    {"2020(p) [Note ٩]", PeriodKind::year, "2020", "(p) [Note ٩]"},
    {"2024 H1", PeriodKind::half_year, "2024 H1"},
    {"h2 2024", PeriodKind::half_year, "2024 H2"},
    {"2019 Q1", PeriodKind::quarter, "2019 Q1"},
    {"2019q4", PeriodKind::quarter, "2019 Q4"},
    {"2019-Q2", PeriodKind::quarter, "2019 Q2"},
    {"Q1 2019", PeriodKind::quarter, "2019 Q1"},
    {"١٩٩٣ ٠١", PeriodKind::month, "1993 M01"},
    {"1993 01", PeriodKind::month, "1993 M01"},
    {"1993 M12", PeriodKind::month, "1993 M12"},
    {"1993-m1", PeriodKind::month, "1993 M01"},
    {"January 1993", PeriodKind::month, "1993 M01"},
    {"1993 SEPT", PeriodKind::month, "1993 M09"},
    {"2007/08", PeriodKind::split_year, "2007/08"},
    {"2007 / 08", PeriodKind::split_year, "2007/08"},
    {"1999/00", PeriodKind::split_year, "1999/00"},
    {"2019/2020", PeriodKind::split_year, "2019/20"},
    {"2021/22 [Note 5]", PeriodKind::split_year, "2021/22", "[Note 5]"},
    {"1987-1991", PeriodKind::year_span, "1987-1991"},
    {"1987 \u2013 1991", PeriodKind::year_span, "1987-1991"},
    {"1987\u20141991", PeriodKind::year_span, "1987-1991"},
    {"2001-2005 (baseline)", PeriodKind::year_span, "2001-2005", "(baseline)"},
    {"2011 to 2013", PeriodKind::year_span, "2011-2013"},
    {"2011 TO 2013", PeriodKind::year_span, "2011-2013"},
    {"2003-05", PeriodKind::year_span, "2003-2005"},
    {"2011-12", PeriodKind::year_span, "2011-2012"},
    {"1999-01", PeriodKind::year_span, "1999-2001"},
    {"1985-04", PeriodKind::year_span, "1985-2004"},
    {"2010/20", PeriodKind::year_span, "2010-2020"},
    {"1999/01", PeriodKind::year_span, "1999-2001"},
    {"2016/18 (baseline)", PeriodKind::year_span, "2016-2018", "(baseline)"},
    {"2016/2018", PeriodKind::year_span, "2016-2018"},
    {"2019/20 to 2021/22", PeriodKind::split_year_span, "2019/20-2021/22"},
    {"2002/03-2007/08", PeriodKind::split_year_span, "2002/03-2007/08"},
    {"1998/99-1999/00", PeriodKind::split_year_span, "1998/99-1999/00"},
    {"2019/2020 \u2013 2021/2022", PeriodKind::split_year_span, "2019/20-2021/22"},
    {"17 May to 11 June 2023", PeriodKind::date_range, "2023-05-17..2023-06-11"},
    {"17 may \u2013 11 JUN 2023", PeriodKind::date_range, "2023-05-17..2023-06-11"},
    {"١٧ May to ١١ June ٢٠٢٣", PeriodKind::date_range, "2023-05-17..2023-06-11"},
    {"17 May 2022 to 11 June 2023", PeriodKind::date_range, "2022-05-17..2023-06-11"},
    {"1 to 11 June 2023", PeriodKind::date_range, "2023-06-01..2023-06-11"},
    {"2023-05-17..2023-06-11", PeriodKind::date_range, "2023-05-17..2023-06-11"},
    {"2023-05-17/2023-06-11", PeriodKind::date_range, "2023-05-17..2023-06-11"},
    {"2023-05-01..2023-05-31", PeriodKind::date_range, "2023-05-01..2023-05-31"},
    {"2023-05-17", PeriodKind::date_range, "2023-05-17"},
    {"2023-05-17..2023-05-17", PeriodKind::date_range, "2023-05-17"},
    {"29 February 2024", PeriodKind::date_range, "2024-02-29"},
};

TEST(PeriodTest, ReadsWhatPeopleWrite) {
  for (const ReadCase& expected : kRead) {
    SCOPED_TRACE(expected.text);
    Result<ParsedPeriod> result = parse_period(expected.text);
    ASSERT_TRUE(result.ok()) << result.status().text();
    EXPECT_EQ(result->period.kind(), expected.kind);
    EXPECT_EQ(result->period.text(), expected.canonical);
    EXPECT_EQ(result->suffix, expected.suffix);
    EXPECT_EQ(parsed(expected.canonical), result->period);
  }
}

struct RefusedCase {
  std::string_view text;
  Msg message;
};

constexpr RefusedCase kRefused[] = {
    {"", Msg::period_bad},
    {"There is no data for this indicator yet", Msg::period_bad},
    {"This is a non-statistical indicator.", Msg::period_bad},
    {"(baseline)", Msg::period_bad},
    {"2019 (baseline", Msg::period_bad},
    {"2019 (baseline]", Msg::period_bad},
    {"2019 (baseline) or so", Msg::period_bad},
    {"2019 baseline", Msg::period_bad},
    {"19", Msg::period_bad},
    {"02019", Msg::period_bad},
    {"99999999999999999999", Msg::period_bad},
    {"-2019", Msg::period_bad},
    {"2021.5", Msg::period_bad},
    {"1974A", Msg::period_bad},
    {"1974 a", Msg::period_bad},
    {"1974ab", Msg::period_bad},
    {"1974é", Msg::period_bad},
    {"1993 1", Msg::period_bad},
    {"2019-", Msg::period_bad},
    {"2019--2020", Msg::period_bad},
    {"2019 Q1 to 2019 Q3", Msg::period_bad},
    {"2010/20 to 2021/22", Msg::period_bad},
    {"2019/20 to 2022", Msg::period_bad},
    {"2019/2021-2023/2024", Msg::period_bad},
    {"2023-5-17", Msg::period_bad},
    {"17 Mai 2023", Msg::period_bad},
    {"\xFF\xFE", Msg::period_bad},
    {std::string_view("2019\0", 5), Msg::period_bad},
    {"0999", Msg::period_year_range},
    {"0000-01-01", Msg::period_year_range},
    {"9999/00", Msg::period_year_range},
    {"9998/99-9999/00", Msg::period_year_range},
    {"9995-03", Msg::period_year_range},
    {"2019 Q0", Msg::period_not_in_calendar},
    {"2019 Q5", Msg::period_not_in_calendar},
    {"2019 H3", Msg::period_not_in_calendar},
    {"1993 00", Msg::period_not_in_calendar},
    {"1993 13", Msg::period_not_in_calendar},
    {"1993 M13", Msg::period_not_in_calendar},
    {"2023-02-29", Msg::period_not_in_calendar},
    {"2023-00-10", Msg::period_not_in_calendar},
    {"2023-04-31..2023-05-02", Msg::period_not_in_calendar},
    {"0 May 2023", Msg::period_not_in_calendar},
    {"1991-1987", Msg::period_not_forward},
    {"1991-1991", Msg::period_not_forward},
    {"2019/2018", Msg::period_not_forward},
    {"2019-18", Msg::period_not_forward},
    {"2000-00", Msg::period_not_forward},
    {"2019/20 to 2019/20", Msg::period_not_forward},
    {"2021/22-2019/20", Msg::period_not_forward},
    {"17 December to 5 January 2023", Msg::period_not_forward},
    {"2023-06-11..2023-05-17", Msg::period_not_forward},
    {"2019-01", Msg::period_span_or_month},
    {"2012-12", Msg::period_span_or_month},
    {"1984-04", Msg::period_span_or_month},
    {"2019/05", Msg::period_span_or_month},
};

TEST(PeriodTest, RefusesWhatIsNoPeriod) {
  for (const RefusedCase& expected : kRefused) {
    SCOPED_TRACE(expected.text);
    Result<ParsedPeriod> result = parse_period(expected.text);
    ASSERT_FALSE(result.ok()) << result->period.text();
    EXPECT_EQ(result.status().code(), Code::invalid);
    EXPECT_EQ(message_id(result.status().message()), message_id(expected.message));
    EXPECT_EQ(result.status().arguments()[0], expected.text);
  }
}

TEST(PeriodTest, RefusalTellsHowToWriteTheMonth) {
  EXPECT_NE(parse_period("2019-05").status().text().find("2019 M05"), std::string::npos);
}

TEST(PeriodTest, RefusalRepeatsOnlyTheStartOfALongText) {
  std::string paragraph;
  for (int i = 0; i < 10000; ++i) paragraph += "é";
  EXPECT_LT(parse_period(paragraph).status().arguments()[0].size(), 100U);
}

TEST(PeriodTest, MakersRefuseWhatTextRefuses) {
  EXPECT_FALSE(Period::year(999).ok());
  EXPECT_FALSE(Period::year(10000).ok());
  EXPECT_FALSE(Period::year(2019, 'A').ok());
  EXPECT_FALSE(Period::half_year(2019, 0).ok());
  EXPECT_FALSE(Period::quarter(2019, 5).ok());
  EXPECT_FALSE(Period::month(2019, -1).ok());
  EXPECT_FALSE(Period::split_year(9999).ok());
  EXPECT_FALSE(Period::year_span(2019, 2019).ok());
  EXPECT_FALSE(Period::split_year_span(9998, 9999).ok());
  EXPECT_FALSE(Period::date_range(year(2023) / February / 29, year(2023) / April / 1).ok());
}

TEST(PeriodTest, DatesAreTheFirstAndLastDay) {
  const Period split = parsed("2007/08");
  EXPECT_TRUE(split.start() == year(2007) / July / 1);
  EXPECT_TRUE(split.end() == year(2008) / June / 30);
  EXPECT_EQ(split.start_year(), 2007);
  EXPECT_EQ(split.end_year(), 2008);
  const Period leap = parsed("2024 M02");
  EXPECT_TRUE(leap.start() == year(2024) / February / 1);
  EXPECT_TRUE(leap.end() == year(2024) / February / 29);
  EXPECT_TRUE(parsed("2024 H1").end() == year(2024) / June / 30);
  EXPECT_TRUE(parsed("2024 H2").start() == year(2024) / July / 1);
  EXPECT_TRUE(parsed("1987-1991").start() == year(1987) / January / 1);
  EXPECT_EQ(parsed("1974b").letter(), 'b');
}

// The examples of the header: these bytes are on people's disks.
TEST(PeriodTest, BytesNeverChange) {
  constexpr std::pair<std::string_view, std::string_view> kBytes[] = {
      {"1000", "07D02117"},
      {"2019", "0FC62117"},
      {"1974a", "0F6C211761"},
      {"2019 Q1", "0FC62105"},
      {"2024 H2", "0FD0E10B"},
      {"1993 M12", "0F938101"},
      {"2007/08", "0FAEE117"},
      {"1987-1991", "0F862177"},
      {"2000-2009", "0FA021EF"},  // the longest short END
      {"2000-2020", "0FA021F001F7"},
      {"1000-9999", "07D021F34BBF"},
      {"2019/20-2021/22", "0FC6E147"},
      {"2023-05-17..2023-06-11", "0FCEB1020B"},
      {"2023-05-01..2023-05-31", "0FCEA101FF"},
      {"9999-12-31", "4E1F9F01FF"},
  };
  for (const auto& [text, hexadecimal] : kBytes) {
    SCOPED_TRACE(text);
    EXPECT_EQ(parsed(text).bytes(), from_hex(hexadecimal));
    Result<Period> read = Period::from_bytes(from_hex(hexadecimal));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->text(), text);
  }
}

TEST(PeriodTest, OrdersByStartThenEndThenKindThenLetter) {
  constexpr std::string_view kAscending[] = {
      "1974",
      "1974a",
      "1974b",
      "1974-01-01..1974-12-31",
      "2018/19",
      "2019-01-01",
      "2019-01-01..2019-01-30",
      "2019 M01",
      "2019-01-01..2019-01-31",
      "2019-01-01..2019-02-01",
      "2019 Q1",
      "2019 H1",
      "2019",
      "2019a",
      "2019-01-01..2020-01-01",
      "2019-2020",
      "2019-2028",
      "2019-2029",
      "2019-01-01..2030-01-01",
      "2019-01-02",
      "2019-01-31",
      "2019 M02",
      "2019 H2",
      "2019/20",
      "2019-07-01..2020-06-30",
      "2019/20-2020/21",
      "2020",
  };
  for (std::size_t at = 1; at < std::size(kAscending); ++at) {
    SCOPED_TRACE(kAscending[at]);
    EXPECT_TRUE(parsed(kAscending[at - 1]) < parsed(kAscending[at]));
    EXPECT_LT(parsed(kAscending[at - 1]).bytes(), parsed(kAscending[at]).bytes());
  }
}

/// Every period of every kind over a few years, and random ones over all years.
std::vector<Period> many_periods() {
  std::vector<Period> periods;
  const auto add = [&periods](const Result<Period>& period) {
    if (period.ok()) periods.push_back(*period);
  };
  for (const int first : {1000, 1899, 1999, 2000, 2019, 2020, 9998, 9999}) {
    add(Period::year(first));
    for (const char letter : {'a', 'b', 'z'}) add(Period::year(first, letter));
    for (int half = 1; half <= 2; ++half) add(Period::half_year(first, half));
    for (int quarter = 1; quarter <= 4; ++quarter) add(Period::quarter(first, quarter));
    for (int number = 1; number <= 12; ++number) add(Period::month(first, number));
    add(Period::split_year(first));
    for (const int last : {2000, 2001, 2009, 2010, 2019, 2029, 2030, 2040, 4730, 9998, 9999}) {
      add(Period::year_span(first, last));
      add(Period::split_year_span(first, last));
    }
    for (const int month_apart : {0, 1, 2, 5, 11, 23, 118, 119, 120, 239, 240}) {
      for (const unsigned first_month : {1U, 2U, 7U}) {
        const std::chrono::year_month last =
            year(first) / month(first_month) + std::chrono::months(month_apart);
        for (const unsigned first_day : {1U, 2U, 28U, 29U, 31U}) {
          for (const unsigned last_day : {1U, 2U, 28U, 29U, 30U, 31U}) {
            add(Period::date_range(year(first) / month(first_month) / day(first_day),
                                   last / day(last_day)));
          }
        }
      }
    }
  }
  std::mt19937 random(20240917);
  const auto up_to = [&random](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
  };
  for (int i = 0; i < 2000; ++i) {
    const int first = up_to(1000, 9999);
    add(Period::year(first, static_cast<char>(up_to('a', 'z'))));
    add(Period::month(first, up_to(1, 12)));
    add(Period::split_year(first));
    add(Period::year_span(first, first + up_to(1, 30)));
    add(Period::year_span(first, up_to(first, 9999)));
    add(Period::split_year_span(first, up_to(first, 9999)));
    const auto date = [&up_to](int in_year) { return year(in_year) / up_to(1, 12) / up_to(1, 31); };
    add(Period::date_range(date(first), date(first)));
    add(Period::date_range(date(first), date(up_to(first, 9999))));
  }
  return periods;
}

TEST(PeriodTest, TextAndBytesRoundTrip) {
  const std::vector<Period> periods = many_periods();
  ASSERT_GT(periods.size(), 10000U);
  for (const Period& period : periods) {
    SCOPED_TRACE(period.text());
    Result<ParsedPeriod> from_text = parse_period(period.text());
    ASSERT_TRUE(from_text.ok()) << from_text.status().text();
    ASSERT_EQ(from_text->period, period);
    ASSERT_EQ(from_text->suffix, "");
    Result<Period> from_bytes = Period::from_bytes(period.bytes());
    ASSERT_TRUE(from_bytes.ok());
    ASSERT_EQ(*from_bytes, period);
    ASSERT_LE(period.bytes().size(), 7U);
  }
}

TEST(PeriodTest, OrderOfBytesIsOrderOfPeriods) {
  std::vector<Period> periods = many_periods();
  std::shuffle(periods.begin(), periods.end(), std::mt19937(7));
  // Sorting by one order and checking the other on neighbours proves both equal on all pairs.
  std::sort(periods.begin(), periods.end());
  for (std::size_t at = 1; at < periods.size(); ++at) {
    const int order = periods[at - 1].bytes().compare(periods[at].bytes());
    ASSERT_EQ(order < 0, periods[at - 1] < periods[at])
        << periods[at - 1].text() << " and " << periods[at].text();
    ASSERT_EQ(order == 0, periods[at - 1] == periods[at]);
  }
}

TEST(PeriodTest, BytesThatNoPeriodHasAreRefused) {
  constexpr std::string_view kGarbage[] = {
      "",
      "00000000",
      "07CE2117",        // year 999
      "4E202117",        // year 10000
      "8FC62117",        // top bit
      "0FC60117",        // month 0
      "0FC7A117",        // month 13
      "0FC62017",        // day 0
      "0FC65D04",        // 29 February 2019, and no day
      "0FC65D0401",      // 29 February 2019
      "0FC62116",        // date range without its day
      "0FC6211600",      // day 0
      "0FC621161F",      // last day of the month, which has its own code
      "0FC6211620",      // day 32
      "0FC6310001",      // 17 to 1 January
      "0FC62217",        // year from 2 January
      "0FC64117",        // twelve months from February
      "0FC62103",        // two months
      "0FC64105",        // quarter from February
      "0FC6810B",        // half-year from April
      "0FC6211700",      // letter 0
      "0FC6211741",      // letter A
      "0FC621177B",      // after z
      "0FC6210561",      // quarter with a letter
      "0FC6E11761",      // split year with a letter
      "0FC6212F61",      // span with a letter
      "0FC62117FFFF",    // too long
      "0FC621176161",    // too long
      "0FC621F00017",    // long form of a short end
      "0FC621F000EF",    // the same at its border
      "0FC621F001",      // truncated long end
      "0FC621F0",        // truncated long end
      "0FC621FFFFFF",    // far beyond 9999
      "0FC621FFFFFE01",  // far beyond 9999
      "4E1E212F",        // 9999-10000
      "4E1EE117",        // 9999/00
  };
  for (const std::string_view hexadecimal : kGarbage) {
    SCOPED_TRACE(hexadecimal);
    Result<Period> period = Period::from_bytes(from_hex(hexadecimal));
    ASSERT_FALSE(period.ok()) << period->text();
    EXPECT_EQ(period.status().code(), Code::corrupt);
  }
}

TEST(PeriodTest, EveryAcceptedFourByteKeyIsCanonical) {
  // All keys of four bytes that start in 2019 or 2020: a year, halves, quarters, months, a split
  // year and the spans that fit, and nothing else.
  int accepted = 0;
  for (unsigned start = 2019U << 9; start < 2021U << 9; ++start) {
    for (unsigned end = 0; end <= 0xFF; ++end) {
      const std::string bytes = {static_cast<char>(start >> 16), static_cast<char>(start >> 8),
                                 static_cast<char>(start), static_cast<char>(end)};
      Result<Period> period = Period::from_bytes(bytes);
      if (!period.ok()) continue;
      ++accepted;
      ASSERT_EQ(period->bytes(), bytes);
      ASSERT_EQ(parsed(period->text()), *period);
    }
  }
  constexpr int kPerYear = 1 + 2 + 4 + 12 + 1 + 9 + 9;
  EXPECT_EQ(accepted, 2 * kPerYear);
}

TEST(PeriodTest, TruncatedBytesAreRefusedOrOfAnotherPeriod) {
  for (const Period& period : many_periods()) {
    const std::string bytes = period.bytes();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Result<Period> read = Period::from_bytes(std::string_view(bytes).substr(0, size));
      // 1974a without its letter is 1974; a date range over a whole year is cut to that year.
      if (read.ok()) {
        ASSERT_EQ(size + 1, bytes.size()) << period.text();
        ASSERT_TRUE(*read < period);
      }
    }
  }
}

}  // namespace
}  // namespace daftar
