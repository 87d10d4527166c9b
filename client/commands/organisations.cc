#include "client/commands/organisations.h"

#include <algorithm>
#include <iostream>
#include <set>

#include "client/commands/scored.h"
#include "client/profiles.h"
#include "common/base/folding.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

using Json = nlohmann::json;

std::string text_in(const RecordState& record, FieldNumber field) {
  return std::string(record.reading(field).as_text().value_or(""));
}

const Organisation* find(const std::vector<Organisation>& all, const RecordKey& key) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Organisation& one) { return one.key == key; });
  return found == all.end() ? nullptr : &*found;
}

// Whether one is another or below it, however far.
bool is_below(const std::vector<Organisation>& all, const Organisation& one,
              const RecordKey& above) {
  const Organisation* at = &one;
  for (size_t steps = 0; at != nullptr && steps <= all.size(); ++steps) {
    if (at->key == above) return true;
    at = at->parent ? find(all, *at->parent) : nullptr;
  }
  return false;
}

// Below itself: shown at the top, so that it is seen.
bool is_in_circle(const std::vector<Organisation>& all, const Organisation& one) {
  const Organisation* above = one.parent ? find(all, *one.parent) : nullptr;
  return above != nullptr && is_below(all, *above, one.key);
}

Result<std::vector<Organisation>> of_sector(const std::vector<Organisation>& all,
                                            const std::string& sector) {
  std::vector<Organisation> chosen;
  std::set<std::string> sectors;
  for (const Organisation& one : all) {
    if (!one.sector.empty()) sectors.insert(one.sector);
    if (fold_text(one.sector) == fold_text(sector)) chosen.push_back(one);
  }
  if (!chosen.empty()) return chosen;
  std::string known;
  for (const std::string& one : sectors) known += (known.empty() ? "" : ", ") + one;
  return Status(Code::not_found, Msg::score_sector_none, {sector, known.empty() ? "–" : known});
}

Result<std::vector<Organisation>> of_ministry(const std::vector<Organisation>& all,
                                              const std::string& code) {
  std::vector<Organisation> chosen;
  const auto ministry = std::find_if(all.begin(), all.end(),
                                     [&](const Organisation& one) { return one.code == code; });
  if (ministry == all.end()) return Status(Code::not_found, Msg::code_missing, {code});
  for (const Organisation& one : all) {
    if (is_below(all, one, ministry->key)) chosen.push_back(one);
  }
  return chosen;
}

Status check_any_held(const std::vector<Organisation>& chosen, const std::string& name) {
  std::string ledgers;
  for (const Organisation& one : chosen) {
    if (one.held) return {};
    if (!one.ledger.empty()) ledgers += (ledgers.empty() ? "" : ", ") + one.ledger;
  }
  return {Code::not_found, Msg::score_none_held, {name, ledgers.empty() ? "–" : ledgers}};
}

// The newest period that any of the registers has; all are scored for the same one.
Result<Period> common_period(const Session& session, ClientStore& store,
                             const std::vector<Organisation>& chosen, const std::string& wanted) {
  if (!wanted.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(const ParsedPeriod parsed, parse_period(wanted));
    return parsed.period;
  }
  std::optional<Period> newest;
  for (const Organisation& one : chosen) {
    if (!one.held) continue;
    DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store, *one.held));
    DAFTAR_ASSIGN_OR_RETURN(const Register reg, read_register(view));
    const auto periods = begun_periods(session, reg);
    if (periods.ok() && (!newest || *newest < periods->back())) newest = periods->back();
  }
  return newest ? Result<Period>(*newest) : Status(Code::not_found, Msg::score_no_period);
}

std::string name_of(const Organisation& one) {
  const std::string& name = name_in(one.names, language_of_environment());
  return one.code + (name.empty() ? "" : "  " + name);
}

Json organisation_json(const Organisation& one) {
  return {{"code", one.code},
          {"id", one.key.id()},
          {"name", name_in(one.names, language_of_environment())},
          {"sector", one.sector},
          {"ledger", one.ledger},
          {"held", one.held.has_value()}};
}

void print_below(const std::vector<Organisation>& all, const std::optional<RecordKey>& parent,
                 size_t depth) {
  for (const Organisation& one : all) {
    const bool is_top = !one.parent || find(all, *one.parent) == nullptr || is_in_circle(all, one);
    if (parent ? one.parent != parent || is_in_circle(all, one) : !is_top) continue;
    std::cout << std::string(depth * 2, ' ') << name_of(one)
              << (one.sector.empty() ? "" : "  [" + one.sector + "]")
              << (one.ledger.empty() ? "" : "  " + one.ledger)
              << (one.ledger.empty() || one.held ? "" : "  (" + text_of(Msg::score_not_held) + ")")
              << '\n';
    print_below(all, one.key, depth + 1);
  }
}

}  // namespace

