#include "common/score/score_table.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

namespace daftar {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kWholePercent = 100;

// ---- the tree

// Where an indicator hangs: 0 for nowhere.
struct Tree {
  std::vector<std::vector<size_t>> of_areas;       ///< indicators, by area
  std::vector<std::vector<size_t>> of_indicators;  ///< indicators, by indicator
  std::vector<size_t> orphans;
};

// Of each indicator whether going up from it ends at an area: not in a circle, nor at nothing.
class Ways {
 public:
  explicit Ways(const Register& reg) : reg_(reg), ends_(reg.indicators().size(), End::unknown) {}

  bool reaches_area(size_t indicator) {
    std::vector<size_t> way;
    End end = End::unknown;
    for (size_t at = indicator; end == End::unknown;) {
      if (ends_[at] != End::unknown) {
        end = ends_[at] == End::under_way ? End::nowhere : ends_[at];
        break;
      }
      ends_[at] = End::under_way;
      way.push_back(at);
      const auto& parent = reg_.indicators()[at].parent;
      const auto above = parent ? reg_.find_indicator(*parent) : std::nullopt;
      if (above) {
        at = *above;
      } else {
        end = parent && reg_.find_area(*parent) ? End::area : End::nowhere;
      }
    }
    for (const size_t at : way) ends_[at] = end;
    return ends_[indicator] == End::area;
  }

