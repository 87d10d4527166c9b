#include "client/commands/organisations.h"

#include <algorithm>
#include <iostream>
#include <set>

#include "client/commands/scored.h"
#include "client/profiles.h"
#include "common/base/folding.h"
#include "common/base/text.h"
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
  auto ministry = std::find_if(all.begin(), all.end(),
                               [&](const Organisation& one) { return one.code == code; });
  if (ministry == all.end()) {
    ministry = std::find_if(all.begin(), all.end(), [&](const Organisation& one) {
      return compared_code(one.code) == compared_code(code);
    });
  }
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

namespace {

// A register of the chosen ones, with its scores where it is on this device.
struct Part {
  const Organisation* organisation;
  std::unique_ptr<Scored> scored;
};

// Of a register that several of them name it is the topmost one's.
std::vector<Part> parts_of(const std::vector<Organisation>& all,
                           const std::vector<Organisation>& chosen) {
  std::vector<Part> parts;
  for (const Organisation& one : chosen) {
    if (one.ledger.empty()) continue;
    const auto same = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
      return part.organisation->ledger == one.ledger;
    });
    if (same == parts.end()) {
      parts.push_back({&one, nullptr});
    } else if (is_below(all, *same->organisation, one.key)) {
      same->organisation = &one;
    }
  }
  return parts;
}

Json parts_json(const std::vector<Part>& parts) {
  Json list = Json::array();
  for (const Part& part : parts) {
    Json object = organisation_json(*part.organisation);
    if (part.scored != nullptr) object.update(score_json(*part.scored, part.scored->reported(0)));
    list.push_back(std::move(object));
  }
  return list;
}

void print_parts(const std::vector<Part>& parts, bool is_explained) {
  for (const Part& part : parts) {
    if (is_explained) std::cout << "  1 × ";
    if (part.scored == nullptr) {
      std::cout << "– " << padded(text_of(Msg::score_not_held), 49) << name_of(*part.organisation)
                << '\n';
      continue;
    }
    print_score(*part.scored, part.scored->reported(0), part.scored->verified(0),
                "  " + name_of(*part.organisation), is_pro_rata(*part.scored, 0));
  }
}

}  // namespace

Status score_organisations(const Session& session, const ScoreCommandOptions& options,
                           bool is_explained) {
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
  bool has_pro_rata = false;
  const Scored* first = nullptr;  // there is one: some register is held
  std::string first_ledger;
  std::vector<Part> parts = parts_of(all, chosen);
  for (Part& part : parts) {
    if (!part.organisation->held) continue;
    LedgerInfo ledger;
    ledger.id = *part.organisation->held;
    ledger.name = part.organisation->ledger;
    DAFTAR_ASSIGN_OR_RETURN(View view, View::open(*store, ledger.id));
    DAFTAR_ASSIGN_OR_RETURN(part.scored,
                            score_register(session, *store, ledger, view, options, {period}));
    const Scored& scored = *part.scored;
    reported.add(1, scored.reported(0));
    verified.add(1, scored.verified(0));
    has_verifications = has_verifications || scored.table.has_verifications;
    has_pro_rata = has_pro_rata || is_pro_rata(scored, 0);
    if (first != nullptr) continue;
    first = &scored;
    first_ledger = ledger.name;
  }
  // All lines have the columns that any of them needs.
  for (Part& part : parts) {
    if (part.scored != nullptr) part.scored->table.has_verifications = has_verifications;
  }
  const double least = first->profile.least_coverage;
  if (session.as_json) {
    Json object = score_json(*first, reported.result(least));
    object["verified"] = score_json(*first, verified.result(least));
    object["name"] = name;
    object["period"] = period.text();
    object["pro_rata"] = has_pro_rata;
    object["profile"] = {{"code", first->profile.code}, {"version", first->profile.version}};
    if (is_explained) object["formula"] = name_of(Formula::roll_up);
    object["parts"] = parts_json(parts);
    print_json(object);
    return {};
  }
  print_heading(*first, name);
  print_columns(has_verifications);
  print_score(*first, reported.result(least), verified.result(least), text_of(Msg::score_together),
              has_pro_rata);
  if (is_explained) {
    std::cout << "  = " << words_of("formula", name_of(Formula::roll_up)) << '\n';
  }
  print_parts(parts, is_explained);
  if (is_explained) say(Msg::explain_further, {first_ledger});
  return {};
}

}  // namespace daftar::client