Result<std::vector<Organisation>> read_organisations(ClientStore& store) {
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> ledgers, store.held_ledgers());
  const auto ledger_of = [&](const std::string& name) -> std::optional<LedgerId> {
    for (const LedgerInfo& ledger : ledgers) {
      if (ledger.name == name) return ledger.id;
    }
    return std::nullopt;
  };
  const std::optional<LedgerId> national = ledger_of(std::string(kNational));
  if (!national) return Status(Code::not_found, Msg::ledger_missing, {std::string(kNational)});
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store, *national));
  std::vector<Organisation> all;
  DAFTAR_RETURN_IF_ERROR(view.scan(kind_prefix(kind::organisation),
                                   [&](const RecordKey& key, const RecordState& record) -> Status {
                                     if (record.is_deleted()) return {};
                                     Organisation one;
                                     one.key = key;
                                     one.code = text_in(record, field::organisation_code);
                                     one.names = {text_in(record, field::organisation_name_en),
                                                  text_in(record, field::organisation_name_ar),
                                                  text_in(record, field::organisation_name_fr)};
                                     one.parent =
                                         record.reading(field::organisation_parent).as_reference();
                                     one.sector = text_in(record, field::organisation_sector);
                                     one.ledger = text_in(record, field::organisation_ledger);
                                     one.held = ledger_of(one.ledger);
                                     all.push_back(std::move(one));
                                     return {};
                                   }));
  std::sort(all.begin(), all.end(), [](const Organisation& a, const Organisation& b) {
    return a.code != b.code ? a.code < b.code : a.key < b.key;
  });
  return all;
}

Status run_ministries(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<Organisation> all, read_organisations(*store));
  if (!session.as_json) {
    print_below(all, std::nullopt, 0);
    return {};
  }
  Json list = Json::array();
  for (const Organisation& one : all) {
    Json object = organisation_json(one);
    const Organisation* parent = one.parent ? find(all, *one.parent) : nullptr;
    object["parent"] = parent == nullptr ? Json() : Json(parent->code);
    list.push_back(std::move(object));
  }
  print_json(list);
  return {};
}

Status score_organisations(const Session& session, const ScoreCommandOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  const ClientStore::Snapshot snapshot(*store);
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<Organisation> all, read_organisations(*store));
  DAFTAR_ASSIGN_OR_RETURN(
      const std::vector<Organisation> chosen,
      options.sector.empty() ? of_ministry(all, options.ministry) : of_sector(all, options.sector));
  const std::string name = options.sector.empty() ? options.ministry : options.sector;
  DAFTAR_RETURN_IF_ERROR(check_any_held(chosen, name));
  const bool is_position = options.as_of.find_first_not_of("0123456789") == std::string::npos;
  if (!options.as_of.empty() && is_position) {
    return {Code::invalid, Msg::score_position_of_many, {options.as_of}};
  }
  DAFTAR_ASSIGN_OR_RETURN(const Period period,
                          common_period(session, *store, chosen, options.period));
  RollUp reported;
  RollUp verified;
  bool has_verifications = false;
  std::vector<std::pair<const Organisation*, std::unique_ptr<Scored>>> scores;
  std::set<std::string> counted;  // a register that two of them name counts once
  for (const Organisation& one : chosen) {
    if (one.ledger.empty() || !counted.insert(one.ledger).second) continue;
    std::unique_ptr<Scored> scored;
    if (one.held) {
      LedgerInfo ledger;
      ledger.id = *one.held;
      ledger.name = one.ledger;
      DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
      DAFTAR_ASSIGN_OR_RETURN(scored,
                              score_register(session, *store, ledger, view, options, {period}));
      reported.add(1, scored->reported(0));
      verified.add(1, scored->verified(0));
      has_verifications = has_verifications || scored->table.has_verifications;
    }
    scores.emplace_back(&one, std::move(scored));
  }
  const auto any = std::find_if(scores.begin(), scores.end(),
                                [](const auto& one) { return one.second != nullptr; });
  const Scored& first = *any->second;
  const double least = first.profile.least_coverage;
  if (session.as_json) {
    Json object = score_json(first, reported.result(least));
    object["verified"] = score_json(first, verified.result(least));
    object["name"] = name;
    object["period"] = period.text();
    object["profile"] = {{"code", first.profile.code}, {"version", first.profile.version}};
    object["parts"] = Json::array();
    for (const auto& [one, scored] : scores) {
      Json part = organisation_json(*one);
      if (scored != nullptr) part.update(score_json(*scored, scored->reported(0)));
      object["parts"].push_back(std::move(part));
    }
    print_json(object);
    return {};
  }
  const std::string version = first.profile.version == 0 ? text_of(Msg::score_built_in)
                                                         : std::to_string(first.profile.version);
  say(Msg::score_heading, {name, period.text(), first.profile.code, version});
  print_columns(has_verifications);
  print_score(first, reported.result(least), verified.result(least), text_of(Msg::score_together),
              false);
  for (const auto& [one, scored] : scores) {
    if (scored == nullptr) {
      std::cout << "– " << padded(text_of(Msg::score_not_held), 49) << name_of(*one) << '\n';
    } else {
      print_score(*scored, scored->reported(0), scored->verified(0), "  " + name_of(*one),
                  is_pro_rata(*scored, 0));
    }
  }
  return {};
}

}  // namespace daftar::client
