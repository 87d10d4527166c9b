#include "client/share.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "client/view.h"
#include "common/base/limits.h"
#include "common/ledger/hash.h"
#include "common/register/kinds.h"

namespace daftar::client {
namespace {

constexpr std::string_view kSectorPrefix = "sector/";

// What of an indicator is shared; where it hangs there is the sector's affair.
constexpr FieldNumber kIndicatorFields[] = {
    field::indicator_code,          field::indicator_name_en,    field::indicator_name_ar,
    field::indicator_name_fr,       field::indicator_definition, field::indicator_definition_ar,
    field::indicator_definition_fr, field::indicator_direction,  field::indicator_unit_of_measure,
    field::indicator_decimals,      field::indicator_frequency,  field::indicator_sdg,
    field::indicator_breaks,        field::indicator_retired};
constexpr FieldNumber kMeasurementFields[] = {field::measurement_value, field::measurement_note,
                                              field::measurement_source};

// Records of one ledger by their keys, as they are visible.
using Records = std::map<RecordKey, RecordState>;

Result<Records> read_kind(View& view, KindNumber kind) {
  std::string prefix;
  put_n(prefix, kind);
  Records records;
  DAFTAR_RETURN_IF_ERROR(view.scan(prefix, [&](const RecordKey& key, const RecordState& record) {
    if (!record.is_deleted()) records.emplace(key, record);
    return Status();
  }));
  return records;
}

struct Source {
  std::string ledger;
  LedgerId id = 0;
  uint64_t confirmed = 0;
  Records indicators;
  Records measurements;
  Records reports;
};

// Makes one record of the sector's ledger say what is wanted.
class Wanted {
 public:
  explicit Wanted(RecordKey key) : edits_{std::move(key), {}} {}
  void say(FieldNumber field, Value value, const RecordState* now) {
    const Value is = now == nullptr ? Value() : now->reading(field);
    if (is != value) edits_.cells.push_back({field, std::move(value), std::nullopt});
  }
  // Moves the edits to those that are to be saved; whether there were any.
  bool add_to(std::vector<RecordEdits>& all) {
    if (edits_.cells.empty()) return false;
    std::sort(edits_.cells.begin(), edits_.cells.end(),
              [](const CellEdit& a, const CellEdit& b) { return a.field < b.field; });
    all.push_back(std::move(edits_));
    return true;
  }

 private:
  RecordEdits edits_;
};

const RecordState* find(const Records& records, const RecordKey& key) {
  const auto found = records.find(key);
  return found == records.end() ? nullptr : &found->second;
}

class SectorShare {
 public:
  SectorShare(ClientStore& store, const Source& source, SharePlan& plan)
      : store_(store), source_(source), plan_(plan) {}

  Status run(const std::vector<RecordKey>& indicators) {
    DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store_, plan_.ledger));
    DAFTAR_ASSIGN_OR_RETURN(there_.indicators, read_kind(view, kind::indicator));
    DAFTAR_ASSIGN_OR_RETURN(there_.measurements, read_kind(view, kind::measurement));
    DAFTAR_ASSIGN_OR_RETURN(origins_, read_kind(view, kind::origin));
    // The first is kept where two devices of one administration began with the same one.
    for (const auto& [key, record] : there_.indicators) {
      const Value from = record.reading(field::indicator_shared_from);
      if (from.as_text()) shared_.emplace(std::string(*from.as_text()), key);
    }
    for (const RecordKey& key : indicators) DAFTAR_RETURN_IF_ERROR(share_indicator(key));
    return make_drafts();
  }

 private:
  Status share_indicator(const RecordKey& key) {
    const RecordState& record = source_.indicators.at(key);
    const std::string name = source_.ledger + "#" + key.id();
    const auto known = shared_.find(name);
    RecordKey there;
    if (known != shared_.end()) {
      there = known->second;
    } else {
      DAFTAR_ASSIGN_OR_RETURN(const Identity own, store_.identity());
      DAFTAR_ASSIGN_OR_RETURN(const uint64_t counter, store_.reserve_ids(1));
      there = {kind::indicator, own.device, counter, ""};
    }
    const RecordState* now = find(there_.indicators, there);
    Wanted wanted(there);
    for (const FieldNumber field : kIndicatorFields) wanted.say(field, record.reading(field), now);
    wanted.say(field::indicator_shared_from, Value::text(name), now);
    wanted.add_to(edits_);
    for (auto at =
             source_.measurements.lower_bound({kind::measurement, key.device, key.counter, ""});
         at != source_.measurements.end() && at->first.device == key.device &&
         at->first.counter == key.counter;
         ++at) {
      DAFTAR_RETURN_IF_ERROR(share_value(at->first, at->second, there));
    }
    withdraw(key, there);
    return {};
  }

