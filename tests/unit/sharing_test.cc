// What is written in a sector's ledger so that it says what a register says.
#include "common/register/sharing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/register_builder.h"

namespace daftar {
namespace {

constexpr char kRoads[] = "administration/roads";
constexpr DeviceNumber kColleague = 2;
constexpr DeviceNumber kOthers = 3;

class SharingTest : public testing::Test {
 protected:
  SharingTest() {
    source_.ledger = kRoads;
    source_.size = 10;
    add_device(1, "roads");
    add_device(kColleague, "roads");
    add_device(kOthers, "ports");
    put(RecordBuilder(deaths_).set("code", "1.1").set("name_ar", "حوادث").set("sectors", "health"));
    put(measured("2024", "12"));
    put(measured("2025", "9"));
  }

  void add_device(DeviceNumber number, const std::string& party) {
    const RecordKey of{kind::party, 1, party == "roads" ? 1U : 2U, ""};
    directory_.take(of, RecordBuilder(of).set("code", party).state());
    directory_.take(user_record(number),
                    RecordBuilder(user_record(number)).refer("party", of).state());
    directory_.take(
        device_record(number),
        RecordBuilder(device_record(number)).refer("user", user_record(number)).state());
  }
  void put(const RecordBuilder& record) { source_.records[record.key()] = record.state(); }
  [[nodiscard]] RecordBuilder measured(const std::string& period, const std::string& value) const {
    return RecordBuilder(record_of(deaths_, kind::measurement, period_of(period)))
        .set("value", value);
  }

  Sharing plan(Role role = Role::focal_point, DeviceNumber by = 1) {
    source_.reg = {};
    for (const auto& [key, record] : source_.records) source_.reg.take(key, record);
    source_.reg.finish();
    const FindLink find_link = [&](DeviceNumber, uint64_t) -> Result<std::optional<Hash>> {
      ++links_read_;
      return std::optional(Hash{});
    };
    Result<Sharing> sharing = plan_sharing(source_, source_.sectors()["health"], "sector/health",
                                           there_, Sharer{by, by, role, directory_}, find_link);
    if (!sharing.ok()) throw std::runtime_error(sharing.status().text());
    sharing->number(next_id_);
    next_id_ += sharing->new_records;
    return *std::move(sharing);
  }
  // As the sector's ledger is when the hub has entered it.
  void enter(const Sharing& sharing) {
    for (const std::vector<RecordEdits>* edits : {&sharing.first, &sharing.edits}) {
      for (const RecordEdits& record : *edits) {
        for (const CellEdit& edit : record.cells) {
          EXPECT_TRUE(edit.field != kDeletedField || record.cells.size() == 1) << "stands alone";
          there_[record.key].find_or_add(edit.field) = {
              edit.field, true, {{++position_, 1, 1, edit.value}}};
        }
      }
    }
  }
  void share() { enter(plan()); }

  // The only record of the kind, for the period.
  [[nodiscard]] RecordKey only(KindNumber kind, const std::string& period = "") const {
    const std::string qualifier = period.empty() ? "" : period_of(period).bytes();
    for (const auto& [key, record] : there_) {
      if (key.kind == kind && key.qualifier == qualifier) return key;
    }
    return {};
  }
  // "–" for what is deleted or not there.
  [[nodiscard]] std::string value(const std::string& period) const {
    const auto found = there_.find(only(kind::measurement, period));
    if (found == there_.end() || found->second.is_deleted()) return "–";
    return value_text(found->second.reading(field::measurement_value));
  }
  [[nodiscard]] Value origin(const std::string& period, FieldNumber field) const {
    return there_.at(only(kind::origin, period)).reading(field);
  }

