#include "common/score/scorer.h"

#include <algorithm>

namespace daftar {
namespace {

// Sums of weights are compared with a little room: 0.1 + 0.2 covers 0.3.
constexpr double kRoom = 1e-9;
constexpr double kPercent = 100;

// Somebody owes a value: it counts as nothing done.
bool is_overdue(NoScore reason) {
  return reason == NoScore::not_reported || reason == NoScore::no_evidence ||
         reason == NoScore::returned || reason == NoScore::rejected;
}

bool is_outside(NoScore reason) {
  return reason == NoScore::not_due || reason == NoScore::not_applicable ||
         reason == NoScore::retired || reason == NoScore::nothing_expected ||
         reason == NoScore::no_direction;
}

Score without_score(NoScore reason, double lowest) {
  Score score;
  score.reason = reason;
  score.is_expected = !is_outside(reason);
  score.has_accountability = is_overdue(reason);
  score.accountability = std::max(0.0, lowest);
  return score;
}

}  // namespace

void RollUp::add(double weight, const Score& part) {
  if (part.is_expected) {
    expected_ += weight;
    covered_ += weight * part.coverage;
    ++expected_parts_;
  }
  if (part.has_score()) {
    scored_ += weight;
    sum_ += weight * part.score;
  }
  if (part.has_accountability) {
    accountable_ += weight;
    accountable_sum_ += weight * part.accountability;
  }
}

Score RollUp::result(double least_coverage) const {
  Score score;
  if (expected_parts_ == 0) return score;
  score.is_expected = true;
  score.reason = NoScore::no_weight;
  if (expected_ <= 0) return score;
  score.coverage = std::clamp(covered_ / expected_, 0.0, 1.0);
  score.has_accountability = accountable_ > 0;
  if (score.has_accountability) score.accountability = accountable_sum_ / accountable_;
  score.reason = NoScore::too_little;
  if (scored_ <= 0 || score.coverage + kRoom < least_coverage) return score;
  score.score = sum_ / scored_;
  score.reason = NoScore::none;
  return score;
}

Scorer::Scorer(const ScoreTable& table, const Profile& profile)
    : table_(table), profile_(profile) {}

Score Scorer::own_progress(NodeIndex node, size_t cell, bool is_verified) const {
  const auto& input = is_verified ? table_.verified_progress[cell] : table_.progress[cell];
  if (!input) {
    const NoScore missing = is_verified ? table_.unverified[cell] : table_.missing[cell];
    const Direction direction = table_.nodes[node].direction;
    const bool is_moving = direction == Direction::higher || direction == Direction::lower;
    const NoScore reason = is_moving ? NoScore::no_baseline : NoScore::wrong_kind;
    return without_score(missing != NoScore::none ? missing : reason, profile_.lowest);
  }
  const Progress progress = measure_progress(*input);
  if (progress.reason != NoScore::none) return without_score(progress.reason, profile_.lowest);
  Score score;
  score.reason = NoScore::none;
  score.achievement = progress.rate;
  score.score = std::clamp(progress.score, profile_.lowest, profile_.highest);
  return score;
}

Score Scorer::own_score(NodeIndex node, size_t period, bool is_verified) const {
  const size_t cell = table_.cell(node, period);
  if (table_.nodes[node].direction == Direction::none) {
    return without_score(NoScore::no_direction, profile_.lowest);
  }
  Score score;
  if (profile_.method == Method::progress_rate) {
    score = own_progress(node, cell, is_verified);
  } else {
    const NoScore missing = is_verified ? table_.unverified[cell] : table_.missing[cell];
    if (missing != NoScore::none) return without_score(missing, profile_.lowest);
    const Achievement achieved = achieve(table_.input(node, period, is_verified));
    if (achieved.reason != NoScore::none) {
      const bool has_no_line =
          achieved.reason == NoScore::no_target && table_.aim[cell] == AimSource::no_line;
      return without_score(has_no_line ? NoScore::no_line : achieved.reason, profile_.lowest);
    }
    score.reason = NoScore::none;
    score.achievement = achieved.share;
    score.score = std::clamp(kPercent * achieved.share, profile_.lowest, profile_.highest);
  }
  if (!score.has_score()) return score;
  score.is_own = score.is_expected = score.has_accountability = true;
  score.coverage = 1;
  score.accountability = score.score;
  return score;
}

// An indicator with a value and a target of its own scores on those, else on its parts.
void Scorer::score_node(NodeIndex node, size_t period, bool is_verified) {
  const ScoreNode& of = table_.nodes[node];
  std::vector<Score>& scores = is_verified ? verified_ : reported_;
  Score& score = scores[table_.cell(node, period)];
  if (of.is_retired) {
    score = without_score(NoScore::retired, profile_.lowest);
    return;
  }
  score = Score();
  if (of.is_indicator) score = own_score(node, period, is_verified);
  if (score.has_score() || of.children == 0) return;
  RollUp roll_up;
  for (uint32_t i = 0; i < of.children; ++i) {
    const NodeIndex child = of.first_child + i;
    roll_up.add(table_.nodes[child].weight, scores[table_.cell(child, period)]);
  }
  const Score rolled_up = roll_up.result(profile_.least_coverage);
  // Without parts that could have a score, its own reason says more.
  if (rolled_up.is_expected || !of.is_indicator) score = rolled_up;
}

void Scorer::score_all() {
  const size_t cells = table_.nodes.size() * table_.periods.size();
  reported_.resize(cells);
  verified_.resize(table_.has_verifications ? cells : 0);
  // Parents come before their children.
  for (NodeIndex node = static_cast<NodeIndex>(table_.nodes.size()); node-- > 0;) {
    for (size_t period = 0; period < table_.periods.size(); ++period) {
      score_node(node, period, false);
      if (table_.has_verifications) score_node(node, period, true);
    }
  }
}

void Scorer::rescore(NodeIndex node, size_t period) {
  if (table_.has_verifications && verified_.empty()) return score_all();
  while (node != kNoNode) {
    score_node(node, period, false);
    if (table_.has_verifications) score_node(node, period, true);
    node = table_.nodes[node].parent;
  }
}

Score Scorer::roll_up(NodeIndex node, size_t period, bool is_verified,
                      const std::function<bool(NodeIndex child)>& counts) const {
  const ScoreNode& of = table_.nodes[node];
  RollUp roll_up;
  for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
    if (!counts(child)) continue;
    roll_up.add(table_.nodes[child].weight,
                is_verified ? verified_at(child, period) : at(child, period));
  }
  return roll_up.result(profile_.least_coverage);
}

}  // namespace daftar