 private:
  enum class End : uint8_t { unknown, under_way, area, nowhere };
  const Register& reg_;
  std::vector<End> ends_;
};

// Those whose way up ends nowhere stand side by side.
Tree make_tree(const Register& reg) {
  Tree tree;
  tree.of_areas.resize(reg.areas().size());
  tree.of_indicators.resize(reg.indicators().size());
  Ways ways(reg);
  for (size_t i = 0; i < reg.indicators().size(); ++i) {
    if (!ways.reaches_area(i)) {
      tree.orphans.push_back(i);
      continue;
    }
    const RecordKey& parent = *reg.indicators()[i].parent;
    if (const auto area = reg.find_area(parent)) {
      tree.of_areas[*area].push_back(i);
    } else {
      tree.of_indicators[*reg.find_indicator(parent)].push_back(i);
    }
  }
  return tree;
}

// Between these a sum of products neither overflows nor vanishes, whatever somebody has typed.
constexpr double kMostWeight = 1e9;
constexpr double kLeastWeight = 1e-9;

double weight_of(const std::optional<Decimal>& weight) {
  if (!weight || weight->negative()) return 1;
  const double number = weight->to_double();
  return number < kLeastWeight ? 0 : std::min(number, kMostWeight);
}

void add_children(ScoreTable& table, const Register& reg, NodeIndex parent,
                  const std::vector<size_t>& indicators) {
  table.nodes[parent].first_child = static_cast<NodeIndex>(table.nodes.size());
  table.nodes[parent].children = static_cast<uint32_t>(indicators.size());
  for (const size_t index : indicators) {
    ScoreNode node;
    node.parent = parent;
    node.is_indicator = true;
    node.weight = weight_of(reg.indicators()[index].weight);
    table.nodes_of_indicators[index] = static_cast<NodeIndex>(table.nodes.size());
    table.items.push_back(static_cast<uint32_t>(index));
    table.nodes.push_back(node);
  }
}

void add_nodes(ScoreTable& table, const Register& reg) {
  const Tree tree = make_tree(reg);
  table.nodes_of_areas.resize(reg.areas().size(), kNoNode);
  table.nodes_of_indicators.resize(reg.indicators().size(), kNoNode);
  table.nodes.resize(2);
  table.items.resize(2, UINT32_MAX);
  table.nodes[0].first_child = 2;
  table.nodes[0].children = static_cast<uint32_t>(reg.areas().size());
  for (size_t i = 0; i < reg.areas().size(); ++i) {
    ScoreNode node;
    node.parent = 0;
    node.weight = weight_of(reg.areas()[i].weight);
    table.nodes_of_areas[i] = static_cast<NodeIndex>(table.nodes.size());
    table.items.push_back(static_cast<uint32_t>(i));
    table.nodes.push_back(node);
  }
  for (size_t i = 0; i < reg.areas().size(); ++i) {
    add_children(table, reg, table.nodes_of_areas[i], tree.of_areas[i]);
  }
  add_children(table, reg, 1, tree.orphans);
  // Breadth first: those that are added here are visited later.
  for (NodeIndex at = 2; at < table.nodes.size(); ++at) {
    if (table.nodes[at].is_indicator && table.nodes[at].parent != 1) {
      add_children(table, reg, at, tree.of_indicators[table.items[at]]);
    }
  }
}

// ---- numbers

using Days = std::chrono::sys_days;

bool is_found(AimSource source) {
  return source != AimSource::none && source != AimSource::no_line;
}

struct FoundAim {
  AimSource source = AimSource::none;
  double low = 0;
  double high = 0;
  bool is_range = false;
};

// How much of the milestones is due at the end of a period, 0 to 1.
double due_share(const Milestones& milestones, const Period& period) {
  double percent = 0;
  for (const Milestone& milestone : milestones) {
    if (Days(milestone.due.end()) <= Days(period.end())) percent += milestone.percent.to_double();
  }
  return percent / kWholePercent;
}

// How much is done when so many milestones are reached, 0 to 1.
double reached_share(const Milestones& milestones, double reached, bool is_linear) {
  double percent = 0;
  for (const Milestone& milestone : milestones) {
    const double part = std::clamp(reached, 0.0, 1.0);
    percent += milestone.percent.to_double() * (is_linear ? part : std::floor(part));
    reached -= 1;
  }
  return percent / kWholePercent;
}

// The number that lies on the line from the baseline to a later target, at the end of a period.
std::optional<double> on_the_line(const Indicator& indicator, const Target& target, double aimed,
                                  const Period& period) {
  if (!indicator.baseline || !indicator.baseline_period) return std::nullopt;
  const Days from(indicator.baseline_period->end());
  const Days to(target.period.end());
  const Days at(period.end());
  if (at <= from || to <= from) return std::nullopt;
  const double part =
      static_cast<double>((at - from).count()) / static_cast<double>((to - from).count());
  const double base = indicator.baseline->to_double();
  const double expected = base + (aimed - base) * part;
  return std::isfinite(expected) ? std::optional(expected) : std::nullopt;
}

FoundAim aim_of(const Indicator& indicator, const Period& period) {
  const Target* target = target_for(indicator, period);
  if (target == nullptr) {
    // Yes is what a question of yes or no aims at, if nobody says otherwise.
    const bool is_question = indicator.direction == Direction::yes_no;
    return is_question ? FoundAim{AimSource::own, 1, 1} : FoundAim{};
  }
  const bool is_own = Days(target->period.end()) == Days(period.end());
  const AimSource held = is_own ? AimSource::own : AimSource::longer;
  if (const auto* range = std::get_if<Range>(&target->aim)) {
    return {held, range->low ? range->low->to_double() : -kInfinity,
            range->high ? range->high->to_double() : kInfinity, true};
  }
  if (const auto* milestones = std::get_if<Milestones>(&target->aim)) {
    const double share = due_share(*milestones, period);
    return {held, share, share};
  }
  if (const auto* yes = std::get_if<bool>(&target->aim)) {
    return {held, *yes ? 1.0 : 0.0, *yes ? 1.0 : 0.0};
  }
  // A value that is to be kept is held against the baseline.
  if (indicator.direction == Direction::maintain) return {};
  const double aimed = std::get<Decimal>(target->aim).to_double();
  if (is_own) return {AimSource::own, aimed, aimed};
  const auto expected = on_the_line(indicator, *target, aimed, period);
  return expected ? FoundAim{AimSource::pro_rata, *expected, *expected}
                  : FoundAim{AimSource::no_line};
}

// Whether the kind of an aim is what a direction wants: else it cannot be scored.
bool fits(Direction direction, const Indicator& indicator, const Period& period) {
  const Target* target = target_for(indicator, period);
  if (target == nullptr) return true;
  switch (direction) {
    case Direction::range:
      return std::holds_alternative<Range>(target->aim);
    case Direction::maintain:
      return std::holds_alternative<Range>(target->aim) ||
             std::holds_alternative<Decimal>(target->aim);
    case Direction::yes_no:
      return std::holds_alternative<bool>(target->aim);
    case Direction::milestone:
      return std::holds_alternative<Milestones>(target->aim);
    default:
      return std::holds_alternative<Decimal>(target->aim);
  }
}

struct Number {
  double value = 0;
  NoScore missing = NoScore::none;
};

// A measured value as the number that is scored, or why there is none.
Number number_of(const Measured& measured, const Indicator& indicator, const Period& period) {
  if (measured.missing != NoScore::none) return {0, measured.missing};
  const Direction direction = indicator.direction;
  if ((direction == Direction::yes_no) != measured.is_yes.has_value()) {
    return {0, NoScore::wrong_kind};
  }
  if (measured.is_yes) return {*measured.is_yes ? 1.0 : 0.0, NoScore::none};
  const double number = measured.number->to_double();
  if (direction != Direction::milestone) return {number, NoScore::none};
  const Target* target = target_for(indicator, period);
  if (target == nullptr) return {0, NoScore::no_target};
  const auto* milestones = std::get_if<Milestones>(&target->aim);
  if (milestones == nullptr) return {0, NoScore::wrong_kind};
  return {reached_share(*milestones, number, indicator.is_linear), NoScore::none};
}

Number fitting_number(const Measured& measured, const Indicator& indicator, const Period& period) {
  Number number = number_of(measured, indicator, period);
  if (number.missing == NoScore::none && !fits(indicator.direction, indicator, period)) {
    number.missing = NoScore::wrong_kind;
  }
  return number;
}

Number reported(const Indicator& indicator, const Period& period, const ScoreOptions& options) {
  const Measurement* measurement = indicator.measurement(period);
  if (measurement == nullptr) {
    if (!is_due(indicator, period, options)) return {0, NoScore::not_due};
    const bool is_undefined = indicator.has_undefined_value(period);
    return {0, is_undefined ? NoScore::no_formula_value : NoScore::not_reported};
  }
  return fitting_number(measurement->value, indicator, period);
}

// Central Inspection's word where it has given one, else what was reported.
Number after_verification(const Indicator& indicator, const Period& period, const Number& said) {
  const Verification* verification = indicator.verification(period);
  if (verification == nullptr) return said;
  if (verification->verdict == Verdict::rejected) return {0, NoScore::rejected};
  // Corrected to nothing yet: the reported value stands until there is another.
  const Measured* corrected = verification->corrected();
  return corrected == nullptr ? said : fitting_number(*corrected, indicator, period);
}

// ---- the method progress_rate

int year_of(const Period& period) { return period.end_year(); }

// A measured number, after Central Inspection's word if that is asked for.
std::optional<Decimal> number_after(const Indicator& indicator, const Measurement& measurement,
                                    bool is_verified) {
  const Verification* verification =
      is_verified ? indicator.verification(measurement.period) : nullptr;
  if (verification != nullptr && verification->verdict == Verdict::rejected) return std::nullopt;
  const Measured* corrected = verification == nullptr ? nullptr : verification->corrected();
  // A yes or no says nothing of a number.
  return corrected == nullptr || corrected->is_yes ? measurement.value.number : corrected->number;
}

std::optional<ProgressInput> progress_of(const Indicator& indicator, const Period& period,
                                         bool is_verified) {
  const CurrentValue current = current_value(indicator, period, is_verified);
  const bool has_direction =
      indicator.direction == Direction::higher || indicator.direction == Direction::lower;
  if (current.measurement == nullptr || !indicator.baseline || !indicator.baseline_period ||
      !has_direction) {
    return std::nullopt;
  }
  ProgressInput input;
  input.is_higher_better = indicator.direction == Direction::higher;
  input.base = indicator.baseline->to_double();
  input.base_year = year_of(*indicator.baseline_period);
  input.current = current.number.to_double();
  input.current_year = year_of(current.measurement->period);
  const Target* target = progress_target(indicator, period);
  const auto* aimed = target == nullptr ? nullptr : std::get_if<Decimal>(&target->aim);
  if (aimed != nullptr) {
    input.target = aimed->to_double();
    input.target_year = year_of(target->period);
  } else if (indicator.highest) {
    input.limit = indicator.highest->to_double();
  }
  return input;
}

bool has_half_years(const Indicator& indicator) {
  const auto is_one = [](const auto& item) { return item.period.kind() == PeriodKind::half_year; };
  return std::any_of(indicator.targets.begin(), indicator.targets.end(), is_one) ||
         std::any_of(indicator.measurements.begin(), indicator.measurements.end(), is_one);
}

void set_node(ScoreNode& node, const Indicator& indicator) {
  node.direction = indicator.direction;
  node.is_retired = indicator.is_retired;
  node.has_tolerance = indicator.tolerance.has_value();
  node.tolerance = node.has_tolerance ? indicator.tolerance->to_double() : 0;
  node.has_baseline = indicator.baseline.has_value();
  node.baseline = node.has_baseline ? indicator.baseline->to_double() : 0;
}

}  // namespace

