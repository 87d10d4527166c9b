// Scores of every place in the tree, in every period of a table: reported and verified, performance
// and accountability, with coverage (SCORES.md). After an edit only what it touches is scored
// again.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/score/score_table.h"

namespace daftar {

struct Score {
  /// Performance: of what was reported. Held between the profile's bounds; with `reason` none.
  double score = 0;
  NoScore reason = NoScore::nothing_expected;
  /// Share of what was expected that has a score, 0 to 1; with is_expected.
  double coverage = 0;
  bool is_expected = false;
  /// Accountability: as `score`, but what is overdue counts as nothing done.
  double accountability = 0;
  bool has_accountability = false;
  bool is_own = false;  ///< of its own value and target, not of its parts
  /// Of its own value: before it is held between the bounds. Progress rate: the rate.
  double achievement = 0;

  [[nodiscard]] bool has_score() const { return reason == NoScore::none; }
};

class Scorer {
 public:
  /// The table and the profile must outlive it.
  Scorer(const ScoreTable& table, const Profile& profile);

  void score_all();
  /// After the numbers of an indicator changed: it and what is above it.
  void rescore(NodeIndex node, size_t period);

  [[nodiscard]] const Score& at(NodeIndex node, size_t period) const {
    return reported_[table_.cell(node, period)];
  }
  /// The same as at() where nothing was verified.
  [[nodiscard]] const Score& verified_at(NodeIndex node, size_t period) const {
    return table_.has_verifications ? verified_[table_.cell(node, period)] : at(node, period);
  }
  /// A group's score from those of its children for which `counts` holds, by index among them: the
  /// sectoral areas of an administration, say.
  [[nodiscard]] Score roll_up(NodeIndex node, size_t period, bool is_verified,
                              const std::function<bool(NodeIndex child)>& counts) const;

 private:
  void score_node(NodeIndex node, size_t period, bool is_verified);
  [[nodiscard]] Score own_score(NodeIndex node, size_t period, bool is_verified) const;
  [[nodiscard]] Score own_progress(NodeIndex node, size_t cell, bool is_verified) const;

  const ScoreTable& table_;
  const Profile& profile_;
  std::vector<Score> reported_;
  std::vector<Score> verified_;  ///< empty where nothing was verified
};

/// Adds the parts of a group up, one after the other.
class RollUp {
 public:
  void add(double weight, const Score& part);
  /// `least_coverage`: the profile's.
  [[nodiscard]] Score result(double least_coverage) const;

 private:
  double expected_ = 0;     ///< weight of what was expected
  double covered_ = 0;      ///< of that, what has a score
  double scored_ = 0;       ///< weight of the parts that have a score
  double sum_ = 0;          ///< their scores, weighted
  double accountable_ = 0;  ///< weight of the parts that have an accountability
  double accountable_sum_ = 0;
  uint32_t expected_parts_ = 0;
};

}  // namespace daftar
