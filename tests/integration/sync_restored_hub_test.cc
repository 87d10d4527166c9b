// A hub that was restored from an older copy of its folder.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/integration/restored_hub_world.h"

namespace daftar {
namespace {

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
