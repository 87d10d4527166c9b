// A disk that was copied or put back: the fork is found, only work behind it is made again, under a
// new number and once.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "common/ledger/chain.h"
#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"

namespace daftar {
namespace {

using client::PendingState;

constexpr FieldNumber kName = field::indicator_name_en;
constexpr FieldNumber kArabicName = field::indicator_name_ar;
constexpr FieldNumber kParent = field::indicator_parent;
const RecordKey kRoads = indicator_key(1, 1);

RecordKey fresh_indicator(TestDevice& device) {
  return indicator_key(device.number(), need(device.store().reserve_ids(1)));
}

// The changesets of one device in a ledger, in order.
std::vector<Changeset> changesets_of(SyncWorld& world, DeviceNumber device) {
  std::vector<Changeset> result;
  LedgerStore& store = world.hub.store().ledgers();
  need(store.read_entries(*need(store.find_ledger(kTransport)), 1, world.hub.head(kTransport).size,
                          [&](const StoredEntry& entry) -> Status {
                            if (entry.changeset.empty()) return {};
                            Changeset changeset = need(decode_changeset(entry.changeset));
                            if (changeset.device == device) result.push_back(changeset);
                            return {};
                          }));
  return result;
}

// How much each of the two disks did before it synced; the winner is entered first.
struct Fork {
  const char* name;
  int winner_edits;
  int loser_edits;
  bool is_clone_first = false;  ///< the copy wins
  bool is_race = false;         ///< the winner enters between the loser's heads and its push
};

std::ostream& operator<<(std::ostream& out, const Fork& fork) { return out << fork.name; }

class ForkTest : public testing::TestWithParam<Fork> {
 protected:
  ForkTest() {
    original.save(fresh_indicator(original), kName, "Roads");
    need(original.sync().report.status);
  }
  SyncWorld world;
  TestDevice& original = world.add_device();
};

TEST_P(ForkTest, IsFoundAndOnlyTheWorkBehindItIsMadeAgainOnce) {
  TestDevice& copy = world.clone(original);
  TestDevice& winner = GetParam().is_clone_first ? copy : original;
  TestDevice& loser = GetParam().is_clone_first ? original : copy;
  const RecordKey won = fresh_indicator(winner);
  const RecordKey lost = fresh_indicator(loser);
  ASSERT_EQ(won, lost) << "both disks give out the same id";
  for (int i = 0; i < GetParam().winner_edits; ++i) {
    winner.save(won, kName, "winner " + std::to_string(i));
  }
  for (int i = 0; i < GetParam().loser_edits; ++i) {
    loser.save(lost, kName, "loser " + std::to_string(i));
  }
  Line line;
  if (GetParam().is_race) {
    line.before = [&](uint64_t number) {
      if (number == 2) need(winner.sync().report.status);
    };
  } else {
    need(winner.sync().report.status);
  }
  const SyncOutcome found = loser.sync(line);
  EXPECT_TRUE(found.report.status.ok()) << found.report.status.text();
  EXPECT_TRUE(found.report.forked.contains(kTransport));
  EXPECT_EQ(found.report.pushed, 0U);
  if (GetParam().is_race) (void)loser.sync();  // the entries that show the fork
  EXPECT_EQ(loser.info().forked, static_cast<uint64_t>(GetParam().loser_edits));
  EXPECT_EQ(loser.info().waiting, 0U);

  loser.save(lost, kArabicName, "loser after the fork was found");
  EXPECT_TRUE(loser.sync().report.forked.contains(kTransport)) << "nothing goes on by itself";
  const DeviceNumber old_number = loser.number();
  world.enrol_anew(loser);
  ASSERT_NE(loser.number(), old_number);
  const SyncOutcome again = loser.sync();
  EXPECT_TRUE(again.report.status.ok()) << again.report.status.text();
  EXPECT_TRUE(again.report.forked.empty());
  need(winner.sync().report.status);
  world.expect_all_entered_once();
  world.expect_settled();

  // The new record has an id of its own, in which the loser's edits saw one another.
  const RecordKey moved = indicator_key(loser.number(), lost.counter);
  EXPECT_EQ(winner.reads(won, kName), "winner " + std::to_string(GetParam().winner_edits - 1));
  EXPECT_EQ(winner.reads(moved, kName), "loser " + std::to_string(GetParam().loser_edits - 1));
  EXPECT_EQ(winner.reads(moved, kArabicName), "loser after the fork was found");
  EXPECT_FALSE(winner.is_contended(won));
  EXPECT_FALSE(winner.is_contended(moved));
}

INSTANTIATE_TEST_SUITE_P(Orders, ForkTest,
                         testing::Values(Fork{"OriginalIsEnteredFirst", 1, 1},
                                         Fork{"CloneIsEnteredFirst", 1, 1, true},
                                         Fork{"HubIsFurtherAlong", 3, 1},
                                         Fork{"HubIsFurtherAlongByTheClone", 3, 1, true},
                                         Fork{"LoserIsFurtherAlong", 1, 3},
                                         Fork{"Race", 1, 1, false, true},
                                         Fork{"RaceFurtherAlong", 2, 1, true, true}),
                         [](const auto& fork) { return std::string(fork.param.name); });

class CloneTest : public ForkTest {
 protected:
  // A copy whose one edit (with this context) forked from the original's.
  TestDevice& forked_copy(const client::Draft& draft) {
    TestDevice& copy = world.clone(original);
    original.save(kRoads, kName, "Roads by the original");
    copy.save_draft(draft);
    need(original.sync().report.status);
    EXPECT_TRUE(copy.sync().report.forked.contains(kTransport));
    return copy;
  }
  client::Draft draft_of(std::vector<RecordEdits> records) {
    return {original.context(), "by the copy", std::nullopt, std::move(records)};
  }
};

TEST_F(CloneTest, TheFirstChangesetContinuesTheForkPointAndNamesItsOrigin) {
  TestDevice& copy = forked_copy(draft_of({{kRoads, {{kName, Value::text("x"), std::nullopt}}}}));
  const client::PendingChangeset before = need(copy.store().pending(copy.ledger())).front();
  ASSERT_EQ(before.seq, 2U);
  world.enrol_anew(copy);
  need(copy.sync().report.status);
  const std::vector<Changeset> made = changesets_of(world, copy.number());
  ASSERT_EQ(made.size(), 1U);
  ASSERT_TRUE(made[0].continues.has_value());
  EXPECT_EQ(made[0].continues->device, 1U);
  EXPECT_EQ(made[0].continues->seq, 1U);
  EXPECT_EQ(made[0].origin, before.link);
  EXPECT_EQ(made[0].time_ms, need(decode_changeset(before.bytes)).time_ms);
}

TEST_F(CloneTest, WhatWasSeenBeforeTheForkIsNotContendedWhatWasNotIs) {
  TestDevice& copy = forked_copy(draft_of({{kRoads,
                                            {{kName, Value::text("x"), std::nullopt},
                                             {kArabicName, Value::text("y"), std::nullopt}}}}));
  world.enrol_anew(copy);
  need(copy.sync().report.status);
  const RecordState record = need(copy.view().record(kRoads));
  EXPECT_TRUE(record.find(kName)->is_contended()) << "the original's name was not seen";
  EXPECT_FALSE(record.find(kArabicName)->is_contended());
}

TEST_F(CloneTest, IdsMadeBehindTheForkAreRewrittenInKeysAndValuesOlderOnesAreNot) {
  TestDevice& copy = world.clone(original);
  original.save(kRoads, kName, "Roads by the original");
  need(original.sync().report.status);
  const RecordKey parent = fresh_indicator(copy);
  const RecordKey child = fresh_indicator(copy);
  copy.save_draft({copy.context(),
                   "a family",
                   std::nullopt,
                   {{kRoads, {{kArabicName, Value::text("Turuq"), std::nullopt}}},
                    {parent, {{kParent, Value::reference(kRoads), std::nullopt}}},
                    {child, {{kParent, Value::reference(parent), std::nullopt}}}}});
  need(copy.sync().report.status);
  world.enrol_anew(copy);
  need(copy.sync().report.status);
  const auto moved = [&](const RecordKey& key) {
    return indicator_key(copy.number(), key.counter);
  };
  client::View view = copy.view();
  EXPECT_EQ(need(view.record(moved(parent))).reading(kParent), Value::reference(kRoads));
  EXPECT_EQ(need(view.record(moved(child))).reading(kParent), Value::reference(moved(parent)));
  EXPECT_TRUE(need(view.record(child)).cells.empty());
  EXPECT_GT(need(copy.store().reserve_ids(1)), child.counter) << "no id is given twice";
  world.expect_all_entered_once();
}

TEST_F(CloneTest, AnOriginIsAcceptedOnce) {
  TestDevice& copy = forked_copy(draft_of({{kRoads, {{kName, Value::text("x"), std::nullopt}}}}));
  TestDevice& copy_of_copy = world.clone(copy);
  world.enrol_anew(copy);
  world.enrol_anew(copy_of_copy);
  need(copy.sync().report.status);
  const SyncOutcome second = copy_of_copy.sync();
  EXPECT_EQ(second.report.refused, 0U) << "the ledger has this work: nobody need look at it";
  const auto pending = need(copy_of_copy.store().pending(copy_of_copy.ledger()));
  ASSERT_EQ(pending.size(), 1U);
  EXPECT_EQ(pending[0].reason, RefusalReason::origin_entered);
  EXPECT_EQ(copy_of_copy.info().waiting, 0U);
}

TEST_F(CloneTest, AfterAPowerCutWhileAdoptingTheSameStepMovesOnlyTheKey) {
  TestDevice& copy = forked_copy(draft_of({{kRoads, {{kName, Value::text("x"), std::nullopt}}}}));
  const std::string old_key = file_content(copy.folder() + "/device.key");
  world.enrol_anew(copy);
  const std::string new_key = file_content(copy.folder() + "/device.key");
  ASSERT_NE(old_key, new_key);
  put_file(copy.folder() + "/device.key", old_key);
  put_file(copy.folder() + "/device.key.next", new_key);
  need(copy.store().adopt(need(copy.store().identity())));
  EXPECT_EQ(file_content(copy.folder() + "/device.key"), new_key);
  need(copy.sync().report.status);
  need(original.sync().report.status);
  world.expect_all_entered_once();
  world.expect_settled();
}

TEST_F(CloneTest, SavingGoesOnAfterTheForkWasFound) {
  TestDevice& copy = forked_copy({original.context(),
                                  "by the copy",
                                  std::nullopt,
                                  {{kRoads, {{kName, Value::text("x"), std::nullopt}}}}});
  const uint64_t first = copy.save(kRoads, kArabicName, "first");
  EXPECT_EQ(copy.save(kRoads, kArabicName, "second"), first + 1);
  world.enrol_anew(copy);
  need(copy.sync().report.status);
  EXPECT_EQ(copy.reads(kRoads, kArabicName), "second");
}

TEST_F(CloneTest, HeldWorkOfTheOldNumberCanStillBeReapplied) {
  world.hub.authority = [](const Changeset& changeset, uint64_t) -> std::optional<RefusalReason> {
    if (changeset.message == "held") return RefusalReason::no_authority;
    return std::nullopt;
  };
  const uint64_t held = original.save(kRoads, kArabicName, "held");
  need(original.sync().report.status);
  TestDevice& copy = forked_copy({original.context(),
                                  "by the copy",
                                  std::nullopt,
                                  {{kRoads, {{kName, Value::text("x"), std::nullopt}}}}});
  world.enrol_anew(copy);
  need(copy.sync().report.status);
  EXPECT_EQ(copy.info().held, 1U);
  const Result<uint64_t> again =
      copy.store().reapply(copy.ledger(), held, "by the successor", world.clock.wall);
  ASSERT_TRUE(again.ok()) << again.status().text();
  need(copy.sync().report.status);
  EXPECT_EQ(copy.reads(kRoads, kArabicName), "held");
}

TEST_F(CloneTest, ReappliedWorkKeepsItsOriginSoThatAnotherCopyCannotEnterItAgain) {
  TestDevice& copy = forked_copy(draft_of({{kRoads, {{kName, Value::text("x"), std::nullopt}}}}));
  TestDevice& copy_of_copy = world.clone(copy);
  world.enrol_anew(copy);
  world.enrol_anew(copy_of_copy);
  world.hub.authority = [](const Changeset&, uint64_t) { return RefusalReason::no_authority; };
  need(copy.sync().report.status);
  ASSERT_EQ(copy.info().held, 1U);
  world.hub.authority = [](const Changeset&, uint64_t) { return std::nullopt; };
  const uint64_t held = need(copy.store().pending(copy.ledger())).at(0).seq;
  need(copy.store().reapply(copy.ledger(), held, "", world.clock.wall));
  need(copy.sync().report.status);
  need(copy_of_copy.sync().report.status);
  const auto pending = need(copy_of_copy.store().pending(copy_of_copy.ledger()));
  ASSERT_EQ(pending.size(), 1U);
  EXPECT_EQ(pending[0].reason, RefusalReason::origin_entered);
  EXPECT_EQ(changesets_of(world, copy.number()).back().origin,
            need(decode_changeset(pending[0].bytes)).origin);
}

TEST_F(CloneTest, DiscardingTakesOneHeldChangesetOffTheListNotAnotherNumbersWithTheSameSeq) {
  world.hub.authority = [](const Changeset& changeset, uint64_t) -> std::optional<RefusalReason> {
    if (changeset.message.starts_with("held")) return RefusalReason::no_authority;
    return std::nullopt;
  };
  original.save(kRoads, kArabicName, "held by the old number");  // seq 2
  need(original.sync().report.status);
  TestDevice& copy = forked_copy({original.context(),
                                  "by the copy",
                                  std::nullopt,
                                  {{kRoads, {{kName, Value::text("x"), std::nullopt}}}}});
  world.enrol_anew(copy);
  const uint64_t seq = copy.save(kRoads, kArabicName, "held by the new number");
  ASSERT_EQ(seq, 2U);
  need(copy.sync().report.status);
  ASSERT_EQ(copy.info().held, 2U);
  need(copy.store().discard(copy.ledger(), seq));
  EXPECT_EQ(copy.info().held, 1U);
}

// The disk forked in one ledger; in another its work was entered, but the device does not have it
// back (or does not know it) when it enrols anew.
TEST(CloneOfTwoLedgersTest, WorkThatTheHubHasEnteredIsNotEnteredAgainUnderTheNewNumber) {
  for (uint64_t cut_at = 3; cut_at < 8; ++cut_at) {
    SCOPED_TRACE("cut at message " + std::to_string(cut_at));
    SyncWorld world({kTransport, kHealth});
    TestDevice& original = world.add_device();
    original.save(kRoads, kName, "Roads");
    need(original.sync().report.status);
    TestDevice& copy = world.clone(original);
    original.save(kRoads, kName, "Roads by the original");
    need(original.sync().report.status);
    copy.save(kRoads, kName, "Roads by the copy");
    copy.save(kRoads, kName, "Clinics by the copy", {}, kHealth);
    (void)copy.sync({.cut = cut_at});
    world.enrol_anew(copy);
    need(copy.sync().report.status);
    need(copy.sync().report.status);
    world.expect_all_entered_once(kTransport);
    world.expect_all_entered_once(kHealth);
  }
}

TEST(RestoredDeviceTest, PullsItsOwnWorkWholeAndGoesOn) {
  SyncWorld world;
  TestDevice& device = world.add_device();
  device.save(fresh_indicator(device), kName, "Roads");
  need(device.sync().report.status);
  world.back_up(device, "older");
  const RecordKey buses = fresh_indicator(device);
  device.save(buses, kName, "Buses");
  need(device.sync().report.status);
  world.restore(device, "older");
  const SyncOutcome outcome = device.sync();
  EXPECT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
  EXPECT_TRUE(outcome.report.forked.empty());
  EXPECT_EQ(device.reads(buses, kName), "Buses");
  EXPECT_GT(need(device.store().reserve_ids(1)), buses.counter) << "no id is given twice";
  EXPECT_EQ(device.save(kRoads, kName, "Roads, later"), 3U);
  need(device.sync().report.status);
  world.expect_all_entered_once();
  world.expect_settled();
}

TEST(RestoredDeviceTest, WorkSavedBeforeItKnewIsAForkAndIsKept) {
  SyncWorld world;
  TestDevice& device = world.add_device();
  device.save(fresh_indicator(device), kName, "Roads");
  need(device.sync().report.status);
  world.back_up(device, "older");
  device.save(kRoads, kName, "forgotten");
  need(device.sync().report.status);
  world.restore(device, "older");
  device.save(kRoads, kName, "new");
  EXPECT_TRUE(device.sync().report.forked.contains(kTransport));
  world.enrol_anew(device);
  need(device.sync().report.status);
  world.expect_all_entered_once();
  world.expect_settled();
  EXPECT_TRUE(device.is_contended(kRoads));
}

// The hub has shut the old number out, and has work of it that this disk thinks unsent.
TEST(MadeAgainTest, WorkThatTheHubHasIsNotMadeAgainThoughTheOldNumberIsShutOut) {
  SyncWorld world;
  TestDevice& original = world.add_device();
  const RecordKey roads = fresh_indicator(original);
  original.save(roads, kName, "on both disks");
  TestDevice& copy = world.clone(original);
  need(original.sync().report.status);
  need(world.hub.store().revoke_device(original.number()));
  copy.save(roads, kName, "on the copy");
  world.enrol_anew(copy);
  need(copy.sync().report.status);
  EXPECT_EQ(copy.reads(roads, kName), "on the copy");
  EXPECT_FALSE(copy.is_contended(roads));
  EXPECT_EQ(changesets_of(world, copy.number()).size(), 1U);
  world.expect_all_entered_once();
}

TEST(MadeAgainTest, AThirdNumberContinuesWhatTheSecondWouldHave) {
  SyncWorld world;
  TestDevice& original = world.add_device();
  original.save(kRoads, kName, "on both disks");
  TestDevice& copy = world.clone(original);
  original.save(kRoads, kName, "on the original");
  copy.save(kRoads, kArabicName, "on the copy");
  need(copy.sync().report.status);
  world.enrol_anew(original);
  world.enrol_anew(original);
  need(original.sync().report.status);
  EXPECT_EQ(original.reads(kRoads, kName), "on the original");
  EXPECT_FALSE(need(original.view().record(kRoads)).find(kName)->is_contended());
}

TEST(MadeAgainTest, ANumberThatMayNotUseALedgerWithOpenWorkIsNotTaken) {
  SyncWorld world({kTransport, kHealth});
  TestDevice& original = world.add_device();
  original.save(kRoads, kName, "Roads");
  need(original.sync().report.status);
  original.save(kRoads, kName, "Roads again");
  const DeviceNumber before = original.number();
  const PublicKey key = need(original.store().prepare_new_key());
  const hub::Device fresh = need(world.hub.store().add_device(key, {}, "again", false, {kHealth}));
  for (int i = 0; i < 2; ++i) {
    const Status learnt = original.sync({}, fresh.number).report.status;
    EXPECT_EQ(learnt.message(), Msg::init_ledger_not_open) << learnt.text();
  }
  EXPECT_EQ(original.number(), before);
  need(world.hub.store().grant(fresh.number, false, {kTransport}));
  need(original.sync({}, fresh.number).report.status);
}

// A form that was opened before the last shared save is saved behind the fork point: made again, it
// must not count as having seen that save.
TEST(MadeAgainTest, AScreenOlderThanTheForkPointHasNotSeenTheWorkBeforeIt) {
  for (const bool has_earlier_save : {false, true}) {
    SCOPED_TRACE(has_earlier_save);
    SyncWorld world;
    TestDevice& original = world.add_device();
    const RecordKey roads = fresh_indicator(original);
    if (has_earlier_save) original.save(roads, kArabicName, "an earlier save");
    const Context form = original.context();
    original.save(roads, kName, "behind the form's back");
    TestDevice& copy = world.clone(original);
    copy.save(roads, kArabicName, "on the copy");
    need(copy.sync().report.status);
    original.save(roads, kName, "from the old form", form);
    need(original.sync().report.status);
    world.enrol_anew(original);
    for (TestDevice* device : {&original, &copy, &original}) need(device->sync().report.status);
    EXPECT_TRUE(original.is_contended(roads)) << "a value was decided silently";
    EXPECT_EQ(original.reads(roads, kName), "behind the form's back");
    world.expect_settled();
    world.expect_all_entered_once();
  }
}

// The copy under the new number is faster with work that both disks hold.
TEST(MadeAgainTest, WorkThatWasMadeAgainIsNotEnteredUnderTheOldNumberToo) {
  SyncWorld world({kTransport, kHealth});
  TestDevice& original = world.add_device();
  const RecordKey roads = indicator_key(900, 1);  // of no device here: no id is rewritten
  original.save(roads, kName, "on both disks");
  TestDevice& copy = world.clone(original);
  world.enrol_anew(original);
  need(original.sync().report.status);
  const SyncOutcome late = copy.sync();
  need(late.report.status);
  EXPECT_EQ(late.report.refused, 0U) << "nobody must look at it";
  for (TestDevice* device : {&original, &copy}) need(device->sync().report.status);
  EXPECT_EQ(
      changesets_of(world, original.number()).size() + changesets_of(world, copy.number()).size(),
      1U);
  EXPECT_EQ(copy.reads(roads, kName), "on both disks");
}

}  // namespace
}  // namespace daftar
