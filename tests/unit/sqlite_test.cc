// Databases that are newer, damaged or not databases: an answer, never a crash.
#include "common/store/sqlite.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <ostream>

#include "common/ledger/checkpoint.h"
#include "tests/integration/sync_world.h"

namespace daftar {
namespace {

Status client_opens(const std::string& folder) {
  return client::ClientStore::open(folder).status();
}
Status hub_opens(const std::string& folder) {
  return hub::HubStore::open(folder, Database::Access::read_write).status();
}

// The two programs' folders, to which the same happens.
struct Owner {
  const char* name;
  std::function<Status(const std::string& folder)> create;
  std::function<Status(const std::string& folder)> open;
  const char* database;
};

const Owner kOwners[] = {
    {"Client", client::ClientStore::create, client_opens, "daftar.db"},
    {"Hub", [](const std::string& folder) { return hub::HubStore::create(folder, "hub.test"); },
     hub_opens, "hub.db"},
};

std::ostream& operator<<(std::ostream& out, const Owner& owner) { return out << owner.name; }

class OwnedFolderTest : public testing::TestWithParam<Owner> {
 protected:
  OwnedFolderTest() {
    need(GetParam().create(folder));
    need(GetParam().open(folder));
  }
  TempFolder base;
  const std::string folder = base / "folder";
  const std::string path = folder + "/" + GetParam().database;
};

TEST_P(OwnedFolderTest, IsMadeOnceAndFoundAgain) {
  EXPECT_EQ(GetParam().create(folder).code(), Code::exists);
  EXPECT_TRUE(GetParam().open(folder).ok());
  EXPECT_EQ(GetParam().open(base / "nowhere").code(), Code::not_found);
}

TEST_P(OwnedFolderTest, OfANewerDaftarIsLeftAlone) {
  need(need(Database::open(path)).execute("PRAGMA user_version = 2"));
  const Status status = GetParam().open(folder);
  EXPECT_EQ(status.code(), Code::newer_version);
  EXPECT_EQ(status.arguments(), (std::vector<std::string>{folder, "2", "1"}));
}

TEST_P(OwnedFolderTest, WithRubbishForADatabaseIsDamaged) {
  put_file(path, std::string(8'192, 'x'));
  EXPECT_EQ(GetParam().open(folder).code(), Code::corrupt);
}

TEST_P(OwnedFolderTest, WithAnEmptyDatabaseIsDamaged) {
  std::filesystem::resize_file(path, 0);
  EXPECT_EQ(GetParam().open(folder).code(), Code::corrupt);
}

TEST_P(OwnedFolderTest, CutShortIsDamaged) {
  std::filesystem::resize_file(path,
                               4'096);  // the first page: the schema names pages that are gone
  const Status opened = GetParam().open(folder);
  if (!opened.ok()) {
    EXPECT_EQ(opened.code(), Code::corrupt) << opened.text();
    return;
  }
  Database database = need(Database::open(path));
  Status status = database.execute("SELECT * FROM setting; PRAGMA integrity_check");
  EXPECT_EQ(status.code(), Code::corrupt) << status.text();
}

INSTANTIATE_TEST_SUITE_P(Both, OwnedFolderTest, testing::ValuesIn(kOwners),
                         [](const auto& owner) { return std::string(owner.param.name); });

// One statement that damages a database with contents, and what then reads it.
struct Damage {
  const char* name;
  const char* sql;
};
std::ostream& operator<<(std::ostream& out, const Damage& damage) { return out << damage.name; }

class DamageTest : public testing::TestWithParam<Damage> {
 protected:
  DamageTest() {
    device.save(indicator_key(1, 1), 2, "Roads");
    need(device.sync().report.status);
    device.save(indicator_key(1, 1), 2, "pending");
  }
  SyncWorld world;
  TestDevice& device = world.add_device();
};

class ClientDamageTest : public DamageTest {};

TEST_P(ClientDamageTest, IsToldAndNothingCrashes) {
  device.close();
  need(need(Database::open(device.folder() + "/daftar.db")).execute(GetParam().sql));
  device.open();
  client::ClientStore& store = device.store();
  const LedgerId ledger = 1;
  // Whatever a command does first, one of these meets the damage.
  std::vector<Status> seen = {store.identity().status(), store.held_ledgers().status(),
                              store.current_context(ledger).status(),
                              store.pending(ledger).status(), store.reserve_ids(1).status()};
  Result<client::View> view = client::View::open(store, ledger);
  seen.push_back(view.status());
  if (view.ok()) {
    seen.push_back(view->record(indicator_key(1, 1)).status());
    seen.push_back(view->history(indicator_key(1, 1), {}).status());
    seen.push_back(view->log(10).status());
    seen.push_back(view->scan("", [](const RecordKey&, const RecordState&) { return Status(); }));
  }
  bool is_told = false;
  for (const Status& status : seen) {
    is_told = is_told || !status.ok();
    if (!status.ok()) {
      EXPECT_EQ(status.code(), Code::corrupt) << status.text();
    }
  }
  EXPECT_TRUE(is_told);
}

INSTANTIATE_TEST_SUITE_P(
    All, ClientDamageTest,
    testing::Values(
        Damage{"RightEdge", "UPDATE ledger SET right_edge = x'00'"},
        Damage{"Record", "UPDATE record SET state = x'FFFF'"},
        Damage{"Header", "UPDATE entry SET header = x'FF'"},
        Damage{"Changeset", "UPDATE entry SET changeset = substr(changeset, 1, 9)"},
        Damage{"Pending", "UPDATE pending SET changeset = substr(changeset, 1, 9)"},
        Damage{"RecordOfAnotherValue",
               "UPDATE record SET state = CAST("
               "substr(state, 1, length(state) - 1) || x'7A' AS BLOB)"},
        Damage{"RecordOfAnotherKey", "UPDATE record SET key = x'0401030000'"},
        Damage{"EntryOfAnotherValue",
               "UPDATE entry SET changeset = CAST("
               "substr(changeset, 1, length(changeset) - 1) || x'7A' AS BLOB)"},
        Damage{"PendingOfAnotherValue",
               "UPDATE pending SET changeset = CAST("
               "substr(changeset, 1, length(changeset) - 1) || x'7A' AS BLOB)"},
        Damage{"TouchInACircle", "UPDATE touch SET previous = position"},
        Damage{"PendingLink", "UPDATE pending SET link = x'FF'"},
        Damage{"ChainHead", "UPDATE chain_head SET link = x'FF'"},
        Damage{"HubKey", "UPDATE setting SET value = 'rubbish' WHERE name = 'hub_key'"},
        Damage{"DeviceNumber", "UPDATE setting SET value = 'rubbish' WHERE name = 'device'"},
        Damage{"NextCounter", "INSERT OR REPLACE INTO setting VALUES('next_counter', 'rubbish')"}),
    [](const auto& damage) { return std::string(damage.param.name); });

// A key that cannot be read must not pass for a seal that its device did not make.
TEST(DamagedKeyTest, IsNoForgery) {
  SyncWorld world;
  TestDevice& writer = world.add_device();
  TestDevice& reader = world.add_device();
  writer.save(indicator_key(1, 1), 2, "Roads");
  need(writer.sync().report.status);
  need(reader.sync().report.status);
  reader.close();
  need(need(Database::open(reader.folder() + "/daftar.db"))
           .execute("UPDATE device_key SET key = x'00'"));
  reader.open();
  writer.save(indicator_key(1, 1), 2, "Bridges");
  need(writer.sync().report.status);
  const Status status = reader.sync().report.status;
  ASSERT_EQ(status.code(), Code::corrupt);
  EXPECT_EQ(status.message(), Msg::database_corrupt) << status.text();
}

class HubDamageTest : public DamageTest {};

TEST_P(HubDamageTest, IsToldAndNothingFalseIsSignedOrEntered) {
  const TreeHead before = world.hub.head(kTransport);
  world.hub.close();
  need(need(Database::open(world.folder / "hub/hub.db")).execute(GetParam().sql));
  world.hub.open();
  TestDevice& reader = world.add_device();
  for (TestDevice* one : {&device, &reader}) {
    const SyncOutcome outcome = one->sync({.forge_heads = [&](v1::HeadsReply& reply) {
      for (const v1::LedgerHead& head : reply.ledgers()) {
        const client::Identity identity = need(one->store().identity());
        const Result<TreeHead> said = verify_checkpoint(
            head.checkpoint(), checkpoint_origin("hub.test", kTransport), identity.hub_key);
        if (said.ok() && said->size == before.size) {
          EXPECT_EQ(said->root, before.root) << "signed something else";
        }
      }
    }});
    EXPECT_EQ(outcome.report.status.code(), Code::corrupt) << outcome.report.status.text();
  }
  EXPECT_EQ(device.info().waiting, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, HubDamageTest,
    testing::Values(Damage{"RightEdge", "UPDATE ledger SET right_edge = x'00'"},
                    Damage{"TreeHead", "UPDATE tree_head SET root = x'00'"},
                    Damage{"ChainHead", "UPDATE chain_head SET link = x'FF'"},
                    Damage{"DeviceKey", "UPDATE device SET key = x'FF' WHERE number = 1"}),
    [](const auto& damage) { return std::string(damage.param.name); });

TEST(SqliteTest, ATransactionThatIsNotCommittedLeavesNothing) {
  const TempFolder folder;
  Database database = need(Database::open(folder / "db"));
  need(database.execute("CREATE TABLE t(x INTEGER) STRICT"));
  {
    Transaction transaction(database);
    need(transaction.begin());
    need(database.execute("INSERT INTO t VALUES(1)"));
  }
  Statement count = need(database.prepare("SELECT count(*) FROM t"));
  ASSERT_TRUE(need(count.step()));
  EXPECT_EQ(count.integer(0), 0);
}

TEST(SqliteTest, EmptyAndBinaryBytesComeBackAsTheyAre) {
  const TempFolder folder;
  Database database = need(Database::open(folder / "db"));
  Statement query = need(database.prepare("SELECT ?1, ?2, ?3, ?4"));
  const std::string bytes("\0\xFF", 2);
  query.bind_blob(1, "").bind_blob(2, bytes).bind_null(3).bind(4, UINT64_MAX);
  ASSERT_TRUE(need(query.step()));
  EXPECT_FALSE(query.is_null(0));
  EXPECT_EQ(query.blob(0), "");
  EXPECT_EQ(query.blob(1), bytes);
  EXPECT_TRUE(query.is_null(2));
  EXPECT_EQ(query.number(3), UINT64_MAX);
}

TEST(SqliteTest, AReadOnlyDatabaseSaysSo) {
  const TempFolder folder;
  need(need(Database::open(folder / "db")).execute("CREATE TABLE t(x INTEGER)"));
  Database database = need(Database::open(folder / "db", Database::Access::read_only));
  EXPECT_EQ(database.execute("INSERT INTO t VALUES(1)").code(), Code::io);
  EXPECT_EQ(Database::open(folder / "none", Database::Access::read_only).status().code(), Code::io);
}

}  // namespace
}  // namespace daftar