bool is_due(const Indicator& indicator, const Period& period, const ScoreOptions& options) {
  if (options.today && Days(period.end()) >= Days(*options.today)) return false;
  const Frequency frequency = indicator.frequency;
  switch (period.kind()) {
    case PeriodKind::year:
      return true;
    case PeriodKind::half_year:
      return frequency == Frequency::none ? has_half_years(indicator)
                                          : frequency != Frequency::annual;
    case PeriodKind::quarter:
      return frequency == Frequency::quarterly || frequency == Frequency::monthly;
    case PeriodKind::month:
      return frequency == Frequency::monthly;
    default:
      // A span is nobody's rhythm: due where somebody aimed at it.
      return indicator.target(period) != nullptr;
  }
}

const Target* target_for(const Indicator& indicator, const Period& period) {
  if (const Target* own = indicator.target(period)) return own;
  const auto holds = [&](const Target& target) {
    return Days(target.period.start()) <= Days(period.start());
  };
  // Of those that end on one day first such as hold the period, of them the shortest.
  const auto rank = [&](const Target& target) {
    return std::tuple(Days(target.period.end()), !holds(target),
                      -Days(target.period.start()).time_since_epoch().count());
  };
  const Target* best = nullptr;
  for (const Target& target : indicator.targets) {
    const Days end(target.period.end());
    if (end < Days(period.end()) || (end == Days(period.end()) && !holds(target))) continue;
    if (best == nullptr || rank(target) < rank(*best)) best = &target;
  }
  return best;
}

