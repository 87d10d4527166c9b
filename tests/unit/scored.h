// A register with its scores, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "common/score/scorer.h"
#include "tests/unit/register_builder.h"

namespace daftar {

// A register that was scored for one period.
struct Scored {
  Scored(Register from, const std::string& period_text, ScoreOptions options = {},
         const Profile& used = default_profile())
      : reg(std::move(from)), profile(used) {
    table = make_score_table(reg, profile, {period_of(period_text)}, options);
    scorer = std::make_unique<Scorer>(table, profile);
    scorer->score_all();
  }
  [[nodiscard]] const Score& of(const RecordKey& key) const {
    const auto area = reg.find_area(key);
    return scorer->at(
        area ? table.nodes_of_areas[*area] : table.nodes_of_indicators[*reg.find_indicator(key)],
        0);
  }
  [[nodiscard]] const Score& verified(const RecordKey& key) const {
    return scorer->verified_at(table.nodes_of_indicators[*reg.find_indicator(key)], 0);
  }
  [[nodiscard]] const Score& all() const { return scorer->at(0, 0); }

  Register reg;
  Profile profile;
  ScoreTable table;
  std::unique_ptr<Scorer> scorer;
};

}  // namespace daftar
