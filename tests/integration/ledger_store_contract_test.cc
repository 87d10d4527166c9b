// What every LedgerStore must do (ledger_store.h), whichever database is below it.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "common/store/ledger_store.h"
#include "common/store/sqlite.h"
#include "common/store/sqlite_ledger_store.h"
#include "tests/unit/ledger_builders.h"
#include "tests/unit/temp_folder.h"

namespace daftar {
namespace {

/// Data that outlives the stores over it.
class StoreHost {
 public:
  virtual ~StoreHost() = default;
  /// Another store over the same data.
  virtual std::unique_ptr<LedgerStore> open() = 0;
};

struct Factory {
  const char* name;
  std::function<std::unique_ptr<StoreHost>()> make;
};

std::ostream& operator<<(std::ostream& out, const Factory& factory) { return out << factory.name; }

class SqliteHost : public StoreHost {
 public:
  SqliteHost() {
    Database database = *Database::open(folder_ / "store.db");
    EXPECT_TRUE(create_ledger_tables(database).ok());
  }
  std::unique_ptr<LedgerStore> open() override {
    databases_.push_back(std::make_unique<Database>(*Database::open(folder_ / "store.db")));
    return *open_sqlite_ledger_store(*databases_.back());
  }

 private:
  TempFolder folder_;
  std::vector<std::unique_ptr<Database>> databases_;
};

class LedgerStoreContract : public testing::TestWithParam<Factory> {
 protected:
  LedgerStoreContract() : host(GetParam().make()), store(host->open()) {}

  // Everything happens in a transaction that ends well.
  void change(const std::function<Status()>& action) {
    ASSERT_TRUE(store->begin().ok());
    const Status done = action();
    ASSERT_TRUE(done.ok()) << done.text();
    ASSERT_TRUE(store->commit().ok());
  }
  LedgerId add(const std::string& name) {
    LedgerId id = 0;
    change([&]() -> Status {
      DAFTAR_ASSIGN_OR_RETURN(id, store->add_ledger(name));
      return {};
    });
    return id;
  }
  void reopen() {
    store.reset();
    store = host->open();
  }
  Status append(LedgerId ledger, uint64_t position, DeviceNumber device = 1) {
    return store->append(ledger, position, "header " + std::to_string(position),
                         position % 2 == 0 ? "" : "changeset " + std::to_string(position),
                         {device, position, filled_hash(static_cast<uint8_t>(position))});
  }
  std::vector<std::string> entries(LedgerId ledger, uint64_t first, uint64_t last) {
    std::vector<std::string> result;
    const Status read =
        store->read_entries(ledger, first, last, [&](const StoredEntry& entry) -> Status {
          result.push_back(std::to_string(entry.position) + ":" + std::string(entry.header) + ":" +
                           std::string(entry.changeset));
          return {};
        });
    EXPECT_TRUE(read.ok());
    return result;
  }
  std::vector<std::string> records(LedgerId ledger, std::string_view prefix) {
    std::vector<std::string> keys;
    EXPECT_TRUE(store
                    ->read_records(ledger, prefix,
                                   [&](std::string_view key, std::string_view state) -> Status {
                                     keys.push_back(std::string(key) + "=" + std::string(state));
                                     return {};
                                   })
                    .ok());
    return keys;
  }

