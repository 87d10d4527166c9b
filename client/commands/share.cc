// daftar share: puts shared values into the ledgers of their sectors.
#include "client/share.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

// How many indicators name a sector in an edit that the hub has not confirmed; one that names two
// counts twice.
Result<size_t> count_waiting(ClientStore& store, LedgerId ledger,
                             const std::vector<SharePlan>& plans) {
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store, ledger));
  std::map<std::string, size_t> named;
  DAFTAR_RETURN_IF_ERROR(view.scan(kind_prefix(kind::indicator),
                                   [&](const RecordKey&, const RecordState& record) -> Status {
                                     if (record.is_deleted()) return {};
                                     const Value sectors = record.reading(field::indicator_sectors);
                                     for (const Value& item : sectors.as_list())
                                       ++named[value_text(item)];
                                     return {};
                                   }));
  for (const SharePlan& plan : plans) {
    size_t& count = named[plan.sector];
    count -= std::min(count, plan.indicators);
  }
  size_t waiting = 0;
  for (const auto& [sector, count] : named) waiting += count;
  return waiting;
}

nlohmann::json plan_json(const SharePlan& plan) {
  return {{"sector", plan.sector},
          {"held", plan.has_ledger},
          {"behind", plan.sharing.is_behind},
          {"indicators", plan.indicators},
          {"left", plan.sharing.left},
          {"values", plan.sharing.values},
          {"changed", plan.sharing.changed}};
}

void print_plan(const SharePlan& plan, const LedgerInfo& source) {
  const std::string name = "sector/" + plan.sector;
  const Sharing& sharing = plan.sharing;
  if (!plan.has_ledger) {
    say(Msg::shared_no_ledger, {name, std::to_string(plan.indicators)});
  } else if (sharing.is_behind) {
    say(Msg::shared_behind,
        {name, source.name, std::to_string(sharing.shared_size), std::to_string(plan.source_size)});
  } else {
    say(Msg::shared_done, {name, std::to_string(sharing.values), std::to_string(plan.indicators),
                           std::to_string(sharing.changed)});
    if (sharing.left > 0) say(Msg::shared_left, {name, std::to_string(sharing.left)});
  }
}

}  // namespace

Status run_share(const Session& session) {
  DAFTAR_ASSIGN_OR_RETURN(const auto store, open_store(session));
  DAFTAR_ASSIGN_OR_RETURN(const LedgerInfo ledger, choose_ledger(session, *store));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<SharePlan> plans, plan_shares(*store, ledger));
  nlohmann::json list = nlohmann::json::array();
  for (const SharePlan& plan : plans) {
    if (!plan.drafts.empty()) {
      DAFTAR_RETURN_IF_ERROR(
          store->save(plan.ledger, plan.drafts, session.clock->wall_ms()).status());
    }
    if (session.as_json) {
      list.push_back(plan_json(plan));
    } else {
      print_plan(plan, ledger);
    }
  }
  DAFTAR_ASSIGN_OR_RETURN(const size_t waiting, count_waiting(*store, ledger.id, plans));
  if (session.as_json) {
    print_json({{"ledger", ledger.name}, {"waiting", waiting}, {"sectors", list}});
  } else if (waiting > 0) {
    say(Msg::shared_waiting, {std::to_string(waiting)});
  } else if (plans.empty()) {
    say(Msg::shared_none, {});
  }
  return {};
}

}  // namespace daftar::client
