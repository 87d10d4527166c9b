// Whole worlds under one seed each (design: "What always holds").
//
// Each case has its own seeds, so that cases run side by side. A failing seed prints itself and the
// shortest schedule that shrinking found. DAFTAR_SEED=n replays that seed alone,
// DAFTAR_SCHEDULE=file a schedule that was printed, both with what happened.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "common/base/planted.h"
#include "common/store/sqlite.h"
#include "tests/integration/sync_world.h"
#include "tests/simulation/fault_disk.h"
#include "tests/simulation/schedule.h"

namespace daftar::simulation {
namespace {

constexpr uint64_t kSeeds = 2000;
constexpr uint64_t kSeedsOfCase = 250;
#ifdef __SANITIZE_THREAD__
// A world has one thread; one case shows that, and takes minutes under this sanitizer.
constexpr uint64_t kCases = 1;
#else
constexpr uint64_t kCases = kSeeds / kSeedsOfCase;
#endif
constexpr uint64_t kFewestEdits = 200;
constexpr uint64_t kSeedsBetweenNotes = 200;

// In how many seeds each event happened.
using Counts = std::array<uint64_t, static_cast<size_t>(Event::kCount)>;

void count_events(const RunResult& result, Counts& counts) {
  for (size_t event = 0; event < counts.size(); ++event)
    counts[event] += result.events >> event & 1;
}

// Fails for whatever happened in fewer than one of a hundred seeds.
void expect_all_events(const Counts& counts, uint64_t seeds) {
  for (size_t event = 0; event < counts.size(); ++event) {
    const double percent = 100.0 * static_cast<double>(counts[event]) / static_cast<double>(seeds);
    std::printf("%6.1f %% of seeds: %s\n", percent, name_of(static_cast<Event>(event)));
    EXPECT_GE(percent, 1.0) << name_of(static_cast<Event>(event));
  }
}

std::string report(const Schedule& schedule, const std::string& failure) {
  const Schedule shortest = shrink_schedule(schedule);
  const RunResult result = run_schedule(shortest, true);
  return "seed " + std::to_string(schedule.seed) + ": " + failure + "\nshrunk from " +
         std::to_string(schedule.steps.size()) + " steps to " +
         std::to_string(shortest.steps.size()) + ":\n" + result.trace +
         "DAFTAR_SCHEDULE=file replays it; the file's content:\n" + to_text(shortest);
}

// What is wrong with a seed; "" if nothing is.
std::string run_seed(uint64_t seed, Counts& counts) {
  const Schedule schedule = make_schedule(seed);
  const RunResult result = run_schedule(schedule, false);
  count_events(result, counts);
  if (!result.failure.empty()) return report(schedule, result.failure);
  if (result.edits < kFewestEdits) {
    return "seed " + std::to_string(seed) + " has " + std::to_string(result.edits) + " edits";
  }
  if (count_faults(result.events) < kFewestFaults) {
    return "seed " + std::to_string(seed) + " has too few kinds of faults";
  }
  return "";
}

class SimulationTest : public testing::TestWithParam<uint64_t> {};

TEST_P(SimulationTest, NothingIsLostAndAllAgreeWithTheOracle) {
  Counts counts{};
  for (uint64_t i = 0; i < kSeedsOfCase; ++i) {
    const std::string wrong = run_seed(GetParam() * kSeedsOfCase + i, counts);
    ASSERT_EQ(wrong, "");
  }
  expect_all_events(counts, kSeedsOfCase);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SimulationTest, testing::Range<uint64_t>(0, kCases));

// ---- that it can fail

struct Planted {
  Defect defect;
  const char* name;
  const char* what;
};

std::ostream& operator<<(std::ostream& out, const Planted& planted) { return out << planted.name; }

constexpr Planted kPlanted[] = {
#define DAFTAR_DEFECT(name, what) {Defect::name, #name, what},
#include "common/base/planted.def"
#undef DAFTAR_DEFECT
};

class SimulationDefectTest : public testing::TestWithParam<Planted> {
 protected:
  void TearDown() override { planted_defect = Defect::none; }
};

TEST_P(SimulationDefectTest, IsCaught) {
  run_schedule(make_schedule(0), false);  // what all schedules share is made without the defect
  planted_defect = GetParam().defect;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Schedule schedule = make_schedule(seed);
    const RunResult result = run_schedule(schedule, false);
    if (result.failure.empty()) continue;
    const Schedule shortest = shrink_schedule(schedule);
    std::printf("caught by seed %llu, shrunk from %zu steps to %zu: %s\n",
                static_cast<unsigned long long>(seed), schedule.steps.size(), shortest.steps.size(),
                run_schedule(shortest, false).failure.c_str());
    return;
  }
  FAIL() << "not caught: " << GetParam().what;
}

std::string name_of_planted(const testing::TestParamInfo<Planted>& info) { return info.param.name; }

constexpr Planted pick(const char* wanted) {
  for (const Planted& planted : kPlanted) {
    if (std::string_view(planted.name) == wanted) return planted;
  }
  throw "there is no such defect";  // does not compile
}

constexpr Planted kEachRun[] = {pick("context_of_saving"), pick("cursor_apart"),
                                pick("acknowledged_early"), pick("duplicate_without_link"),
                                pick("agreed_dropped")};

INSTANTIATE_TEST_SUITE_P(EachRun, SimulationDefectTest, testing::ValuesIn(kEachRun),
                         name_of_planted);
INSTANTIATE_TEST_SUITE_P(Long, SimulationDefectTest, testing::ValuesIn(kPlanted), name_of_planted);

// ---- disks

// A transaction that failed at its last sync is in no copy of the files, though the log may have
// had all of it.
TEST(FaultDiskTest, WhatFailedToCommitIsNotInACopyOfTheFiles) {
  FaultDisk& disk = FaultDisk::install();
  const auto rows = [](Database& database) {
    Statement count = need(database.prepare("SELECT count(*) FROM t"));
    need(count.step());
    return count.integer(0);
  };
  size_t failed = 0;
  for (uint64_t operation = 0; operation < 12; ++operation) {
    {
      Database database = need(Database::open("/fault/one/x.db"));
      need(database.execute("CREATE TABLE t(x)"));
      need(database.begin());
      need(database.execute("INSERT INTO t VALUES(1)"));
      disk.plan("/fault/one", DiskFault::io_error, operation);
      const bool is_committed = database.commit().ok();
      failed += is_committed ? 0 : 1;
      disk.heal("/fault/one");
      disk.copy("/fault/one", "/fault/two");
      Database copy = need(Database::open("/fault/two/x.db"));
      EXPECT_EQ(rows(copy), is_committed ? 1 : 0) << "operation " << operation;
      EXPECT_EQ(rows(database), is_committed ? 1 : 0) << "operation " << operation;
    }
    // A database that closes writes: only then may its files go.
    disk.erase("/fault/two");
    disk.erase("/fault/one");
  }
  EXPECT_GE(failed, 2U) << "nothing was shown";
}

// ---- the long proof

// Fresh seeds on all cores: at least kLongSeeds, then on until DAFTAR_LONG_MINUTES are over, behind
// those of the last time, whose number is kept in simulation.seed of the folder that it runs in.
TEST(SimulationLongTest, FreshSeedsHold) {
  constexpr uint64_t kLongSeeds = 20'000;
  const char* minutes = std::getenv("DAFTAR_LONG_MINUTES");
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::minutes(minutes == nullptr ? 1 : std::atoi(minutes));
  const std::string path = "simulation.seed";
  uint64_t first = kSeeds;
  std::ifstream(path) >> first;
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<Counts> counts(cores);
  std::vector<std::string> wrong(cores);
  std::vector<std::atomic<uint64_t>> done(cores);
  std::atomic<bool> stop = false;
  // Cores end within a few seeds of each other; the next run may see those again.
  const auto note_seed = [&] {
    const auto least = std::min_element(done.begin(), done.end(),
                                        [](const auto& a, const auto& b) { return a < b; });
    std::ofstream(path) << first + *least * cores;
  };
  {
    std::vector<std::jthread> workers;
    for (size_t core = 0; core < cores; ++core) {
      workers.emplace_back([&, core] {
        while (!stop &&
               (done[core] * cores < kLongSeeds || std::chrono::steady_clock::now() < end)) {
          wrong[core] = run_seed(first + done[core] * cores + core, counts[core]);
          if (!wrong[core].empty()) stop = true;
          if (++done[core] % kSeedsBetweenNotes == 0 && core == 0) note_seed();
        }
      });
    }
  }
  Counts all{};
  uint64_t seeds = 0;
  for (size_t core = 0; core < cores; ++core) {
    ASSERT_EQ(wrong[core], "");
    seeds += done[core];
    for (size_t event = 0; event < all.size(); ++event) all[event] += counts[core][event];
  }
  note_seed();
  std::cout << seeds << " seeds from " << first << " on hold\n";
  expect_all_events(all, seeds);
}

// ---- replay

TEST(SimulationReplayTest, OneSeedFromTheEnvironment) {
  const char* wanted = std::getenv("DAFTAR_SEED");
  const uint64_t seed = wanted == nullptr ? 0 : std::strtoull(wanted, nullptr, 10);
  const RunResult result = run_schedule(make_schedule(seed), wanted != nullptr);
  std::cout << result.trace;
  EXPECT_EQ(result.failure, "") << report(make_schedule(seed), result.failure);
}

TEST(SimulationReplayTest, ASchedulePrintedIsTheSchedule) {
  const char* path = std::getenv("DAFTAR_SCHEDULE");
  std::ostringstream text;
  if (path != nullptr) text << std::ifstream(path).rdbuf();
  if (path == nullptr) text << to_text(make_schedule(7));
  const std::optional<Schedule> schedule = from_text(text.str());
  ASSERT_TRUE(schedule) << "this is not a schedule";
  EXPECT_EQ(to_text(*schedule), text.str());
  const RunResult result = run_schedule(*schedule, path != nullptr);
  std::cout << result.trace;
  EXPECT_EQ(result.failure, "");
}

}  // namespace
}  // namespace daftar::simulation
