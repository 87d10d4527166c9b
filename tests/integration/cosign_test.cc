// Central Inspection's device cosigns what it has verified, the hub hands that on, and a hub that
// hands on a checkpoint of another past is found out.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "common/ledger/checkpoint.h"
#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

constexpr FieldNumber kName = field::indicator_name_en;
const RecordKey kRoads = indicator_key(1, 1);

class CosignTest : public testing::Test {
 protected:
  CosignTest() {
    author.save(kRoads, kName, "Roads");
    need(author.sync().report.status);
  }

  std::string cosigned(TestDevice& device) {
    return need(device.store().cosigned(device.ledger()));
  }
  PublicKey key_of(TestDevice& device) { return need(device.store().key()).public_key(); }
  hub::Device registered(TestDevice& device) {
    return *need(world.hub.store().device(device.number()));
  }
  // A device sees the hub's heads in full only when something is new.
  void make_news() {
    author.save(kRoads, kName, "Roads " + std::to_string(++news));
    need(author.sync().report.status);
  }
  std::string origin() { return checkpoint_origin("hub.test", kTransport); }

  SyncWorld world;
  TestDevice& author = world.add_device();
  TestDevice& reader = world.add_device();
  TestDevice& inspection = world.add_inspection();
  int news = 0;
};

TEST_F(CosignTest, WhatInspectionHasVerifiedReachesTheOthers) {
  const SyncOutcome outcome = inspection.sync();
  ASSERT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
  EXPECT_EQ(outcome.heads_calls, 2U);
  EXPECT_EQ(need(inspection.store().cosigned_size(kTransport)), 1U);
  EXPECT_EQ(inspection.sync().heads_calls, 1U) << "there is nothing new to cosign";
  make_news();
  need(reader.sync().report.status);
  const std::string note = cosigned(reader);
  const Result<TreeHead> head =
      verify_checkpoint(note, origin(), need(world.hub.store().identity()).key.public_key());
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->size, 1U);
  const auto found = find_cosignature(note, key_of(inspection));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, cosigner_name("hub.test", inspection.number()));
  EXPECT_EQ(found->time_s, world.clock.wall / 1000);
  EXPECT_FALSE(find_cosignature(note, key_of(author)));
  // Later ones take its place.
  need(inspection.sync().report.status);
  make_news();
  need(reader.sync().report.status);
  EXPECT_EQ(need(verify_checkpoint(cosigned(reader), origin(),
                                   need(world.hub.store().identity()).key.public_key()))
                .size,
            2U);
}

TEST_F(CosignTest, TwoInspectorsSignOneCheckpoint) {
  TestDevice& other = world.add_inspection();
  need(inspection.sync().report.status);
  need(other.sync().report.status);
  make_news();
  need(reader.sync().report.status);
  EXPECT_TRUE(find_cosignature(cosigned(reader), key_of(inspection)));
  EXPECT_TRUE(find_cosignature(cosigned(reader), key_of(other)));
}

TEST_F(CosignTest, ABrokenLineAtTheEndIsNoFailedSyncAndTheNextOneCosigns) {
  const uint64_t messages = inspection.sync().messages;
  for (const uint64_t cut : {messages - 2, messages - 1}) {
    TestDevice& second = world.add_inspection();
    const SyncOutcome outcome = second.sync({.cut = cut});
    EXPECT_TRUE(outcome.report.status.ok()) << cut << ": " << outcome.report.status.text();
    EXPECT_EQ(need(second.store().cosigned_size(kTransport)), 0U) << cut;
    need(second.sync().report.status);
    EXPECT_EQ(need(second.store().cosigned_size(kTransport)), 1U) << cut;
  }
}

TEST_F(CosignTest, ASilentHubAtTheEndIsNoFailedSyncEither) {
  const uint64_t messages = inspection.sync().messages;
  TestDevice& second = world.add_inspection();
  FakeTransport transport(world.hub, second.number(), {.silent = messages - 1});
  client::SyncSession session(second.store(), transport, world.clock,
                              [](const client::SyncReport&) {});
  transport.attach(session);
  session.start();
  transport.run();
  EXPECT_FALSE(session.is_done());
  world.clock.steady = session.next_deadline_ms();
  session.on_time();
  ASSERT_TRUE(session.is_done());
  EXPECT_TRUE(session.report().status.ok()) << session.report().status.text();
  EXPECT_EQ(need(second.store().cosigned_size(kTransport)), 0U);
}

