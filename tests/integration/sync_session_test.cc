// One session between a device and a hub: what is sent, what comes back, what becomes of it.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "common/base/limits.h"
#include "common/base/period.h"
#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"

namespace daftar {
namespace {

using client::PendingState;

constexpr FieldNumber kName = field::indicator_name_en;
constexpr FieldNumber kArabicName = field::indicator_name_ar;
constexpr FieldNumber kUnknownField = 4'000;
const RecordKey kRoads = indicator_key(1, 1);
const RecordKey kBuses = indicator_key(1, 2);

class SyncSessionTest : public testing::Test {
 protected:
  // Changesets whose message begins so are refused.
  void refuse(const std::string& beginning) {
    world.hub.authority = [beginning](const Changeset& changeset,
                                      uint64_t) -> std::optional<RefusalReason> {
      if (changeset.message.starts_with(beginning)) return RefusalReason::period_locked;
      return std::nullopt;
    };
  }
  std::vector<client::PendingChangeset> pending() {
    return need(first.store().pending(first.ledger()));
  }

  SyncWorld world;
  TestDevice& first = world.add_device();
  TestDevice& second = world.add_device();
};

TEST_F(SyncSessionTest, WorkReachesTheHubAndAnotherDevice) {
  first.save(kRoads, kName, "Roads");
  const SyncOutcome pushed = first.sync();
  ASSERT_TRUE(pushed.report.status.ok()) << pushed.report.status.text();
  EXPECT_EQ(pushed.report.pushed, 1U);
  EXPECT_EQ(pushed.report.pulled, 1U);
  EXPECT_FALSE(pushed.report.is_unchanged);

  const SyncOutcome pulled = second.sync();
  EXPECT_EQ(pulled.report.pushed, 0U);
  EXPECT_EQ(pulled.report.pulled, 1U);
  EXPECT_EQ(pulled.report.pulled_edits, 1U);
  EXPECT_EQ(second.reads(kRoads, kName), "Roads");
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(SyncSessionTest, NothingNewIsOneCall) {
  first.save(kRoads, kName, "Roads");
  need(first.sync().report.status);
  const SyncOutcome again = first.sync();
  EXPECT_TRUE(again.report.is_unchanged);
  EXPECT_EQ(again.heads_calls, 1U);
  EXPECT_EQ(again.messages, 2U);  // there and back
}

// The hub says how long a ledger is, and then what it has of the device: what a session that broke
// off had sent was entered in between.
TEST_F(SyncSessionTest, OwnWorkThatTheHubHasIsPulledThoughItsHeadIsOlder) {
  first.save(kRoads, kName, "one");
  need(first.sync().report.status);
  const std::string older = need(first.store().checkpoint(first.ledger()));
  first.save(kRoads, kName, "two");
  constexpr uint64_t kPushReply = 3;
  ASSERT_FALSE(first.sync({.cut = kPushReply}).report.status.ok());
  ASSERT_EQ(first.info().waiting, 1U);
  need(first
           .sync({.forge_heads =
                      [&](v1::HeadsReply& reply) {
                        reply.mutable_ledgers(0)->set_checkpoint(older);
                      }})
           .report.status);
  EXPECT_EQ(first.info().waiting, 0U);
  EXPECT_EQ(first.info().entered, 0U);
}

TEST_F(SyncSessionTest, TwoDevicesContendAndOneOfThemSettlesIt) {
  first.save(kRoads, kName, "Roads");
  need(first.sync().report.status);
  need(second.sync().report.status);
  first.save(kRoads, kName, "Roads, first");
  second.save(kRoads, kName, "Roads, second");
  need(first.sync().report.status);
  need(second.sync().report.status);
  need(first.sync().report.status);
  for (TestDevice* device : {&first, &second}) {
    EXPECT_TRUE(device->is_contended(kRoads));
    EXPECT_EQ(device->reads(kRoads, kName), "Roads, first");
  }
  second.save(kRoads, kName, "Roads, agreed");
  EXPECT_FALSE(second.is_contended(kRoads)) << "settled here at once";
  need(second.sync().report.status);
  need(first.sync().report.status);
  for (TestDevice* device : {&first, &second}) {
    EXPECT_FALSE(device->is_contended(kRoads));
    EXPECT_EQ(device->reads(kRoads, kName), "Roads, agreed");
  }
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(SyncSessionTest, CancelEndsItAndKeepsWhatWasDurable) {
  need(second.sync().report.status);
  first.save(kRoads, kName, "Roads");
  FakeTransport transport(world.hub, first.number(), {});
  client::SyncSession session(first.store(), transport, world.clock,
                              [](const client::SyncReport&) {});
  transport.attach(session);
  session.start();
  session.cancel();
  EXPECT_TRUE(session.is_done());
  EXPECT_EQ(session.report().status.code(), Code::cancelled);
  transport.run();
  EXPECT_EQ(first.info().waiting, 1U);
  need(first.sync().report.status);
  world.expect_all_entered_once();
}

TEST_F(SyncSessionTest, TheDeadlineIsKeptAndMovesWithEachAnswer) {
  first.save(kRoads, kName, "Roads");
  FakeTransport transport(world.hub, first.number(), {.silent = 2});
  client::SyncSession session(first.store(), transport, world.clock,
                              [](const client::SyncReport&) {});
  transport.attach(session);
  session.start();
  const uint64_t first_deadline = session.next_deadline_ms();
  EXPECT_GT(first_deadline, world.clock.steady);
  world.clock.steady += 5;
  transport.run();  // heads is answered, the push is not
  EXPECT_GE(session.next_deadline_ms(), first_deadline + 5);
  EXPECT_LT(session.next_deadline_ms(), first_deadline + 1'000) << "the batch is small";
  world.clock.steady = session.next_deadline_ms() - 1;
  session.on_time();
  EXPECT_FALSE(session.is_done());
  ++world.clock.steady;
  session.on_time();
  EXPECT_TRUE(session.is_done());
  ASSERT_EQ(session.report().status.code(), Code::unavailable);
  EXPECT_EQ(session.report().status.message(), Msg::hub_silent);
}

TEST_F(SyncSessionTest, RefusedWorkIsHeldAndWhatFollowsIsEntered) {
  refuse("no: ");
  first.save(kRoads, kName, "one");
  first.save(kRoads, kName, "no: two");
  first.save(kRoads, kArabicName, "three");
  const SyncOutcome outcome = first.sync();
  EXPECT_EQ(outcome.report.pushed, 3U);
  EXPECT_EQ(outcome.report.refused, 1U);
  ASSERT_EQ(pending().size(), 1U);
  EXPECT_EQ(pending()[0].state, PendingState::held);
  EXPECT_EQ(pending()[0].reason, RefusalReason::period_locked);
  EXPECT_EQ(pending()[0].position, 2U);
  EXPECT_EQ(first.reads(kRoads, kName), "one");
  EXPECT_EQ(world.hub.messages(kTransport), (std::vector<std::string>{"one", "refused", "three"}));
  need(second.sync().report.status);
  world.expect_settled();
}

TEST_F(SyncSessionTest, AHeldChangesetIsReappliedWithItsContextAndWithoutLaterCells) {
  first.save(kRoads, kName, "Roads");
  need(first.sync().report.status);
  need(second.sync().report.status);
  refuse("no: ");
  client::Draft draft;
  draft.context = first.context();
  draft.message = "no: both names";
  draft.records = {{kRoads,
                    {{kName, Value::text("held name"), std::nullopt},
                     {kArabicName, Value::text("held arabic"), std::nullopt}}}};
  const uint64_t held = first.save_draft(draft);
  const Context original = draft.context;
  second.save(kRoads, kArabicName, "written meanwhile");
  need(second.sync().report.status);
  need(first.sync().report.status);
  first.save(kRoads, kName, "a later name");
  need(first.sync().report.status);  // the later one is confirmed: it is found there too

  refuse("never");
  const uint64_t seq =
      need(first.store().reapply(first.ledger(), held, "both names again", world.clock.wall));
  const auto all = pending();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].state, PendingState::reapplied);
  EXPECT_EQ(all[1].seq, seq);
  const Changeset made = need(decode_changeset(all[1].bytes));
  EXPECT_EQ(made.context, original);
  ASSERT_EQ(made.records.size(), 1U);
  ASSERT_EQ(made.records[0].cells.size(), 1U);
  EXPECT_EQ(made.records[0].cells[0].field, kArabicName);

  need(first.sync().report.status);
  EXPECT_TRUE(first.is_contended(kRoads)) << "it had not seen what was written meanwhile";
  EXPECT_EQ(first.reads(kRoads, kName), "a later name");
  need(second.sync().report.status);
  world.expect_settled();
}

TEST_F(SyncSessionTest, AHeldChangesetIsOffTheListWhenDiscardedButStaysInFull) {
  refuse("no: ");
  const uint64_t held = first.save(kRoads, kName, "no: one");
  need(first.sync().report.status);
  EXPECT_EQ(first.info().held, 1U);
  EXPECT_EQ(first.store().discard(first.ledger(), held + 1).code(), Code::not_found);
  need(first.store().discard(first.ledger(), held));
  EXPECT_EQ(first.info().held, 0U);
  ASSERT_EQ(pending().size(), 1U);
  EXPECT_EQ(pending()[0].state, PendingState::discarded);
  EXPECT_EQ(need(decode_changeset(pending()[0].bytes)).message, "no: one");
  EXPECT_EQ(first.store().reapply(first.ledger(), held, "", 1).status().code(), Code::not_found);
}

TEST_F(SyncSessionTest, NothingIsLeftToReapplyWhenAllCellsWereWrittenLater) {
  refuse("no: ");
  const uint64_t held = first.save(kRoads, kName, "no: one");
  first.save(kRoads, kName, "later");
  need(first.sync().report.status);
  EXPECT_EQ(first.store().reapply(first.ledger(), held, "", 1).status().code(), Code::refused);
  EXPECT_EQ(first.info().held, 1U) << "it is still on the list";
}

TEST_F(SyncSessionTest, AWrongTypeIsRefusedAndTheRestProceeds) {
  client::Draft draft{first.context(), "wrong type", std::nullopt, {}};
  draft.records = {{kRoads, {{kName, Value::boolean(true), std::nullopt}}}};
  first.save_draft(draft);
  first.save(kRoads, kName, "right");
  const SyncOutcome outcome = first.sync();
  EXPECT_EQ(outcome.report.refused, 1U);
  ASSERT_EQ(pending().size(), 1U);
  EXPECT_EQ(pending()[0].reason, RefusalReason::wrong_type);
  EXPECT_EQ(first.reads(kRoads, kName), "right");
}

TEST_F(SyncSessionTest, ANewerSchemaIsTurnedAwayAndStaysPending) {
  second.save(kBuses, kName, "from another device");
  need(second.sync().report.status);
  first.save(kRoads, kUnknownField, "from the future");
  const SyncOutcome outcome = first.sync();
  EXPECT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
  ASSERT_TRUE(outcome.report.turned_away.contains(kTransport));
  EXPECT_EQ(outcome.report.turned_away.at(kTransport), Msg::push_schema_newer);
  EXPECT_EQ(outcome.report.pushed, 0U);
  EXPECT_EQ(outcome.report.pulled, 1U) << "what others did still arrives";
  EXPECT_EQ(first.info().waiting, 1U);
  EXPECT_EQ(world.hub.head(kTransport).size, 1U);
}

TEST_F(SyncSessionTest, OneTurnedAwayLedgerDoesNotHoldBackTheOthers) {
  world.hub.add_ledger(kHealth);
  first.save(kRoads, kUnknownField, "from the future", {}, kHealth);
  first.save(kRoads, kName, "Roads");
  const SyncOutcome outcome = first.sync();
  EXPECT_TRUE(outcome.report.turned_away.contains(kHealth));
  EXPECT_EQ(first.info(kTransport).waiting, 0U);
  EXPECT_EQ(world.hub.messages(kTransport), std::vector<std::string>{"Roads"});
}

TEST_F(SyncSessionTest, ALedgerThatIsNotGrantedIsNeitherReadNorWritten) {
  world.hub.add_ledger(kHealth);
  second.save(kRoads, kName, "Clinics", {}, kHealth);
  need(second.sync().report.status);
  TestDevice& stranger = world.add_device({kTransport});
  stranger.save(kRoads, kName, "not allowed", {}, kHealth);
  const SyncOutcome outcome = stranger.sync();
  EXPECT_TRUE(outcome.report.status.ok());
  EXPECT_EQ(stranger.info(kHealth).waiting, 1U);
  EXPECT_EQ(stranger.verified(kHealth).size, 0U);

  v1::PushReply reply;
  const hub::Device device = need(world.hub.service().authenticate(stranger.number()));
  v1::PushRequest request;
  request.set_ledger(kHealth);
  world.hub.service().push(device, request,
                           [&](Result<v1::PushReply> made) { reply = *std::move(made); });
  world.hub.settle();
  EXPECT_EQ(reply.turned_away().reason(), v1::TurnedAway::NO_LEDGER);
  v1::PullRequest pull;
  pull.add_ledgers()->set_ledger(kHealth);
  hub::PullCursor cursor = world.hub.service().pull(pull);
  EXPECT_FALSE(need(world.hub.service().next(device, cursor)).has_value());
}

TEST_F(SyncSessionTest, ARevokedDeviceIsRefused) {
  first.save(kRoads, kName, "Roads");
  need(world.hub.store().revoke_device(first.number()));
  EXPECT_EQ(first.sync().report.status.code(), Code::refused);
  EXPECT_EQ(first.info().waiting, 1U);
}

// The device asks before it saves; what it saved before its role was another one, the hub refuses.
TEST_F(SyncSessionTest, ARoleMayWriteWhatTheTableSays) {
  const RecordKey figure{kind::measurement, 1, 1, need(parse_period("2024")).period.bytes()};
  first.save(kRoads, kName, "Roads");
  need(world.hub.store().grant(first.number(), false, {}, {}, Role::data_officer));
  const SyncOutcome refused = first.sync();
  need(refused.report.status);
  EXPECT_EQ(refused.report.refused, 1U);
  ASSERT_EQ(pending().size(), 1U);
  EXPECT_EQ(pending()[0].state, client::PendingState::held);
  EXPECT_EQ(pending()[0].reason, RefusalReason::no_authority);

  EXPECT_EQ(need(first.store().identity()).role, Role::data_officer);
  client::Draft draft;
  draft.context = first.context();
  draft.message = "a name";
  draft.records = {{kRoads, {{kName, Value::text("Roads"), {}}}}};
  const Status denied = first.store().save(first.ledger(), {draft}, world.clock.wall).status();
  EXPECT_EQ(denied.code(), Code::refused);
  EXPECT_EQ(denied.message(), Msg::authority_denied);
  EXPECT_EQ(denied.arguments().back(), "focal-point, omsar-analyst") << "who may";
  EXPECT_EQ(pending().size(), 1U) << "nothing was saved";
  first.save(figure, field::measurement_note, "a note");
  EXPECT_EQ(first.sync().report.pushed, 1U);

  // A successor with the role may say it again.
  need(world.hub.store().grant(first.number(), false, {}, {}, Role::focal_point));
  need(first.sync().report.status);
  need(first.store().reapply(first.ledger(), pending()[0].seq, "again", world.clock.wall));
  need(first.sync().report.status);
  EXPECT_EQ(need(first.view().record(kRoads)).reading(kName), Value::text("Roads"));
}

TEST_F(SyncSessionTest, OwnBytesAreLeftOutAndOthersAreWhole) {
  first.save(kRoads, kName, std::string(5'000, 'r'));
  second.save(kBuses, kName, std::string(5'000, 'b'));
  need(second.sync().report.status);
  std::vector<WireEntry> entries;
  need(first
           .sync({.forge_pull =
                      [&](v1::PullReply& reply) {
                        for (WireEntry& entry : need(decode_pull_frame(reply.frame()))) {
                          entries.push_back(std::move(entry));
                        }
                      }})
           .report.status);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_FALSE(entries[0].is_left_out);
  EXPECT_GT(entries[0].changeset.size(), 5'000U);
  EXPECT_TRUE(entries[1].is_left_out);
  world.expect_all_entered_once();
  need(second.sync().report.status);
  world.expect_settled();
}

TEST_F(SyncSessionTest, WorkOverTheSizeOfABatchIsCutIntoSeveral) {
  // 64 kB a value, and more values than a batch of 4 MB holds.
  constexpr size_t kCount = limits::kPushFrameBytes / (60 * 1024) + 3;
  for (size_t i = 0; i < kCount; ++i) {
    first.save(indicator_key(1, 1 + i), field::indicator_definition,
               std::to_string(i) + std::string(60 * 1024, 'x'));
  }
  size_t batches = 0;
  const SyncOutcome outcome = first.sync({.on_push = [&](const v1::PushRequest& request) {
    ++batches;
    EXPECT_TRUE(decode_push_frame(request.frame()).ok());
  }});
  EXPECT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
  EXPECT_EQ(batches, 2U);
  EXPECT_EQ(outcome.report.pushed, kCount);
  need(second.sync().report.status);
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(SyncSessionTest, MoreChangesetsThanABatchHoldsAreCutIntoSeveral) {
  std::vector<client::Draft> drafts;
  for (size_t i = 0; i < limits::kPushFrameChangesets + 1; ++i) {
    drafts.push_back({Context{},
                      "m" + std::to_string(i),
                      std::nullopt,
                      {{kRoads, {{kName, Value::text(std::to_string(i)), std::nullopt}}}}});
    world.saved[kTransport].push_back(drafts.back().message);
  }
  need(first.store().save(first.ledger(), drafts, world.clock.wall));
  size_t batches = 0;
  const SyncOutcome outcome = first.sync({.on_push = [&](const v1::PushRequest&) { ++batches; }});
  EXPECT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
  EXPECT_EQ(batches, 2U);
  need(second.sync().report.status);
  world.expect_settled();
  world.expect_all_entered_once();
}

TEST_F(SyncSessionTest, ProgramsOfOneFolderTakeTurns) {
  // `daftar sync` by hand while the agent's store stays open.
  need(first.sync().report.status);
  second.save(kBuses, kName, "one");
  need(second.sync().report.status);
  need(first.sync().report.status);
  TestDevice by_hand(world, first.folder());
  by_hand.open();
  second.save(kBuses, kName, "two");
  need(second.sync().report.status);
  need(by_hand.sync().report.status);
  second.save(kBuses, kName, "three");
  need(second.sync().report.status);
  const SyncOutcome outcome = first.sync();
  EXPECT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
  EXPECT_EQ(first.reads(kBuses, kName), "three");
  world.expect_settled();
}

}  // namespace
}  // namespace daftar
