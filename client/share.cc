#include "client/share.h"

#include <map>
#include <optional>
#include <utility>

#include "client/drafts.h"
#include "client/view.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

constexpr std::string_view kSectorPrefix = "sector/";

// As the hub has confirmed it, whatever waits here.
Result<ShareSource> read_source(ClientStore& store, const LedgerInfo& ledger) {
  ShareSource source;
  source.ledger = ledger.name;
  DAFTAR_ASSIGN_OR_RETURN(const LedgerRow row, store.ledgers().row(ledger.id));
  source.size = row.size;
  DAFTAR_RETURN_IF_ERROR(store.ledgers().read_records(
      ledger.id, "", [&](std::string_view bytes, std::string_view state) -> Status {
        DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, RecordKey::from_bytes(bytes));
        DAFTAR_ASSIGN_OR_RETURN(RecordState record, RecordState::decode(state));
        source.reg.take(key, record);
        if (key.kind == kind::indicator || key.kind == kind::measurement ||
            key.kind == kind::report) {
          source.records.emplace(key, std::move(record));
        }
        return {};
      }));
  source.reg.finish();
  return source;
}

// With what waits here: running again before a sync writes nothing twice.
Result<Records> read_there(ClientStore& store, LedgerId ledger) {
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store, ledger));
  Records records;
  for (const KindNumber kind : {kind::indicator, kind::measurement, kind::origin, kind::share}) {
    DAFTAR_RETURN_IF_ERROR(
        view.scan(kind_prefix(kind), [&](const RecordKey& key, const RecordState& record) {
          records.emplace(key, record);
          return Status();
        }));
  }
  return records;
}

// The context is that of what was read: both belong to one moment.
struct Planned {
  SharePlan plan;
  Context context;
};

Result<std::vector<Planned>> plan_all(ClientStore& store, const LedgerInfo& from) {
  const ClientStore::Snapshot snapshot(store);
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, store.identity());
  DAFTAR_ASSIGN_OR_RETURN(const std::optional<Directory> directory, store.directory_here());
  if (!directory) return Status(Code::not_found, Msg::ledger_missing, {std::string(kNational)});
  const Sharer sharer{own.device, own.user, own.role, *directory};
  DAFTAR_ASSIGN_OR_RETURN(const ShareSource source, read_source(store, from));
  const FindLink find_link = [&](DeviceNumber device, uint64_t seq) -> Result<std::optional<Hash>> {
    DAFTAR_ASSIGN_OR_RETURN(const auto chain, store.ledgers().chain_row(from.id, device, seq));
    return chain ? std::optional(chain->link) : std::nullopt;
  };
  std::map<std::string, std::vector<RecordKey>> sectors = source.sectors();
  std::map<std::string, LedgerId> held;
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> ledgers, store.held_ledgers());
  for (const LedgerInfo& ledger : ledgers) {
    if (!ledger.name.starts_with(kSectorPrefix)) continue;
    const std::string sector = ledger.name.substr(kSectorPrefix.size());
    held[sector] = ledger.id;
    sectors[sector];  // those too that no indicator names any more
  }
  std::vector<Planned> all;
  for (const auto& [sector, indicators] : sectors) {
    Planned planned;
    planned.plan.sector = sector;
    planned.plan.indicators = indicators.size();
    planned.plan.source_size = source.size;
    if (const auto ledger = held.find(sector); ledger != held.end()) {
      planned.plan.has_ledger = true;
      planned.plan.ledger = ledger->second;
      DAFTAR_ASSIGN_OR_RETURN(planned.context, store.current_context(ledger->second));
      DAFTAR_ASSIGN_OR_RETURN(const Records there, read_there(store, ledger->second));
      DAFTAR_ASSIGN_OR_RETURN(planned.plan.sharing,
                              plan_sharing(source, indicators, std::string(kSectorPrefix) + sector,
                                           there, sharer, find_link));
    }
    const bool is_about_nothing = indicators.empty() && planned.plan.sharing.shared_size == 0 &&
                                  planned.plan.sharing.is_empty();
    if (!is_about_nothing) all.push_back(std::move(planned));
  }
  return all;
}

}  // namespace

Result<std::vector<SharePlan>> plan_shares(ClientStore& store, const LedgerInfo& source) {
  DAFTAR_ASSIGN_OR_RETURN(std::vector<Planned> all, plan_all(store, source));
  std::vector<SharePlan> plans;
  for (auto& [plan, context] : all) {
    Sharing& sharing = plan.sharing;
    if (sharing.new_records > 0) {
      DAFTAR_ASSIGN_OR_RETURN(const uint64_t next, store.reserve_ids(sharing.new_records));
      sharing.number(next);
    }
    const Draft like{context, "", std::nullopt, {}};
    plan.drafts = cut_into_drafts(std::move(sharing.first), like);
    for (Draft& draft : cut_into_drafts(std::move(sharing.edits), like)) {
      plan.drafts.push_back(std::move(draft));
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace daftar::client
