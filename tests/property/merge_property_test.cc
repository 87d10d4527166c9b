// The merge against its oracle on random schedules (design: "What always holds", 3 to 5).
//
// Each case has its own seeds, so that cases run side by side. A failing seed prints itself and the
// shortest schedule that shrinking found; DAFTAR_SEED=n runs that seed alone.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <utility>

#include "tests/property/schedule.h"

namespace daftar::property {
namespace {

constexpr uint64_t kSeedsOfCase = 25'000;
constexpr int kCases = 12;

std::string report(uint64_t seed) {
  const Schedule schedule = make_schedule(seed);
  const Schedule shortest = shrink_schedule(schedule);
  const RunResult result = run_schedule(shortest, true);
  return "seed " + std::to_string(seed) + ": " + run_schedule(schedule, false).failure +
         "\nshrunk from " + std::to_string(schedule.steps.size()) + " steps to " +
         std::to_string(shortest.steps.size()) + ", with " + std::to_string(shortest.devices) +
         " devices:\n" + result.trace;
}

// Runs the seeds of a case; counts for each event the schedules in which it happened.
void run_case(uint64_t number, std::map<uint32_t, uint64_t>& counts) {
  for (uint64_t seed = number * kSeedsOfCase; seed < (number + 1) * kSeedsOfCase; ++seed) {
    const RunResult result = run_schedule(make_schedule(seed), false);
    ASSERT_EQ(result.failure, "") << report(seed);
    for (uint32_t event = 1; event <= kOrigin; event *= 2) {
      if ((result.events & event) != 0) ++counts[event];
    }
  }
}

class MergePropertyTest : public testing::TestWithParam<uint64_t> {};

TEST_P(MergePropertyTest, EveryScheduleEndsAsTheOracleSays) {
  std::map<uint32_t, uint64_t> counts;
  run_case(GetParam(), counts);
}

INSTANTIATE_TEST_SUITE_P(Seeds, MergePropertyTest, testing::Range<uint64_t>(1, kCases));

// The first seeds, which also show that the schedules reach every part of the rule.
TEST(MergePropertyCoverageTest, SchedulesReachEveryPartOfTheRule) {
  std::map<uint32_t, uint64_t> counts;
  ASSERT_NO_FATAL_FAILURE(run_case(0, counts));
  constexpr std::pair<Event, const char*> kEvents[] = {
      {kApplied, "applied"},
      {kAgreed, "agreed"},
      {kContended, "contended"},
      {kRefused, "refused"},
      {kContendedDeletion, "contended deletion (rule 1)"},
      {kAutomaticNo, "automatic no (rule 3)"},
      {kForeignMatched, "foreign context matched"},
      {kForeignNotMatched, "foreign context not matched"},
      {kContinues, "continues"},
      {kDuplicate, "duplicate"},
      {kReapplied, "re-applied"},
      {kOrigin, "origin"},
  };
  for (const auto& [event, name] : kEvents) {
    const double percent = 100.0 * static_cast<double>(counts[event]) / kSeedsOfCase;
    RecordProperty(name, std::to_string(percent));
    std::printf("%6.1f %% of schedules: %s\n", percent, name);
    EXPECT_GE(percent, 1.0) << name;
  }
}

// The long proof: fresh seeds for DAFTAR_LONG_MINUTES, going on behind those of the last time,
// whose number is kept in merge_property.seed of the folder that it runs in.
TEST(MergePropertyLongTest, FreshSeedsEndAsTheOracleSays) {
  const char* minutes = std::getenv("DAFTAR_LONG_MINUTES");
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::minutes(minutes == nullptr ? 1 : std::atoi(minutes));
  const std::string path = "merge_property.seed";
  uint64_t seed = (kCases + 1) * kSeedsOfCase;
  std::ifstream(path) >> seed;
  const uint64_t first = seed;
  for (; std::chrono::steady_clock::now() < end; ++seed) {
    ASSERT_EQ(run_schedule(make_schedule(seed), false).failure, "") << report(seed);
  }
  std::ofstream(path) << seed;
  std::cout << "seeds " << first << " to " << seed - 1 << " hold\n";
}

TEST(MergePropertyReplayTest, OneSeedFromTheEnvironment) {
  const char* wanted = std::getenv("DAFTAR_SEED");
  const uint64_t seed = wanted == nullptr ? 0 : std::strtoull(wanted, nullptr, 10);
  EXPECT_EQ(run_schedule(make_schedule(seed), false).failure, "") << report(seed);
}

}  // namespace
}  // namespace daftar::property
