// A sync that is cut after every one of its messages, and then goes on: nothing is lost, nothing is
// entered twice, and hub and devices end alike.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"

namespace daftar {
namespace {

const std::vector<std::string> kBoth = {kTransport, kHealth};
constexpr FieldNumber kName = field::indicator_name_en;
constexpr FieldNumber kArabicName = field::indicator_name_ar;
const RecordKey kRoads = indicator_key(1, 1);
const RecordKey kBuses = indicator_key(1, 2);

// What is there before the session that is cut: the device that syncs first, another one second.
struct Scenario {
  const char* name;
  std::function<void(SyncWorld& world, TestDevice& cut, TestDevice& other)> prepare;
  uint64_t least_messages;
  bool is_disk_older = false;
};

std::ostream& operator<<(std::ostream& out, const Scenario& scenario) {
  return out << scenario.name;
}

void both_have_begun(TestDevice& cut, TestDevice& other) {
  cut.save(kRoads, kName, "Roads");
  need(cut.sync().report.status);
  other.save(kBuses, kName, "Buses");
  need(other.sync().report.status);
}

void push_and_pull(SyncWorld&, TestDevice& cut, TestDevice& other) {
  both_have_begun(cut, other);
  other.save(kBuses, kName, "Buses, all", {}, kHealth);
  need(other.sync().report.status);
  cut.save(kRoads, kName, "Roads of 2024");
  cut.save(kRoads, kArabicName, "Turuq");
  cut.save(kBuses, kName, "Clinics", {}, kHealth);
}

void first_sync_of_all(SyncWorld&, TestDevice& cut, TestDevice& other) {
  other.save(kBuses, kName, "Buses");
  need(other.sync().report.status);
  cut.save(kRoads, kName, "Roads");
}

void contended(SyncWorld&, TestDevice& cut, TestDevice& other) {
  both_have_begun(cut, other);
  need(cut.sync().report.status);
  other.save(kBuses, kName, "Buses by other");
  need(other.sync().report.status);
  cut.save(kBuses, kName, "Buses by cut");
}

void one_is_refused(SyncWorld& world, TestDevice& cut, TestDevice& other) {
  world.hub.authority = [](const Changeset& changeset, uint64_t) -> std::optional<RefusalReason> {
    if (changeset.message.starts_with("refuse")) return RefusalReason::no_authority;
    return std::nullopt;
  };
  both_have_begun(cut, other);
  cut.save(kRoads, kName, "before");
  cut.save(kRoads, kName, "refused");
  cut.save(kRoads, kName, "after");
}

void hub_is_older(SyncWorld& world, TestDevice& cut, TestDevice& other) {
  both_have_begun(cut, other);
  need(cut.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  other.save(kBuses, kName, "after the backup");
  need(other.sync().report.status);
  cut.save(kRoads, kName, "also after it");
  need(cut.sync().report.status);
  other.save(kBuses, kArabicName, "acknowledged, not covered");
  // Cut behind the push: heads, push, end of push and their answers.
  need(other.sync({.cut = 6}).report.status.code() == Code::unavailable
           ? Status()
           : Status(Code::internal, Msg::hub_unreachable));
  world.hub.restore(world.folder / "backup");
  cut.save(kRoads, kArabicName, "new work");
}

void device_is_older(SyncWorld& world, TestDevice& cut, TestDevice& other) {
  both_have_begun(cut, other);
  world.back_up(cut, "older");
  cut.save(kRoads, kName, "forgotten by the device");
  cut.save(kRoads, kArabicName, "this too");
  need(cut.sync().report.status);
  world.restore(cut, "older");
}

class SyncCutTest : public testing::TestWithParam<Scenario> {};

TEST_P(SyncCutTest, CutAfterEveryMessageTheNextSessionGoesOn) {
  bool is_uncut = false;
  uint64_t cut_at = 0;
  for (; !is_uncut; ++cut_at) {
    SCOPED_TRACE("cut at message " + std::to_string(cut_at));
    SyncWorld world(kBoth);
    TestDevice& cut = world.add_device();
    TestDevice& other = world.add_device();
    GetParam().prepare(world, cut, other);

    const SyncOutcome first = cut.sync({.cut = cut_at});
    is_uncut = first.report.status.ok();
    if (!is_uncut) {
      EXPECT_EQ(first.report.status.code(), Code::unavailable);
    }
    const SyncOutcome second = cut.sync();
    EXPECT_TRUE(second.report.status.ok()) << second.report.status.text();
    // Twice: its work may be turned away until it has seen what a restored hub got back.
    EXPECT_TRUE(other.sync().report.status.ok());
    EXPECT_TRUE(other.sync().report.status.ok());
    EXPECT_TRUE(cut.sync().report.status.ok());

    world.expect_settled(kBoth);
    for (const std::string& ledger : kBoth) world.expect_all_entered_once(ledger);
    if (HasFailure()) return;
  }
  EXPECT_GE(cut_at, GetParam().least_messages);
}

TEST_P(SyncCutTest, WorkSavedBetweenTwoCutsIsEnteredToo) {
  bool is_uncut = false;
  for (uint64_t cut_at = 0; !is_uncut; ++cut_at) {
    SCOPED_TRACE("cut at message " + std::to_string(cut_at));
    SyncWorld world(kBoth);
    TestDevice& cut = world.add_device();
    TestDevice& other = world.add_device();
    GetParam().prepare(world, cut, other);

    is_uncut = cut.sync({.cut = cut_at}).report.status.ok();
    // A disk that was put back does not know its own newest work before it has pulled: what is
    // saved there is a fork, and sync_clone_test is about that.
    if (!GetParam().is_disk_older) cut.save(kBuses, kArabicName, "between");
    cut.close();
    cut.open();
    (void)cut.sync({.cut = cut_at});
    (void)other.sync({.cut = cut_at});
    // Its work may be turned away until a restored hub got back what either of them was cut at
    // giving back, and again until it has seen that.
    for (TestDevice* device : {&cut, &other, &other, &cut, &other}) {
      EXPECT_TRUE(device->sync().report.status.ok());
    }

    world.expect_settled(kBoth);
    for (const std::string& ledger : kBoth) world.expect_all_entered_once(ledger);
    if (HasFailure()) return;
  }
}

TEST_P(SyncCutTest, ASilentLineEndsAtTheDeadlineAndTheNextSessionGoesOn) {
  bool is_through = false;
  for (uint64_t silent_at = 0; !is_through; ++silent_at) {
    SCOPED_TRACE("silent from message " + std::to_string(silent_at));
    SyncWorld world(kBoth);
    TestDevice& cut = world.add_device();
    TestDevice& other = world.add_device();
    GetParam().prepare(world, cut, other);

    const SyncOutcome first = cut.sync({.silent = silent_at});
    ASSERT_TRUE(first.is_done);
    is_through = first.report.status.ok();
    if (!is_through) {
      EXPECT_EQ(first.report.status.code(), Code::unavailable);
    }
    EXPECT_TRUE(cut.sync().report.status.ok());
    // Twice: its work may be turned away until it has seen what a restored hub got back.
    EXPECT_TRUE(other.sync().report.status.ok());
    EXPECT_TRUE(other.sync().report.status.ok());
    EXPECT_TRUE(cut.sync().report.status.ok());
    world.expect_settled(kBoth);
    world.expect_all_entered_once(kTransport);
    if (HasFailure()) return;
  }
}

TEST_P(SyncCutTest, ProgressCountsOnlyWhatIsDurable) {
  bool is_uncut = false;
  for (uint64_t cut_at = 0; !is_uncut; ++cut_at) {
    SCOPED_TRACE("cut at message " + std::to_string(cut_at));
    SyncWorld world(kBoth);
    TestDevice& cut = world.add_device();
    TestDevice& other = world.add_device();
    GetParam().prepare(world, cut, other);
    const auto sizes = [&] { return cut.verified(kTransport).size + cut.verified(kHealth).size; };
    const auto waiting = [&] { return cut.info(kTransport).waiting + cut.info(kHealth).waiting; };
    const uint64_t size_before = sizes();
    const uint64_t waiting_before = waiting();

    const SyncOutcome outcome = cut.sync({.cut = cut_at});
    is_uncut = outcome.report.status.ok();
    cut.close();  // what is counted is on the disk
    cut.open();
    EXPECT_EQ(outcome.report.pulled, sizes() - size_before);
    EXPECT_EQ(outcome.report.pushed, waiting_before - waiting());
    uint64_t counted = 0;
    for (const client::SyncReport& report : outcome.progress) {
      EXPECT_GE(report.pushed + report.pulled + report.recovered, counted);
      counted = report.pushed + report.pulled + report.recovered;
    }
    EXPECT_EQ(counted, outcome.report.pushed + outcome.report.pulled + outcome.report.recovered);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SyncCutTest,
                         testing::Values(Scenario{"PushAndPull", push_and_pull, 13},
                                         Scenario{"FirstSyncOfAll", first_sync_of_all, 9},
                                         Scenario{"Contended", contended, 9},
                                         Scenario{"OneIsRefused", one_is_refused, 9},
                                         Scenario{"HubIsOlder", hub_is_older, 12},
                                         Scenario{"DeviceIsOlder", device_is_older, 5, true}),
                         [](const auto& scenario) { return std::string(scenario.param.name); });

}  // namespace
}  // namespace daftar
