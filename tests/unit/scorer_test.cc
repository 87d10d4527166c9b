// From records to the scores of a whole tree.
#include "common/score/scorer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/unit/register_builder.h"
#include "tests/unit/scored.h"

namespace daftar {
namespace {

class ScorerTest : public testing::Test {
 protected:
  // Measured half way from 40 to 60.
  RecordKey half_way(const std::string& code, const RecordKey& parent) {
    const RecordKey key = b.add_indicator(code, parent);
    b.baseline(key, "40", "2025");
    b.target(key, "2026", "60");
    b.measure(key, "2026", "50");
    return key;
  }
  RegisterBuilder b;
  RecordKey area = b.add_area("1");
};

TEST_F(ScorerTest, ScoresGoUpTheTree) {
  const RecordKey kpi = b.add_indicator("1.1", area, "");
  const RecordKey first = half_way("1.1.1", kpi);
  const RecordKey second = half_way("1.1.2", kpi);
  b.set(second, "weight", "3");
  b.records().back() = RecordBuilder(b.records().back().key()).set("value", "60");
  const Scored scored(b.build(), "2026");
  EXPECT_DOUBLE_EQ(scored.of(first).score, 50);
  EXPECT_DOUBLE_EQ(scored.of(second).score, 100);
  EXPECT_DOUBLE_EQ(scored.of(kpi).score, (50 + 3 * 100) / 4.0);
  EXPECT_DOUBLE_EQ(scored.all().score, 87.5);
  EXPECT_DOUBLE_EQ(scored.all().coverage, 1);
  EXPECT_FALSE(scored.of(kpi).is_own);
}

TEST_F(ScorerTest, AKpiWithATargetAndAValueOfItsOwnScoresOnThose) {
  const RecordKey kpi = half_way("1.1", area);
  const RecordKey part = half_way("1.1.1", kpi);
  b.records().back() = RecordBuilder(b.records().back().key()).set("value", "60");
  const Scored scored(b.build(), "2026");
  EXPECT_DOUBLE_EQ(scored.of(part).score, 100);
  EXPECT_DOUBLE_EQ(scored.of(kpi).score, 50);
  EXPECT_TRUE(scored.of(kpi).is_own);
  EXPECT_DOUBLE_EQ(scored.all().score, 50);
}

TEST_F(ScorerTest, WhatIsMissingIsNeitherZeroNorHidden) {
  half_way("1.1", area);
  const RecordKey missing = b.add_indicator("1.2", area);
  b.baseline(missing, "0", "2025");
  b.target(missing, "2026", "10");
  {
    const Scored scored(b.build(), "2026");
    EXPECT_EQ(scored.of(missing).reason, NoScore::not_reported);
    EXPECT_DOUBLE_EQ(scored.of(area).score, 50) << "half of what was expected is there";
    EXPECT_DOUBLE_EQ(scored.of(area).coverage, 0.5);
    EXPECT_DOUBLE_EQ(scored.of(area).accountability, 25);
  }
  const RecordKey third = b.add_indicator("1.3", area);
  b.target(third, "2026", "10");
  {
    const Scored scored(b.build(), "2026");
    EXPECT_EQ(scored.of(area).reason, NoScore::too_little);
    EXPECT_NEAR(scored.of(area).coverage, 1 / 3.0, 1e-12);
    EXPECT_NEAR(scored.of(area).accountability, 50 / 3.0, 1e-12);
  }
  // What is not due or does not apply is not expected.
  b.measure(missing, "2026", "not applicable");
  b.measure(third, "2026", "not_due");
  {
    const Scored scored(b.build(), "2026");
    EXPECT_DOUBLE_EQ(scored.of(area).score, 50);
    EXPECT_DOUBLE_EQ(scored.of(area).coverage, 1);
    EXPECT_DOUBLE_EQ(scored.of(area).accountability, 50);
  }
}

TEST_F(ScorerTest, EachReasonForAMissingValueIsKept) {
  const std::pair<const char*, NoScore> cases[] = {{"not due", NoScore::not_due},
                                                   {"لا ينطبق", NoScore::not_applicable},
                                                   {"not reported", NoScore::not_reported},
                                                   {"sans preuve", NoScore::no_evidence}};
  std::vector<RecordKey> keys;
  for (const auto& [typed, reason] : cases) {
    keys.push_back(b.add_indicator("1." + std::to_string(keys.size()), area));
    b.measure(keys.back(), "2026", typed);
  }
  const RecordKey returned = half_way("1.8", area);
  b.records().back().set("returned", "which source?");
  const Scored scored(b.build(), "2026");
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(scored.of(keys[i]).reason, cases[i].second) << cases[i].first;
  }
  EXPECT_EQ(scored.of(returned).reason, NoScore::returned);
}

TEST_F(ScorerTest, AHalfYearWithoutATargetAimsAtTheLineToTheYears) {
  const RecordKey key = b.add_indicator("1.1", area);
  b.baseline(key, "40", "2025");
  b.target(key, "2026", "60");
  b.measure(key, "2026 H1", "45");
  b.measure(key, "2026 H2", "60");
  const Scored first(b.build(), "2026 H1");
  // 181 of 365 days of the way.
  EXPECT_NEAR(first.of(key).achievement, 5 / (20 * 181 / 365.0), 1e-12);
  EXPECT_EQ(first.table.aim[first.table.cell(first.table.nodes_of_indicators[0], 0)],
            AimSource::pro_rata);
  const Scored second(b.build(), "2026 H2");
  EXPECT_DOUBLE_EQ(second.of(key).score, 100);
  EXPECT_EQ(second.table.aim[second.table.cell(second.table.nodes_of_indicators[0], 0)],
            AimSource::own);
  b.target(key, "2026 H1", "45");
  EXPECT_DOUBLE_EQ(Scored(b.build(), "2026 H1").of(key).score, 100) << "its own target counts";
}

TEST_F(ScorerTest, WithoutABaselineThereIsNoLine) {
  const RecordKey key = b.add_indicator("1.1", area);
  b.target(key, "2026", "60");
  b.measure(key, "2026 H1", "45");
  EXPECT_EQ(Scored(b.build(), "2026 H1").of(key).reason, NoScore::no_line);
}

// Its inputs are there: nobody owes a value, and nothing can be scored.
TEST_F(ScorerTest, AFormulaThatGivesNoNumberIsNotOverdue) {
  const RecordKey input = b.add_indicator("1.1", area);
  b.measure(input, "2025", "0");
  const RecordKey key = b.add_indicator("1.2", area);
  b.set(key, "formula", "1 / [1.1]");
  b.target(key, "2025", "60");
  const Score none = Scored(b.build(), "2025").of(key);
  EXPECT_EQ(none.reason, NoScore::no_formula_value);
  EXPECT_TRUE(none.is_expected);
  EXPECT_FALSE(none.has_accountability);
  b.set(key, "frequency", "annual");
  b.measure(input, "2026 H1", "0");
  EXPECT_EQ(Scored(b.build(), "2026 H1").of(key).reason, NoScore::not_due);
}

TEST_F(ScorerTest, AFormulaHasNoVerifiedValueForTheReasonThatItsInputHasNone) {
  const RecordKey input = b.add_indicator("1.1", area);
  b.measure(input, "2025", "30");
  const RecordKey key = b.add_indicator("1.2", area);
  b.set(key, "formula", "[1.1] * 2");
  b.target(key, "2025", "60");
  b.verify(input, "2025", "corrected", "not_applicable");
  const Scored scored(b.build(), "2025");
  EXPECT_DOUBLE_EQ(scored.of(key).score, 100);
  EXPECT_EQ(scored.verified(key).reason, NoScore::not_applicable);
  EXPECT_FALSE(scored.verified(key).is_expected);
}

TEST_F(ScorerTest, WhatCentralInspectionSaysIsMissingIsMissing) {
  const RecordKey key = b.add_indicator("1.1", area);
  b.target(key, "2025", "60");
  b.measure(key, "2025", "60");
  b.verify(key, "2025", "corrected", "no_evidence");
  const Scored scored(b.build(), "2025");
  EXPECT_DOUBLE_EQ(scored.of(key).score, 100);
  EXPECT_EQ(scored.verified(key).reason, NoScore::no_evidence);
}

TEST_F(ScorerTest, AnAnnualIndicatorIsNotDueInAHalfYear) {
  const RecordKey key = b.add_indicator("1.1", area);
  b.set(key, "frequency", "annual");
  b.target(key, "2026", "60");
  EXPECT_EQ(Scored(b.build(), "2026 H1").of(key).reason, NoScore::not_due);
  EXPECT_EQ(Scored(b.build(), "2026").of(key).reason, NoScore::not_reported);
  using namespace std::chrono_literals;
  const Period::Date today = 2026y / std::chrono::July / 1;
  EXPECT_EQ(Scored(b.build(), "2026", {today}).of(key).reason, NoScore::not_due)
      << "the year is not over";
}

TEST_F(ScorerTest, MilestonesAreDueByTheirDays) {
  const RecordKey key = b.add_indicator("1.1", area, "milestone");
  b.target(key, "2026", "20% 2026-03-31 Drafted; 30% 2026-06-30 Consulted; 50% 2026-12-31 Adopted");
  b.measure(key, "2026 H1", "1");
  b.measure(key, "2026", "3");
  EXPECT_DOUBLE_EQ(Scored(b.build(), "2026 H1").of(key).score, 40) << "20 of the 50 % due";
  EXPECT_DOUBLE_EQ(Scored(b.build(), "2026").of(key).score, 100);
  b.records().back() = RecordBuilder(b.records().back().key()).set("value", "2.5");
  EXPECT_DOUBLE_EQ(Scored(b.build(), "2026").of(key).score, 50);
  b.set(key, "linear_milestones", "yes");
  EXPECT_DOUBLE_EQ(Scored(b.build(), "2026").of(key).score, 75);
}

TEST_F(ScorerTest, OtherKindsOfValuesThanTheDirectionWantsAreNotScored) {
  const RecordKey question = b.add_indicator("1.1", area, "yes_no");
  b.measure(question, "2026", "12");
  const RecordKey number = b.add_indicator("1.2", area);
  b.target(number, "2026", "10..20");
  b.measure(number, "2026", "12");
  const RecordKey answered = b.add_indicator("1.3", area, "yes_no");
  b.measure(answered, "2026", "yes");
  const Scored scored(b.build(), "2026");
  EXPECT_EQ(scored.of(question).reason, NoScore::wrong_kind);
  EXPECT_EQ(scored.of(number).reason, NoScore::wrong_kind);
  EXPECT_DOUBLE_EQ(scored.of(answered).score, 100) << "yes is what a question aims at";
}

TEST_F(ScorerTest, CorrectedAndRejectedValuesStandBesideTheReportedOnes) {
  const RecordKey corrected = half_way("1.1", area);
  const RecordKey rejected = half_way("1.2", area);
  const RecordKey verified = half_way("1.3", area);
  b.verify(corrected, "2026", "corrected", "42");
  b.verify(rejected, "2026", "rejected");
  b.verify(verified, "2026", "verified");
  const Scored scored(b.build(), "2026");
  EXPECT_DOUBLE_EQ(scored.of(corrected).score, 50);
  EXPECT_DOUBLE_EQ(scored.verified(corrected).score, 10);
  EXPECT_EQ(scored.verified(rejected).reason, NoScore::rejected);
  EXPECT_DOUBLE_EQ(scored.verified(verified).score, 50);
  EXPECT_DOUBLE_EQ(scored.all().score, 50);
  EXPECT_DOUBLE_EQ(scored.scorer->verified_at(0, 0).score, 30);
  EXPECT_DOUBLE_EQ(scored.scorer->verified_at(0, 0).accountability, 20);
}

// Volumes, say, of which neither more nor less is better.
TEST_F(ScorerTest, AnIndicatorWithoutADirectionIsWatchedAndNotScored) {
  half_way("1.1", area);
  const RecordKey watched = b.add_indicator("1.2", area, "");
  b.target(watched, "2026", "10");
  b.measure(watched, "2026", "9");
  const RecordKey part = b.add_indicator("1.2.1", watched, "");
  b.measure(part, "2026", "9");
  const Scored scored(b.build(), "2026");
  EXPECT_EQ(scored.of(watched).reason, NoScore::no_direction);
  EXPECT_EQ(scored.of(part).reason, NoScore::no_direction);
  EXPECT_DOUBLE_EQ(scored.of(area).coverage, 1);
  EXPECT_DOUBLE_EQ(scored.of(area).score, 50);
}

TEST_F(ScorerTest, WithoutADirectionNothingIsExpectedWhateverIsThere) {
  half_way("1.1", area);
  std::vector<RecordKey> watched;
  for (const char* value : {"", "yes", "5"}) {
    watched.push_back(b.add_indicator("1." + std::to_string(2 + watched.size()), area, ""));
    b.target(watched.back(), "2026", "4..6");
    if (*value != '\0') b.measure(watched.back(), "2026", value);
  }
  for (const char* code : {"sopmip-default", "progress-rate"}) {
    const Scored scored(b.build(), "2026", {}, *find_preset(code));
    for (const RecordKey& key : watched) {
      EXPECT_EQ(scored.of(key).reason, NoScore::no_direction) << code;
      EXPECT_FALSE(scored.of(key).is_expected);
    }
    EXPECT_DOUBLE_EQ(scored.of(area).coverage, 1) << code;
  }
}

TEST_F(ScorerTest, ACorrectionMustFitTheTargetToo) {
  const RecordKey range = b.add_indicator("1.1", area, "range");
  b.target(range, "2026", "50");
  b.measure(range, "2026", "58");
  b.verify(range, "2026", "corrected", "58");
  const RecordKey empty = half_way("1.2", area);
  b.verify(empty, "2026", "corrected");
  const Scored scored(b.build(), "2026");
  EXPECT_EQ(scored.of(range).reason, NoScore::wrong_kind);
  EXPECT_EQ(scored.verified(range).reason, NoScore::wrong_kind);
  EXPECT_DOUBLE_EQ(scored.verified(empty).score, 50) << "corrected to nothing yet";
}

TEST_F(ScorerTest, ARangeOfOneNumberIsARange) {
  const RecordKey key = b.add_indicator("1.1", area, "maintain");
  b.baseline(key, "40", "2025");
  b.target(key, "2026", "50..50");
  b.measure(key, "2026", "50");
  EXPECT_DOUBLE_EQ(Scored(b.build(), "2026").of(key).score, 100);
}

TEST_F(ScorerTest, TheTargetOfALongerPeriodHoldsAndThatOfAPartDoesNot) {
  const RecordKey key = b.add_indicator("1.1", area);
  b.measure(key, "2025", "50");
  b.measure(key, "2025 H2", "50");
  b.target(key, "2025 H2", "50");
  EXPECT_EQ(Scored(b.build(), "2025").of(key).reason, NoScore::no_target);
  const RecordKey other = b.add_indicator("1.2", area);
  b.measure(other, "2025 H2", "50");
  b.target(other, "2020-2025", "500");
  b.target(other, "2025", "100");
  EXPECT_DOUBLE_EQ(Scored(b.build(), "2025 H2").of(other).score, 50) << "the shortest";
}

TEST_F(ScorerTest, AMilestoneWithANumberAsTargetIsOfAnotherKind) {
  const RecordKey key = b.add_indicator("1.1", area, "milestone");
  b.target(key, "2026", "3");
  b.measure(key, "2026", "1");
  EXPECT_EQ(Scored(b.build(), "2026").of(key).reason, NoScore::wrong_kind);
}

// Weights that nobody can type and another program can send.
TEST_F(ScorerTest, WhateverTheWeightsScoresStayNumbers) {
  for (const char* weight : {"1e308", "1e-320", "1e6000", "-5"}) {
    const RecordKey heavy = half_way("1." + std::string(weight), area);
    for (RecordBuilder& record : b.records()) {
      if (record.key() == heavy) record.send("weight", Value::decimal(*Decimal::parse(weight)));
    }
  }
  const Scored scored(b.build(), "2026");
  EXPECT_DOUBLE_EQ(scored.of(area).score, 50);
  EXPECT_DOUBLE_EQ(scored.of(area).coverage, 1);
}

TEST_F(ScorerTest, ProgressIsOfThePeriodsOwnValueAfterVerification) {
  const Profile& rate = *find_preset("progress-rate");
  const RecordKey key = b.add_indicator("1.1", area);
  b.baseline(key, "100", "2015");
  b.target(key, "2030", "800");
  b.measure(key, "2025", "400");
  b.measure(key, "2025 Q4", "100");
  const Scored reported(b.build(), "2025", {}, rate);
  EXPECT_NEAR(reported.of(key).achievement, 1, 0.01);
  b.verify(key, "2025", "corrected", "200");
  EXPECT_NEAR(Scored(b.build(), "2025", {}, rate).verified(key).achievement, 0.481, 0.01);
  b.verify(key, "2025", "rejected");
  b.records().pop_back();
  b.records().pop_back();
  b.verify(key, "2025", "rejected");
  b.verify(key, "2025 Q4", "rejected");
  const Scored rejected(b.build(), "2025", {}, rate);
  EXPECT_EQ(rejected.verified(key).reason, NoScore::rejected);
  EXPECT_TRUE(rejected.of(key).has_score());
  const RecordKey early = b.add_indicator("1.2", area);
  b.baseline(early, "10", "2024");
  b.target(early, "2030", "50");
  b.measure(early, "2020", "100");
  EXPECT_EQ(Scored(b.build(), "2025", {}, rate).of(early).reason, NoScore::not_growing);
}

TEST_F(ScorerTest, ReportsAreAboutPeriodsInWhichSomethingWasMeasured) {
  const RecordKey key = half_way("1.1", area);
  b.measure(key, "2040", "not due");
  b.measure(key, "2026 M01", "5");
  EXPECT_EQ(reporting_periods(b.build()), std::vector<Period>{period_of("2026")});
}

TEST_F(ScorerTest, RetiredIndicatorsDoNotCount) {
  half_way("1.1", area);
  const RecordKey retired = b.add_indicator("1.2", area);
  b.target(retired, "2026", "1");
  b.set(retired, "retired", "yes");
  const Scored scored(b.build(), "2026");
  EXPECT_EQ(scored.of(retired).reason, NoScore::retired);
  EXPECT_DOUBLE_EQ(scored.all().coverage, 1);
}

TEST_F(ScorerTest, CirclesAndMissingParentsAreNoPartOfTheAdministration) {
  half_way("1.1", area);
  const RecordKey a = half_way("x", area);
  const RecordKey c = half_way("y", a);
  for (RecordBuilder& record : b.records()) {
    if (record.key() == a) record.refer("parent", c);
  }
  const RecordKey lost = half_way("z", {kind::kpa, 9, 9, ""});
  const Scored scored(b.build(), "2026");
  EXPECT_EQ(scored.table.nodes[0].children, 1U);
  EXPECT_EQ(scored.table.nodes[1].children, 3U);
  EXPECT_DOUBLE_EQ(scored.of(lost).score, 50) << "by itself it is scored all the same";
  EXPECT_DOUBLE_EQ(scored.of(c).score, 50);
}

TEST_F(ScorerTest, PartsThatWeighNothingGiveNoScore) {
  const RecordKey key = half_way("1.1", area);
  b.set(key, "weight", "0");
  const Scored scored(b.build(), "2026");
  EXPECT_EQ(scored.of(area).reason, NoScore::no_weight);
  EXPECT_TRUE(std::isfinite(scored.of(area).score));
}

TEST_F(ScorerTest, SectoralAndOrganisationalAreasAreAddedUpApart) {
  b.set(area, "scope", "sectoral");
  half_way("1.1", area);
  const RecordKey other = b.add_area("2");
  b.set(other, "scope", "organisational");
  half_way("2.1", other);
  b.records().back() = RecordBuilder(b.records().back().key()).set("value", "60");
  const Scored scored(b.build(), "2026");
  const auto of = [&](Scope scope) {
    return scored.scorer->roll_up(0, 0, false, [&](NodeIndex child) {
      return scored.reg.areas()[scored.table.items[child]].scope == scope;
    });
  };
  EXPECT_DOUBLE_EQ(of(Scope::sectoral).score, 50);
  EXPECT_DOUBLE_EQ(of(Scope::organisational).score, 100);
  EXPECT_DOUBLE_EQ(scored.all().score, 75);
  EXPECT_EQ(of(Scope::none).reason, NoScore::nothing_expected);
}

// ---- properties

}  // namespace
}  // namespace daftar