TEST_F(CosignTest, OnlyInspectionsTrueCosignaturesAreKept) {
  need(inspection.sync().report.status);
  need(reader.sync().report.status);
  const hub::HubIdentity identity = need(world.hub.store().identity());
  const std::string note = make_checkpoint(identity.key, origin(), inspection.verified());
  const auto line_of = [&](TestDevice& device, DeviceNumber number, const std::string& text) {
    return make_cosignature(need(device.store().key()), cosigner_name("hub.test", number), text, 7);
  };
  const std::string good = line_of(inspection, inspection.number(), note);
  const auto kept = [&](TestDevice& device, const std::string& ledger, uint64_t size,
                        const std::string& line) {
    need(world.hub.raw().execute("DELETE FROM cosignature"));
    v1::HeadsRequest request;
    v1::Cosignature& sent = *request.add_cosignatures();
    sent.set_ledger(ledger);
    sent.set_size(size);
    sent.set_line(line);
    need(world.hub.service().heads(registered(device), request));
    world.hub.settle();
    return need(world.hub.store().cosignatures(kTransport)).first;
  };
  EXPECT_EQ(kept(inspection, kTransport, 1, good), 1U);
  EXPECT_EQ(kept(reader, kTransport, 1, line_of(reader, reader.number(), note)), 0U)
      << "not inspection";
  EXPECT_EQ(kept(inspection, kTransport, 1, line_of(reader, reader.number(), note)), 0U)
      << "another's";
  EXPECT_EQ(kept(inspection, kTransport, 1, line_of(inspection, 77, note)), 0U) << "another name";
  EXPECT_EQ(kept(inspection, kTransport, 1, good + good), 0U) << "two lines";
  EXPECT_EQ(kept(inspection, kTransport, 1, good.substr(0, good.size() - 1)), 0U) << "no newline";
  EXPECT_EQ(kept(inspection, kTransport, 1, ""), 0U);
  EXPECT_EQ(kept(inspection, kTransport, 2, good), 0U) << "a size that there is not";
  EXPECT_EQ(kept(inspection, kHealth, 1, good), 0U) << "a ledger that there is not";
  const std::string other = make_checkpoint(identity.key, origin(), {1, filled_hash(7)});
  EXPECT_EQ(kept(inspection, kTransport, 1, line_of(inspection, inspection.number(), other)), 0U)
      << "another past";
}

TEST_F(CosignTest, ACosignedCheckpointOfAnotherPastGivesTheHubAway) {
  need(reader.sync().report.status);
  const SigningKey key = need(world.hub.store().identity()).key;
  const struct {
    std::string note;
    const char* rule;
  } lies[] = {
      {make_checkpoint(key, origin(), {1, filled_hash(7)}), "entry.root_wrong"},
      {make_checkpoint(test_key('x'), origin(), {1, filled_hash(7)}), "checkpoint.bad"},
      {make_checkpoint(key, checkpoint_origin("hub.test", kHealth), {1, filled_hash(7)}),
       "checkpoint.bad"},
      {"rubbish", "checkpoint.bad"},
  };
  for (const auto& lie : lies) {
    make_news();
    const SyncOutcome outcome = reader.sync({.forge_heads = [&](v1::HeadsReply& reply) {
      if (reply.ledgers_size() > 0) reply.mutable_ledgers(0)->set_cosigned(lie.note);
    }});
    EXPECT_EQ(message_of(outcome.report.status), lie.rule);
    EXPECT_EQ(cosigned(reader), "");
  }
  for (TestDevice* device : {&reader, &author, &inspection}) need(device->sync().report.status);
  world.expect_settled();
}

// A cosigned checkpoint that is newer than what this device has is left for later.
TEST_F(CosignTest, ACosignedCheckpointAheadIsNotKeptYet) {
  need(reader.sync().report.status);
  const SigningKey key = need(world.hub.store().identity()).key;
  make_news();
  const SyncOutcome outcome = reader.sync({.forge_heads = [&](v1::HeadsReply& reply) {
    reply.mutable_ledgers(0)->set_cosigned(make_checkpoint(key, origin(), {99, filled_hash(7)}));
  }});
  EXPECT_TRUE(outcome.report.status.ok()) << outcome.report.status.text();
  EXPECT_EQ(cosigned(reader), "");
}

}  // namespace
}  // namespace daftar
