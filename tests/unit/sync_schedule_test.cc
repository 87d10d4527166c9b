#include "client/sync_schedule.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace daftar::client {
namespace {

constexpr uint64_t kMinute = 60'000;
constexpr uint64_t kHour = 60 * kMinute;
constexpr uint64_t kDay = 24 * kHour;
constexpr uint64_t kMidnight = 20'000 * kDay;  // some UTC midnight
constexpr int64_t kBeirut = 2 * static_cast<int64_t>(kHour);

uint64_t lowest(uint64_t) { return 0; }
uint64_t highest(uint64_t below) { return below - 1; }

struct NightlyCase {
  const char* name;
  Nightly nightly;
  uint64_t now;
  uint64_t last;
  uint64_t next;
};

TEST(SyncScheduleTest, TheNightlyMomentIsInLocalTimeWithTheDevicesOffset) {
  const NightlyCase cases[] = {
      {"before it", {120, 0, 0}, kMidnight + kHour, kMidnight - 22 * kHour, kMidnight + 2 * kHour},
      {"at it", {120, 0, 0}, kMidnight + 2 * kHour, kMidnight + 2 * kHour, kMidnight + 26 * kHour},
      {"one before it",
       {120, 0, 0},
       kMidnight + 2 * kHour - 1,
       kMidnight - 22 * kHour,
       kMidnight + 2 * kHour},
      {"offset",
       {120, 90'000, 0},
       kMidnight + 2 * kHour,
       kMidnight - 22 * kHour + 90'000,
       kMidnight + 2 * kHour + 90'000},
      {"east of Greenwich", {120, 0, kBeirut}, kMidnight + 1, kMidnight, kMidnight + kDay},
      {"local day before UTC's",
       {60, 0, kBeirut},
       kMidnight,
       kMidnight - kHour,
       kMidnight + 23 * kHour},
      {"west",
       {23 * 60, 0, -5 * static_cast<int64_t>(kHour)},
       kMidnight,
       kMidnight - 20 * kHour,
       kMidnight + 4 * kHour},
      {"offset over midnight",
       {1439, 2 * kMinute, 0},
       kMidnight,
       kMidnight - kDay + kMinute,
       kMidnight + kMinute},
      {"the first day", {120, 0, 0}, 5, 0, 2 * kHour},
  };
  for (const NightlyCase& one : cases) {
    EXPECT_EQ(last_nightly(one.nightly, one.now), one.last) << one.name;
    EXPECT_EQ(next_nightly(one.nightly, one.now), one.next) << one.name;
  }
}

struct NextCase {
  const char* name;
  std::optional<uint64_t> last_success;
  int failures;
  uint64_t next;
};

TEST(SyncScheduleTest, SyncsNightlyCatchesUpAndBacksOff) {
  const Nightly nightly{120, 0, 0};
  const uint64_t now = kMidnight + 10 * kHour;
  const uint64_t tonight = kMidnight + 26 * kHour;
  const NextCase cases[] = {
      {"never synced", std::nullopt, 0, now},
      {"synced tonight", kMidnight + 2 * kHour, 0, tonight},
      {"synced since", now - 1, 0, tonight},
      {"just now", now, 0, tonight},
      {"missed the night", kMidnight + 2 * kHour - 1, 0, now},
      {"missed many", now - 30 * kDay, 0, now},
      {"the clock was set back", now + 1, 0, now},
      {"failed once", kMidnight, 1, now + 30'000},
      {"failed, though the night was made", now - 1, 2, now + 60'000},
  };
  for (const NextCase& one : cases) {
    EXPECT_EQ(next_sync(nightly, now, one.last_success, one.failures, lowest), one.next)
        << one.name;
  }
}

TEST(SyncScheduleTest, BackoffDoublesFromHalfAMinuteToAnHourLessARandomHalf) {
  uint64_t whole = 30'000;
  for (const int failures : {1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 64, 1'000'000}) {
    if (failures > 1) whole = failures <= 8 ? whole * 2 : kHour;
    if (whole > kHour) whole = kHour;
    EXPECT_EQ(backoff_ms(failures, lowest), whole) << failures;
    EXPECT_EQ(backoff_ms(failures, highest), whole - whole / 2) << failures;
  }
  EXPECT_EQ(backoff_ms(0, lowest), 30'000U) << "a count that nobody should pass";
}

}  // namespace
}  // namespace daftar::client