CurrentValue current_value(const Indicator& indicator, const Period& period, bool is_verified) {
  // Its own before all, then the last, of those that end on one day the longest.
  const auto rank = [&](const Measurement& one) {
    return std::tuple(one.period == period, Days(one.period.end()),
                      -Days(one.period.start()).time_since_epoch().count());
  };
  CurrentValue newest;
  // What was sent back is missing: an older value would hide that.
  const Measurement* own = indicator.measurement(period);
  if (own != nullptr && own->value.missing == NoScore::returned) return newest;
  for (const Measurement& measurement : indicator.measurements) {
    if (Days(measurement.period.end()) > Days(period.end())) continue;
    const auto number = number_after(indicator, measurement, is_verified);
    if (!number) continue;
    if (newest.measurement == nullptr || rank(*newest.measurement) < rank(measurement)) {
      newest = {&measurement, *number};
    }
  }
  return newest;
}

const Target* progress_target(const Indicator& indicator, const Period& period) {
  const Target* target = target_for(indicator, period);
  return target == nullptr && !indicator.targets.empty() ? &indicator.targets.back() : target;
}

void ScoreTable::resize_cells() {
  const size_t cells = nodes.size() * periods.size();
  value.resize(cells);
  missing.resize(cells, NoScore::not_due);
  verified.resize(cells);
  unverified.resize(cells, NoScore::not_due);
  low.resize(cells);
  high.resize(cells);
  is_range.resize(cells);
  aim.resize(cells, AimSource::none);
}

