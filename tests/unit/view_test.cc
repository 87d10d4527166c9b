#include "client/view.h"

#include <gtest/gtest.h>

#include "common/base/period.h"
#include "common/ledger/bytes.h"
#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"
#include "tests/unit/ledger_builders.h"

namespace daftar::client {
namespace {

constexpr FieldNumber kName = field::indicator_name_en;
constexpr FieldNumber kArabicName = field::indicator_name_ar;
constexpr FieldNumber kCode = field::indicator_code;
const RecordKey kRoads = indicator_key(1, 1);
const RecordKey kBuses = indicator_key(1, 2);
const RecordKey kTrains = indicator_key(1, 3);

class ViewTest : public testing::Test {
 protected:
  std::vector<RecordKey> scan(std::string_view prefix) {
    std::vector<RecordKey> keys;
    View view = device.view();
    need(view.scan(prefix, [&](const RecordKey& key, const RecordState& record) -> Status {
      keys.push_back(key);
      const RecordState alone = need(device.view().record(key));
      for (const Cell& cell : record.cells) EXPECT_EQ(cell.reading(), alone.reading(cell.field));
      return {};
    }));
    return keys;
  }
  std::vector<std::string> changes(uint64_t from, std::optional<uint64_t> to) {
    std::vector<std::string> result;
    for (const CellChange& change : need(device.view().diff(from, to))) {
      result.push_back(change.key.id() + " " + std::to_string(change.field) + ": " +
                       value_text(change.before) + " -> " + value_text(change.after));
    }
    return result;
  }

