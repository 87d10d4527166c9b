// Worked by hand in common/score/SCORES.md.
#include "common/score/progress_rate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace daftar {
namespace {

ProgressInput input(double base, double current, int years, std::optional<double> target = {},
                    int target_years = 0) {
  ProgressInput made;
  made.base = base;
  made.base_year = 2015;
  made.current = current;
  made.current_year = 2015 + years;
  made.target = target;
  made.target_year = 2015 + target_years;
  return made;
}

TEST(ProgressRateTest, TowardsATarget) {
  // Doubled in 5 years, to be four times as much in 10: just the rate that is needed.
  Progress progress = measure_progress(input(100, 200, 5, 400, 10));
  EXPECT_NEAR(progress.rate, 1, 1e-12);
  EXPECT_EQ(progress.status, ProgressStatus::substantial);
  EXPECT_NEAR(progress.score, 7.1429 - 4.2857, 1e-12);
  // 100 to 121 in two years is 10 % a year; 100 to 146.41 in two years 21 %.
  progress = measure_progress(input(100, 121, 2, 146.41, 2));
  EXPECT_NEAR(progress.rate, 0.1 / 0.21, 1e-12);
  EXPECT_EQ(progress.status, ProgressStatus::limited);
  EXPECT_NEAR(progress.score, 4.1667 * 0.1 / 0.21 - 2.5, 1e-12);
  progress = measure_progress(input(100, 90, 1, 200, 10));
  EXPECT_EQ(progress.status, ProgressStatus::deterioration);
  progress = measure_progress(input(100, 250, 1, 200, 10));
  EXPECT_EQ(progress.status, ProgressStatus::achieved);
  EXPECT_EQ(progress.score, 5);
}

TEST(ProgressRateTest, LessIsBetter) {
  ProgressInput less = input(100, 81, 2, 25, 2);
  less.is_higher_better = false;
  const Progress progress = measure_progress(less);
  EXPECT_NEAR(progress.rate, 0.1 / 0.5, 1e-12);
  less.current = 0;  // down to nothing: 100 % a year
  EXPECT_NEAR(measure_progress(less).rate, 1 / 0.5, 1e-12);
  EXPECT_EQ(measure_progress(less).score, 5);
  less.current = 20;
  EXPECT_EQ(measure_progress(less).status, ProgressStatus::achieved);
}

TEST(ProgressRateTest, WithoutATarget) {
  EXPECT_EQ(measure_progress(input(100, 99, 1)).status, ProgressStatus::deterioration);
  EXPECT_NEAR(measure_progress(input(100, 99, 1)).score, -2.5 - 125 * 0.01, 1e-9);
  EXPECT_NEAR(measure_progress(input(1000, 1002.5, 1)).score, -1.25, 1e-9);
  EXPECT_EQ(measure_progress(input(100, 101, 1)).status, ProgressStatus::moderate);
  EXPECT_NEAR(measure_progress(input(100, 101, 1)).score, 1.25, 1e-9);
  EXPECT_EQ(measure_progress(input(100, 102, 1)).status, ProgressStatus::substantial);
  EXPECT_NEAR(measure_progress(input(100, 102, 1)).score, 5, 1e-9);
  ProgressInput near_limit = input(90, 90.9, 1);
  near_limit.limit = 100;
  EXPECT_EQ(measure_progress(near_limit).status, ProgressStatus::substantial)
      << "near its limit a series grows more slowly";
}

TEST(ProgressRateTest, WhatHasNoRateHasNoScore) {
  for (const ProgressInput& one : {input(0, 5, 5), input(-1, 5, 5), input(5, -1, 5), input(5, 6, 0),
                                   input(5, 6, -1), input(5, 6, 5, 7, 0), input(5, 4, 5, 5, 10)}) {
    const Progress progress = measure_progress(one);
    EXPECT_NE(progress.reason, NoScore::none);
    EXPECT_EQ(progress.score, 0);
    EXPECT_EQ(progress.status, ProgressStatus::none);
  }
}

TEST(ProgressRateTest, NoNumberGivesNoNumber) {
  std::mt19937_64 random(3);
  const double odd[] = {0, 1, -1, 1e308, 1e-308, 5e-324, 100, 0.1, 42};
  for (int i = 0; i < 100'000; ++i) {
    const auto draw = [&] { return odd[random() % std::size(odd)]; };
    ProgressInput made = input(draw(), draw(), static_cast<int>(random() % 12) - 1);
    made.is_higher_better = random() % 2 == 0;
    if (random() % 2 == 0) {
      made.target = draw();
      made.target_year = 2014 + static_cast<int>(random() % 20);
    }
    if (random() % 2 == 0) made.limit = draw();
    const Progress progress = measure_progress(made);
    ASSERT_TRUE(std::isfinite(progress.rate) && std::isfinite(progress.score)) << i;
    ASSERT_TRUE(progress.score >= -5 && progress.score <= 5);
    ASSERT_EQ(progress.reason == NoScore::none, progress.status != ProgressStatus::none);
  }
}

}  // namespace
}  // namespace daftar