  const RecordKey deaths_{kind::indicator, 1, 5, ""};
  ShareSource source_;
  Records there_;
  Directory directory_;
  size_t links_read_ = 0;
  uint64_t next_id_ = 100;
  uint64_t position_ = 0;
};

TEST_F(SharingTest, AValueIsThereWithWhereItComesFrom) {
  share();
  EXPECT_EQ(value("2024"), "12");
  EXPECT_EQ(value("2025"), "9");
  EXPECT_EQ(origin("2025", field::origin_source_ledger), Value::text(kRoads));
  EXPECT_EQ(origin("2025", field::origin_source_record),
            Value::reference(record_of(deaths_, kind::measurement, period_of("2025"))));
  EXPECT_EQ(origin("2025", field::origin_source_seq), Value::decimal(Decimal(1)));
  EXPECT_FALSE(origin("2025", field::origin_source_link).is_empty());
  const RecordState& indicator = there_.at(only(kind::indicator));
  EXPECT_EQ(indicator.reading(field::indicator_shared_from),
            Value::text(std::string(kRoads) + "#" + deaths_.id()));
  EXPECT_EQ(there_.at(only(kind::share)).reading(field::share_source_size),
            Value::decimal(Decimal(10)));
  EXPECT_EQ(links_read_, 2U);
  source_.size = 11;
  EXPECT_TRUE(plan().is_empty()) << "nothing has changed, so that there is nothing to say";
  EXPECT_EQ(links_read_, 2U) << "what is known is not looked up again";
  EXPECT_EQ(next_id_, 102U) << "an indicator and a share";
}

TEST_F(SharingTest, WhatGoesAndComesBackDoesSoWithWhatItSaysThen) {
  share();
  put(measured("2025", "9").remove());
  share();
  EXPECT_EQ(value("2025"), "–");
  put(measured("2025", "8"));
  share();
  EXPECT_EQ(value("2025"), "8");
  put(RecordBuilder(deaths_).set("code", "1.1").set("sectors", "water"));
  share();
  EXPECT_EQ(value("2024"), "–");
  EXPECT_TRUE(there_.at(only(kind::indicator)).is_deleted());
  put(RecordBuilder(deaths_).set("code", "1.7").set("sectors", "water; health"));
  share();
  EXPECT_EQ(value("2024"), "12");
  EXPECT_EQ(value("2025"), "8");
  EXPECT_EQ(there_.at(only(kind::indicator)).reading(field::indicator_code), Value::text("1.7"));
  EXPECT_TRUE(plan().is_empty());
}

TEST_F(SharingTest, WhatWasSentBackOrIsNotReportedAnyMoreHasNoState) {
  const RecordKey report{kind::report, kPeriodDevice, kPeriodCounter, period_of("2025").bytes()};
  put(RecordBuilder(report).set("state", "ready"));
  share();
  put(measured("2024", "12").set("returned", "unclear"));
  share();
  EXPECT_EQ(value("2024"), "");
  EXPECT_EQ(origin("2025", field::origin_approval_state), Value::text("ready"));
  put(RecordBuilder(report).set("state", "ready").remove());
  share();
  EXPECT_TRUE(origin("2025", field::origin_approval_state).is_empty());
}

TEST_F(SharingTest, WhoHoldsLessThanAColleagueSharedWritesNothing) {
  const RecordKey said{kind::share, kColleague, 7, ""};
  const auto says = [&](const RecordKey& key, const std::string& size, const std::string& of) {
    there_[key] = RecordBuilder(key).set("source_ledger", of).set("source_size", size).state();
  };
  says(said, "11", kRoads);
  Sharing sharing = plan();
  EXPECT_TRUE(sharing.is_behind);
  EXPECT_TRUE(sharing.is_empty());
  EXPECT_EQ(sharing.shared_size, 11U);
  says(said, "10", kRoads);
  EXPECT_FALSE(plan().is_empty()) << "he holds as much";
  says(said, "11", "administration/roads2");
  EXPECT_FALSE(plan().is_behind) << "of another register";
  says(said, "11", kRoads);
  there_[said] =
      RecordBuilder(said).set("source_ledger", kRoads).set("source_size", "11").remove().state();
  EXPECT_FALSE(plan().is_behind) << "taken back";
  there_.clear();
  says({kind::share, kOthers, 7, ""}, "11", kRoads);
  EXPECT_FALSE(plan().is_behind) << "of another party";
  says(said, "99999999999999999999", kRoads);
  EXPECT_TRUE(plan().is_behind) << "whatever somebody typed";
}

// Two colleagues shared before either had seen the other.
TEST_F(SharingTest, WhatMetIsSettledByTheNextWhoShares) {
  share();
  const auto contend = [&](const RecordKey& key, FieldNumber field, Value value) {
    there_.at(key).find_or_add(field).standing.push_back({99, kColleague, 1, std::move(value)});
  };
  contend(only(kind::measurement, "2025"), field::measurement_value, Value::decimal(Decimal(7)));
  EXPECT_EQ(plan().changed, 1U);
  share();
  EXPECT_FALSE(there_.at(only(kind::measurement, "2025")).is_contended());
  EXPECT_EQ(value("2025"), "9");
  // A withdrawal that met a value, both ways round.
  there_.at(only(kind::measurement, "2025")).find_or_add(kDeletedField) = {
      kDeletedField, false, {{99, kColleague, 1, Value::boolean(true)}}};
  Sharing sharing = plan();
  ASSERT_EQ(sharing.first.size(), 2U) << "how much was shared, and what comes back";
  enter(sharing);
  EXPECT_EQ(value("2025"), "9");
  put(measured("2025", "9").remove());
  there_.at(only(kind::measurement, "2025")).find_or_add(kDeletedField) = {
      kDeletedField,
      true,
      {{98, 1, 1, Value::boolean(true)}, {99, kColleague, 1, Value::boolean(false)}}};
  share();
  EXPECT_FALSE(there_.at(only(kind::measurement, "2025")).is_contended());
  EXPECT_EQ(value("2025"), "–");
  // The sector's own affair is left to people.
  contend(only(kind::indicator), field::indicator_weight, Value::decimal(Decimal(2)));
  EXPECT_TRUE(plan().is_empty());
}

TEST_F(SharingTest, OfTwoThatBeganAtOnceOneStays) {
  share();
  const RecordKey other{kind::indicator, kColleague, 4, ""};
  there_[other] = there_.at(only(kind::indicator));
  there_[record_of(other, kind::measurement, period_of("2025"))] =
      there_.at(only(kind::measurement, "2025"));
  const RecordKey stranger{kind::indicator, kOthers, 4, ""};
  there_[stranger] = there_.at(only(kind::indicator));
  share();
  EXPECT_FALSE(there_.at(only(kind::indicator)).is_deleted());
  EXPECT_TRUE(there_.at(other).is_deleted());
  EXPECT_TRUE(there_.at(record_of(other, kind::measurement, period_of("2025"))).is_deleted());
  EXPECT_FALSE(there_.at(stranger).is_deleted()) << "another party's, whatever it says";
}

TEST_F(SharingTest, WhoMayWriteValuesAloneSharesThose) {
  Sharing sharing = plan(Role::data_officer);
  EXPECT_EQ(sharing.left, 1U);
  EXPECT_TRUE(sharing.is_empty());
  share();
  put(RecordBuilder(deaths_).set("code", "1.8").set("sectors", "health"));
  put(measured("2025", "8"));
  sharing = plan(Role::data_officer);
  EXPECT_EQ(sharing.changed, 1U);
  EXPECT_TRUE(std::none_of(sharing.edits.begin(), sharing.edits.end(),
                           [](const RecordEdits& one) { return one.key.kind == kind::indicator; }));
  EXPECT_FALSE(find_denied(Role::data_officer, "sector/health", sharing.edits));
}

TEST_F(SharingTest, WhatAFormulaGivesIsShared) {
  const RecordKey half{kind::indicator, 1, 6, ""};
  put(RecordBuilder(half).set("code", "1.2").set("sectors", "health").set("formula", "[1.1] / 2"));
  Sharing sharing = plan();
  EXPECT_EQ(sharing.values, 4U);
  enter(sharing);
  const auto shared = std::find_if(there_.begin(), there_.end(), [&](const auto& one) {
    return one.second.reading(field::indicator_code) == Value::text("1.2");
  });
  ASSERT_NE(shared, there_.end());
  const RecordKey there = record_of(shared->first, kind::measurement, period_of("2024"));
  EXPECT_EQ(value_text(there_.at(there).reading(field::measurement_value)), "6");
  RecordKey beside = there;
  beside.kind = kind::origin;
  EXPECT_TRUE(there_.at(beside).reading(field::origin_source_seq).is_empty());
  put(measured("2024", "12").remove());
  share();
  EXPECT_TRUE(there_.at(there).is_deleted());
}

}  // namespace
}  // namespace daftar
