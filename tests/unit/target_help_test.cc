#include "common/score/target_help.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/register_builder.h"

namespace daftar {
namespace {

class TargetHelpTest : public testing::Test {
 protected:
  TargetPlace place(const std::string& value, const std::string& direction = "higher") {
    RegisterBuilder one = b;
    one.set(key, "direction", direction);
    one.target(key, "2030", value);
    const Register reg = one.build();
    const Indicator& indicator = reg.indicators()[*reg.find_indicator(key)];
    return place_target(indicator, indicator.targets.front());
  }

  RegisterBuilder b;
  RecordKey area = b.add_area("1");
  RecordKey key = b.add_indicator("1.1", area);
};

// 10, 12, 14, 16 by the end of 2022 to 2025: two a year, so that 2030 is at 26.
TEST_F(TargetHelpTest, WhereATargetLiesAgainstTheTrend) {
  for (int i = 0; i < 4; ++i) b.measure(key, std::to_string(2022 + i), std::to_string(10 + 2 * i));
  EXPECT_EQ(place("16"), TargetPlace::reached);
  EXPECT_EQ(place("17"), TargetPlace::within);
  EXPECT_EQ(place("25.9"), TargetPlace::within);
  EXPECT_EQ(place("27"), TargetPlace::ambitious);
  EXPECT_EQ(place("35.9"), TargetPlace::ambitious);
  EXPECT_EQ(place("37"), TargetPlace::beyond);
  EXPECT_EQ(place("10", "lower"), TargetPlace::against);
  EXPECT_EQ(place("20", "lower"), TargetPlace::reached);
  EXPECT_EQ(place("10..20", "range"), TargetPlace::unknown);
}

// Leap days turn no straight line: 10, 11, 12 lead to 13.
TEST_F(TargetHelpTest, ATargetOnTheLineIsWithinTheTrend) {
  for (int i = 0; i < 3; ++i) b.measure(key, std::to_string(2023 + i), std::to_string(10 + i));
  EXPECT_EQ(place("17"), TargetPlace::within);
  EXPECT_EQ(place("17.01"), TargetPlace::ambitious);
  const auto trend = find_trend(b.build().indicators().front());
  ASSERT_TRUE(trend);
  EXPECT_DOUBLE_EQ(trend->per_year, 1);
}

TEST_F(TargetHelpTest, OneWrongValueDoesNotTurnTheTrend) {
  for (int i = 0; i < 7; ++i) {
    b.measure(key, std::to_string(2019 + i), i == 3 ? "900" : std::to_string(10 + 2 * i));
  }
  const Register reg = b.build();
  const auto trend = find_trend(reg.indicators().front());
  ASSERT_TRUE(trend);
  EXPECT_NEAR(trend->per_year, 2, 0.01);
  EXPECT_EQ(trend->values, 7U);
}

TEST_F(TargetHelpTest, TooFewValuesOrABreakGiveNoTrend) {
  b.measure(key, "2023", "1");
  b.measure(key, "2024", "2");
  EXPECT_EQ(place("5"), TargetPlace::unknown);
  b.measure(key, "2025", "3");
  EXPECT_EQ(place("4"), TargetPlace::within);
  b.set(key, "definition_breaks", "2024");
  EXPECT_EQ(place("4"), TargetPlace::unknown);
}

TEST_F(TargetHelpTest, PeersHaveTheSameUnitAndDirection) {
  b.set(key, "unit", "%");
  b.measure(key, "2025", "50");
  int value = 10;
  for (const char* unit : {"Percentage", "per cent", "% ", "Number"}) {
    const RecordKey other = b.add_indicator("1." + std::to_string(value), area);
    b.set(other, "unit", unit);
    b.measure(other, "2025", std::to_string(value));
    value += 10;
  }
  const Register reg = b.build();
  const auto spread = Peers(reg).spread(*reg.find_indicator(key));
  ASSERT_TRUE(spread);
  EXPECT_EQ(spread->count, 3U);
  EXPECT_EQ(spread->least, 10);
  EXPECT_EQ(spread->lower_quartile, 15);
  EXPECT_EQ(spread->upper_quartile, 25);
  EXPECT_EQ(spread->most, 30);
  EXPECT_FALSE(Peers(reg).spread(reg.indicators().size() - 1));
}

}  // namespace
}  // namespace daftar
