#include "common/base/decimal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/ledger/hash.h"
#include "common/ledger/value.h"

namespace daftar {

void PrintTo(const Decimal& number, std::ostream* out) { *out << number.text(); }

namespace {

Decimal parsed(std::string_view text) {
  const Result<Decimal> result = Decimal::parse(text);
  EXPECT_TRUE(result.ok()) << text << ": " << result.status().text();
  return result.ok() ? *result : Decimal();
}

struct ReadCase {
  const char* typed;
  const char* text;
  const char* hex;  ///< of the value: tag, head, low, high
};

constexpr ReadCase kRead[] = {
    {"0", "0", "030000"},
    {"-0", "0", "030000"},
    {"0.000", "0", "030000"},
    {"0e99", "0", "030000"},
    {"1", "1", "030001"},
    {"+1", "1", "030001"},
    {"-1", "-1", "030201"},
    {"\u22121", "-1", "030201"},
    {"007", "7", "030007"},
    {" 12.50\t", "12.5", "03047d"},
    {".5", "0.5", "030405"},
    {"5.", "5", "030005"},
    {"0.2", "0.2", "030402"},
    {"-0.001", "-0.001", "031601"},
    {"100", "100", "031001"},
    {"1200", "1200", "03100c"},
    {"1e5", "100000", "032801"},
    {"5.3e-07", "0.00000053", "033c35"},
    {"1E+2", "100", "031001"},
    {"5e50", "5e50", "03f1a005"},
    {"1e-40", "1e-40", "03f14c01"},
    {"\u0661\u0662\u066B\u0665", "12.5", "03047d"},
    {"\u06F1\u06F2.\u06F5", "12.5", "03047d"},
    {"\u0661\u066C\u0662\u0663\u0664", "1234", "0300f4e2"},
    {"\u00A0"
     "3\u00A0",
     "3", "030003"},
    {"9999999999999999999", "9999999999999999999", "0300ff8ac7230489e7ffff"},
    {"10000000000000000001", "10000000000000000001", "03010101"},
    {"99999999999999999999999999999999999999", "99999999999999999999999999999999999999",
     "0301ff8ac7230489e7ffffff8ac7230489e7ffff"},
    {"1e6000", "1e6000", "03f9b29001"},
    {"1e-6000", "1e-6000", "03f9b28c01"},
};

TEST(DecimalTest, TypedNumbersHaveOneTextAndOneEncoding) {
  for (const ReadCase& c : kRead) {
    const Decimal number = parsed(c.typed);
    EXPECT_EQ(number.text(), c.text) << c.typed;
    EXPECT_EQ(to_hex(Value::decimal(number).bytes()), c.hex) << c.typed;
  }
}

TEST(DecimalTest, TheTextOfANumberReadsBackAsIt) {
  for (const ReadCase& c : kRead)
    EXPECT_EQ(parsed(parsed(c.typed).text()), parsed(c.typed)) << c.typed;
}

TEST(DecimalTest, TheBytesOfANumberReadBackAsIt) {
  for (const ReadCase& c : kRead) {
    const std::string bytes = from_hex(c.hex);
    Reader reader(bytes);
    const Value value = Value::read(reader);
    ASSERT_TRUE(reader.ok() && reader.at_end()) << c.typed;
    ASSERT_TRUE(value.as_decimal().has_value()) << c.typed;
    EXPECT_EQ(*value.as_decimal(), parsed(c.typed));
  }
}

struct RefusedCase {
  const char* typed;
  Code code;
};

TEST(DecimalTest, WhatIsNotANumberIsRefused) {
  const RefusedCase kRefused[] = {
      {"", Code::invalid},
      {" ", Code::invalid},
      {".", Code::invalid},
      {"-", Code::invalid},
      {"abc", Code::invalid},
      {"1 234", Code::invalid},
      {"1,234", Code::invalid},
      {"1.2.3", Code::invalid},
      {"--1", Code::invalid},
      {"+-1", Code::invalid},
      {"1e", Code::invalid},
      {"1e+", Code::invalid},
      {"1e1.5", Code::invalid},
      {"e5", Code::invalid},
      {"0x10", Code::invalid},
      {"inf", Code::invalid},
      {"nan", Code::invalid},
      {"12%", Code::invalid},
      {"\xFF", Code::invalid},
      {"1e6001", Code::too_large},
      {"1e-6001", Code::too_large},
      {"1e99999", Code::too_large},
      {"123456789012345678901234567890123456789", Code::too_large},
      {"0.123456789012345678901234567890123456789", Code::too_large},
  };
  for (const RefusedCase& c : kRefused) {
    const Result<Decimal> result = Decimal::parse(c.typed);
    ASSERT_FALSE(result.ok()) << c.typed;
    EXPECT_EQ(result.status().code(), c.code) << c.typed;
  }
  EXPECT_FALSE(Decimal::parse(std::string_view("1\0"
                                               "5",
                                               3))
                   .ok());
}

TEST(DecimalTest, AnExponentHasOneSignAtMost) {
  for (const char* typed : {"1e+-5", "1e--5", "1e-+5", "1e++5"}) {
    EXPECT_FALSE(Decimal::parse(typed).ok()) << typed;
  }
}

TEST(DecimalTest, AnExponentHasFiveDigitsAtMostWithAnySign) {
  for (const char* typed : {"0e99999", "0e+99999", "0e-99999"}) {
    EXPECT_TRUE(Decimal::parse(typed).ok()) << typed;
  }
  for (const char* typed : {"0e100000", "0e+100000", "0e-100000", "1e000005"}) {
    EXPECT_EQ(Decimal::parse(typed).status().code(), Code::invalid) << typed;
  }
}

TEST(DecimalTest, TrailingZerosDoNotCountAsDigits) {
  EXPECT_EQ(parsed("1" + std::string(200, '0')).text(), "1e200");
  EXPECT_EQ(parsed("0." + std::string(200, '0') + "1").text(), "1e-201");
}

TEST(DecimalTest, OrderIsNumeric) {
  const std::vector<const char*> kAscending = {"-1e6000",
                                               "-99999999999999999999999999999999999999",
                                               "-10000000000000000001",
                                               "-100",
                                               "-20",
                                               "-12.6",
                                               "-12.5",
                                               "-1",
                                               "-0.2",
                                               "-1e-6000",
                                               "0",
                                               "1e-6000",
                                               "0.19",
                                               "0.2",
                                               "0.21",
                                               "1",
                                               "2",
                                               "9.99",
                                               "10",
                                               "12.5",
                                               "100",
                                               "101",
                                               "9999999999999999999",
                                               "10000000000000000000",
                                               "10000000000000000001",
                                               "99999999999999999999999999999999999999",
                                               "1e38",
                                               "1e6000"};
  for (size_t i = 0; i < kAscending.size(); ++i) {
    for (size_t j = 0; j < kAscending.size(); ++j) {
      EXPECT_EQ(parsed(kAscending[i]) <=> parsed(kAscending[j]), i <=> j)
          << kAscending[i] << " and " << kAscending[j];
    }
  }
}

TEST(DecimalTest, WholeNumbersOfEverySizeAreExact) {
  for (const int64_t value : {INT64_MIN, INT64_MIN + 1, int64_t{-10}, int64_t{0}, int64_t{7},
                              int64_t{1'000'000}, INT64_MAX}) {
    EXPECT_EQ(Decimal(value).text(), std::to_string(value));
    EXPECT_EQ(Decimal(value), parsed(std::to_string(value)));
  }
}

TEST(DecimalTest, PartsThatAreNotCanonicalAreRefused) {
  EXPECT_TRUE(Decimal::from_parts(true, 1, 1, -6000).ok());
  EXPECT_FALSE(Decimal::from_parts(true, 0, 0, 0).ok()) << "minus zero";
  EXPECT_FALSE(Decimal::from_parts(false, 0, 0, 1).ok()) << "zero with an exponent";
  EXPECT_FALSE(Decimal::from_parts(false, 0, 10, 0).ok()) << "a trailing zero";
  EXPECT_FALSE(Decimal::from_parts(false, 5, 0, 0).ok()) << "nineteen trailing zeros";
  EXPECT_FALSE(Decimal::from_parts(false, Decimal::kHalf, 1, 0).ok());
  EXPECT_FALSE(Decimal::from_parts(false, 1, Decimal::kHalf + 1, 0).ok());
  EXPECT_FALSE(Decimal::from_parts(false, 0, 1, 6001).ok());
  EXPECT_FALSE(Decimal::from_parts(false, 0, 1, -6001).ok());
}

TEST(DecimalTest, TheDoubleIsTheNearest) {
  EXPECT_EQ(parsed("0.1").to_double(), 0.1);
  EXPECT_EQ(parsed("-12.5").to_double(), -12.5);
  EXPECT_EQ(parsed("12345678901234567890123456789").to_double(), 12345678901234567890123456789.0);
  EXPECT_EQ(parsed("1e-400").to_double(), 0.0);
  EXPECT_EQ(parsed("0").to_double(), 0.0);
}

TEST(DecimalTest, ANumberBeyondTheDoublesIsNotZero) {
  EXPECT_GT(parsed("1e400").to_double(), 1e308);
  EXPECT_LT(parsed("-1e400").to_double(), -1e308);
}

}  // namespace
}  // namespace daftar
