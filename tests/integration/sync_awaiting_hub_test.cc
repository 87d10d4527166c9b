// A hub that was said to be restored waits for its devices; its operator may give up.
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/restored_hub_world.h"

namespace daftar {
namespace {

// A hub whose operator said that it was restored.
class AwaitingHubTest : public RestoredHubTest {
 protected:
  void await() {
    need(world.hub.store().begin_awaiting());
    listen();
  }
  void listen() {
    hub::Writer::Events events;
    events.shown = [&](const std::string&, DeviceNumber device,
                       const std::set<DeviceNumber>& still_awaited) {
      shown.emplace_back(device, still_awaited.size());
    };
    world.hub.writer().on(std::move(events));
  }
  std::optional<std::set<DeviceNumber>> awaited() {
    return need(world.hub.store().awaited(kTransport));
  }
  // The operator gives a device its number again.
  void come_back(const std::string& ledger, DeviceNumber number) {
    const PublicKey key = SigningKey::generate().public_key();
    need(world.hub.store().add_device(key, 9, "back", false, {ledger}, number));
  }
  // Somebody holds `national`, when the hub is restored.
  TestDevice& await_with_inspection() {
    need(world.hub.store().end_awaiting());
    TestDevice& inspection = world.add_inspection();
    need(inspection.sync().report.status);
    await();
    return inspection;
  }
  AwaitingHubTest() { await(); }

  std::vector<std::pair<DeviceNumber, size_t>> shown;
};

TEST_F(AwaitingHubTest, WhoNeverSawTheLostEntriesCannotTakeTheirPlaces) {
  late.save(kBuses, kName, "Buses");
  const SyncOutcome turned = late.sync();
  EXPECT_EQ(turned.report.turned_away.at(kTransport), Msg::push_recovering);
  EXPECT_EQ(world.hub.head(kTransport).size, 1U);
  EXPECT_EQ(late.info().waiting, 1U);
  const SyncOutcome recovered = first.sync();
  EXPECT_EQ(recovered.report.recovered, 2U);
  EXPECT_EQ(shown, (std::vector<std::pair<DeviceNumber, size_t>>{{late.number(), 1},
                                                                 {first.number(), 0}}));
  EXPECT_TRUE(late.sync().report.turned_away.empty());
  need(first.sync().report.status);
  EXPECT_EQ(world.hub.head(kTransport).size, 4U);
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(AwaitingHubTest, OnlyAnAnswerToTheQuestionCounts) {
  // With work to send a device needs the hub's answer, and sends no token.
  late.save(kBuses, kName, "Buses");
  ASSERT_FALSE(late.sync({.cut = 1}).report.status.ok());
  ASSERT_FALSE(late.sync({.cut = 2}).report.status.ok());
  EXPECT_TRUE(shown.empty());
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{first.number(), late.number()}));
  need(late.sync().report.status);
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{first.number()}));
}

TEST_F(AwaitingHubTest, ADeviceThatIsRegisteredAgainMeanwhileIsAwaitedToo) {
  come_back(kTransport, 77);
  need(first.sync().report.status);
  late.save(kBuses, kName, "Buses");
  EXPECT_EQ(late.sync().report.turned_away.at(kTransport), Msg::push_recovering);
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{77}));
  need(world.hub.store().revoke_device(77));
  EXPECT_EQ(awaited(), std::nullopt);
  EXPECT_TRUE(late.sync().report.turned_away.empty());
}

TEST_F(AwaitingHubTest, ARevokedDeviceIsNotAwaited) {
  need(late.sync().report.status);
  need(world.hub.store().revoke_device(first.number()));
  EXPECT_EQ(awaited(), std::nullopt);
  late.save(kBuses, kName, "Buses");
  EXPECT_TRUE(late.sync().report.turned_away.empty());
  EXPECT_EQ(late.info().waiting, 0U);
}

TEST_F(AwaitingHubTest, ARestartGoesOnWaiting) {
  need(late.sync().report.status);
  world.hub.close();
  world.hub.open();
  listen();
  late.save(kBuses, kName, "Buses");
  EXPECT_EQ(late.sync().report.turned_away.at(kTransport), Msg::push_recovering);
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{first.number()}));
  need(world.hub.store().end_awaiting());
  EXPECT_TRUE(late.sync().report.turned_away.empty());
}

TEST_F(AwaitingHubTest, ALedgerThatIsMadeAgainWaitsToo) {
  TestDevice& inspection = await_with_inspection();
  need(world.hub.store().grant(late.number(), false, {"administration/made-after-the-backup"}));
  EXPECT_EQ(need(world.hub.store().awaited("administration/made-after-the-backup")),
            (std::set<DeviceNumber>{late.number(), inspection.number()}));
}

TEST_F(AwaitingHubTest, ALedgerThatTheOperatorMakesAgainWaitsToo) {
  const std::string ledger = "administration/made-after-the-backup";
  need(world.hub.store().add_ledger(ledger));
  need(world.hub.store().grant(late.number(), false, {ledger}));
  EXPECT_TRUE(need(world.hub.store().awaited(ledger)));
}

