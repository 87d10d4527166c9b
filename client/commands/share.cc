// daftar share: puts shared values into the ledgers of their sectors.
#include "client/share.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "client/commands/shared.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

// How many indicators name a sector in an edit that the hub has not confirmed.
Result<size_t> count_waiting(ClientStore& store, LedgerId ledger) {
  using Sectors = std::map<RecordKey, Value>;
  const auto add_to = [](Sectors& sectors, const RecordKey& key, const RecordState& record) {
    if (!record.is_deleted()) sectors[key] = record.reading(field::indicator_sectors);
  };
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store, ledger));
  Sectors visible;
  DAFTAR_RETURN_IF_ERROR(
      view.scan(kind_prefix(kind::indicator), [&](const RecordKey& key, const RecordState& record) {
        add_to(visible, key, record);
        return Status();
      }));
  Sectors confirmed;
  DAFTAR_RETURN_IF_ERROR(store.ledgers().read_records(
      ledger, kind_prefix(kind::indicator),
      [&](std::string_view bytes, std::string_view state) -> Status {
        DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, RecordKey::from_bytes(bytes));
        DAFTAR_ASSIGN_OR_RETURN(const RecordState record, RecordState::decode(state));
        add_to(confirmed, key, record);
        return {};
      }));
  return static_cast<size_t>(std::count_if(visible.begin(), visible.end(), [&](const auto& one) {
    const auto known = confirmed.find(one.first);
    const Value before = known == confirmed.end() ? Value() : known->second;
    return !one.second.is_empty() && one.second != before;
  }));
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
  DAFTAR_ASSIGN_OR_RETURN(const size_t waiting, count_waiting(*store, ledger.id));
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
