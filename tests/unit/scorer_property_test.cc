// What must hold of the scores of any register.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "common/score/explanation.h"
#include "tests/unit/register_builder.h"
#include "tests/unit/scored.h"

namespace daftar {
namespace {

// A tree of random numbers, some of them missing.
class RandomTree {
 public:
  explicit RandomTree(uint64_t seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) {
      const RecordKey area = b.add_area(std::to_string(i));
      for (int j = 0; j < 4; ++j) {
        const RecordKey kpi = add(std::to_string(i) + "." + std::to_string(j), area);
        for (uint64_t k = draw(4); k > 0; --k) {
          add(std::to_string(i) + "." + std::to_string(j) + "." + std::to_string(k), kpi);
        }
      }
    }
  }
  uint64_t draw(uint64_t below) { return random_() % below; }
  RegisterBuilder b;
  std::vector<RecordKey> indicators;

 private:
  RecordKey add(const std::string& code, const RecordKey& parent) {
    const RecordKey key = b.add_indicator(code, parent, draw(2) == 0 ? "higher" : "lower");
    indicators.push_back(key);
    b.set(key, "weight", std::to_string(draw(5)));
    if (draw(4) > 0) b.baseline(key, std::to_string(draw(100)), "2025");
    if (draw(4) > 0) b.target(key, "2026", std::to_string(draw(100)));
    if (draw(4) > 0) b.measure(key, "2026", std::to_string(draw(100)));
    if (draw(5) == 0) b.verify(key, "2026", "corrected", std::to_string(draw(100)));
    return key;
  }
  std::mt19937_64 random_;
};

void expect_same(const Scored& a, const Scored& c, double room) {
  ASSERT_EQ(a.reg.indicators().size(), c.reg.indicators().size());
  for (const Indicator& indicator : a.reg.indicators()) {
    EXPECT_EQ(a.of(indicator.key).reason, c.of(indicator.key).reason);
    EXPECT_NEAR(a.of(indicator.key).score, c.of(indicator.key).score, room);
    EXPECT_NEAR(a.verified(indicator.key).score, c.verified(indicator.key).score, room);
    EXPECT_NEAR(a.of(indicator.key).coverage, c.of(indicator.key).coverage, room);
  }
  EXPECT_EQ(a.all().reason, c.all().reason);
  EXPECT_NEAR(a.all().score, c.all().score, room);
}

TEST(ScorerPropertyTest, RecordsInAnyOrderGiveTheSameScores) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    RandomTree tree(seed);
    const Scored before(tree.b.build(), "2026");
    std::mt19937_64 random(seed);
    std::shuffle(tree.b.records().begin(), tree.b.records().end(), random);
    expect_same(before, Scored(tree.b.build(), "2026"), 0);
  }
}

TEST(ScorerPropertyTest, WeightsScaledAlikeChangeNothing) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    RandomTree tree(seed);
    const Scored before(tree.b.build(), "2026");
    for (RecordBuilder& record : tree.b.records()) {
      if (record.key().kind != kind::indicator) continue;
      const auto weight = record.state().reading(field::indicator_weight).as_decimal();
      record.set("weight", std::to_string(weight->to_double() * 7));
    }
    expect_same(before, Scored(tree.b.build(), "2026"), 1e-9);
  }
}

TEST(ScorerPropertyTest, EverythingStaysInItsBounds) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    RandomTree tree(seed);
    const Scored scored(tree.b.build(), "2026");
    for (NodeIndex node = 0; node < scored.table.nodes.size(); ++node) {
      for (const Score& score : {scored.scorer->at(node, 0), scored.scorer->verified_at(node, 0)}) {
        EXPECT_TRUE(score.coverage >= 0 && score.coverage <= 1);
        EXPECT_TRUE(score.score >= 0 && score.score <= 100);
        EXPECT_TRUE(score.accountability >= 0 && score.accountability <= 100);
        EXPECT_TRUE(std::isfinite(score.achievement));
        EXPECT_TRUE(score.has_score() || score.score == 0);
      }
    }
  }
}

TEST(ScorerPropertyTest, AnExplanationGivesItsFigure) {
  size_t own = 0;
  size_t groups = 0;
  for (const Profile& profile : preset_profiles()) {
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      RandomTree tree(seed);
      const Scored scored(tree.b.build(), "2026", {}, profile);
      for (NodeIndex node = 0; node < scored.table.nodes.size(); ++node) {
        for (const bool is_verified : {false, true}) {
          const Explanation explanation =
              explain(scored.reg, scored.table, profile, *scored.scorer, node, 0, is_verified);
          const Score again = recompute(explanation, profile);
          ASSERT_EQ(again.reason, explanation.score.reason) << profile.code << ' ' << seed;
          ASSERT_EQ(again.score, explanation.score.score);
          if (!again.has_score()) continue;
          ++(explanation.score.is_own ? own : groups);
          ASSERT_TRUE(explanation.score.is_own || again.coverage == explanation.score.coverage);
          ASSERT_NE(explanation.formula, Formula::none);
        }
      }
    }
  }
  EXPECT_GT(own, 1'000U);
  EXPECT_GT(groups, 1'000U);
}

TEST(ScorerPropertyTest, ScoringAgainWhatChangedIsScoringEverything) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    RandomTree tree(seed);
    Scored scored(tree.b.build(), "2026");
    for (int i = 0; i < 5; ++i) {
      const RecordKey key = tree.indicators[tree.draw(tree.indicators.size())];
      const RecordKey changed = tree.draw(3) == 0
                                    ? tree.b.verify(key, "2026", "corrected", "17")
                                    : tree.b.measure(key, "2026", std::to_string(tree.draw(90)));
      const auto touched = scored.reg.update(changed, tree.b.records().back().state());
      ASSERT_EQ(touched.size(), 1U);
      ASSERT_EQ(scored.reg.find_indicator(key), touched.front());
      update_indicator(scored.table, scored.reg, scored.profile, touched.front(), {});
      scored.scorer->rescore(scored.table.nodes_of_indicators[touched.front()], 0);
    }
    expect_same(scored, Scored(tree.b.build(), "2026"), 0);
  }
}

}  // namespace
}  // namespace daftar
