#include "common/register/formulas.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/register_builder.h"

namespace daftar {
namespace {

std::optional<double> value_of(const std::string& text, const std::vector<double>& inputs = {}) {
  const Result<ValueFormula> formula = ValueFormula::parse(text);
  return formula.ok() ? formula->evaluate(inputs) : std::nullopt;
}

TEST(ValueFormulaTest, NumbersAndReferences) {
  EXPECT_EQ(value_of("(1 + 2) * 3 - 4 / 2 + [a]", {0}), 7);
  EXPECT_EQ(value_of("١٢٫٥ + [a]", {1}), 13.5);
  EXPECT_EQ(value_of("[1.2.1] / [1.2.2] * 100", {1, 4}), 25);
  EXPECT_EQ(value_of("[a] + [a] + [b]", {2, 3}), 7);
  EXPECT_EQ(value_of("min([a], 5) + max(1, 2)", {9}), 7);
  EXPECT_EQ(value_of("[a] > 3 ? 1 : 0", {4}), 1);
  EXPECT_EQ(value_of("[a] / 0", {4}), std::nullopt);
  EXPECT_EQ(value_of("sqrt([a])", {-4}), std::nullopt);
  EXPECT_EQ(value_of("[a] * 1e308 * 10", {4}), std::nullopt);
}

TEST(ValueFormulaTest, WhatIsNoFormula) {
  for (const char* text : {"",        "  ",        "1 +",     "[1.2",
                           "[]",      "[ ]",       "[a@]",    "[a@-0]",
                           "[a@-x]",  "[a@never]", "foo(1)",  "a",
                           "[a] = 3", "[a], 2",    "5",       "[a@2025] / [b@2025]",
                           "\"x\"",   ")",         "[a] [b]", "daftar_0"}) {
    EXPECT_FALSE(ValueFormula::parse(text).ok()) << text;
  }
  EXPECT_FALSE(ValueFormula::parse("[a] + " + std::string(3000, '1')).ok());
  EXPECT_TRUE(ValueFormula::parse(std::string(500, '(') + "[a]" + std::string(500, ')')).ok());
}

TEST(ValueFormulaTest, Periods) {
  const auto shifted = [](const char* period, int by) {
    const auto result = shift_period(period_of(period), by);
    return result ? result->text() : "–";
  };
  EXPECT_EQ(shifted("2025", -1), "2024");
  EXPECT_EQ(shifted("2025 H1", -1), "2024 H2");
  EXPECT_EQ(shifted("2025 H2", 1), "2026 H1");
  EXPECT_EQ(shifted("2025 Q1", -1), "2024 Q4");
  EXPECT_EQ(shifted("2025 M01", -2), "2024 M11");
  EXPECT_EQ(shifted("2024/25", 1), "2025/26");
  EXPECT_EQ(shifted("1000", -1), "–");
  EXPECT_EQ(shifted("2019a", 1), "–");
  EXPECT_EQ(shifted("2000-2020", 1), "–");
}

class FormulasTest : public testing::Test {
 protected:
  static std::string value(const Register& reg, const RecordKey& of, const std::string& period) {
    const Measurement* found =
        reg.indicators()[*reg.find_indicator(of)].measurement(period_of(period));
    if (found == nullptr) return "–";
    return (found->value.number ? found->value.number->text() : "none") +
           (found->is_computed ? " computed" : "");
  }