  std::unique_ptr<StoreHost> host;
  std::unique_ptr<LedgerStore> store;
};

TEST_P(LedgerStoreContract, LedgersAreFoundByNameAndListedByIt) {
  EXPECT_TRUE(store->ledgers()->empty());
  const LedgerId b = add("b");
  const LedgerId a = add("a");
  EXPECT_NE(a, b);
  EXPECT_EQ(add("b"), b) << "adding again gives the one that is there";
  EXPECT_EQ(*store->find_ledger("a"), a);
  EXPECT_EQ(*store->find_ledger("c"), std::nullopt);
  reopen();
  const std::vector<std::pair<std::string, LedgerId>> all = {{"a", a}, {"b", b}};
  EXPECT_EQ(*store->ledgers(), all);
}

TEST_P(LedgerStoreContract, ARowKeepsAllItsNumbers) {
  const LedgerId ledger = add("a");
  const LedgerId other = add("b");
  EXPECT_EQ(store->row(ledger)->size, 0U);
  EXPECT_EQ(store->row(ledger)->right_edge, "");
  const LedgerRow row{7, 5, 1'795'000'000'000, 3, std::string("\0edge\xFF", 6), 9};
  change([&] { return store->put_row(ledger, row); });
  reopen();
  const LedgerRow read = *store->row(ledger);
  EXPECT_EQ(read.size, row.size);
  EXPECT_EQ(read.materialised, row.materialised);
  EXPECT_EQ(read.time_ms, row.time_ms);
  EXPECT_EQ(read.national, row.national);
  EXPECT_EQ(read.right_edge, row.right_edge);
  EXPECT_EQ(read.published, row.published);
  EXPECT_EQ(store->row(other)->size, 0U);
}

TEST_P(LedgerStoreContract, EntriesAreReadInOrderWithinTheRangeOfTheirLedger) {
  const LedgerId ledger = add("a");
  const LedgerId other = add("b");
  change([&]() -> Status {
    for (uint64_t position = 1; position <= 5; ++position) {
      DAFTAR_RETURN_IF_ERROR(append(ledger, position));
    }
    return append(other, 1);
  });
  reopen();
  EXPECT_EQ(entries(ledger, 2, 4),
            (std::vector<std::string>{"2:header 2:", "3:header 3:changeset 3", "4:header 4:"}));
  EXPECT_EQ(entries(ledger, 1, 100).size(), 5U);
  EXPECT_EQ(entries(ledger, 4, 3).size(), 0U);
  EXPECT_EQ(entries(ledger, 6, 9).size(), 0U);
  EXPECT_EQ(entries(other, 1, 100).size(), 1U);
}

TEST_P(LedgerStoreContract, BytesAreKeptAsGiven) {
  const LedgerId ledger = add("a");
  const std::string header("\0\xFF\0h", 4);
  const std::string changeset(300'000, '\0');
  change([&] { return store->append(ledger, 1, header, changeset, {1, 1, filled_hash(1)}); });
  reopen();
  EXPECT_TRUE(store
                  ->read_entries(ledger, 1, 1,
                                 [&](const StoredEntry& entry) -> Status {
                                   EXPECT_EQ(entry.header, header);
                                   EXPECT_EQ(entry.changeset, changeset);
                                   return {};
                                 })
                  .ok());
}

TEST_P(LedgerStoreContract, AVisitorsFailureStopsTheReading) {
  const LedgerId ledger = add("a");
  change([&]() -> Status {
    for (uint64_t position = 1; position <= 3; ++position) {
      DAFTAR_RETURN_IF_ERROR(append(ledger, position));
      DAFTAR_RETURN_IF_ERROR(store->put_record(ledger, std::to_string(position), "s", false));
    }
    return {};
  });
  int visits = 0;
  const Status stop(Code::cancelled, Msg::sync_cancelled);
  const auto second = [&] { return ++visits == 2 ? stop : Status(); };
  EXPECT_EQ(store->read_entries(ledger, 1, 3, [&](const StoredEntry&) { return second(); }).code(),
            Code::cancelled);
  EXPECT_EQ(visits, 2);
  visits = 0;
  EXPECT_EQ(
      store->read_records(ledger, "", [&](std::string_view, std::string_view) { return second(); })
          .code(),
      Code::cancelled);
  EXPECT_EQ(visits, 2);
  change([&] { return append(ledger, 4); });  // nothing is left open
}

TEST_P(LedgerStoreContract, AVisitorMayReadOtherEntriesAndRecords) {
  const LedgerId ledger = add("a");
  change([&]() -> Status {
    DAFTAR_RETURN_IF_ERROR(store->put_record(ledger, "k", "state", false));
    DAFTAR_RETURN_IF_ERROR(append(ledger, 1));
    return append(ledger, 2);
  });
  std::vector<uint64_t> seen;
  EXPECT_TRUE(store
                  ->read_entries(ledger, 1, 2,
                                 [&](const StoredEntry& entry) -> Status {
                                   EXPECT_EQ(entries(ledger, 1, 2).size(), 2U);
                                   EXPECT_EQ(records(ledger, "").size(), 1U);
                                   seen.push_back(entry.position);
                                   return {};
                                 })
                  .ok());
  EXPECT_EQ(seen, (std::vector<uint64_t>{1, 2}));
}

TEST_P(LedgerStoreContract, APositionOrAPlaceInAChainIsTakenOnce) {
  const LedgerId ledger = add("a");
  change([&] { return append(ledger, 1); });
  ASSERT_TRUE(store->begin().ok());
  EXPECT_FALSE(append(ledger, 1, 2).ok());
  store->rollback();
  ASSERT_TRUE(store->begin().ok());
  EXPECT_FALSE(store->append(ledger, 2, "h", "c", {1, 1, filled_hash(9)}).ok());
  store->rollback();
  EXPECT_EQ(entries(ledger, 1, 9).size(), 1U);
  EXPECT_EQ((*store->chain_row(ledger, 1, 1))->link, filled_hash(1));
}

TEST_P(LedgerStoreContract, ChainsAreKeptByLedgerAndDevice) {
  const LedgerId ledger = add("a");
  const LedgerId other = add("b");
  change([&]() -> Status {
    DAFTAR_RETURN_IF_ERROR(append(ledger, 1, 7));
    DAFTAR_RETURN_IF_ERROR(store->put_chain_head(ledger, 7, {1, filled_hash(1)}));
    DAFTAR_RETURN_IF_ERROR(store->put_chain_head(ledger, 7, {2, filled_hash(2)}));
    DAFTAR_RETURN_IF_ERROR(store->put_chain_head(ledger, 300, {5, filled_hash(5)}));
    DAFTAR_RETURN_IF_ERROR(store->put_continuation(ledger, 300, {7, 1, filled_hash(1)}));
    return store->put_origin(ledger, filled_hash(4));
  });
  reopen();
  ASSERT_TRUE(store->chain_row(ledger, 7, 1)->has_value());
  EXPECT_EQ((*store->chain_row(ledger, 7, 1))->position, 1U);
  EXPECT_EQ(*store->chain_row(ledger, 7, 2), std::nullopt);
  EXPECT_EQ(*store->chain_row(ledger, 8, 1), std::nullopt);
  EXPECT_EQ(*store->chain_row(other, 7, 1), std::nullopt);
  const std::map<DeviceNumber, ChainHead> heads = {{7, {2, filled_hash(2)}},
                                                   {300, {5, filled_hash(5)}}};
  EXPECT_EQ(*store->chain_heads(ledger), heads);
  EXPECT_TRUE(store->chain_heads(other)->empty());
  const Continuations continuations = {{300, {7, 1, filled_hash(1)}}};
  EXPECT_EQ(*store->continuations(ledger), continuations);
  EXPECT_TRUE(store->continuations(other)->empty());
  EXPECT_EQ(*store->origins(ledger), std::set<Hash>{filled_hash(4)});
  EXPECT_TRUE(store->origins(other)->empty());
  ASSERT_TRUE(store->begin().ok());
  EXPECT_FALSE(store->put_origin(ledger, filled_hash(4)).ok()) << "an origin is accepted once";
  store->rollback();
}

TEST_P(LedgerStoreContract, RecordsAreReplacedAndReadByPrefixInByteOrder) {
  const LedgerId ledger = add("a");
  const LedgerId other = add("b");
  change([&]() -> Status {
    for (const char* key : {"b", "a\xFF", "a", "a\x01", "\xFF"}) {
      DAFTAR_RETURN_IF_ERROR(store->put_record(ledger, key, "old", true));
    }
    DAFTAR_RETURN_IF_ERROR(store->put_record(ledger, "a", "new", false));
    return store->put_record(other, "a", "other", true);
  });
  reopen();
  EXPECT_EQ(records(ledger, ""),
            (std::vector<std::string>{"a=new", "a\x01=old", "a\xFF=old", "b=old", "\xFF=old"}));
  EXPECT_EQ(records(ledger, "a"), (std::vector<std::string>{"a=new", "a\x01=old", "a\xFF=old"}));
  EXPECT_EQ(records(ledger, "\xFF"), std::vector<std::string>{"\xFF=old"});
  EXPECT_TRUE(records(ledger, "c").empty());
  EXPECT_EQ(*store->record(ledger, "a"), "new");
  EXPECT_EQ(*store->record(ledger, "zz"), std::nullopt);
  EXPECT_EQ(*store->contended_records(ledger),
            (std::vector<std::string>{"a\x01", "a\xFF", "b", "\xFF"}));
  EXPECT_EQ(*store->contended_records(other), std::vector<std::string>{"a"});
}

TEST_P(LedgerStoreContract, TreeHeadsAreFoundBySizeAndReadFromAPosition) {
  const LedgerId ledger = add("a");
  const LedgerId other = add("b");
  EXPECT_EQ(*store->root_at(ledger, 0), sha256("")) << "every tree extends the empty one";
  change([&]() -> Status {
    for (const uint64_t size : {1, 4, 9}) {
      DAFTAR_RETURN_IF_ERROR(
          store->put_tree_head(ledger, {size, filled_hash(static_cast<uint8_t>(size))}));
    }
    return store->put_tree_head(other, {2, filled_hash(2)});
  });
  reopen();
  EXPECT_EQ(*store->root_at(ledger, 4), filled_hash(4));
  EXPECT_EQ(*store->root_at(ledger, 2), std::nullopt);
  const std::vector<TreeHead> above = {{4, filled_hash(4)}, {9, filled_hash(9)}};
  EXPECT_EQ(*store->tree_heads_above(ledger, 1, 10), above);
  EXPECT_EQ(*store->tree_heads_above(ledger, 1, 1), std::vector<TreeHead>{above[0]});
  EXPECT_TRUE(store->tree_heads_above(ledger, 9, 10)->empty());
}

TEST_P(LedgerStoreContract, ARollbackLeavesNothing) {
  const LedgerId ledger = add("a");
  change([&] { return store->put_record(ledger, "k", "before", false); });
  ASSERT_TRUE(store->begin().ok());
  EXPECT_TRUE(append(ledger, 1).ok());
  EXPECT_TRUE(store->add_ledger("gone").ok());
  EXPECT_TRUE(store->put_row(ledger, {1, 1, 1, 1, "x", 1}).ok());
  EXPECT_TRUE(store->put_record(ledger, "k", "after", true).ok());
  EXPECT_TRUE(store->put_chain_head(ledger, 1, {1, filled_hash(1)}).ok());
  EXPECT_TRUE(store->put_continuation(ledger, 1, {2, 1, filled_hash(1)}).ok());
  EXPECT_TRUE(store->put_origin(ledger, filled_hash(1)).ok());
  EXPECT_TRUE(store->put_tree_head(ledger, {1, filled_hash(1)}).ok());
  EXPECT_EQ(entries(ledger, 1, 1).size(), 1U) << "reads see the open transaction";
  EXPECT_EQ(*store->record(ledger, "k"), "after");
  store->rollback();
  for (int pass = 0; pass < 2; ++pass, reopen()) {
    EXPECT_TRUE(entries(ledger, 1, 1).empty());
    EXPECT_EQ(*store->find_ledger("gone"), std::nullopt);
    EXPECT_EQ(store->row(ledger)->size, 0U);
    EXPECT_EQ(*store->record(ledger, "k"), "before");
    EXPECT_TRUE(store->contended_records(ledger)->empty());
    EXPECT_TRUE(store->chain_heads(ledger)->empty());
    EXPECT_TRUE(store->continuations(ledger)->empty());
    EXPECT_TRUE(store->origins(ledger)->empty());
    EXPECT_EQ(*store->root_at(ledger, 1), std::nullopt);
    EXPECT_EQ(*store->chain_row(ledger, 1, 1), std::nullopt);
  }
  store->rollback();  // with nothing open it does nothing
}

TEST_P(LedgerStoreContract, AnotherStoreSeesWhatWasCommittedAndNotWhatIsOpen) {
  const LedgerId ledger = add("a");
  const std::unique_ptr<LedgerStore> reader = host->open();
  ASSERT_TRUE(store->begin().ok());
  ASSERT_TRUE(store->put_record(ledger, "k", "new", false).ok());
  EXPECT_EQ(*reader->record(ledger, "k"), std::nullopt);
  ASSERT_TRUE(store->commit().ok());
  EXPECT_EQ(*reader->record(ledger, "k"), "new");
}

INSTANTIATE_TEST_SUITE_P(Stores, LedgerStoreContract,
                         testing::Values(Factory{"Sqlite",
                                                 [] { return std::make_unique<SqliteHost>(); }}),
                         [](const auto& factory) { return std::string(factory.param.name); });

}  // namespace
}  // namespace daftar
