// The numbers that scores are made of, in columns: what scoring reads is contiguous, so that a
// million indicators take a second. Made from a Register for the periods that are asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/register/register.h"
#include "common/score/achievement.h"
#include "common/score/profile.h"
#include "common/score/progress_rate.h"

namespace daftar {

/// A place in the tree: the administration, an area, an indicator.
using NodeIndex = uint32_t;
constexpr NodeIndex kNoNode = UINT32_MAX;

struct ScoreNode {
  NodeIndex parent = kNoNode;
  NodeIndex first_child = 0;  ///< children stand together, in the register's order
  uint32_t children = 0;
  double weight = 1;
  double tolerance = 0;  ///< with has_tolerance
  double baseline = 0;   ///< with has_baseline
  Direction direction = Direction::none;
  bool is_indicator = false;
  bool is_retired = false;
  bool has_tolerance = false;
  bool has_baseline = false;
};

/// How the aim of a period was found.
enum class AimSource : uint8_t {
  none,
  no_line,   ///< a later number, and no baseline from which a line would lead to it
  own,       ///< set for the period, or for a longer one that ends with it
  pro_rata,  ///< on the line from the baseline to the next target
  longer,    ///< what a longer period aims at holds within it: ranges, milestones, yes or no
};

/// Parents come before their children. Node 0 is the administration; node 1 holds indicators whose
/// parent is not there, and is no part of it.
struct ScoreTable {
  std::vector<ScoreNode> nodes;
  std::vector<Period> periods;
  /// Of the register, by node: an area's or indicator's index; nodes 0 and 1 have none.
  std::vector<uint32_t> items;
  std::vector<NodeIndex> nodes_of_areas;
  std::vector<NodeIndex> nodes_of_indicators;

  // By cell: node * periods.size() + period.
  std::vector<double> value;        ///< with missing none
  std::vector<NoScore> missing;     ///< of the reported value
  std::vector<double> verified;     ///< after Central Inspection's corrections
  std::vector<NoScore> unverified;  ///< why there is no verified value
  std::vector<double> low;          ///< of the aim
  std::vector<double> high;
  std::vector<uint8_t> is_range;  ///< of the aim: 0 or 1
  std::vector<AimSource> aim;
  bool has_verifications = false;
  /// With the method progress_rate, by cell, where there is a measurement.
  std::vector<std::optional<ProgressInput>> progress;
  std::vector<std::optional<ProgressInput>> verified_progress;

  /// Makes room for a cell of every node and period, in which nothing is due.
  void resize_cells();
  [[nodiscard]] size_t cell(NodeIndex node, size_t period) const {
    return node * periods.size() + period;
  }
  [[nodiscard]] ScoreInput input(NodeIndex node, size_t period, bool is_verified) const;
};

struct ScoreOptions {
  /// Periods that end on this day or later are not due yet where nothing was measured. Nothing: all
  /// are due.
  std::optional<Period::Date> today;
};

/// For these periods, ascending.
ScoreTable make_score_table(const Register& reg, const Profile& profile,
                            const std::vector<Period>& periods, const ScoreOptions& options);
/// Reads an indicator's numbers again, after its values changed.
void update_indicator(ScoreTable& table, const Register& reg, const Profile& profile,
                      size_t indicator, const ScoreOptions& options);

/// What an indicator's own value in a period is scored by.
struct OwnNumbers {
  NoScore missing = NoScore::none;  ///< why there is no value that could be
  ScoreInput input;
  AimSource aim = AimSource::none;
};
OwnNumbers own_numbers(const Indicator& indicator, const Period& period,
                       const ScoreOptions& options);

/// Whether a value is owed for a period: it is over, and of the indicator's rhythm. Where nobody
/// says which, half-years are if there is a target or a value for any.
bool is_due(const Indicator& indicator, const Period& period, const ScoreOptions& options);
/// The target for a period: its own, that of the shortest longer one that ends with it, else the
/// next one (of those that end on one day the one that the period is a part of, else the shortest);
/// nullptr if there is none.
const Target* target_for(const Indicator& indicator, const Period& period);
/// What the method progress_rate measures in a period: the period's own value, else the newest
/// before its end; nullptr if there is none. Its number after verification, if that is asked for.
struct CurrentValue {
  const Measurement* measurement = nullptr;
  Decimal number;
};
CurrentValue current_value(const Indicator& indicator, const Period& period, bool is_verified);
/// The target of that method: target_for(), else the last one that was to be reached.
const Target* progress_target(const Indicator& indicator, const Period& period);

/// The periods of a register that reports are about: years and half-years in which something was
/// measured, ascending.
std::vector<Period> reporting_periods(const Register& reg);

}  // namespace daftar
