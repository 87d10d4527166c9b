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
    for (const Finding& finding : Checks(reg, options, kSoftAbove).all()) {
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

TEST_F(CheckTest, LimitsThatNothingKeeps) {
  b.set(key, "lowest", "50");
  b.set(key, "highest", "50");
  expect("limits_crossed", key, "", false);
  b.set(key, "highest", "10");
  expect("limits_crossed", key, "", true);
}

TEST_F(CheckTest, AnswersAndMilestonesThatThereAreNot) {
  const RecordKey answer = b.add_indicator("1.2", area, "ordinal");
  b.set(answer, "levels", "none; some; all");
  b.measure(answer, "2024", "2");
  b.measure(answer, "2025", "3");
  b.measure(answer, "2026", "1.5");
  b.target(answer, "2027", "9");
  expect("out_of_range", answer, "2024", false);
  expect("out_of_range", answer, "2025", true);
  expect("out_of_range", answer, "2026", true);
  expect("out_of_range", answer, "2027", true);
  b.baseline(answer, "7", "2023");
  expect("out_of_range", answer, "", true);
  const RecordKey steps = b.add_indicator("1.3", area, "milestone");
  b.target(steps, "2027", "40% 2025-06-30 Drafted; 60% 2026-12-31 Adopted");
  b.measure(steps, "2025", "2");
  b.measure(steps, "2026", "3");
  b.measure(steps, "2027", "1.5");
  expect("out_of_range", steps, "2025", false);
  expect("out_of_range", steps, "2026", true);
  expect("out_of_range", steps, "2027", false);
}

// Whatever was typed, what is shown is a number.
TEST_F(CheckTest, NothingSaysInfinity) {
  for (const char* value : {"1e400", "1e308", "5e307"}) {
    for (const char* direction : {"higher", "lower", "maintain"}) {
      RegisterBuilder one;
      const RecordKey of = one.add_indicator("1.1", one.add_area("1"), direction);
      one.baseline(of, "10", "2020");
      one.target(of, "2030", "20");
      one.set(of, "sum_of_parts", "yes");
      const RecordKey part = one.add_indicator("1.1.1", of);
      for (const char* period : {"2021", "2022", "2023", "2024", "2025", "2026"}) {
        one.measure(of, period, value);
        one.measure(part, period, "-1e308");
      }
      const Register reg = one.build();
      for (const Finding& finding : Checks(reg, {}, kSoftAbove).all()) {
        for (const std::string& argument : finding.arguments) {
          EXPECT_EQ(argument.find("inf"), std::string::npos) << argument;
          EXPECT_EQ(argument.find("nan"), std::string::npos) << argument;
        }
      }
    }
  }
}

TEST_F(CheckTest, ASoftTargetIsWhatWasAimedAtByThen) {
  b.baseline(key, "10", "2015");
  b.target(key, "2025", "20");
  b.measure(key, "2022", "80");
  const Register reg = b.build();
  for (const Finding& finding : Checks(reg, {}, kSoftAbove).all()) {
    if (finding.check != Check::soft_target) continue;
    EXPECT_EQ(finding.arguments[1], "1000.04");
    EXPECT_TRUE(finding.arguments[2].starts_with("16.9")) << finding.arguments[2];
    return;
  }
  FAIL() << "not found";
}

TEST_F(CheckTest, ACorrectionSaysToWhat) {
  b.measure(key, "2025", "5");
  b.verify(key, "2025", "corrected");
  expect("no_correction", key, "2025", true);
  b.verify(key, "2026", "corrected", "7");
  expect("no_correction", key, "2026", false);
  b.verify(key, "2024", "corrected", "no_evidence");
  expect("no_correction", key, "2024", false);
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
  const RecordKey returned = b.add_indicator("1.4", area);
  b.measure(returned, "2026", "no_evidence");
  expect("never_measured", returned, "", false);
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

TEST_F(CheckTest, ContendedRecordsOfEveryKind) {
  b.measure(key, "2026", "5");
  b.records().back().contend("value", Value::decimal(Decimal(6)));
  expect("contended", key, "2026", true);
  b.baseline(key, "5", "2024");
  b.records().back().contend("value", Value::decimal(Decimal(6)));
  for (RecordBuilder& record : b.records()) {
    if (record.key() == area) record.contend("weight", Value::decimal(Decimal(6)));
  }
  b.justify("contended", area, "settled later");
  std::set<KindNumber> kinds;
  const Register reg = b.build();
  for (const Finding& finding : Checks(reg, {}, kSoftAbove).all()) {
    if (finding.check != Check::contended) continue;
    kinds.insert(finding.record.kind);
    EXPECT_EQ(finding.justification, "") << "nothing justifies it";
  }
  EXPECT_EQ(kinds, (std::set<KindNumber>{kind::kpa, kind::baseline, kind::measurement}));
}

TEST_F(CheckTest, WhatFieldsLack) {
  b.measure(key, "2026", "5");
  expect("unfilled", key, "", true);  // no Arabic name, no unit
  b.set(key, "name_ar", "الرخص");
  b.set(key, "unit", "%");
  expect("unfilled", key, "", false);
  expect("unfilled", area, "", true);
  b.set(key, "sdg", "4.7.1; SDG 4.a; 17");
  expect("sdg_code", key, "", false);
  b.set(key, "sdg", "4.7.1; 4.7.2");
  expect("sdg_code", key, "", true);
}

TEST_F(CheckTest, FormulasThatGiveNothing) {
  const RecordKey other = b.add_indicator("1.2", area);
  b.measure(other, "2026", "0");
  const auto with = [&](const std::string& formula) { b.set(key, "formula", formula); };
  with("1 / [1.2]");
  expect("formula_undefined", key, "2026", true);
  b.target(key, "2026", "3");
  expect("not_reported", key, "2026", false);
  with("1 + ");
  expect("formula_wrong", key, "", true);
  with("[1.3]");
  expect("formula_unknown", key, "", true);
  with("[1.2] + 1");
  b.set(other, "formula", "[1.1] * 2");
  expect("formula_circle", key, "", true);
  expect("formula_circle", other, "", true);
  b.set(other, "formula", "");
  b.measure(key, "2026", "1");
  expect("formula_differs", key, "2026", false);
  b.measure(key, "2026", "1.2");
  expect("formula_differs", key, "2026", true);
  with("[1.2] + 1.24");
  expect("formula_differs", key, "2026", false);  // rounded to the decimals that were typed
}

TEST_F(CheckTest, PartsInOtherUnits) {
  b.set(key, "sum_of_parts", "yes");
  b.set(key, "unit", "Percentage (%)");
  const RecordKey first = b.add_indicator("1.1.1", key);
  const RecordKey second = b.add_indicator("1.1.2", key);
  b.set(first, "unit", "per cent");
  b.set(second, "unit", "Number");
  expect("mixed_units", first, "", false);
  expect("mixed_units", second, "", true);
}

TEST_F(CheckTest, ADefinitionThatChangedAfterItsTargetWasSet) {
  b.set(key, "definition_breaks", "2026");
  b.target(key, "2025", "30");
  b.target(key, "2027", "40");
  expect("definition_changed", key, "2027", false);
  for (RecordBuilder& record : b.records()) {
    if (record.key() == key) record.at(5).set("definition_breaks", "2026");
  }
  expect("definition_changed", key, "2027", true);
  expect("definition_changed", key, "2025", false);  // of the version before
  b.baseline(key, "10", "2024");
  expect("baseline_before_break", key, "", true);
  b.set(key, "direction", "yes_no");
  expect("baseline_before_break", key, "", false);
  b.set(key, "direction", "higher");
  for (RecordBuilder& record : b.records()) {
    if (record.key().kind == kind::baseline) record.at(6).set("value", "11");
  }
  expect("baseline_before_break", key, "", false);
}

TEST_F(CheckTest, ABreakBeginsANewSeries) {
  b.measure(key, "2024", "10");
  b.measure(key, "2025", "100");
  expect("jump", key, "2025", true);
  b.set(key, "definition_breaks", "2025");
  expect("jump", key, "2025", false);
}

TEST_F(CheckTest, NamesThatAreAlmostTheSame) {
  const RecordKey other = b.add_indicator("1.2", area);
  b.set(key, "name_ar", "نسبة التعليم الابتدائي");
  b.set(other, "name_ar", "نِسْبَةُ التّعلـيم الإبتدائى");
  expect("near_duplicate", other, "", true);
  expect("near_duplicate", key, "", false);
  b.set(key, "name_en", "Employment of young people");
  b.set(other, "name_en", "Employments of young people");
  expect("near_duplicate", other, "", true);
  b.set(other, "name_ar", "نسبة التعليم الثانوي");
  expect("near_duplicate", other, "", false);
  b.set(other, "name_ar", "");
  expect("near_duplicate", other, "", true);
  b.set(other, "name_en", "Employment of old people");
  expect("near_duplicate", other, "", false);
}

TEST_F(CheckTest, RetiredOnesAreLeftAlone) {
  const RecordKey first = b.add_indicator("1.1.1", key);
  const RecordKey second = b.add_indicator("1.1.2", key);
  b.set(key, "sum_of_parts", "yes");
  b.measure(key, "2024", "100");
  b.measure(first, "2024", "60");
  b.measure(second, "2024", "40");
  b.measure(key, "2025", "60");
  b.measure(first, "2025", "60");
  b.set(second, "retired", "yes");
  expect("sum_of_parts", key, "2024", false);  // it counts while it had numbers
  expect("sum_of_parts", key, "2025", false);
  const RecordKey again = b.add_indicator("1.1.2", key);
  expect("duplicate_code", again, "", false);
  b.set(key, "retired", "yes");
  expect("below_retired", first, "", true);
  expect("below_retired", second, "", false);
}

TEST_F(CheckTest, MissingIsLookedForInEachRhythm) {
  const RecordKey other = b.add_indicator("1.2", area, "yes_no");
  b.set(key, "frequency", "annual");
  b.target(key, "2025", "30");
  b.measure(key, "2024", "10");
  b.measure(other, "2025", "yes");
  b.measure(other, "2025 H2", "yes");
  expect("not_reported", key, "2025", true);
  expect("not_reported", key, "2025 H2", false);
  expect("never_measured", other, "", false);
  b.measure(other, "2025", "");
  b.measure(key, "2025", "12");
  expect("not_reported", other, "2025", true);  // yes is aimed at without a target
  b.measure(key, "2025", "no evidence");
  b.measure(other, "2025", "no");
  expect("still_owed", key, "2025", true);
  expect("not_reported", key, "2025", false);
  // What is promised for later moves nothing.
  b.measure(other, "2030", "yes");
  EXPECT_TRUE(found({std::chrono::year(2026) / std::chrono::March / 1})
                  .contains("still_owed " + key.id() + "@2025"));
}

TEST_F(CheckTest, ValuesOfAnotherKind) {
  b.measure(key, "2025", "yes");
  expect("wrong_kind", key, "2025", true);
  const RecordKey steps = b.add_indicator("1.2", area, "milestone");
  b.target(steps, "2025", "40% 2025-06-30 Plan; 40% 2025-12-31 Law");
  expect("milestones", steps, "2025", true);
}

TEST_F(CheckTest, ALevelThatLastsIsNoOutlier) {
  int year = 2010;
  for (const char* value : {"100", "100", "100", "101", "100", "100", "190", "191"}) {
    b.measure(key, std::to_string(year++), value);
  }
  expect("outlier", key, "2016", true);  // most of the past is one value
  expect("outlier", key, "2017", false);
}

TEST_F(CheckTest, WhatTwoAdministrationsReportDifferently) {
  const auto share = [&](const std::string& code, const std::string& from, const char* value) {
    const RecordKey shared = b.add_indicator(code, key);
    b.set(shared, "shared_from", from);
    b.measure(shared, "2025", value);
    return shared;
  };
  const RecordKey first = share("a", "administration/health#1.7", "30");
  const RecordKey second = share("b", "administration/interior#2.9", "31");
  expect("shared_differs", first, "2025", true);
  expect("shared_differs", second, "2025", true);
  b.set(key, "sum_of_parts", "yes");
  expect("shared_differs", first, "2025", false);
}

TEST_F(CheckTest, CodesAreComparedAsPeopleReadThem) {
  const RecordKey other = b.add_indicator("١.١ ", area);
  expect("duplicate_code", other, "", true);
  b.set(key, "code", "C+");
  b.set(other, "code", "C-");
  expect("duplicate_code", other, "", false);
}

TEST_F(CheckTest, OfACircleAllAreNamedAndNotWhatHangsFromIt) {
  const RecordKey first = b.add_indicator("2", area);
  const RecordKey second = b.add_indicator("3", first);
  const RecordKey below = b.add_indicator("4", second);
  for (RecordBuilder& record : b.records()) {
    if (record.key() == first) record.refer("parent", second);
  }
  expect("outside", first, "", true);
  expect("outside", second, "", true);
  expect("outside", below, "", false);
}

TEST_F(CheckTest, WhatAFormulaGivesIsHeldAgainstTheRangeToo) {
  const RecordKey part = b.add_indicator("1.2", area);
  b.set(key, "formula", "[1.2] * 100");
  b.set(key, "highest", "100");
  b.measure(part, "2025", "2");
  expect("out_of_range", key, "2025", true);
}

// A justification is of what was compared: another part makes another sum.
TEST_F(CheckTest, AJustifiedSumHasToBeJustifiedAgainWhenAPartChanges) {
  b.set(key, "sum_of_parts", "yes");
  const RecordKey part = b.add_indicator("1.1.1", key);
  const RecordKey sum = b.measure(key, "2025", "10");
  b.measure(part, "2025", "9");
  b.justify("sum_of_parts", sum, "one is counted elsewhere");
  const std::string name = "sum_of_parts " + key.id() + "@2025";
  EXPECT_TRUE(found().contains(name + " justified"));
  b.records().push_back(
      RecordBuilder({kind::measurement, part.device, part.counter, period_of("2025").bytes()})
          .at(7)
          .set("value", "500"));
  EXPECT_TRUE(found().contains(name));
}

TEST_F(CheckTest, WhatIsMendedBesideASharedIndicatorIsLookedAtAgain) {
  std::vector<RecordKey> shared;
  for (const char* from : {"administration/health#1.7", "administration/interior#2.9"}) {
    shared.push_back(b.add_indicator(from, key));
    b.set(shared.back(), "shared_from", from);
    b.measure(shared.back(), "2025", std::to_string(shared.size()));
  }
  Register reg = b.build();
  Checks checks(reg, {}, kSoftAbove);
  const size_t first = *reg.find_indicator(shared.front());
  const auto differs = [&] {
    const std::vector<Finding>& of = checks.of_indicator(first);
    return std::any_of(of.begin(), of.end(), [](const Finding& finding) {
      return finding.check == Check::shared_differs;
    });
  };
  EXPECT_TRUE(differs());
  const RecordKey mended = b.measure(shared.back(), "2025", "1");
  checks.recheck(reg.update(mended, b.records().back().state()));
  EXPECT_FALSE(differs());
}

// An edit rechecks what it touches; the rest is as if all had been looked at again.
TEST_F(CheckTest, RecheckingIsCheckingEverything) {
  b.set(key, "sum_of_parts", "yes");
  const RecordKey first = b.add_indicator("1.1.1", key);
  const RecordKey second = b.add_indicator("1.1.2", key);
  const RecordKey ratio = b.add_indicator("1.2", area);
  b.set(ratio, "formula", "[1.1.1] / [1.1.2]");
  for (const RecordKey& one : {key, first, second}) b.measure(one, "2025", "10");
  Register reg = b.build();
  Checks checks(reg, {}, kSoftAbove);
  const auto listed = [](const Checks& of) {
    std::vector<std::string> all;
    for (const Finding& finding : of.all()) {
      all.push_back(std::string(id_of(finding.check)) + finding.record.bytes());
    }
    return all;
  };
  for (const char* value : {"0", "12", "not reported", "20"}) {
    for (const std::string period : {"2025", "2026", "2025 H1"}) {
      const RecordKey changed = b.measure(second, period, value);
      const auto touched = reg.update(changed, b.records().back().state());
      EXPECT_EQ(touched.size(), 2U);  // itself, and the formula
      checks.recheck(touched);
      const Register again = b.build();
      EXPECT_EQ(listed(checks), listed(Checks(again, {}, kSoftAbove))) << period << ' ' << value;
    }
  }
}

TEST_F(CheckTest, AJustificationStandsBesideWhatItIsAbout) {
  b.measure(key, "2024", "10");
  const RecordKey jump = b.measure(key, "2025", "100");
  b.measure(key, "2026", "1000");
  b.justify("jump", jump, "the new office opened");
  const auto all = found();
  EXPECT_TRUE(all.contains("jump " + key.id() + "@2025 justified"));
  EXPECT_TRUE(all.contains("jump " + key.id() + "@2026"));
  // Another value has to be justified again.
  for (RecordBuilder& record : b.records()) {
    if (record.key() == jump) record.at(5).set("value", "100000");
  }
  EXPECT_TRUE(found().contains("jump " + key.id() + "@2025"));
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
  EXPECT_EQ(ids.size(), 33U);
}

}  // namespace
}  // namespace daftar
