#include "common/check/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "common/base/messages.h"
#include "tests/unit/register_builder.h"

namespace daftar {
namespace {

constexpr double kSoftAbove = 1.2;

class CheckTest : public testing::Test {
 protected:
  // "check record's period or code", as it was found.
  std::set<std::string> found(const ScoreOptions& options = {}) {
    const Register reg = b.build();
    std::set<std::string> all;
    for (const Finding& finding : check_register(reg, options, kSoftAbove)) {
      const Result<Period> period = Period::from_bytes(finding.record.qualifier);
      all.insert(std::string(id_of(finding.check)) + " " + finding.record.id() +
                 (period.ok() ? "@" + period->text() : "") +
                 (finding.justification.empty() ? "" : " justified"));
    }
    return all;
  }
  void expect(const std::string& check, const RecordKey& of, const std::string& period,
              bool is_found) {
    const std::string wanted = check + " " + of.id() + (period.empty() ? "" : "@" + period);
    EXPECT_EQ(found().contains(wanted), is_found) << wanted;
  }

  RegisterBuilder b;
  RecordKey area = b.add_area("1");
  RecordKey key = b.add_indicator("1.1", area);
};

TEST_F(CheckTest, ValuesOutsideOfWhatIsPlausible) {
  b.set(key, "lowest", "0");
  b.set(key, "highest", "100");
  b.set(key, "decimals", "1");
  b.measure(key, "2024", "100");
  b.measure(key, "2025", "100.5");
  b.measure(key, "2026", "99.25");
  expect("out_of_range", key, "2024", false);
  expect("out_of_range", key, "2025", true);
  expect("decimals", key, "2025", false);
  expect("decimals", key, "2026", true);
}

TEST_F(CheckTest, JumpsOfOneKindOfPeriod) {
  b.measure(key, "2024", "10");
  b.measure(key, "2025", "30");
  b.measure(key, "2026", "91");
  b.measure(key, "2026 H1", "9");
  expect("jump", key, "2025", false);
  expect("jump", key, "2026", true);
  expect("jump", key, "2026 H1", false);
  b.measure(key, "2027", "0");
  expect("jump", key, "2027", true);
  b.measure(key, "2028", "50");
  expect("jump", key, "2028", false);
}

// Median 12, median absolute deviation 1: the limit is 12 ± 3.5 · 1.4826.
TEST_F(CheckTest, OutliersAgainstTheirOwnPast) {
  int year = 2015;
  for (const char* value : {"10", "11", "12", "13", "14"}) {
    b.measure(key, std::to_string(year++), value);
  }
  b.measure(key, "2020", "17.1");
  expect("outlier", key, "2020", false);
  b.records().back() = RecordBuilder(b.records().back().key()).set("value", "17.2");
  expect("outlier", key, "2020", true);
  expect("outlier", key, "2019", false);
}

TEST_F(CheckTest, ThreePeriodsWithoutAChange) {
  b.measure(key, "2024", "10");
  b.measure(key, "2025", "10");
  expect("unchanged", key, "2025", false);
  b.measure(key, "2026", "10.0");
  expect("unchanged", key, "2026", true);
}

TEST_F(CheckTest, TargetsAndBaselines) {
  b.target(key, "2026", "30");
  expect("no_baseline", key, "", true);
  b.baseline(key, "30", "2025");
  expect("no_baseline", key, "", false);
  expect("target_wrong_side", key, "2026", true);
  b.target(key, "2027", "40");
  b.measure(key, "2027", "42");
  expect("target_wrong_side", key, "2027", false);
  expect("soft_target", key, "2027", false);
  b.measure(key, "2027", "43");
  expect("soft_target", key, "2027", true);
  const RecordKey less = b.add_indicator("1.2", area, "lower");
  b.baseline(less, "30", "2025");
  b.target(less, "2026", "40");
  expect("target_wrong_side", less, "2026", true);
}

TEST_F(CheckTest, WhatIsMissing) {
  expect("never_measured", key, "", true);
  const RecordKey other = b.add_indicator("1.2", area);
  b.measure(other, "2026", "5");
  b.target(key, "2026", "30");
  expect("not_reported", key, "2026", true);
  expect("not_reported", other, "2026", false);
  EXPECT_FALSE(found({std::chrono::year(2026) / std::chrono::March / 1})
                   .contains("not_reported " + key.id() + "@2026"));
  b.measure(key, "2026", "not applicable");
  expect("not_reported", key, "2026", false);
  b.measure(key, "2026", "");
  expect("not_reported", key, "2026", true);
  b.set(key, "retired", "yes");
  expect("not_reported", key, "2026", false);
  expect("never_measured", key, "", false);
}

TEST_F(CheckTest, SumsOfParts) {
  const RecordKey first = b.add_indicator("1.1.1", key);
  const RecordKey second = b.add_indicator("1.1.2", key);
  b.set(key, "sum_of_parts", "yes");
  b.measure(key, "2025", "30");
  b.measure(key, "2026", "30");
  b.measure(first, "2025", "10");
  b.measure(first, "2026", "10.5");
  b.measure(second, "2026", "20");
  expect("sum_of_parts", key, "2025", false);
  expect("sum_of_parts", key, "2026", true);
  b.measure(first, "2026", "10");
  expect("sum_of_parts", key, "2026", false);
}

TEST_F(CheckTest, CodesAndTheTree) {
  const RecordKey again = b.add_indicator("1.1", area);
  expect("duplicate_code", key, "", true);
  expect("duplicate_code", again, "", true);
  const RecordKey lost = b.add_indicator("7", {kind::kpa, 9, 9, ""});
  expect("outside", lost, "", true);
  expect("outside", key, "", false);
  b.set(key, "weight", "0");
  b.set(again, "weight", "0");
  expect("no_weight", area, "", true);
  b.set(again, "weight", "1");
  expect("no_weight", area, "", false);
}

TEST_F(CheckTest, ContendedValues) {
  b.measure(key, "2026", "5");
  b.records().back().contend("value", Value::decimal(Decimal(6)));
  expect("contended", key, "2026", true);
}

TEST_F(CheckTest, AJustificationStandsBesideWhatItIsAbout) {
  b.measure(key, "2024", "10");
  const RecordKey jump = b.measure(key, "2025", "100");
  b.measure(key, "2026", "1000");
  b.justify("jump", jump, "the new office opened");
  const auto all = found();
  EXPECT_TRUE(all.contains("jump " + key.id() + "@2025 justified"));
  EXPECT_TRUE(all.contains("jump " + key.id() + "@2026"));
}

TEST_F(CheckTest, EveryCheckHasAnIdAndASentenceInThreeLanguages) {
  std::set<std::string_view> ids;
  for (const Check check : all_checks()) {
    EXPECT_TRUE(ids.insert(id_of(check)).second);
    const auto message = find_message("check." + std::string(id_of(check)));
    ASSERT_TRUE(message) << id_of(check);
    const std::vector<std::string> arguments = {"1", "2", "3", "4"};
    const std::string english = message_text(*message, arguments, Language::english);
    for (const Language language : {Language::arabic, Language::french}) {
      const std::string text = message_text(*message, arguments, language);
      EXPECT_NE(text, english);
    }
  }
  EXPECT_EQ(ids.size(), 15U);
}

}  // namespace
}  // namespace daftar
