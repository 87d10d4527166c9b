// A hub that was restored from an older copy of its folder.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"

namespace daftar {
namespace {

constexpr FieldNumber kName = field::indicator_name_en;
constexpr FieldNumber kArabicName = field::indicator_name_ar;
const RecordKey kRoads = indicator_key(1, 1);
const RecordKey kBuses = indicator_key(2, 1);

class RestoredHubTest : public testing::Test {
 protected:
  // `first` has two entries that the hub then forgets; `late` knows the old ones only.
  RestoredHubTest() {
    first.save(kRoads, kName, "Roads");
    need(first.sync().report.status);
    need(late.sync().report.status);
    world.hub.back_up(world.folder / "backup");
    first.save(kRoads, kName, "Roads, after the backup");
    need(first.sync().report.status);
    first.save(kRoads, kName, "Roads, again");
    need(first.sync().report.status);
    forgotten = world.hub.head(kTransport);
    digest = world.hub.digest(kTransport);
    world.hub.restore(world.folder / "backup");
  }

  SyncWorld world;
  TestDevice& first = world.add_device();
  TestDevice& late = world.add_device();
  TreeHead forgotten;
  Hash digest{};
};

TEST_F(RestoredHubTest, ADeviceGivesTheEntriesBackAndTheRootsAreEqualAgain) {
  const SyncOutcome outcome = first.sync();
  EXPECT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
  EXPECT_EQ(outcome.report.recovered, 2U);
  EXPECT_EQ(world.hub.head(kTransport), forgotten);
  EXPECT_EQ(world.hub.digest(kTransport), digest);
  need(late.sync().report.status);
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(RestoredHubTest, TheLedgerTakesNothingFromTheFirstSignUntilItIsRecovered) {
  late.save(kBuses, kName, "Buses");
  for (uint64_t cut_at = 2; cut_at < 6; ++cut_at) {
    SCOPED_TRACE("cut at message " + std::to_string(cut_at));
    ASSERT_FALSE(first.sync({.cut = cut_at}).report.status.ok());
    if (world.hub.head(kTransport).size == forgotten.size) break;
    const SyncOutcome turned = late.sync();
    ASSERT_TRUE(turned.report.turned_away.contains(kTransport));
    EXPECT_EQ(turned.report.turned_away.at(kTransport), Msg::push_recovering);
    EXPECT_EQ(late.info().waiting, 1U);
  }
  need(first.sync().report.status);
  EXPECT_TRUE(late.sync().report.turned_away.empty());
  need(first.sync().report.status);
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(RestoredHubTest, WhatWasShownIsRememberedWhenTheHubStartsAgain) {
  ASSERT_FALSE(first.sync({.cut = 4}).report.status.ok());  // shown, nothing recovered
  world.hub.close();
  world.hub.open();
  late.save(kBuses, kName, "Buses");
  EXPECT_TRUE(late.sync().report.turned_away.contains(kTransport));
  EXPECT_EQ(world.hub.head(kTransport).size, 1U);
  need(first.sync().report.status);
  need(late.sync().report.status);
  need(first.sync().report.status);
  world.expect_all_entered_once();
  world.expect_settled();
}

TEST_F(RestoredHubTest, AcknowledgedWorkThatNoCheckpointCoveredIsSentAgain) {
  need(first.sync().report.status);
  need(late.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  late.save(kBuses, kName, "acknowledged");
  ASSERT_FALSE(late.sync({.cut = 6}).report.status.ok());
  ASSERT_EQ(late.info().entered, 1U);
  world.hub.restore(world.folder / "backup");
  EXPECT_EQ(world.hub.head(kTransport).size, 3U);
  const SyncOutcome outcome = late.sync();
  EXPECT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
  EXPECT_EQ(outcome.report.pushed, 1U);
  need(first.sync().report.status);
  world.expect_all_entered_once();
  world.expect_settled();
}

TEST_F(RestoredHubTest, ARefusalThatTheHubForgotIsJudgedAgain) {
  need(first.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  world.hub.authority = [](const Changeset&, uint64_t) { return RefusalReason::no_authority; };
  late.save(kBuses, kName, "Buses");
  ASSERT_FALSE(late.sync({.cut = 6}).report.status.ok());
  ASSERT_EQ(late.info().held, 1U);
  world.hub.restore(world.folder / "backup");
  world.hub.authority = [](const Changeset&, uint64_t) { return std::nullopt; };
  need(late.sync().report.status);
  EXPECT_EQ(late.info().held, 0U);
  need(first.sync().report.status);
  world.expect_all_entered_once();
  world.expect_settled();
}

TEST_F(RestoredHubTest, TwoDevicesGiveBackTheSameEntries) {
  TestDevice& copy = world.add_device();  // knows as much as `first`
  need(first.sync().report.status);
  need(copy.sync().report.status);
  world.hub.restore(world.folder / "backup");
  // The number of `copy` was given after the backup; only the order of arrival matters here.
  need(world.hub.store().add_device(need(copy.store().key()).public_key(), std::nullopt, "again",
                                    true, {}));
  ASSERT_FALSE(first.sync({.cut = 5}).report.status.ok());
  need(copy.sync().report.status);
  need(first.sync().report.status);
  need(late.sync().report.status);
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(RestoredHubTest, ACheckpointBetweenThoseThatWereGivenBackIsStillThePast) {
  need(first.sync().report.status);
  need(late.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  first.save(kRoads, kName, "one more");
  need(first.sync().report.status);
  need(late.sync().report.status);  // verifies size 4
  TestDevice& third = world.add_device();
  first.save(kRoads, kName, "and one");
  need(first.sync().report.status);
  need(third.sync().report.status);  // verifies size 5, in one step
  world.hub.restore(world.folder / "backup");
  need(world.hub.store().add_device(need(third.store().key()).public_key(), std::nullopt, "again",
                                    true, {}));
  need(third.sync().report.status);  // gives back 4 and 5 with the checkpoint of 5
  ASSERT_EQ(world.hub.head(kTransport).size, 5U);
  late.save(kBuses, kName, "Buses");
  const SyncOutcome outcome = late.sync();
  EXPECT_TRUE(outcome.report.turned_away.empty());
  EXPECT_EQ(outcome.report.pushed, 1U);
}

TEST_F(RestoredHubTest, EntriesThatTheHubNeverPublishedAreNotTakenBack) {
  const hub::Device device = need(world.hub.service().authenticate(first.number()));
  std::vector<WireEntry> entries;
  need(first.store().ledgers().read_entries(
      first.ledger(), 2, 3, [&](const StoredEntry& entry) -> Status {
        entries.push_back({std::string(entry.header), std::string(entry.changeset), false});
        return {};
      }));
  EntryHeader header = need(decode_header(entries[0].header));
  ++header.time_ms;
  entries[0].header = encode_header(header);
  v1::RecoverRequest request;
  request.set_ledger(kTransport);
  request.set_frame(encode_pull_frame(entries));
  request.set_checkpoint(need(first.store().checkpoint(first.ledger())));
  Status status;
  world.hub.service().recover(device, request,
                              [&](Result<uint64_t> made) { status = made.status(); });
  world.hub.settle();
  EXPECT_EQ(status.code(), Code::corrupt);
  EXPECT_EQ(world.hub.head(kTransport).size, 1U);
  need(first.sync().report.status);
  EXPECT_EQ(world.hub.head(kTransport), forgotten);
}

TEST_F(RestoredHubTest, AnotherHubProcessSeesThatTheLedgerWaits) {
  hub::Writer other(need(hub::HubStore::open(world.folder / "hub", Database::Access::read_write)),
                    world.clock,
                    [](const Changeset&, uint64_t) { return std::optional<RefusalReason>(); });
  hub::Service service(
      need(hub::HubStore::open(world.folder / "hub", Database::Access::read_write)),
      need(world.hub.store().identity()), other);
  const auto push_over_other = [&](const std::string& text) {
    late.save(kBuses, kName, text);
    const auto batch = need(late.store().waiting_batch(late.ledger(), 0));
    const Seal seal =
        make_seal(need(late.store().key()), kTransport,
                  {batch.back().device, batch.back().seq, batch.back().link}, late.verified());
    v1::PushRequest request;
    request.set_ledger(kTransport);
    std::vector<std::string> bytes;
    for (const auto& one : batch) bytes.push_back(one.bytes);
    request.set_frame(encode_push_frame(bytes));
    request.set_seen_size(seal.seen.size);
    request.set_seen_root(std::string(hash_bytes(seal.seen.root)));
    request.set_signature(std::string(seal.signature.begin(), seal.signature.end()));
    v1::PushReply answer;
    service.push(need(service.authenticate(late.number())), request,
                 [&](Result<v1::PushReply> reply) { answer = need(std::move(reply)); });
    while (other.run_once()) {
    }
    return answer;
  };
  EXPECT_EQ(push_over_other("before anybody knows").entered_size(), 1);  // opens the ledger there
  ASSERT_FALSE(first.sync({.cut = 3}).report.status.ok());  // it has shown what it knows
  world.hub.settle();
  const v1::PushReply turned = push_over_other("must wait");
  EXPECT_EQ(turned.turned_away().reason(), v1::TurnedAway::RECOVERING);
}

TEST_F(RestoredHubTest, AHubThatTakesEntriesBackAndStillDoesNotHaveThemEndsTheSession) {
  std::optional<v1::HeadsReply> old;
  const SyncOutcome outcome = first.sync({.forge_heads = [&](v1::HeadsReply& reply) {
    if (reply.show()) return;
    if (!old) old = reply;
    reply = *old;
  }});
  EXPECT_TRUE(outcome.is_done);
  EXPECT_TRUE(outcome.report.turned_away.contains(kTransport));
}

// Of one ledger the hub has another past by now; of the other it lacks what this device has.
TEST(RestoredHubOfTwoLedgersTest, APastThatDoesNotFitKeepsNothingElseFromComingBack) {
  SyncWorld world({kHealth, kTransport});
  TestDevice& other = world.add_device();
  TestDevice& device = world.add_device();
  for (TestDevice* one : {&other, &device}) need(one->sync().report.status);
  world.hub.back_up(world.folder / "backup");
  device.save(kRoads, kName, "Clinics", {}, kHealth);
  device.save(kRoads, kName, "Clinics again", {}, kHealth);
  device.save(kRoads, kName, "Roads");
  for (int i = 0; i < 2; ++i) need(device.sync().report.status);
  world.hub.restore(world.folder / "backup");
  other.save(kBuses, kName, "Hospitals", {}, kHealth);
  need(other.sync().report.status);
  const SyncOutcome outcome = device.sync();
  EXPECT_EQ(outcome.report.recovered, 1U);
  EXPECT_TRUE(outcome.report.turned_away.contains(kHealth));
  EXPECT_EQ(world.hub.messages(kHealth), std::vector<std::string>{"Hospitals"});
  EXPECT_EQ(world.hub.messages(kTransport), std::vector<std::string>{"Roads"});
}

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

// Without giving up, what does not follow stops its ledger: the log says so, and what ends it.
TEST_F(RestoredHubTest, AnotherLongerPastStopsItsLedgerUntilItIsGivenUp) {
  std::vector<std::string> log;
  hub::Writer::Events events;
  events.other_past = [&](const std::string& ledger, DeviceNumber, bool is_stopped) {
    log.push_back((is_stopped ? "stops " : "goes on ") + ledger);
  };
  events.ledger_short = [&](const std::string& ledger, uint64_t shown, uint64_t size) {
    log.push_back(ledger + " " + std::to_string(shown) + " " + std::to_string(size));
  };
  world.hub.writer().on(events);
  late.save(kBuses, kName, "Buses");  // in the place of what is lost
  need(late.sync().report.status);
  (void)first.sync();
  const std::string ledger(kTransport);
  EXPECT_EQ(log, (std::vector<std::string>{ledger + " 3 2", "stops " + ledger}));
  late.save(kBuses, kName, "Buses again");
  EXPECT_EQ(late.sync().report.turned_away.at(kTransport), Msg::push_recovering);
  need(world.hub.store().end_awaiting(kTransport));
  world.hub.close();
  world.hub.open();
  world.hub.writer().on(events);
  need(late.sync().report.status);
  EXPECT_EQ(late.info().waiting, 0U);
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

TEST_F(RestoredHubTest, ADeviceOfWhichNobodyTellsGetsItsNumberBack) {
  TestDevice& third = world.add_device();
  const PublicKey key = need(third.store().key()).public_key();
  const DeviceNumber number = third.number();
  world.hub.restore(world.folder / "backup");
  EXPECT_EQ(third.sync().report.status.code(), Code::refused);
  const UserNumber user = need(third.store().identity()).user;
  EXPECT_EQ(
      world.hub.store().add_device(key, user, "", true, {}, first.number()).status().message(),
      Msg::device_number_taken);
  const hub::Device again =
      need(world.hub.store().add_device(key, user, "third", true, {}, number));
  EXPECT_EQ(again.number, number);
  need(first.sync().report.status);
  third.save(kBuses, kName, "Buses");
  need(third.sync().report.status);
  need(third.sync().report.status);
  need(first.sync().report.status);
  need(late.sync().report.status);
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(RestoredHubTest, ARecoveredDeviceGetsItsUserBackOnce) {
  need(first.sync().report.status);
  world.hub.back_up(world.folder / "backup");
  TestDevice& third = world.add_device();
  third.save(kBuses, kName, "Buses");
  need(third.sync().report.status);
  need(first.sync().report.status);
  world.hub.restore(world.folder / "backup");
  need(first.sync().report.status);
  hub::HubStore& store = world.hub.store();
  EXPECT_EQ(need(store.device(third.number()))->user, 0U);
  need(store.grant(third.number(), true, {}, UserNumber{7}));
  EXPECT_EQ(need(store.device(third.number()))->user, 7U);
  EXPECT_EQ(store.grant(third.number(), true, {}, UserNumber{8}).message(), Msg::device_has_user);
  need(store.grant(third.number(), false, {kHealth}));
  EXPECT_EQ(need(store.device(third.number()))->user, 7U);
  EXPECT_TRUE(need(store.device(third.number()))->holds_all);
}

}  // namespace
}  // namespace daftar