ScoreInput ScoreTable::input(NodeIndex node, size_t period, bool is_verified) const {
  const ScoreNode& of = nodes[node];
  const size_t at = cell(node, period);
  ScoreInput input;
  input.direction = of.direction;
  input.value = is_verified ? verified[at] : value[at];
  if (is_found(aim[at])) {
    input.aim = NumericAim{is_range[at] != 0, low[at], high[at]};
  }
  if (of.has_baseline) input.baseline = of.baseline;
  if (of.has_tolerance) input.tolerance = of.tolerance;
  return input;
}

OwnNumbers own_numbers(const Indicator& indicator, const Period& period,
                       const ScoreOptions& options) {
  const Number said = reported(indicator, period, options);
  const FoundAim aim = aim_of(indicator, period);
  OwnNumbers numbers;
  numbers.missing = said.missing;
  numbers.input.direction = indicator.direction;
  numbers.input.value = said.value;
  numbers.aim = aim.source;
  if (is_found(aim.source)) numbers.input.aim = NumericAim{aim.is_range, aim.low, aim.high};
  if (indicator.baseline) numbers.input.baseline = indicator.baseline->to_double();
  if (indicator.tolerance) numbers.input.tolerance = indicator.tolerance->to_double();
  return numbers;
}

void update_indicator(ScoreTable& table, const Register& reg, const Profile& profile, size_t index,
                      const ScoreOptions& options) {
  const Indicator& indicator = reg.indicators()[index];
  const NodeIndex node = table.nodes_of_indicators[index];
  set_node(table.nodes[node], indicator);
  for (size_t i = 0; i < table.periods.size(); ++i) {
    const Period& period = table.periods[i];
    const size_t at = table.cell(node, i);
    const Number said = reported(indicator, period, options);
    const Number judged = after_verification(indicator, period, said);
    const FoundAim aim = aim_of(indicator, period);
    table.value[at] = said.value;
    table.missing[at] = said.missing;
    table.verified[at] = judged.value;
    table.unverified[at] = judged.missing;
    table.low[at] = aim.low;
    table.high[at] = aim.high;
    table.aim[at] = aim.source;
    table.is_range[at] = aim.is_range ? 1 : 0;
    if (profile.method == Method::progress_rate) {
      table.progress[at] = progress_of(indicator, period, false);
      table.verified_progress[at] = progress_of(indicator, period, true);
    }
  }
  table.has_verifications = table.has_verifications || !indicator.verifications.empty();
}

ScoreTable make_score_table(const Register& reg, const Profile& profile,
                            const std::vector<Period>& periods, const ScoreOptions& options) {
  ScoreTable table;
  table.periods = periods;
  add_nodes(table, reg);
  table.resize_cells();
  if (profile.method == Method::progress_rate) {
    table.progress.resize(table.value.size());
    table.verified_progress.resize(table.value.size());
  }
  for (size_t i = 0; i < reg.indicators().size(); ++i) {
    update_indicator(table, reg, profile, i, options);
  }
  return table;
}

std::vector<Period> reporting_periods(const Register& reg) {
  std::set<Period> periods;
  for (const Indicator& indicator : reg.indicators()) {
    for (const Measurement& measurement : indicator.measurements) {
      const Period& period = measurement.period;
      if (!measurement.value.has_value()) continue;
      if (is_reporting_period(period)) periods.insert(period);
    }
  }
  return {periods.begin(), periods.end()};
}

}  // namespace daftar
