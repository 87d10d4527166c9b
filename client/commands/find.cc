// daftar find: areas and indicators by what they are called.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/register/kinds.h"
#include "common/register/search.h"

namespace daftar::client {
namespace {

// What can be found, as it is listed.
struct Found {
  RecordKey key;
  std::string code;
  const Names* names;
  bool is_retired = false;
};

std::vector<Found> all_of(const Register& reg) {
  std::vector<Found> all;
  for (const Area& area : reg.areas()) all.push_back({area.key, area.code, &area.names});
  for (const Indicator& indicator : reg.indicators()) {
    all.push_back({indicator.key, indicator.code, &indicator.names, indicator.is_retired});
  }
  return all;
}

}  // namespace

Status run_find(const Session& session, const FindOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(Reading reading, begin_reading(session));
  auto& [store, snapshot, ledger, view] = reading;
  DAFTAR_ASSIGN_OR_RETURN(const Register reg, read_register(view));
  std::string typed;
  for (const std::string& word : options.words) typed += (typed.empty() ? "" : " ") + word;
  const std::vector<Found> all = all_of(reg);
  SearchIndex index;
  for (const Found& one : all) index.add(one.code, *one.names);
  const std::vector<SearchHit> hits = index.find(typed);
  const size_t shown = std::min(hits.size(), options.most);
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = 0; i < shown; ++i) {
    const Found& one = all[hits[i].item];
    const std::string& name = name_in(*one.names, language_of_environment());
    if (session.as_json) {
      list.push_back({{"kind", find_kind(one.key.kind)->name},
                      {"code", one.code},
                      {"id", one.key.id()},
                      {"name", name},
                      {"retired", one.is_retired}});
      continue;
    }
    std::cout << (one.code.empty() ? "#" + one.key.id() : one.code) << "  " << name << "  ("
              << kind_text(one.key.kind)
              << (one.is_retired ? ", " + text_of(Msg::standing_retired) : "") << ")\n";
  }
  if (session.as_json) {
    print_json({{"found", hits.size()}, {"shown", list}});
  } else if (hits.empty()) {
    say(Msg::find_none, {typed});
  } else if (hits.size() > shown) {
    say(Msg::find_more, {std::to_string(hits.size() - shown)});
  }
  return {};
}

}  // namespace daftar::client