  SyncWorld world;
  TestDevice& device = world.add_device();
  TestDevice& other = world.add_device();
};

TEST_F(ViewTest, WhatIsVisibleIsTheConfirmedStateWithPendingWorkOverIt) {
  device.save(kRoads, kName, "Roads");
  need(device.sync().report.status);
  EXPECT_EQ(device.reads(kRoads, kName), "Roads");
  device.save(kRoads, kArabicName, "Turuq");
  device.save(kBuses, kName, "Buses");
  EXPECT_EQ(device.reads(kRoads, kName), "Roads");
  EXPECT_EQ(device.reads(kRoads, kArabicName), "Turuq");
  EXPECT_EQ(device.reads(kBuses, kName), "Buses");
  EXPECT_EQ(device.view().confirmed_position(), 1U);
  EXPECT_TRUE(need(device.view().record(kTrains)).cells.empty());
}

TEST_F(ViewTest, AScanGoesThroughConfirmedAndPendingRecordsInKeyOrder) {
  device.save(kBuses, kName, "Buses");
  device.save({kind::kpa, 1, 9, ""}, field::kpa_name_en, "Transport");
  need(device.sync().report.status);
  device.save(kRoads, kName, "Roads");
  device.save(kTrains, kName, "Trains");
  device.save(kBuses, kArabicName, "Basat");
  std::string prefix;
  put_n(prefix, kind::indicator);
  EXPECT_EQ(scan(prefix), (std::vector<RecordKey>{kRoads, kBuses, kTrains}));
  EXPECT_EQ(scan("").size(), 4U);
  put_n(prefix, 99);
  EXPECT_TRUE(scan(prefix).empty());
}

TEST_F(ViewTest, HistoryHoldsEverythingThatWasEverSavedOldestFirst) {
  world.hub.authority = [](const Changeset& changeset, uint64_t) -> std::optional<RefusalReason> {
    if (changeset.message == "held") return RefusalReason::period_locked;
    return std::nullopt;
  };
  device.save(kRoads, kName, "entered");
  device.save(kRoads, kName, "held");
  need(device.sync().report.status);
  world.clock.wall += 1'000;
  other.save(kRoads, kName, "by another");  // has seen nothing
  need(other.sync().report.status);
  need(device.sync().report.status);
  device.save(kRoads, kName, "pending");
  device.save(kRoads, kArabicName, "another field");

  const std::vector<HistoryItem> items = need(device.view().history(kRoads, kName));
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(value_text(items[0].value), "entered");
  EXPECT_EQ(items[0].position, 1U);
  EXPECT_EQ(items[0].outcome, Outcome::applied);
  EXPECT_EQ(items[0].pending, std::nullopt);
  EXPECT_EQ(value_text(items[1].value), "by another");
  EXPECT_EQ(items[1].outcome, Outcome::contended);
  EXPECT_EQ(items[1].device, other.number());
  EXPECT_EQ(items[1].received_ms, world.clock.wall);
  EXPECT_EQ(value_text(items[2].value), "held");
  EXPECT_EQ(items[2].pending, PendingState::held);
  EXPECT_EQ(items[2].reason, RefusalReason::period_locked);
  EXPECT_EQ(items[2].outcome, std::nullopt);
  EXPECT_EQ(value_text(items[3].value), "pending");
  EXPECT_EQ(items[3].pending, PendingState::waiting);
  EXPECT_EQ(need(device.view().history(kRoads, std::nullopt)).size(), 5U);
  EXPECT_TRUE(need(device.view().history(kBuses, std::nullopt)).empty());
}

TEST_F(ViewTest, TheLogIsNewestFirstAndNoLongerThanAskedFor) {
  world.hub.authority = [](const Changeset& changeset, uint64_t) -> std::optional<RefusalReason> {
    if (changeset.message == "three") return RefusalReason::no_authority;
    return std::nullopt;
  };
  device.save(kRoads, kName, "one");
  need(device.sync().report.status);
  other.save(kRoads, kName, "two");
  other.save(kRoads, kName, "three");
  need(other.sync().report.status);
  need(device.sync().report.status);
  device.save(kRoads, kName, "four");
  const std::vector<LogItem> log = need(device.view().log(10));
  ASSERT_EQ(log.size(), 4U);
  EXPECT_EQ(log[0].changeset->message, "four");
  EXPECT_EQ(log[0].pending, PendingState::waiting);
  EXPECT_EQ(log[1].refusal->reason, RefusalReason::no_authority);
  EXPECT_FALSE(log[1].changeset.has_value());
  EXPECT_EQ(log[2].changeset->message, "two");
  EXPECT_EQ(log[2].contended, 1U);
  EXPECT_EQ(log[3].position, 1U);
  EXPECT_EQ(need(device.view().log(2)).size(), 2U);
  EXPECT_TRUE(need(device.view().log(0)).empty());
}

TEST_F(ViewTest, ThePastIsReadByPositionAndByTime) {
  const uint64_t start = world.clock.wall;
  for (const char* text : {"one", "two", "three"}) {
    device.save(kRoads, kName, text);
    need(device.sync().report.status);
    world.clock.wall += 1'000;
  }
  device.save(kRoads, kName, "pending");
  View view = device.view();
  const std::pair<uint64_t, uint64_t> moments[] = {
      {0, 0}, {start - 1, 0}, {start, 1}, {start + 999, 1}, {start + 1'000, 2}, {UINT64_MAX, 3}};
  for (const auto& [time, position] : moments) EXPECT_EQ(need(view.position_at(time)), position);
  const char* const texts[] = {"", "one", "two", "three"};
  for (uint64_t position = 0; position <= 3; ++position) {
    const RecordState record = need(view.record_as_of(kRoads, position));
    EXPECT_EQ(value_text(record.reading(kName)), texts[position]);
    MemoryRecords records;
    need(view.fold_until(position, records));
    if (position > 0) {
      EXPECT_EQ(records.all().at(kRoads), record);
    }
  }
  EXPECT_EQ(value_text(need(view.record_as_of(kRoads, 99)).reading(kName)), "three");
}

TEST_F(ViewTest, ADiffNamesTheCellsThatReadDifferently) {
  device.save(kRoads, kName, "one");
  need(device.sync().report.status);
  device.save(kRoads, kName, "two");
  device.save(kBuses, kName, "Buses");
  need(device.sync().report.status);
  device.save(kRoads, kName, "one");
  need(device.sync().report.status);
  device.save(kTrains, kName, "pending");
  EXPECT_EQ(changes(1, 2), std::vector<std::string>{"1.1 2: one -> two"});
  EXPECT_EQ(changes(1, 4), std::vector<std::string>{"1.2 2:  -> Buses"});
  EXPECT_EQ(changes(1, std::nullopt),
            (std::vector<std::string>{"1.2 2:  -> Buses", "1.3 2:  -> pending"}));
  EXPECT_EQ(changes(4, std::nullopt), std::vector<std::string>{"1.3 2:  -> pending"});
  EXPECT_TRUE(changes(4, 4).empty());
}

TEST_F(ViewTest, ContendedRecordsAreListedAlsoThoseThatAreAboutToBe) {
  device.save(kRoads, kName, "Roads");
  need(device.sync().report.status);
  need(other.sync().report.status);
  EXPECT_TRUE(need(device.view().contended()).empty());
  other.save(kRoads, kName, "Roads by another");
  need(other.sync().report.status);
  const Context before = device.context();
  device.save(kBuses, kName, "harmless");
  device.save(kRoads, kName, "Roads of ours", before);
  EXPECT_TRUE(need(device.view().contended()).empty()) << "nobody knows yet";
  // Turned away for another reason: the entries come, the work stays pending.
  device.save(kTrains, 4'000, "from the future");
  EXPECT_FALSE(device.sync().report.turned_away.empty());
  EXPECT_EQ(device.info().waiting, 3U);
  EXPECT_EQ(need(device.view().contended()), std::vector<RecordKey>{kRoads});
  EXPECT_EQ(device.reads(kRoads, kName), "Roads by another");
  device.save(kRoads, kName, "Roads, settled");
  EXPECT_TRUE(need(device.view().contended()).empty()) << "settled at once";
  EXPECT_EQ(device.reads(kRoads, kName), "Roads, settled");
}

TEST_F(ViewTest, ANumberThatWasTypedInTwoWaysIsNoConflict) {
  RecordKey measured = kRoads;
  measured.kind = kind::measurement;
  measured.qualifier = need(parse_period("2024")).period.bytes();
  const auto save = [&](TestDevice& by, const std::string& typed) {
    Draft draft{by.context(), typed, {}, {}, {}};
    draft.records = {{measured,
                      {{field::measurement_value, Value::decimal(need(Decimal::parse(typed))), {}},
                       {field::measurement_value_as_written, Value::text(typed), {}}}}};
    by.save_draft(draft);
    need(by.sync().report.status);
  };
  save(device, "41.50");
  save(other, "41.500");
  need(device.sync().report.status);
  EXPECT_FALSE(device.is_contended(measured));
  EXPECT_TRUE(need(device.view().contended()).empty());
  client::Draft third{Context{}, "another number", {}, {}, {}};
  third.records = {
      {measured, {{field::measurement_value, Value::decimal(need(Decimal::parse("7"))), {}}}}};
  device.save_draft(third);
  EXPECT_TRUE(device.is_contended(measured)) << "before it is sent";
  need(device.sync().report.status);
  EXPECT_EQ(need(device.view().contended()).size(), 1U);
}

TEST_F(ViewTest, ACodeFindsItsRecordUnlessItHasSeveralOrIsGone) {
  device.save(kRoads, kCode, "1.1");
  device.save(kBuses, kCode, "1.2");
  need(device.sync().report.status);
  EXPECT_EQ(need(device.view().find_code(kind::indicator, "1.1")), kRoads);
  EXPECT_EQ(device.view().find_code(kind::kpa, "1.1").status().code(), Code::not_found);
  device.save(kBuses, kCode, "1.1");
  EXPECT_EQ(device.view().find_code(kind::indicator, "1.1").status().code(), Code::conflict);
  EXPECT_EQ(device.view().find_code(kind::indicator, "1.2").status().code(), Code::not_found);
  device.save_draft({device.context(), "gone", std::nullopt, {remove(kRoads)}});
  EXPECT_EQ(need(device.view().find_code(kind::indicator, "1.1")), kBuses);
}

TEST_F(ViewTest, ADeletedRecordIsScannedAndItsHistoryStays) {
  device.save(kRoads, kName, "Roads");
  need(device.sync().report.status);
  device.save_draft({device.context(), "gone", std::nullopt, {remove(kRoads)}});
  EXPECT_TRUE(need(device.view().record(kRoads)).is_deleted());
  EXPECT_EQ(scan("").size(), 1U);
  EXPECT_EQ(need(device.view().history(kRoads, std::nullopt)).size(), 2U);
}

}  // namespace
}  // namespace daftar::client
