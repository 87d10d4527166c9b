// daftar check: what somebody should look at before the register is reported.
#include "common/check/check.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "client/commands/findings.h"
#include "client/profiles.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

// The areas and indicators above an indicator, and it itself.
std::set<RecordKey> way_up(const Register& reg, RecordKey record) {
  std::set<RecordKey> way;
  if (reg.find_indicator(record)) {
    record.kind = kind::indicator;
    record.qualifier.clear();
  }
  while (way.insert(record).second) {
    const auto indicator = reg.find_indicator(record);
    if (!indicator || !reg.indicators()[*indicator].parent) break;
    record = *reg.indicators()[*indicator].parent;
  }
  return way;
}

// Warnings and notes about a period that was over a year before the newest one: whoever reports now
// can hardly mend them.
bool is_old(const Finding& finding, const std::vector<Period>& newest) {
  const Result<Period> period = Period::from_bytes(finding.record.qualifier);
  return severity_of(finding.check) != Severity::error && period.ok() && !newest.empty() &&
         period->end_year() < newest.back().end_year() - 1;
}

}  // namespace

Status run_check(const Session& session, const CheckCommandOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(Reading reading, begin_reading(session));
  auto& [store, snapshot, ledger, view] = reading;
  std::optional<RecordKey> named;
  if (!options.record.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(named, parse_record(view, options.record));
  }
  DAFTAR_ASSIGN_OR_RETURN(const Register reg, read_register(view));
  DAFTAR_ASSIGN_OR_RETURN(const Profile profile, choose_profile(*store, ""));
  const ScoreOptions due{day_of(session.clock->wall_ms())};
  const std::vector<Period> newest = reg.newest_periods(due.today);
  std::map<Severity, size_t> counts;
  size_t justified = 0;
  size_t older = 0;
  Json list = Json::array();
  // Ten thousand lines of one kind are read by nobody.
  constexpr size_t kShownOfOne = 10;
  std::map<Check, size_t> shown;
  for (const Finding& finding : Checks(reg, due, profile.soft_above).all()) {
    if (named && finding.record != *named && !way_up(reg, finding.record).contains(*named))
      continue;
    if (!finding.justification.empty()) {
      ++justified;
      if (!options.all) continue;
    } else if (!options.all && is_old(finding, newest)) {
      ++older;
      continue;
    } else {
      ++counts[severity_of(finding.check)];
    }
    if (session.as_json) {
      list.push_back(finding_json(view, finding));
    } else if (++shown[finding.check] <= kShownOfOne || options.all) {
      print_finding(view, finding);
    }
  }
  if (session.as_json) {
    print_json({{"ledger", ledger.name},
                {"errors", counts[Severity::error]},
                {"warnings", counts[Severity::warning]},
                {"notes", counts[Severity::note]},
                {"justified", justified},
                {"older", older},
                {"findings", list}});
    return {};
  }
  say(Msg::check_done,
      {std::to_string(counts[Severity::error]), std::to_string(counts[Severity::warning]),
       std::to_string(counts[Severity::note]), std::to_string(justified)});
  for (const auto& [check, count] : shown) {
    if (count > kShownOfOne && !options.all) {
      say(Msg::check_more, {std::to_string(count - kShownOfOne), std::string(id_of(check))});
    }
  }
  if (older > 0) say(Msg::check_older, {std::to_string(older)});
  return {};
}

}  // namespace daftar::client
