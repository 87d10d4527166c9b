#include "common/base/text.h"

#include <gtest/gtest.h>

#include <string>

namespace daftar {
namespace {

TEST(TextTest, WellFormedUtf8IsAccepted) {
  for (const char* good : {"", "plain", "طرق", "é", "\u0800", "\uFFFD", "\U0001F600", "\U0010FFFF",
                           "\xED\x9F\xBF", "\xEE\x80\x80"}) {
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  }
  EXPECT_TRUE(is_valid_utf8(std::string_view("a\0b", 3))) << "whether NUL may stand is for others";
}

TEST(TextTest, IllFormedUtf8IsRefused) {
  const struct {
    const char* what;
    const char* bytes;
  } kTable[] = {
      {"a lone continuation byte", "\x80"},
      {"a character that is cut, 2 bytes", "\xD8"},
      {"a character that is cut, 3 bytes", "\xE2\x82"},
      {"a character that is cut, 4 bytes", "\xF0\x9F\x98"},
      {"a character that is cut by another",
       "\xD8"
       "a"},
      {"overlong NUL", "\xC0\x80"},
      {"overlong slash, 2 bytes", "\xC0\xAF"},
      {"overlong, 2 bytes", "\xC1\xBF"},
      {"overlong, 3 bytes", "\xE0\x9F\xBF"},
      {"overlong, 4 bytes", "\xF0\x8F\xBF\xBF"},
      {"first surrogate", "\xED\xA0\x80"},
      {"last surrogate", "\xED\xBF\xBF"},
      {"beyond U+10FFFF", "\xF4\x90\x80\x80"},
      {"a first byte of 5", "\xF8\x88\x80\x80\x80"},
      {"FE", "\xFE"},
      {"FF", "\xFF"},
      {"good, then bad", "abc\xFF"},
  };
  for (const auto& c : kTable) {
    EXPECT_FALSE(is_valid_utf8(c.bytes)) << c.what;
    EXPECT_EQ(normalise_text(c.bytes).status().code(), Code::invalid) << c.what;
  }
}

TEST(TextTest, TypedTextBecomesNfc) {
  const struct {
    const char* typed;
    const char* kept;
  } kTable[] = {
      {"", ""},
      {"plain", "plain"},
      {"e\u0301", "\u00E9"},
      {"\u00E9", "\u00E9"},
      {"\u0627\u0653", "\u0622"},  // alef and maddah above
      {"\u0648\u0654", "\u0624"},  // waw and hamza above
      {"\u212B", "\u00C5"},        // the angstrom sign
      {"a\u0323\u0307", "\u1EA1\u0307"},
      {"a\u0307\u0323", "\u1EA1\u0307"},  // marks in their canonical order
      {"\uFB01", "\uFB01"},               // compatibility forms stay
      {"\uFEFB", "\uFEFB"},
      {"\u200F\u0637", "\u200F\u0637"},  // and so do direction marks
  };
  for (const auto& c : kTable) {
    ASSERT_TRUE(normalise_text(c.typed).ok()) << c.typed;
    EXPECT_EQ(*normalise_text(c.typed), c.kept) << c.typed;
    EXPECT_EQ(*normalise_text(*normalise_text(c.typed)), c.kept) << c.typed;
  }
}

TEST(TextTest, DigitsBecomeWestern) {
  EXPECT_EQ(western_digits("٠١٢٣٤٥٦٧٨٩"), "0123456789");
  EXPECT_EQ(western_digits("۰۱۲۳۴۵۶۷۸۹"), "0123456789");
  EXPECT_EQ(western_digits("١٢\u066B٥"), "12.5");
  EXPECT_EQ(western_digits("١\u066C٢٣٤"), "1234");
  EXPECT_EQ(western_digits("عام ٢٠٢٤ – 5"), "عام 2024 – 5");
  EXPECT_EQ(western_digits(""), "");
}

TEST(TextTest, BrokenBytesAmongDigitsStay) {
  EXPECT_EQ(western_digits("\xFF١\xD9"),
            "\xFF"
            "1\xD9");
}

TEST(TextTest, TrimTakesWhiteSpaceOffTheEndsOnly) {
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" \t\r\n"), "");
  EXPECT_EQ(trim("\u00A0"), "");
  EXPECT_EQ(trim("  a b\t"), "a b");
  EXPECT_EQ(trim("\u00A0 \u00A0طرق\u00A0\n"), "طرق");
  EXPECT_EQ(trim("a"), "a");
}

TEST(OneLineTest, WhatALogWouldObeyBecomesSpace) {
  EXPECT_EQ(one_line("a\nb\x1b[31mc\x7f\td"), "a b [31mc  d");
  EXPECT_EQ(one_line("وزارة الصناعة"), "وزارة الصناعة");
}

}  // namespace
}  // namespace daftar
