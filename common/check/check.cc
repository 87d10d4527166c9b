#include "common/check/check.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "common/base/text.h"
#include "common/check/indicator_checks.h"
#include "common/check/near_duplicates.h"
#include "common/register/kinds.h"
#include "common/register/unit_of_measure.h"
#include "common/score/profile.h"

namespace daftar {
namespace {

// Sums of parts are compared with a little room for parts that were rounded.
constexpr double kSumRoom = 1e-6;

struct Rule {
  Check check;
  std::string_view id;
  Severity severity;
};
constexpr Rule kRules[] = {
#define DAFTAR_CHECK(enumerator, id, severity) {Check::enumerator, id, Severity::severity},
#include "common/check/checks.def"
#undef DAFTAR_CHECK
};

Finding finding_of(const Register& reg, Check check, const RecordKey& record,
                   std::vector<std::string> arguments, uint64_t position = 0) {
  return {check, record, std::move(arguments), reg.justification(id_of(check), record, position)};
}

bool is_live(const Area& area) { return !area.code.empty(); }
bool is_live(const Indicator& indicator) {
  return !indicator.is_retired && !indicator.code.empty();
}

// One code stands for one record.
template <typename Item>
void check_codes(const Register& reg, const std::vector<Item>& items,
                 std::vector<Finding>& findings) {
  std::unordered_map<std::string, size_t> seen;
  std::vector<std::string> codes;
  codes.reserve(items.size());
  for (const Item& item : items) {
    codes.push_back(is_live(item) ? compared_code(item.code) : "");
    if (!codes.back().empty()) ++seen[codes.back()];
  }
  for (size_t i = 0; i < items.size(); ++i) {
    const auto found = seen.find(codes[i]);
    if (found == seen.end() || found->second < 2) continue;
    findings.push_back(finding_of(reg, Check::duplicate_code, items[i].key,
                                  {items[i].code, std::to_string(found->second)}));
  }
}

void check_areas(const Register& reg, std::vector<Finding>& findings) {
  for (const Area& area : reg.areas()) {
    if (area.unfilled.empty()) continue;
    findings.push_back(
        finding_of(reg, Check::unfilled, area.key, {field_texts(kind::kpa, area.unfilled)}));
  }
}

void check_names(const Register& reg, std::vector<Finding>& findings) {
  for (const NearDuplicate& pair : find_near_duplicates(reg)) {
    const Indicator& first = reg.indicators()[pair.first];
    const Indicator& second = reg.indicators()[pair.second];
    findings.push_back(finding_of(reg, Check::near_duplicate, second.key,
                                  {first.code.empty() ? "#" + first.key.id() : first.code,
                                   name_in(first.names, pair.language)}));
  }
}

// ---- the tree

std::optional<size_t> indicator_above(const Register& reg, size_t indicator) {
  const auto& parent = reg.indicators()[indicator].parent;
  return parent ? reg.find_indicator(*parent) : std::nullopt;
}

// The indicators that are below themselves. Each is walked over once.
std::unordered_set<size_t> find_circles(const Register& reg) {
  std::unordered_set<size_t> circles;
  std::vector<size_t> walk_of(reg.indicators().size(), SIZE_MAX);  // who came by first
  for (size_t i = 0; i < reg.indicators().size(); ++i) {
    std::optional<size_t> at = i;
    while (at && walk_of[*at] == SIZE_MAX) {
      walk_of[*at] = i;
      at = indicator_above(reg, *at);
    }
    if (!at || walk_of[*at] != i) continue;
    // This walk came back to itself.
    for (size_t next = *at; circles.insert(next).second;) next = *indicator_above(reg, next);
  }
  return circles;
}

// What hangs from nothing, not all that hangs from it.
void check_places(const Register& reg, const ScoreTable& tree, std::vector<Finding>& findings) {
  const ScoreNode& outside = tree.nodes[1];
  const std::unordered_set<size_t> circles = find_circles(reg);
  for (uint32_t i = 0; i < outside.children; ++i) {
    const size_t index = tree.items[outside.first_child + i];
    if (reg.indicators()[index].is_retired) continue;
    if (indicator_above(reg, index) && !circles.contains(index)) continue;
    findings.push_back(finding_of(reg, Check::outside, reg.indicators()[index].key, {}));
  }
  for (size_t i = 0; i < reg.indicators().size(); ++i) {
    const auto above = indicator_above(reg, i);
    if (reg.indicators()[i].is_retired || !above || !reg.indicators()[*above].is_retired) continue;
    findings.push_back(finding_of(reg, Check::below_retired, reg.indicators()[i].key,
                                  {reg.indicators()[*above].code}));
  }
}

bool is_retired(const Register& reg, const ScoreTable& tree, NodeIndex node) {
  return tree.nodes[node].is_indicator && reg.indicators()[tree.items[node]].is_retired;
}

// Live parts of which none weighs anything have no sum.
void check_weights(const Register& reg, const ScoreTable& tree, NodeIndex at,
                   const RecordKey& record, std::vector<Finding>& findings) {
  const ScoreNode& node = tree.nodes[at];
  double sum = 0;
  size_t parts = 0;
  for (NodeIndex child = node.first_child; child < node.first_child + node.children; ++child) {
    if (is_retired(reg, tree, child)) continue;
    sum += tree.nodes[child].weight;
    ++parts;
  }
  if (parts == 0 || sum > 0) return;
  findings.push_back(finding_of(reg, Check::no_weight, record, {std::to_string(parts)}));
}

// An indicator that is the sum of its parts.
class SumChecks {
 public:
  SumChecks(const Register& reg, const ScoreTable& tree, size_t index,
            std::vector<Finding>& findings)
      : reg_(reg), indicator_(reg.indicators()[index]), findings_(findings) {
    const ScoreNode& node = tree.nodes[tree.nodes_of_indicators[index]];
    for (NodeIndex child = node.first_child; child < node.first_child + node.children; ++child) {
      parts_.push_back(&reg.indicators()[tree.items[child]]);
    }
  }

