// Medians, quantiles, deviations.
#include "common/score/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace daftar {
namespace {

TEST(StatisticsTest, OfFewNumbers) {
  EXPECT_EQ(median_of({7}), 7);
  EXPECT_EQ(median_of({7, 1}), 4);
  EXPECT_EQ(median_of({7, 1, 2}), 2);
  EXPECT_EQ(median_of_ascending({1, 2, 7, 9}), 4.5);
  EXPECT_EQ(median_deviation({7}, 7), 0);
  EXPECT_EQ(median_deviation({1, 2, 7}, 2), 1);
  EXPECT_EQ(quantile_of({1, 2, 3, 4}, 0.25), 1.75);
  EXPECT_EQ(quantile_of({5}, 0.75), 5);
}

TEST(StatisticsTest, DeviationsAreThoseOfSortedOnes) {
  std::mt19937_64 random(20261129);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<double> numbers(1 + random() % 12);
    // Few different ones, so that many are equal.
    for (double& number : numbers) number = static_cast<double>(random() % 9) / 4 - 1;
    std::sort(numbers.begin(), numbers.end());
    const double median = median_of_ascending(numbers);
    EXPECT_EQ(median, median_of(numbers));
    std::vector<double> deviations;
    deviations.reserve(numbers.size());
    for (const double number : numbers) deviations.push_back(std::abs(number - median));
    EXPECT_EQ(median_deviation(numbers, median), median_of(deviations));
  }
}

}  // namespace
}  // namespace daftar
