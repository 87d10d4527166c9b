#include "common/register/unit_of_measure.h"

#include <gtest/gtest.h>

#include "common/register/sdg.h"

namespace daftar {
namespace {

TEST(UnitOfMeasureTest, SpellingsOfOneUnit) {
  for (const char* typed : {"Percentage (%)", "percentage (%)", "Percentage(%)", "Percentage", "%",
                            "per cent", "pour cent", "نسبة مئوية", "في المئة", "٪"}) {
    EXPECT_EQ(normal_unit(typed), "percent") << typed;
  }
  for (const char* typed :
       {"GBP (£ thousands)", "GBP (thousands)", "thousands of £", "£ thousand"}) {
    EXPECT_EQ(normal_unit(typed).substr(0, 8), "thousand") << typed;
  }
  EXPECT_EQ(normal_unit("GBP (£ thousands)"), "thousand gbp");
  EXPECT_EQ(normal_unit("GBP (thousands)"), "thousand gbp");
  EXPECT_EQ(normal_unit("USD ($ Millions)"), normal_unit("USD ($ millions)"));
  EXPECT_EQ(normal_unit("GBP (£) per capita"), normal_unit("GBP per capita"));
  EXPECT_EQ(normal_unit("Square km"), normal_unit("square kilometres"));
  EXPECT_EQ(normal_unit("Tonnes"), normal_unit("Metric tons"));
  EXPECT_EQ(normal_unit("Rate per 100,000 population"), "rate per 100000 population");
  EXPECT_EQ(normal_unit("Number per 1,000,000"), "number per 1000000");
  EXPECT_EQ(normal_unit("مليون ليرة لبنانية"), "million lbp");
  EXPECT_EQ(normal_unit("Canadian dollars ($)"), "cad");
  EXPECT_EQ(normal_unit("$ millions"), "million usd");
  for (const char* typed : {"US$", "$US", "USD", "U.S. dollars", "الدولار الأمريكي", "$"}) {
    EXPECT_EQ(normal_unit(typed), "usd") << typed;
  }
  for (const char* typed : {"million US$", "million$", "millions $", "mn$", "USD$ million"}) {
    EXPECT_EQ(normal_unit(typed), "million usd") << typed;
  }
  for (const char* typed : {"AUS$", "A$", "(A$)", "AU$"}) EXPECT_EQ(normal_unit(typed), "aud");
  EXPECT_EQ(normal_unit("HK$ millions"), "million hkd") << "a dollar of its own";
  EXPECT_EQ(normal_unit("US$/tonne"), normal_unit("USD/tonne"));
  EXPECT_EQ(normal_unit("L.L."), "lbp");
  EXPECT_EQ(normal_unit("C$"), "cad");
  EXPECT_EQ(normal_unit("per 100 000"), normal_unit("per 100,000"));
  EXPECT_NE(normal_unit("‰"), "");
  EXPECT_EQ(normal_unit("N/A"), "");
  EXPECT_EQ(normal_unit(" "), "");
}

TEST(UnitOfMeasureTest, OtherUnitsStayApart) {
  EXPECT_NE(normal_unit("Rate per 1,000 population"), normal_unit("Rate per 10,000 population"));
  EXPECT_NE(normal_unit("GBP (£)"), normal_unit("GBP (£ thousands)"));
  EXPECT_NE(normal_unit("Tonnes"), normal_unit("Tonnes per capita"));
  EXPECT_NE(normal_unit("Percentage of households (%)"), normal_unit("Percentage (%)"));
}

TEST(SdgTest, TheOfficialList) {
  for (const char* code : {"1", "17", "1.1", "4.a", "4.A", "17.19", "1.1.1", "3.b.3", "17.18.3",
                           "SDG 4.7.1", " 16.10.2 ", "11.5.3", "11.c"}) {
    EXPECT_TRUE(is_sdg_code(code)) << code;
  }
  for (const char* code : {"", "0", "18", "1.6", "4.d", "1.1.2", "3.b.4", "1.1.1.1", "x", "01.1",
                           "11.c.1", "8.9.2", "13.3.2"}) {
    EXPECT_FALSE(is_sdg_code(code)) << code;
  }
}

}  // namespace
}  // namespace daftar