TEST_F(AwaitingHubTest, ALedgerThatIsOpenAgainDoesNotCloseForANewDevice) {
  need(late.sync().report.status);
  need(world.hub.store().revoke_device(first.number()));
  world.add_device();
  EXPECT_EQ(awaited(), std::nullopt);
  late.save(kBuses, kName, "Buses");
  EXPECT_TRUE(late.sync().report.turned_away.empty());
}

TEST_F(AwaitingHubTest, ALedgerThatIsOpenAgainWaitsForADeviceThatComesBack) {
  need(late.sync().report.status);
  need(first.sync().report.status);
  ASSERT_EQ(awaited(), std::nullopt);
  come_back(kTransport, 77);  // though nobody waits any more
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{77}));
}

TEST_F(AwaitingHubTest, ADeviceThatIsGrantedALedgerThatIsOpenAgainShowsOnceMoreAndThenItStaysOpen) {
  TestDevice& inspection = await_with_inspection();
  come_back("administration/other", 76);
  for (TestDevice* device : {&late, &first, &inspection}) need(device->sync().report.status);
  ASSERT_EQ(awaited(), std::nullopt);
  need(world.hub.store().grant(late.number(), false, {kTransport}));
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{late.number()}));
  need(late.sync().report.status);
  need(world.hub.store().revoke_device(76));
  world.add_device();
  EXPECT_EQ(awaited(), std::nullopt) << "a new device closes it again";
}

// Whoever had a number may come back: nobody else gets it before.
TEST_F(AwaitingHubTest, ABackupThatKnowsNobodyGivesNoNumberTwice) {
  need(world.hub.store().end_awaiting());
  need(world.hub.store().revoke_device(first.number()));
  need(world.hub.store().revoke_device(late.number()));
  await();
  const auto enrol = [&](std::optional<DeviceNumber> number) {
    return world.hub.store().add_device(SigningKey::generate().public_key(), {}, "new", false,
                                        {kTransport}, number);
  };
  EXPECT_TRUE(need(world.hub.store().knows_nobody()));
  EXPECT_EQ(enrol({}).status().message(), Msg::hub_is_restored);
  need(world.hub.store().end_awaiting(kTransport));
  need(world.hub.store().revoke_device(need(enrol(39)).number));
  EXPECT_EQ(enrol({}).status().message(), Msg::hub_is_restored) << "nobody has come back yet";
  const DeviceNumber back = need(enrol(40)).number;
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{back}));
  EXPECT_EQ(enrol({}).status().message(), Msg::hub_is_restored);
  world.hub.writer().note_shown(kTransport, 0, back);
  world.hub.settle();
  EXPECT_TRUE(need(world.hub.store().knows_nobody())) << "who knows nothing ends no waiting";
  world.hub.writer().note_shown(kTransport, 5, back);
  world.hub.settle();
  EXPECT_FALSE(need(world.hub.store().knows_nobody()));
  EXPECT_GT(need(enrol({})).number, back);
}

TEST_F(AwaitingHubTest, WhoComesBackIsKnownThoughHisLedgersWereGivenUp) {
  need(world.hub.store().end_awaiting());
  need(world.hub.store().revoke_device(first.number()));
  need(world.hub.store().revoke_device(late.number()));
  await();
  const DeviceNumber number = late.number() + 10;
  need(world.hub.store().add_device(SigningKey::generate().public_key(), {}, "back", false,
                                    {kTransport}, number));
  for (const char* ledger : {kTransport, "national"}) {
    need(world.hub.store().end_awaiting(ledger));
  }
  ASSERT_TRUE(need(world.hub.store().knows_nobody()));
  const hub::Device back = *need(world.hub.store().device(number));
  v1::HeadsRequest request;
  EXPECT_TRUE(need(world.hub.service().heads(back, request)).show());
  request.set_shows(true);
  need(world.hub.service().heads(back, request));
  world.hub.settle();
  EXPECT_FALSE(need(world.hub.store().knows_nobody()));
}

TEST_F(AwaitingHubTest, OneLedgerIsGivenUpByItself) {
  need(world.hub.store().add_ledger(kHealth));
  need(world.hub.store().grant(late.number(), false, {kHealth}));
  EXPECT_EQ(world.hub.store().end_awaiting("administration/none").code(), Code::not_found);
  need(world.hub.store().end_awaiting(kHealth));
  EXPECT_EQ(need(world.hub.store().awaited(kHealth)), std::nullopt);
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{first.number(), late.number()}));
  EXPECT_TRUE(need(world.hub.store().has_given_up(kHealth)));
  EXPECT_FALSE(need(world.hub.store().has_given_up(kTransport)));
}

