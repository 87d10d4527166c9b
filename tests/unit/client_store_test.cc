#include "client/client_store.h"

#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "common/ledger/chain.h"
#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"
#include "tests/unit/ledger_builders.h"

namespace daftar::client {
namespace {

constexpr FieldNumber kName = field::indicator_name_en;
const RecordKey kRoads = indicator_key(1, 1);

class ClientStoreTest : public testing::Test {
 protected:
  Draft draft(const std::string& text) {
    return {device.context(), text, std::nullopt, {write(kRoads, kName, Value::text(text))}};
  }
  std::vector<PendingChangeset> pending() { return need(device.store().pending(device.ledger())); }

  SyncWorld world;
  TestDevice& device = world.add_device();
};

TEST(NewClientStoreTest, NothingIsSavedBeforeThereIsANumber) {
  const TempFolder folder;
  need(ClientStore::create(folder / "office"));
  const auto store = need(ClientStore::open(folder / "office"));
  EXPECT_EQ(store->identity().status().code(), Code::not_found);
  const LedgerId ledger = need(store->add_ledger(kTransport));
  const Draft draft{{}, "m", std::nullopt, {write(kRoads, kName, Value::text("x"))}};
  EXPECT_FALSE(store->save(ledger, {draft}, 1).ok());
  EXPECT_TRUE(need(store->pending(ledger)).empty());
}

TEST_F(ClientStoreTest, SavesChainOnFromTheDevicesKey) {
  EXPECT_EQ(device.save(kRoads, kName, "one"), 1U);
  EXPECT_EQ(device.save(kRoads, kName, "two"), 2U);
  const PublicKey key = need(device.store().key()).public_key();
  Hash link = chain_start(kTransport, device.number(), key);
  for (const PendingChangeset& one : pending()) {
    link = chain_next(link, one.bytes);
    EXPECT_EQ(one.link, link);
    EXPECT_EQ(one.state, PendingState::waiting);
  }
  const Changeset second = need(decode_changeset(pending()[1].bytes));
  EXPECT_EQ(second.seq, 2U);
  EXPECT_EQ(second.context, (Context{0, 1, std::nullopt}));
  EXPECT_EQ(second.time_ms, world.clock.wall);
  EXPECT_EQ(second.author, need(device.store().identity()).user);
}

TEST_F(ClientStoreTest, ASaveIsOnTheDisk) {
  device.save(kRoads, kName, "one");
  device.close();
  device.open();
  ASSERT_EQ(pending().size(), 1U);
  EXPECT_EQ(device.save(kRoads, kName, "two"), 2U);
  need(device.sync().report.status);
  device.close();
  device.open();
  EXPECT_EQ(device.save(kRoads, kName, "three"), 3U)
      << "the chain goes on behind what is confirmed";
  need(device.sync().report.status);
  world.expect_all_entered_once();
}

TEST_F(ClientStoreTest, AFailingDraftInTheMiddleSavesNone) {
  std::vector<Draft> drafts = {draft("one"), draft("two"), draft("three")};
  const std::pair<const char*, std::function<void(Draft&)>> spoils[] = {
      {"no edits", [](Draft& one) { one.records.clear(); }},
      {"too long", [](Draft& one) { one.message.assign(limits::kMessageBytes + 1, 'x'); }},
      {"future context", [](Draft& one) { one.context.own_seq = 9; }},
      {"not ascending", [](Draft& one) { one.records.push_back(one.records[0]); }},
      {"too large",
       [](Draft& one) {
         one.records[0].cells[0].value = Value::text(std::string(limits::kValueBytes + 1, 'x'));
       }},
  };
  for (const auto& [name, spoil] : spoils) {
    std::vector<Draft> bad = drafts;
    spoil(bad[1]);
    EXPECT_FALSE(device.store().save(device.ledger(), bad, 1).ok()) << name;
    EXPECT_TRUE(pending().empty()) << name;
    EXPECT_TRUE(need(device.store().pending_keys(device.ledger())).empty()) << name;
  }
  EXPECT_EQ(need(device.store().save(device.ledger(), drafts, 1)), 1U);
  EXPECT_EQ(pending().size(), 3U);
}

TEST_F(ClientStoreTest, IdsAreGivenOnceAlsoAfterReopening) {
  EXPECT_EQ(need(device.store().reserve_ids(3)), 1U);
  EXPECT_EQ(need(device.store().reserve_ids(1)), 4U);
  device.close();
  device.open();
  EXPECT_EQ(need(device.store().reserve_ids(1)), 5U);
}

TEST_F(ClientStoreTest, PendingChangesetsAreFoundByRecord) {
  device.save(kRoads, kName, "roads");
  device.save(indicator_key(1, 2), kName, "buses");
  const auto of_roads = need(device.store().pending(device.ledger(), kRoads.bytes()));
  ASSERT_EQ(of_roads.size(), 1U);
  EXPECT_EQ(of_roads[0].seq, 1U);
  EXPECT_EQ(need(device.store().pending_keys(device.ledger())).size(), 2U);
  need(device.sync().report.status);
  EXPECT_TRUE(need(device.store().pending_keys(device.ledger())).empty());
  EXPECT_EQ(need(device.store().touches(device.ledger(), kRoads.bytes())),
            std::vector<uint64_t>{1});
}

TEST_F(ClientStoreTest, APastIsThatOfTheEntriesHere) {
  device.save(kRoads, kName, "one");
  need(device.sync().report.status);
  const TreeHead first = need(device.store().verified_head(device.ledger()));
  device.save(kRoads, kName, "two");
  need(device.sync().report.status);
  const TreeHead second = need(device.store().verified_head(device.ledger()));
  ASSERT_EQ(second.size, 2U);
  const auto has = [&](const TreeHead& head) {
    return need(device.store().has_past(device.ledger(), head));
  };
  EXPECT_TRUE(has(first));
  EXPECT_TRUE(has(second));
  EXPECT_FALSE(has({1, second.root}));
  EXPECT_FALSE(has({3, second.root})) << "what is not here cannot be known";
}

// What failed in the middle of its rows must not say next time that there are none.
TEST_F(ClientStoreTest, ADamagedRowIsDamagedEachTimeItIsRead) {
  device.save(kRoads, kName, "one");
  device.close();
  need(need(Database::open(device.folder() + "/daftar.db")).execute("UPDATE pending SET crc = 1"));
  device.open();
  const LedgerId ledger = device.ledger();
  for (int i = 0; i < 3; ++i) {
    const auto read = device.store().pending(ledger);
    ASSERT_FALSE(read.ok()) << "time " << i << ": " << read->size();
    EXPECT_EQ(read.status().message(), Msg::database_corrupt);
  }
}

TEST_F(ClientStoreTest, LedgersOfOneDeviceHaveChainsOfTheirOwn) {
  device.save(kRoads, kName, "one");
  EXPECT_EQ(device.save(kRoads, kName, "other", {}, kHealth), 1U);
  EXPECT_EQ(device.info(kHealth).waiting, 1U);
  EXPECT_EQ(device.info().waiting, 1U);
  EXPECT_EQ(device.store().find_ledger("administration/none").status().code(), Code::not_found);
}

TEST_F(ClientStoreTest, AnImportedFileIsKnownByItsHashHereAndAtOtherDevices) {
  TestDevice& other = world.add_device();
  Draft imported = draft("one");
  imported.source = Source{"", "file.csv", filled_hash(5)};
  EXPECT_FALSE(need(device.store().was_imported(device.ledger(), filled_hash(5))));
  device.save_draft(imported);
  EXPECT_TRUE(need(device.store().was_imported(device.ledger(), filled_hash(5))));
  need(device.sync().report.status);
  need(other.sync().report.status);
  EXPECT_TRUE(need(other.store().was_imported(other.ledger(), filled_hash(5))));
  EXPECT_FALSE(need(other.store().was_imported(other.ledger(), filled_hash(6))));
}

TEST_F(ClientStoreTest, ASecondKeyIsTheSameUntilItIsAdopted) {
  const PublicKey first = need(device.store().prepare_new_key());
  EXPECT_EQ(need(device.store().prepare_new_key()), first);
  EXPECT_NE(need(device.store().key()).public_key(), first);
  device.save(kRoads, kName, "pending work");
  world.enrol_anew(device);
  EXPECT_EQ(need(device.store().key()).public_key(), first);
  EXPECT_NE(need(device.store().prepare_new_key()), first);
}

}  // namespace
}  // namespace daftar::client
