// What a figure is made of: every score opens down to values, targets and baselines, and adding it
// up again from what is shown gives the figure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/score/scorer.h"

namespace daftar {

/// The formulas of SCORES.md; the end of a message's id: formula.WORD.
enum class Formula : uint8_t {
  none,           ///< there is no value to put into one
  from_baseline,  ///< (x − b) / (t − b)
  ratio,          ///< x / t
  inverse_ratio,  ///< t / x
  range,
  maintain,
  yes_no,
  milestone,
  progress_to_target,
  progress_alone,
  roll_up,
};
std::string_view name_of(Formula formula);

/// A value that goes into a figure, and the record that says it.
struct ExplainedInput {
  enum class Role : uint8_t {
    value,
    verified,
    baseline,
    target,
    limit,
    tolerance,
    computed,       ///< a value that the indicator's formula gives: no record says it
    formula,        ///< that formula
    formula_input,  ///< what goes into it
  };
  Role role;
  RecordKey record;
  std::string text;  ///< exactly as it is kept
};
std::string_view name_of(ExplainedInput::Role role);

struct Explanation {
  NodeIndex node = 0;
  size_t period = 0;
  bool is_verified = false;
  Score score;
  Formula formula = Formula::none;
  AimSource aim = AimSource::none;
  std::vector<ExplainedInput> inputs;  ///< of an own score
  ScoreInput numbers;                  ///< the same as numbers
  std::optional<ProgressInput> progress;
  struct Part {
    NodeIndex node = 0;
    double weight = 1;
    Score score;
  };
  std::vector<Part> parts;  ///< of a group's
};

Explanation explain(const Register& reg, const ScoreTable& table, const Profile& profile,
                    const Scorer& scorer, NodeIndex node, size_t period, bool is_verified);

/// The score that an explanation says, from what it shows alone; without a formula the same reason.
Score recompute(const Explanation& explanation, const Profile& profile);

}  // namespace daftar
