// daftar targets: help with setting them. daftar units: how units of measure are written.
#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "client/commands/scored.h"
#include "client/profiles.h"
#include "common/base/text.h"
#include "common/check/check.h"
#include "common/register/kinds.h"
#include "common/register/unit_of_measure.h"
#include "common/score/target_help.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

// Six digits say where something lies.
std::string short_number(double number) { return number_text(number, 6); }

std::string code_or_id(const Indicator& indicator) {
  return indicator.code.empty() ? "#" + indicator.key.id() : indicator.code;
}

// The targets that are not behind the newest value, one at least where there is any.
std::vector<const Target*> open_targets(const Indicator& indicator, const Period::Date& today) {
  std::vector<const Target*> open;
  for (const Target& target : indicator.targets) {
    if (target.period.end() >= today) open.push_back(&target);
  }
  if (open.empty() && !indicator.targets.empty()) open.push_back(&indicator.targets.back());
  return open;
}

Json help_json(const Register& reg, const Peers& peers, size_t index, const Period::Date& today) {
  const Indicator& indicator = reg.indicators()[index];
  Json object = {{"code", indicator.code}, {"id", indicator.key.id()}};
  const std::optional<Trend> trend = find_trend(indicator);
  if (trend) {
    object["trend"] = {{"per_year", trend->per_year},
                       {"values", trend->values},
                       {"since", trend->since.text()},
                       {"until", trend->until.text()}};
  }
  object["targets"] = Json::array();
  for (const Target* target : open_targets(indicator, today)) {
    Json one = {{"period", target->period.text()},
                {"value", aim_text(target->aim)},
                {"place", name_of(place_target(indicator, *target))}};
    if (trend) one["trend_leads_to"] = trend->at(target->period);
    object["targets"].push_back(std::move(one));
  }
  if (const auto spread = peers.spread(index)) {
    object["peers"] = {{"count", spread->count},
                       {"period", spread->period.text()},
                       {"unit", normal_unit(indicator.unit)},
                       {"least", spread->least},
                       {"lower_quartile", spread->lower_quartile},
                       {"upper_quartile", spread->upper_quartile},
                       {"most", spread->most}};
  }
  return object;
}

void print_help(const Register& reg, const Peers& peers, size_t index, const Period::Date& today) {
  const Indicator& indicator = reg.indicators()[index];
  std::cout << code_or_id(indicator) << "  " << name_in(indicator.names, language_of_environment())
            << '\n';
  const std::optional<Trend> trend = find_trend(indicator);
  std::cout << "  ";
  if (trend) {
    say(Msg::targets_trend, {(trend->per_year > 0 ? "+" : "") + short_number(trend->per_year),
                             std::to_string(trend->values), trend->since.text()});
  } else {
    say(Msg::place_unknown, {});
  }
  for (const Target* target : open_targets(indicator, today)) {
    std::cout << "  ";
    if (trend) {
      say(Msg::targets_line,
          {target->period.text(), aim_text(target->aim), short_number(trend->at(target->period)),
           words_of("place", name_of(place_target(indicator, *target)))});
    } else {
      say(Msg::targets_line_alone, {target->period.text(), aim_text(target->aim)});
    }
  }
  if (const auto spread = peers.spread(index)) {
    std::cout << "  ";
    say(Msg::targets_peers,
        {std::to_string(spread->count), indicator.unit, spread->period.text(),
         short_number(spread->least), short_number(spread->most),
         short_number(spread->lower_quartile), short_number(spread->upper_quartile)});
  }
}

// Where to begin tidying up: indicators that a target says little about.
struct List {
  Check check;
  Msg heading;
  std::string_view name;
};
constexpr List kLists[] = {
    {Check::no_baseline, Msg::targets_no_baseline, "no_baseline"},
    {Check::never_measured, Msg::targets_never_measured, "never_measured"},
    {Check::unchanged, Msg::targets_unchanged, "unchanged"},
    {Check::near_duplicate, Msg::targets_near_duplicate, "near_duplicate"},
};