// A past that was given up, of the same size as what the hub has now: the other ledgers go on.
TEST_F(AwaitingHubTest, AnotherPastOfOneLedgerStopsNoOtherLedger) {
  const std::string kWater = "administration/water";  // behind the other one
  need(world.hub.store().end_awaiting());
  need(world.hub.store().add_ledger(kWater));
  for (TestDevice* device : {&first, &late}) {
    need(world.hub.store().grant(device->number(), false, {kWater}));
  }
  for (int i = 0; i < 2; ++i) {
    late.save(kBuses, kName, "Buses " + std::to_string(i));
    need(late.sync().report.status);
    if (i == 0) {  // the hub is the smaller one: what is shown does not follow
      EXPECT_EQ(first.sync().report.turned_away.at(kTransport), Msg::push_other_past);
    }
  }
  for (int i = 0; i < 2; ++i) {  // of the same size, then larger
    late.save(kBuses, kName, "Clinics " + std::to_string(i), {}, kWater);
    need(late.sync().report.status);
    first.save(kRoads, kName, "Hospitals " + std::to_string(i), {}, kWater);
    const SyncOutcome outcome = first.sync();
    EXPECT_EQ(outcome.report.status.code(), Code::corrupt);
    EXPECT_EQ(first.info(kWater).waiting + first.info(kWater).entered, 0U);
    EXPECT_EQ(first.digest(kWater), world.hub.digest(kWater));
    late.save(kBuses, kName, "Buses, later", {}, kTransport);
    need(late.sync().report.status);
  }
}

// Its other past was refused: that it gives back another ledger keeps nobody waiting.
TEST_F(AwaitingHubTest, WhoseOtherPastWasRefusedKeepsNobodyWaiting) {
  const std::string kWater = "administration/water";
  const auto open_water = [&] {
    need(world.hub.store().end_awaiting());
    need(world.hub.store().add_ledger(kWater));
    for (TestDevice* device : {&first, &late}) {
      need(world.hub.store().grant(device->number(), false, {kWater}));
    }
  };
  open_water();
  need(first.sync().report.status);
  first.save(kRoads, kName, "Hospitals", {}, kWater);
  for (int i = 0; i < 2; ++i) need(first.sync().report.status);
  world.hub.restore(world.folder / "backup");
  open_water();
  late.save(kBuses, kName, "Buses");
  need(late.sync().report.status);
  const SyncOutcome outcome = first.sync();
  EXPECT_EQ(outcome.report.recovered, 1U);
  EXPECT_TRUE(outcome.report.turned_away.contains(kTransport));
  late.save(kBuses, kName, "Buses again");
  EXPECT_TRUE(late.sync().report.turned_away.empty());
}

// A slow line: what is still on its way is waited for as long as frames come.
TEST_F(AwaitingHubTest, WhatIsGivenBackSlowlyAfterGivingUpKeepsItsPlace) {
  for (int i = 0; i < 2; ++i) {
    first.save(kRoads, kName, "Roads once more");
    for (int j = 0; j < 2; ++j) need(first.sync().report.status);
    need(late.sync().report.status);
  }
  world.hub.restore(world.folder / "backup");
  need(world.hub.store().end_awaiting());
  TestDevice& other = world.add_device();
  other.save(kBuses, kName, "Buses by another");
  bool is_between_frames = false;
  Line line;
  line.before = [&](uint64_t number) {
    if (number != 5 && number != 6)
      return;  // behind heads, question, what is shown, answer, a frame
    is_between_frames = world.hub.head(kTransport).size == number - 3;
    world.clock.steady += 7 * 60'000;
    EXPECT_EQ(other.sync().report.turned_away[kTransport], Msg::push_recovering);
  };
  const SyncOutcome outcome = first.sync(line);
  EXPECT_TRUE(is_between_frames);
  EXPECT_EQ(outcome.report.recovered, 4U);
  need(other.sync().report.status);
  EXPECT_EQ(other.info().waiting, 0U);
}

TEST_F(AwaitingHubTest, ALedgerThatIsOpenToNobodyHoldsUpNoOther) {
  need(world.hub.store().end_awaiting());
  need(world.hub.store().add_ledger(kHealth));
  await();
  for (TestDevice* device : {&first, &late}) need(device->sync().report.status);
  TestDevice& fresh = world.add_device();
  EXPECT_EQ(awaited(), std::nullopt);
  fresh.save(kBuses, kName, "Buses");
  EXPECT_TRUE(fresh.sync().report.turned_away.empty());
}

TEST_F(AwaitingHubTest, KnowingJustWhatTheHubHasIsShowingIt) {
  need(first.sync().report.status);
  need(late.sync().report.status);
  need(first.sync().report.status);
  ASSERT_TRUE(first.sync().report.is_unchanged);
  shown.clear();
  await();
  EXPECT_TRUE(first.sync().report.is_unchanged);
  world.hub.settle();
  EXPECT_EQ(shown.size(), 1U);
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{late.number()}));
}

TEST_F(AwaitingHubTest, ADeviceThatNeverSyncedHasNothingToShowAndIsNotWaitedForLonger) {
  need(world.hub.store().end_awaiting());
  TestDevice& fresh = world.add_device();
  await();
  fresh.save(kBuses, kName, "Buses");
  need(fresh.sync().report.status);
  EXPECT_EQ(shown.size(), 1U);
  EXPECT_EQ(awaited(), (std::set<DeviceNumber>{first.number(), late.number()}));
}

}  // namespace
}  // namespace daftar
