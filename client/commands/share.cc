// daftar share: puts shared values into the ledgers of their sectors.
#include "client/share.h"

#include <nlohmann/json.hpp>

#include "client/commands/shared.h"

namespace daftar::client {

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
      list.push_back({{"sector", plan.sector},
                      {"held", plan.has_ledger},
                      {"indicators", plan.indicators},
                      {"values", plan.values},
                      {"changed", plan.changed}});
    } else if (!plan.has_ledger) {
      say(Msg::shared_no_ledger, {"sector/" + plan.sector, std::to_string(plan.indicators)});
    } else {
      say(Msg::shared_done, {"sector/" + plan.sector, std::to_string(plan.values),
                             std::to_string(plan.indicators), std::to_string(plan.changed)});
    }
  }
  if (session.as_json) {
    print_json({{"ledger", ledger.name}, {"sectors", list}});
  } else if (plans.empty()) {
    say(Msg::shared_none, {});
  }
  return {};
}

}  // namespace daftar::client