  // What the hub has not confirmed is shared when it has.
  Status share_value(const RecordKey& key, const RecordState& record, const RecordKey& indicator) {
    const Cell* cell = record.find(field::measurement_value);
    const Version* version = cell == nullptr ? nullptr : cell->current();
    if (version == nullptr || version->position > source_.confirmed) return {};
    ++plan_.values;
    const RecordKey there{kind::measurement, indicator.device, indicator.counter, key.qualifier};
    const RecordState* now = find(there_.measurements, there);
    Wanted wanted(there);
    for (const FieldNumber field : kMeasurementFields) {
      wanted.say(field, record.reading(field), now);
    }
    const bool is_changed = wanted.add_to(edits_);
    const RecordKey origin{kind::origin, there.device, there.counter, key.qualifier};
    const RecordState* known = find(origins_, origin);
    const RecordState* report =
        find(source_.reports, {kind::report, kPeriodDevice, kPeriodCounter, key.qualifier});
    Wanted from(origin);
    const Value device = Value::decimal(Decimal(static_cast<int64_t>(version->device)));
    const Value seq = Value::decimal(Decimal(static_cast<int64_t>(version->seq)));
    const bool is_known = known != nullptr &&
                          known->reading(field::origin_source_device) == device &&
                          known->reading(field::origin_source_seq) == seq;
    if (!is_known) {
      DAFTAR_ASSIGN_OR_RETURN(
          const auto chain, store_.ledgers().chain_row(source_.id, version->device, version->seq));
      from.say(field::origin_source_link,
               chain ? Value::text(to_hex(hash_bytes(chain->link))) : Value(), known);
    }
    from.say(field::origin_source_ledger, Value::text(source_.ledger), known);
    from.say(field::origin_source_record, Value::reference(key), known);
    from.say(field::origin_source_device, device, known);
    from.say(field::origin_source_seq, seq, known);
    from.say(field::origin_approval_state,
             report == nullptr ? Value() : report->reading(field::report_state), known);
    if (from.add_to(edits_) || is_changed) ++plan_.changed;
    return {};
  }

  // A value that was deleted here is deleted there.
  void withdraw(const RecordKey& key, const RecordKey& indicator) {
    for (auto at = there_.measurements.lower_bound(
             {kind::measurement, indicator.device, indicator.counter, ""});
         at != there_.measurements.end() && at->first.device == indicator.device &&
         at->first.counter == indicator.counter;
         ++at) {
      const RecordKey here{kind::measurement, key.device, key.counter, at->first.qualifier};
      if (source_.measurements.contains(here)) continue;
      edits_.push_back({at->first, {{kDeletedField, Value::boolean(true), std::nullopt}}});
      ++plan_.changed;
    }
  }

  // Whole records, within the limits of a changeset.
  Status make_drafts() {
    if (edits_.empty()) return {};
    DAFTAR_ASSIGN_OR_RETURN(const Context context, store_.current_context(plan_.ledger));
    std::sort(edits_.begin(), edits_.end(),
              [](const RecordEdits& a, const RecordEdits& b) { return a.key < b.key; });
    size_t cells = 0;
    size_t bytes = 0;
    for (RecordEdits& record : edits_) {
      size_t size = 0;
      for (const CellEdit& cell : record.cells) size += cell.value.bytes().size() + 8;
      const bool is_full = cells + record.cells.size() > limits::kChangesetEdits ||
                           bytes + size > limits::kChangesetBytes / 2;
      if (plan_.drafts.empty() || is_full) {
        plan_.drafts.push_back({context, "", std::nullopt, {}});
        cells = bytes = 0;
      }
      cells += record.cells.size();
      bytes += size;
      plan_.drafts.back().records.push_back(std::move(record));
    }
    return {};
  }

  ClientStore& store_;
  const Source& source_;
  SharePlan& plan_;
  Source there_;
  Records origins_;
  std::map<std::string, RecordKey> shared_;  ///< by where they come from
  std::vector<RecordEdits> edits_;
};

}  // namespace

Result<std::vector<SharePlan>> plan_shares(ClientStore& store, const LedgerInfo& source) {
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store, source.id));
  Source from;
  from.ledger = source.name;
  from.id = source.id;
  from.confirmed = view.confirmed_position();
  DAFTAR_ASSIGN_OR_RETURN(from.indicators, read_kind(view, kind::indicator));
  DAFTAR_ASSIGN_OR_RETURN(from.measurements, read_kind(view, kind::measurement));
  DAFTAR_ASSIGN_OR_RETURN(from.reports, read_kind(view, kind::report));
  std::map<std::string, std::vector<RecordKey>> sectors;
  for (const auto& [key, record] : from.indicators) {
    for (const Value& item : record.reading(field::indicator_sectors).as_list()) {
      if (const auto name = item.as_text()) sectors[std::string(*name)].push_back(key);
    }
  }
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> ledgers, store.held_ledgers());
  std::vector<SharePlan> plans;
  for (const auto& [sector, indicators] : sectors) {
    SharePlan plan;
    plan.sector = sector;
    plan.indicators = indicators.size();
    for (const LedgerInfo& ledger : ledgers) {
      if (ledger.name != std::string(kSectorPrefix) + sector) continue;
      plan.has_ledger = true;
      plan.ledger = ledger.id;
    }
    if (plan.has_ledger) {
      DAFTAR_RETURN_IF_ERROR(SectorShare(store, from, plan).run(indicators));
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace daftar::client