  RegisterBuilder b;
  RecordKey area = b.add_area("1");
  RecordKey rate = b.add_indicator("1.1", area);
  RecordKey growth = b.add_indicator("1.2", area);
  RecordKey part = b.add_indicator("1.3", area);
  RecordKey whole = b.add_indicator("1.4", area);
};

TEST_F(FormulasTest, ValuesFollowFromOthersOverSeveralSteps) {
  b.set(rate, "formula", "[1.3] / [1.4] * 100");
  b.set(growth, "formula", "[1.1] - [1.1@-1]");
  b.measure(part, "2024", "1");
  b.measure(whole, "2024", "4");
  b.measure(part, "2025", "1");
  b.measure(whole, "2025", "2");
  b.measure(part, "2026", "1");
  const Register reg = b.build();
  EXPECT_EQ(value(reg, rate, "2024"), "25 computed");
  EXPECT_EQ(value(reg, rate, "2025"), "50 computed");
  EXPECT_EQ(value(reg, rate, "2026"), "–");
  EXPECT_EQ(value(reg, growth, "2025"), "25 computed");
  EXPECT_EQ(value(reg, growth, "2024"), "–");
}

TEST_F(FormulasTest, WhatSomebodyEnteredStands) {
  b.set(rate, "formula", "[1.3] * 2");
  b.measure(part, "2024", "1");
  b.measure(rate, "2024", "7");
  const Register reg = b.build();
  EXPECT_EQ(value(reg, rate, "2024"), "7");
  EXPECT_EQ(reg.indicators()[*reg.find_indicator(rate)].computed.front().reported, Decimal(2));
}

TEST_F(FormulasTest, VerifiedValuesGoInWhereTheyAre) {
  b.set(rate, "formula", "[1.3] * 2");
  b.measure(part, "2024", "1");
  b.measure(part, "2025", "1");
  b.verify(part, "2024", "corrected", "3");
  b.verify(part, "2025", "rejected");
  const Register reg = b.build();
  const Indicator& indicator = reg.indicators()[*reg.find_indicator(rate)];
  EXPECT_EQ(value(reg, rate, "2024"), "2 computed");
  ASSERT_NE(indicator.verification(period_of("2024")), nullptr);
  EXPECT_EQ(indicator.verification(period_of("2024"))->value.number, Decimal(6));
  ASSERT_NE(indicator.verification(period_of("2025")), nullptr);
  EXPECT_EQ(indicator.verification(period_of("2025"))->verdict, Verdict::rejected);
}

TEST_F(FormulasTest, AnEditComputesAgainWhatNeedsIt) {
  b.set(rate, "formula", "[1.3] / [1.4]");
  b.set(growth, "formula", "[1.1] * 2");
  b.measure(part, "2024", "1");
  b.measure(whole, "2024", "4");
  Register reg = b.build();
  const auto change = [&](const RecordKey& of, const char* typed) {
    const RecordKey key = b.measure(of, "2024", typed);
    return reg.update(key, b.records().back().state());
  };
  const auto index = [&](const RecordKey& key) { return *reg.find_indicator(key); };
  EXPECT_EQ(change(whole, "2"), (std::vector<size_t>{index(whole), index(rate), index(growth)}));
  EXPECT_EQ(value(reg, growth, "2024"), "1 computed");
  change(whole, "0");
  EXPECT_EQ(value(reg, growth, "2024"), "–");
  EXPECT_EQ(reg.indicators()[index(rate)].formula_problems.front().kind,
            FormulaProblem::Kind::undefined);
  change(whole, "5");
  EXPECT_EQ(value(reg, growth, "2024"), "0.4 computed");
  EXPECT_TRUE(reg.indicators()[index(rate)].formula_problems.empty());
  EXPECT_EQ(change(rate, "9"), (std::vector<size_t>{index(rate), index(growth)}));
  EXPECT_EQ(value(reg, growth, "2024"), "18 computed");
}

TEST_F(FormulasTest, ACodeIsThatOfTheLiveOneHoweverItIsTyped) {
  b.set(rate, "formula", "[١.٣] * 2");
  const RecordKey old = b.add_indicator("1.3", area);
  b.set(old, "retired", "yes");
  b.measure(part, "2024", "4");
  b.measure(old, "2024", "5");
  EXPECT_EQ(value(b.build(), rate, "2024"), "8 computed");
  b.set(part, "code", "9");
  EXPECT_EQ(value(b.build(), rate, "2024"), "10 computed");
  b.set(old, "code", "٨");
  b.set(rate, "formula", "[8]");
  EXPECT_EQ(value(b.build(), rate, "2024"), "5 computed");
  b.set(part, "code", "4.a");
  b.set(rate, "formula", "[ 4.A ]");
  EXPECT_EQ(value(b.build(), rate, "2024"), "4 computed");
  b.set(whole, "code", "4.A");
  EXPECT_EQ(value(b.build(), rate, "2024"), "–") << "two are meant";
}

// Whatever the brackets hold.
TEST_F(FormulasTest, WhatIsWrongIsNamedAsItWasTyped) {
  const auto wrong = [&](const std::string& formula) {
    b.set(rate, "formula", formula);
    const Register reg = b.build();
    const Indicator& indicator = reg.indicators()[*reg.find_indicator(rate)];
    return indicator.formula_problems.empty() ? "" : indicator.formula_problems.front().text;
  };
  EXPECT_NE(wrong("[1.3] [1.4]").find("[1.4]"), std::string::npos);
  EXPECT_NE(wrong("[daftar_0] [daftar_0]").find("[daftar_0]"), std::string::npos);
  EXPECT_NE(wrong("[1.3] [daftar_0 daftar_1]").find("[daftar_0 daftar_1]"), std::string::npos);
  EXPECT_NE(wrong("[1.3] + daftar_7").find("daftar_7"), std::string::npos);
  EXPECT_NE(wrong("[1.3] +").find("[1.3] +"), std::string::npos);
}

// Each needs the next one: the order in which they stand does not matter.
TEST_F(FormulasTest, ALongChainIsComputed) {
  constexpr int kLength = 2'000;
  std::vector<RecordKey> chain;
  for (int i = 0; i < kLength; ++i) {
    chain.push_back(b.add_indicator("c" + std::to_string(i), area));
    if (i + 1 < kLength) b.records().back().set("formula", "[c" + std::to_string(i + 1) + "] + 1");
  }
  b.measure(chain.back(), "2024", "1");
  EXPECT_EQ(value(b.build(), chain.front(), "2024"), std::to_string(kLength) + " computed");
}

TEST_F(FormulasTest, AFixedPeriodIsTheSameForAll) {
  b.set(rate, "formula", "[1.3] / [1.3@2024] * 100");
  b.measure(part, "2024", "50");
  b.measure(part, "2025", "75");
  const Register reg = b.build();
  EXPECT_EQ(value(reg, rate, "2025"), "150 computed");
  EXPECT_EQ(value(reg, rate, "2024"), "100 computed");
}

}  // namespace
}  // namespace daftar