// Codes of the indicators that a check found, in the register's order.
std::vector<std::string> codes_found(const Register& reg, const std::vector<Finding>& findings,
                                     Check check) {
  std::set<size_t> found;
  for (const Finding& finding : findings) {
    if (finding.check != check) continue;
    RecordKey of = finding.record;
    of.kind = kind::indicator;
    of.qualifier.clear();
    if (const auto index = reg.find_indicator(of)) found.insert(*index);
  }
  std::vector<std::string> codes;
  codes.reserve(found.size());
  for (const size_t index : found) codes.push_back(code_or_id(reg.indicators()[index]));
  return codes;
}

std::string first_of(std::vector<std::string> words) {
  constexpr size_t kShown = 20;
  const size_t all = words.size();
  if (all > kShown) {
    words.resize(kShown);
    words.push_back("… (" + std::to_string(all) + ")");
  }
  return joined(words);
}

}  // namespace

Status run_targets(const Session& session, const SeriesOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(Reading reading, begin_reading(session));
  auto& [store, snapshot, ledger, view] = reading;
  DAFTAR_ASSIGN_OR_RETURN(const Register reg, read_register(view));
  const Period::Date today = day_of(session.clock->wall_ms());
  const Peers peers(reg);
  std::vector<size_t> wanted;
  if (!options.record.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, parse_record(view, options.record));
    const auto index = reg.find_indicator(key);
    if (!index) return {Code::not_found, Msg::targets_no_record, {options.record}};
    wanted.push_back(*index);
  } else {
    for (size_t i = 0; i < reg.indicators().size(); ++i) {
      const Indicator& indicator = reg.indicators()[i];
      if (!indicator.is_retired && !indicator.targets.empty()) wanted.push_back(i);
    }
  }
  Json list = Json::array();
  for (const size_t index : wanted) {
    if (session.as_json) {
      list.push_back(help_json(reg, peers, index, today));
    } else {
      print_help(reg, peers, index, today);
    }
  }
  Json object = {{"ledger", ledger.name}, {"indicators", std::move(list)}};
  if (options.record.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const Profile profile, choose_profile(*store, ""));
    const std::vector<Finding> findings = Checks(reg, {today}, profile.soft_above).all();
    for (const List& of : kLists) {
      const std::vector<std::string> codes = codes_found(reg, findings, of.check);
      object[std::string(of.name)] = codes;
      if (!session.as_json && !codes.empty()) {
        say(Msg::targets_list, {text_of(of.heading), first_of(codes)});
      }
    }
  }
  if (session.as_json) print_json(object);
  return {};
}

Status run_units(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(Reading reading, begin_reading(session));
  auto& [store, snapshot, ledger, view] = reading;
  DAFTAR_ASSIGN_OR_RETURN(const Register reg, read_register(view));
  std::map<std::string, std::map<std::string, size_t>> units;
  for (const Indicator& indicator : reg.indicators()) {
    if (!indicator.unit.empty()) ++units[normal_unit(indicator.unit)][indicator.unit];
  }
  Json list = Json::array();
  for (const auto& [unit, spellings] : units) {
    if (session.as_json) {
      list.push_back({{"unit", unit}, {"spellings", spellings}});
      continue;
    }
    std::string typed;
    size_t count = 0;
    for (const auto& [spelling, times] : spellings) {
      typed += (typed.empty() ? "" : " | ") + spelling;
      count += times;
    }
    std::cout << padded(std::to_string(count), 7) << (unit.empty() ? "–" : unit) << "  (" << typed
              << ")\n";
  }
  if (session.as_json) {
    print_json({{"ledger", ledger.name}, {"units", list}});
  } else if (units.empty()) {
    say(Msg::units_none, {});
  }
  return {};
}

}  // namespace daftar::client