  void run() {
    if (!indicator_.is_sum || parts_.empty()) return;
    check_units();
    for (const Measurement& measurement : indicator_.measurements) check_sum(measurement);
  }

 private:
  void check_units() {
    const std::string unit = normal_unit(indicator_.unit);
    for (const Indicator* part : parts_) {
      if (part->is_retired || normal_unit(part->unit) == unit) continue;
      findings_.push_back(finding_of(reg_, Check::mixed_units, part->key,
                                     {part->unit, indicator_.code, indicator_.unit}));
    }
  }

  // In the periods in which all parts have a number; a retired one counts while it had some.
  void check_sum(const Measurement& measurement) {
    if (!measurement.value.number) return;
    double sum = 0;
    double room = 0;
    double largest = 1;
    bool has_any = false;
    uint64_t position = measurement.position;
    for (const Indicator* part : parts_) {
      const Measurement* of = part->measurement(measurement.period);
      const bool is_there = of != nullptr && of->value.number.has_value();
      if (!is_there && part->is_retired) continue;
      if (!is_there) return;
      const double number = of->value.number->to_double();
      sum += number;
      largest = std::max(largest, std::abs(number));
      if (part->decimals) room += 0.5 * std::pow(10.0, -static_cast<double>(*part->decimals));
      has_any = true;
      position = std::max(position, of->position);
    }
    const double value = measurement.value.number->to_double();
    room += kSumRoom * std::max(largest, std::abs(value));
    if (!has_any || !std::isfinite(sum) || std::abs(sum - value) <= room) return;
    findings_.push_back(finding_of(reg_, Check::sum_of_parts,
                                   record_of(indicator_.key, kind::measurement, measurement.period),
                                   {measurement.period.text(), measurement.value.number->text(),
                                    number_text(sum, kShownDigits)},
                                   position));
  }

