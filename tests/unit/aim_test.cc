#include "common/register/aim.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

TEST(AimTest, WhatPeopleWriteIsReadAndShownAgain) {
  const std::pair<const char*, const char*> cases[] = {
      {"12.50", "12.5"},
      {"١٢٫٥", "12.5"},
      {"yes", "yes"},
      {"نعم", "yes"},
      {"Non", "no"},
      {"40٪ 2026-03-31 Reach 50% coverage", "40% 2026-03-31 Reach 50% coverage"},
      {"no", "no"},
      {"10..20", "10..20"},
      {" -5 .. 3.50 ", "-5..3.5"},
      {"..20", "..20"},
      {"١٠..", "10.."},
      {"40% 2026-03-31 Law drafted; 60% 2026-12-31 Law adopted",
       "40% 2026-03-31 Law drafted; 60% 2026-12-31 Law adopted"},
      {"٤٠٪ 2026-03-31 إعداد القانون ٢٠٢٦;", "40% 2026-03-31 إعداد القانون ٢٠٢٦"},
  };
  for (const auto& [typed, shown] : cases) {
    const Result<Value> value = parse_aim(typed);
    ASSERT_TRUE(value.ok()) << typed << ": " << value.status().text();
    EXPECT_EQ(aim_text(read_aim(*value)), shown) << typed;
    const Result<Value> again = parse_aim(shown);
    ASSERT_TRUE(again.ok()) << shown;
    EXPECT_EQ(*again, *value) << shown;
  }
  EXPECT_TRUE(parse_aim("")->is_empty());
}

TEST(AimTest, WhatIsNoAimIsRefused) {
  for (const char* typed :
       {"..", "0...20", "20..10", "ten", "1..2..3", "40%", "40% Law", "140% 2026-03-31 Law",
        "-1% 2026-03-31 Law", "40% 2026 Law", "40% 2026-03-31", ";",
        "60% 2026-12-31 Adopted; 40% 2026-03-31 Drafted"}) {
    EXPECT_FALSE(parse_aim(typed).ok()) << typed;
  }
}

TEST(AimTest, OtherValuesAreNoAim) {
  for (const Value& value :
       {Value(), Value::text("12"), Value::list({}), Value::list({number("1")}),
        Value::list({Value(), Value()}), Value::list({number("2"), number("1")}),
        Value::list({Value::list({number("40"), Value::text("2026"), Value::text("Law")})})}) {
    EXPECT_EQ(read_aim(value).index(), 0U);
  }
}

}  // namespace
}  // namespace daftar
