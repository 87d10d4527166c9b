// The golden cases of common/score/SCORES.md, worked by hand there, and what must hold of any
// numbers.
#include "common/score/achievement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string_view>

namespace daftar {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ScoreInput input(Direction direction, double value, std::optional<double> target,
                 std::optional<double> baseline = {}, std::optional<double> tolerance = {}) {
  ScoreInput made{direction, value, {}, baseline, tolerance};
  if (target) made.aim = NumericAim{false, *target, *target};
  return made;
}

ScoreInput in_range(double value, double low, double high, std::optional<double> tolerance = {}) {
  return {Direction::range, value, NumericAim{true, low, high}, {}, tolerance};
}

struct Case {
  const char* name;
  ScoreInput input;
  double share;
  NoScore reason = NoScore::none;
};

TEST(AchievementTest, GoldenCases) {
  const Case cases[] = {
      {"H1 half way", input(Direction::higher, 50, 60, 40), 0.5},
      {"H2 reached", input(Direction::higher, 60, 60, 40), 1},
      {"H3 beyond", input(Direction::higher, 70, 60, 40), 1.5},
      {"H4 back", input(Direction::higher, 35, 60, 40), -0.25},
      {"H5 below zero", input(Direction::higher, -5, 0, -10), 0.5},
      {"L1 half way", input(Direction::lower, 15, 10, 20), 0.5},
      {"L2 worse", input(Direction::lower, 25, 10, 20), -0.5},
      {"O1 levels", input(Direction::ordinal, 3, 5, 1), 0.5},
      {"B1 nothing aimed at", input(Direction::higher, 50, 40, 40), 0, NoScore::target_is_baseline},
      {"B2 wrong side", input(Direction::higher, 50, 30, 40), 0, NoScore::target_wrong_side},
      {"B3 wrong side", input(Direction::lower, 50, 60, 40), 0, NoScore::target_wrong_side},
      {"N1 no baseline", input(Direction::higher, 45, 60), 0.75},
      {"N2 no baseline, less is better", input(Direction::lower, 80, 60), 0.75},
      {"N3 nothing of it", input(Direction::higher, 0, 60), 0},
      {"N4 target of zero", input(Direction::higher, 5, 0), 0, NoScore::no_ratio},
      {"N5 value of zero, less is better", input(Direction::lower, 0, 60), 0, NoScore::no_ratio},
      {"N6 change of sign", input(Direction::higher, -5, 60), 0, NoScore::no_ratio},
      {"N7 both below zero", input(Direction::higher, -10, -5), 0, NoScore::no_ratio},
      {"R1 inside", in_range(15, 10, 20), 1},
      {"R2 at the end", in_range(20, 10, 20), 1},
      {"R3 outside, by the width", in_range(24, 10, 20), 0.6},
      {"R4 below, by the tolerance", in_range(8, 10, 20, 4), 0.5},
      {"R5 far outside", in_range(50, 10, 20), 0},
      {"R6 open end", in_range(1000, 10, kInfinity), 1},
      {"R7 outside of an open range", in_range(8, 10, kInfinity), 0, NoScore::no_tolerance},
      {"R8 the same with a tolerance", in_range(8, 10, kInfinity, 4), 0.5},
      {"M1 kept", input(Direction::maintain, 40, {}, 40), 1},
      {"M2 a little off", input(Direction::maintain, 41, {}, 40, 5), 0.8},
      {"M3 off without a tolerance", input(Direction::maintain, 41, {}, 40), 0,
       NoScore::no_tolerance},
      {"M4 nothing to maintain", input(Direction::maintain, 41, {}), 0, NoScore::no_baseline},
      {"M5 a range to stay in", {Direction::maintain, 41, NumericAim{true, 38, 42}, 40, {}}, 1},
      {"Y1 yes", input(Direction::yes_no, 1, 1), 1},
      {"Y2 no", input(Direction::yes_no, 0, 1), 0},
      {"Y3 no is aimed at", input(Direction::yes_no, 0, 0), 1},
      {"S1 of two milestones due one", input(Direction::milestone, 0.4, 1), 0.4},
      {"S2 ahead", input(Direction::milestone, 0.6, 0.4), 1.5},
      {"S3 none due yet", input(Direction::milestone, 0, 0), 0, NoScore::not_due},
      {"T1 no target", input(Direction::higher, 50, {}, 40), 0, NoScore::no_target},
      {"T2 no direction", input(Direction::none, 50, 60, 40), 0, NoScore::no_direction},
      {"T3 a range for a number",
       {Direction::higher, 50, NumericAim{true, 1, 2}, {}, {}},
       0,
       NoScore::wrong_kind},
      {"T4 a number for a range", input(Direction::range, 50, 60), 0, NoScore::wrong_kind},
  };
  for (const Case& one : cases) {
    const Achievement found = achieve(one.input);
    EXPECT_EQ(found.reason, one.reason) << one.name << ": " << name_of(found.reason);
    EXPECT_NEAR(found.share, one.share, 1e-12) << one.name;
  }
}

// Whatever was typed: no result that is not a number, and none without a reason.
TEST(AchievementTest, NoNumberGivesNoNumber) {
  std::mt19937_64 random(11);
  const double odd[] = {0, -0.0, 1, -1, 1e308, -1e308, 5e-324, 100, 0.1, 1e-300};
  const auto draw = [&] {
    return random() % 2 == 0 ? odd[random() % std::size(odd)]
                             : static_cast<double>(static_cast<int64_t>(random() % 2001) - 1000);
  };
  for (int i = 0; i < 200'000; ++i) {
    ScoreInput made;
    made.direction = static_cast<Direction>(random() % 8);
    made.value = draw();
    double low = draw();
    double high = draw();
    if (low > high) std::swap(low, high);
    if (random() % 5 > 0) made.aim = NumericAim{random() % 2 == 0, low, high};
    if (random() % 2 == 0) made.baseline = draw();
    if (random() % 2 == 0) made.tolerance = std::abs(draw());
    const Achievement found = achieve(made);
    ASSERT_TRUE(std::isfinite(found.share)) << i;
    ASSERT_TRUE(found.reason == NoScore::none || found.share == 0) << i;
  }
}

TEST(AchievementTest, EveryReasonHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(NoScore::retired); ++i) {
    EXPECT_TRUE(names.insert(name_of(static_cast<NoScore>(i))).second);
  }
}

}  // namespace
}  // namespace daftar