  const Register& reg_;
  const Indicator& indicator_;
  std::vector<const Indicator*> parts_;
  std::vector<Finding>& findings_;
};

// In a sector's ledger the parts of one indicator are the same thing as several administrations
// report it, unless it is their sum.
void check_shared(const Register& reg, const ScoreTable& tree, size_t index,
                  std::vector<Finding>& findings) {
  const Indicator& indicator = reg.indicators()[index];
  const auto above = indicator_above(reg, index);
  if (indicator.shared_from.empty() || !above || reg.indicators()[*above].is_sum) return;
  const ScoreNode& node = tree.nodes[tree.nodes_of_indicators[*above]];
  for (NodeIndex child = node.first_child; child < node.first_child + node.children; ++child) {
    const Indicator& other = reg.indicators()[tree.items[child]];
    const bool is_same = !other.shared_from.empty() && !other.is_retired &&
                         other.shared_from != indicator.shared_from &&
                         normal_unit(other.unit) == normal_unit(indicator.unit);
    for (size_t i = 0; is_same && i < indicator.measurements.size(); ++i) {
      const Measurement& mine = indicator.measurements[i];
      const Measurement* theirs = other.measurement(mine.period);
      const bool has_both = mine.value.number && theirs != nullptr && theirs->value.number;
      if (!has_both || *mine.value.number == *theirs->value.number) continue;
      findings.push_back(finding_of(reg, Check::shared_differs,
                                    record_of(indicator.key, kind::measurement, mine.period),
                                    {mine.period.text(), mine.value.number->text(),
                                     other.shared_from, theirs->value.number->text()},
                                    std::max(mine.position, theirs->position)));
    }
  }
}

// The records of an indicator in which two values stand against each other: nothing justifies that.
void check_contended(const Register& reg, const Indicator& indicator,
                     std::vector<Finding>& findings) {
  if (reg.contended().empty()) return;
  for (const KindNumber kind :
       {kind::indicator, kind::baseline, kind::target, kind::measurement, kind::verification}) {
    RecordKey first{kind, indicator.key.device, indicator.key.counter, ""};
    for (auto at = reg.contended().lower_bound(first); at != reg.contended().end(); ++at) {
      const RecordKey& key = *at;
      if (key.kind != kind || key.device != first.device || key.counter != first.counter) break;
      findings.push_back({Check::contended, key, {}, ""});
    }
  }
}

}  // namespace

std::string_view name_of(Severity severity) {
  constexpr std::string_view kNames[] = {"error", "warning", "note"};
  return kNames[static_cast<size_t>(severity)];
}

std::string_view id_of(Check check) { return kRules[static_cast<size_t>(check)].id; }
Severity severity_of(Check check) { return kRules[static_cast<size_t>(check)].severity; }

const std::vector<Check>& all_checks() {
  static const std::vector<Check> kAll = [] {
    std::vector<Check> all;
    for (const Rule& rule : kRules) all.push_back(rule.check);
    return all;
  }();
  return kAll;
}

Checks::Checks(const Register& reg, const ScoreOptions& options, double soft_above)
    : reg_(reg),
      options_{options, soft_above, reg.newest_periods(options.today)},
      tree_(make_score_table(reg, default_profile(), {}, options)) {
  check_codes(reg, reg.areas(), of_register_);
  check_codes(reg, reg.indicators(), of_register_);
  check_places(reg, tree_, of_register_);
  check_names(reg, of_register_);
  check_areas(reg, of_register_);
  for (const RecordKey& record : reg.contended()) {
    if (!reg.find_indicator(record)) of_register_.push_back({Check::contended, record, {}, ""});
  }
  if (!reg.areas().empty()) check_weights(reg, tree_, 0, reg.areas().front().key, of_register_);
  for (size_t i = 0; i < reg.areas().size(); ++i) {
    check_weights(reg, tree_, tree_.nodes_of_areas[i], reg.areas()[i].key, of_register_);
  }
  of_indicators_.resize(reg.indicators().size());
  for (size_t i = 0; i < reg.indicators().size(); ++i) check(i);
}

void Checks::check(size_t index) {
  const Indicator& indicator = reg_.indicators()[index];
  const NodeIndex node = tree_.nodes_of_indicators[index];
  std::vector<Finding>& findings = of_indicators_[index];
  findings.clear();
  if (indicator.is_retired) return;
  const ScoreNode& of = tree_.nodes[node];
  bool has_parts = false;
  for (NodeIndex child = of.first_child; child < of.first_child + of.children; ++child) {
    has_parts = has_parts || !is_retired(reg_, tree_, child);
  }
  check_contended(reg_, indicator, findings);
  // With a value and a target of its own it needs no sum of its parts.
  if (indicator.measurements.empty() || indicator.targets.empty()) {
    check_weights(reg_, tree_, node, indicator.key, findings);
  }
  SumChecks(reg_, tree_, index, findings).run();
  check_shared(reg_, tree_, index, findings);
  check_own(reg_, index, options_, has_parts, findings);
  const auto is_before = [](const Finding& a, const Finding& b) {
    return severity_of(a.check) < severity_of(b.check);
  };
  // Most are in order, and sorting takes memory.
  if (!std::is_sorted(findings.begin(), findings.end(), is_before)) {
    std::stable_sort(findings.begin(), findings.end(), is_before);
  }
}

void Checks::recheck(const std::vector<size_t>& touched) {
  std::vector<Period> newest = reg_.newest_periods(options_.score.today);
  if (newest != options_.newest) {
    // What is missing now is missing in another period.
    options_.newest = std::move(newest);
    for (size_t i = 0; i < of_indicators_.size(); ++i) check(i);
    return;
  }
  std::set<size_t> indicators(touched.begin(), touched.end());
  for (const size_t index : touched) {
    const auto above = indicator_above(reg_, index);
    if (!above) continue;
    indicators.insert(*above);
    if (reg_.indicators()[index].shared_from.empty()) continue;
    // Those beside it say whether they are the same.
    const ScoreNode& node = tree_.nodes[tree_.nodes_of_indicators[*above]];
    for (NodeIndex child = node.first_child; child < node.first_child + node.children; ++child) {
      indicators.insert(tree_.items[child]);
    }
  }
  for (const size_t index : indicators) check(index);
}

std::vector<Finding> Checks::all() const {
  std::vector<Finding> findings = of_register_;
  for (const std::vector<Finding>& of : of_indicators_) {
    findings.insert(findings.end(), of.begin(), of.end());
  }
  return findings;
}

}  // namespace daftar
