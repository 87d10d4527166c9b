#include "client/share.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "client/drafts.h"
#include "client/view.h"
#include "common/ledger/hash.h"
#include "common/register/kinds.h"
#include "common/register/register.h"

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

// Deleted ones too.
Result<Records> read_kind(View& view, KindNumber kind) {
  Records records;
  DAFTAR_RETURN_IF_ERROR(
      view.scan(kind_prefix(kind), [&](const RecordKey& key, const RecordState& record) {
        records.emplace(key, record);
        return Status();
      }));
  return records;
}

// As the hub has confirmed them, whatever waits here.
Status read_confirmed(
    ClientStore& store, LedgerId ledger, std::string_view prefix,
    const std::function<void(const RecordKey& key, const RecordState& record)>& take) {
  return store.ledgers().read_records(
      ledger, prefix, [&](std::string_view key, std::string_view state) -> Status {
        DAFTAR_ASSIGN_OR_RETURN(const RecordKey record, RecordKey::from_bytes(key));
        DAFTAR_ASSIGN_OR_RETURN(const RecordState decoded, RecordState::decode(state));
        take(record, decoded);
        return {};
      });
}

struct Source {
  std::string ledger;
  LedgerId id = 0;
  Records indicators;
  Records measurements;
  Records reports;
  Register reg;  ///< for what formulas give
};

uint64_t position_of(const RecordState& record, FieldNumber field) {
  const Cell* cell = record.find(field);
  const Version* current = cell == nullptr ? nullptr : cell->current();
  return current == nullptr ? 0 : current->position;
}

// The records of one indicator.
std::pair<Records::const_iterator, Records::const_iterator> of_indicator(const Records& records,
                                                                         KindNumber kind,
                                                                         const RecordKey& key) {
  const auto first = records.lower_bound({kind, key.device, key.counter, ""});
  auto last = first;
  while (last != records.end() && last->first.kind == kind && last->first.device == key.device &&
         last->first.counter == key.counter) {
    ++last;
  }
  return {first, last};
}

// Makes one record of the sector's ledger say what is wanted.
class Wanted {
 public:
  // `now`: as the record is; nothing if there is none.
  Wanted(RecordKey key, const RecordState* now) : edits_{std::move(key), {}}, now_(now) {
    if (now != nullptr && now->is_deleted()) {
      edits_.cells.push_back({kDeletedField, Value::boolean(false), std::nullopt});
    }
  }
  void say(FieldNumber field, Value value) {
    const Value is = now_ == nullptr ? Value() : now_->reading(field);
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
  const RecordState* now_;
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
    DAFTAR_RETURN_IF_ERROR(find_shared());
    const auto missing =
        std::count_if(indicators.begin(), indicators.end(),
                      [&](const RecordKey& key) { return !shared_.contains(name_of(key)); });
    if (missing > 0) {
      DAFTAR_ASSIGN_OR_RETURN(next_id_, store_.reserve_ids(static_cast<uint64_t>(missing)));
    }
    for (const RecordKey& key : indicators) DAFTAR_RETURN_IF_ERROR(share_indicator(key));
    DAFTAR_RETURN_IF_ERROR(withdraw_others());
    return make_drafts();
  }

 private:
  [[nodiscard]] std::string name_of(const RecordKey& key) const {
    return source_.ledger + "#" + key.id();
  }

  // What this administration shares there already: of records that others made nothing counts,
  // whatever they say of themselves.
  Status find_shared() {
    DAFTAR_ASSIGN_OR_RETURN(own_, store_.identity());
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<Directory> directory, store_.directory_here());
    if (!directory) return {Code::not_found, Msg::ledger_missing, {std::string(kNational)}};
    for (const auto& [key, record] : there_.indicators) {
      const bool is_own = key.device == own_.device || directory->is_owner(own_.user, key.device);
      const Value from = record.reading(field::indicator_shared_from);
      if (is_own && from.as_text()) shared_[std::string(*from.as_text())].push_back(key);
    }
    // Where two devices began with the same one, a live one first that has a place in the sector.
    for (auto& [name, keys] : shared_) {
      std::stable_partition(keys.begin(), keys.end(), [&](const RecordKey& key) {
        return !there_.indicators.at(key).reading(field::indicator_parent).is_empty();
      });
      std::stable_partition(keys.begin(), keys.end(), [&](const RecordKey& key) {
        return !there_.indicators.at(key).is_deleted();
      });
    }
    return {};
  }

  Status share_indicator(const RecordKey& key) {
    const RecordState& record = source_.indicators.at(key);
    const auto known = shared_.find(name_of(key));
    const RecordKey there = known != shared_.end()
                                ? known->second.front()
                                : RecordKey{kind::indicator, own_.device, next_id_++, ""};
    visited_.insert(there);
    Wanted wanted(there, find(there_.indicators, there));
    for (const FieldNumber field : kIndicatorFields) wanted.say(field, record.reading(field));
    wanted.say(field::indicator_shared_from, Value::text(name_of(key)));
    wanted.add_to(edits_);
    const std::set<std::string> computed = share_computed(key, there);
    const auto [first, last] = of_indicator(source_.measurements, kind::measurement, key);
    for (auto at = first; at != last; ++at) {
      if (computed.contains(at->first.qualifier)) continue;
      DAFTAR_RETURN_IF_ERROR(share_value(at->first, at->second, there));
    }
    return withdraw_uncomputed(key, there, computed);
  }

  // What the hub has not confirmed is shared, or withdrawn, when it has.
  Status share_value(const RecordKey& key, const RecordState& record, const RecordKey& indicator) {
    const RecordKey there{kind::measurement, indicator.device, indicator.counter, key.qualifier};
    if (record.is_deleted()) {
      return withdraw(there);
    }
    const Cell* cell = record.find(field::measurement_value);
    const Version* version = cell == nullptr ? nullptr : cell->current();
    if (version == nullptr) return {};
    ++plan_.values;
    const RecordKey origin{kind::origin, there.device, there.counter, key.qualifier};
    DAFTAR_ASSIGN_OR_RETURN(const bool is_newer_there, this->is_newer(origin));
    if (is_newer_there) return {};
    Wanted wanted(there, find(there_.measurements, there));
    // What was sent back is no value until it comes again.
    const bool is_returned = record.reading(field::measurement_returned).as_text().has_value();
    for (const FieldNumber field : kMeasurementFields) {
      const bool is_held_back = is_returned && field == field::measurement_value;
      wanted.say(field, is_held_back ? Value() : record.reading(field));
    }
    const bool is_changed = wanted.add_to(edits_);
    const RecordState* known = find(origins_, origin);
    Wanted from(origin, known);
    const Value device = Value::decimal(Decimal(static_cast<int64_t>(version->device)));
    const Value seq = Value::decimal(Decimal(static_cast<int64_t>(version->seq)));
    const bool is_known = known != nullptr &&
                          known->reading(field::origin_source_device) == device &&
                          known->reading(field::origin_source_seq) == seq;
    if (!is_known) {
      DAFTAR_ASSIGN_OR_RETURN(
          const auto chain, store_.ledgers().chain_row(source_.id, version->device, version->seq));
      from.say(field::origin_source_link,
               chain ? Value::text(to_hex(hash_bytes(chain->link))) : Value());
    }
    from.say(field::origin_source_device, device);
    from.say(field::origin_source_seq, seq);
    say_origin(from, key);
    if (from.add_to(edits_) || is_changed) ++plan_.changed;
    return {};
  }

  void say_origin(Wanted& from, const RecordKey& key) {
    const RecordState* report =
        find(source_.reports, {kind::report, kPeriodDevice, kPeriodCounter, key.qualifier});
    from.say(field::origin_source_ledger, Value::text(source_.ledger));
    from.say(field::origin_source_record, Value::reference(key));
    from.say(field::origin_approval_state,
             report == nullptr ? Value() : report->reading(field::report_state));
  }

  // What the indicator's formula gives: nobody wrote it, so that its origin names no changeset.
  // Returns the periods.
  std::set<std::string> share_computed(const RecordKey& key, const RecordKey& indicator) {
    std::set<std::string> periods;
    const auto index = source_.reg.find_indicator(key);
    if (!index) return periods;
    for (const Measurement& measurement : source_.reg.indicators()[*index].measurements) {
      if (!measurement.is_computed) continue;
      const std::string period = measurement.period.bytes();
      periods.insert(period);
      ++plan_.values;
      const RecordKey there{kind::measurement, indicator.device, indicator.counter, period};
      Wanted wanted(there, find(there_.measurements, there));
      for (const FieldNumber field : kMeasurementFields) {
        const bool is_value = field == field::measurement_value;
        wanted.say(field, is_value ? Value::decimal(*measurement.value.number) : Value());
      }
      const bool is_changed = wanted.add_to(edits_);
      const RecordKey origin{kind::origin, there.device, there.counter, period};
      Wanted from(origin, find(origins_, origin));
      for (const FieldNumber field :
           {field::origin_source_device, field::origin_source_seq, field::origin_source_link}) {
        from.say(field, Value());
      }
      say_origin(from, {kind::measurement, key.device, key.counter, period});
      if (from.add_to(edits_) || is_changed) ++plan_.changed;
    }
    return periods;
  }

  // What a formula gave and gives no more: its origin names no changeset. That a record of the
  // source is not on this device is no reason: it may be behind.
  Status withdraw_uncomputed(const RecordKey& key, const RecordKey& indicator,
                             const std::set<std::string>& computed) {
    const auto [first, last] = of_indicator(there_.measurements, kind::measurement, indicator);
    for (auto at = first; at != last; ++at) {
      const std::string& period = at->first.qualifier;
      const RecordKey here{kind::measurement, key.device, key.counter, period};
      const RecordState* origin =
          find(origins_, {kind::origin, indicator.device, indicator.counter, period});
      const bool was_computed =
          origin != nullptr && origin->reading(field::origin_source_seq).is_empty();
      const RecordState* entered = find(source_.measurements, here);
      const bool is_here =
          computed.contains(period) ||
          (entered != nullptr && position_of(*entered, field::measurement_value) > 0);
      if (was_computed && !is_here) DAFTAR_RETURN_IF_ERROR(withdraw(at->first));
    }
    return {};
  }

  // Whether a value there came from a changeset that this device does not have yet: a colleague is
  // ahead.
  Result<bool> is_newer(const RecordKey& origin) {
    const RecordState* record = find(origins_, origin);
    if (record == nullptr) return false;
    const auto device = record->reading(field::origin_source_device).as_decimal();
    const auto seq = record->reading(field::origin_source_seq).as_decimal();
    if (!device || !seq) return false;
    DAFTAR_ASSIGN_OR_RETURN(
        const auto chain,
        store_.ledgers().chain_row(source_.id, static_cast<DeviceNumber>(device->to_double()),
                                   static_cast<uint64_t>(seq->to_double())));
    return !chain;
  }

  // A value that is gone here goes there, with its origin.
  Status withdraw(const RecordKey& measurement) {
    RecordKey origin = measurement;
    origin.kind = kind::origin;
    DAFTAR_ASSIGN_OR_RETURN(const bool is_newer_there, is_newer(origin));
    if (is_newer_there) return {};
    const bool is_withdrawn = erase(there_.measurements, measurement);
    if (erase(origins_, origin) || is_withdrawn) ++plan_.changed;
    return {};
  }
  bool erase(const Records& records, const RecordKey& key) {
    const RecordState* now = find(records, key);
    if (now == nullptr || now->is_deleted()) return false;
    edits_.push_back({key, {{kDeletedField, Value::boolean(true), std::nullopt}}});
    return true;
  }

  // Indicators that are not shared with this sector any more, and further records of one that is.
  Status withdraw_others() {
    for (const auto& [name, keys] : shared_) {
      if (!name.starts_with(source_.ledger + "#")) continue;
      const bool is_shared = visited_.contains(keys.front());
      if (!is_shared && !is_unshared(name)) continue;
      for (const RecordKey& key : keys) {
        if (visited_.contains(key)) continue;
        erase(there_.indicators, key);
        const auto [first, last] = of_indicator(there_.measurements, kind::measurement, key);
        for (auto at = first; at != last; ++at) DAFTAR_RETURN_IF_ERROR(withdraw(at->first));
      }
    }
    return {};
  }
  // Whether the source says so; a device that is behind may not have it, or not know yet that it is
  // shared.
  [[nodiscard]] bool is_unshared(const std::string& name) const {
    for (const auto& [key, record] : source_.indicators) {
      if (name_of(key) != name) continue;
      const FieldNumber field =
          record.is_deleted() ? kDeletedField : FieldNumber{field::indicator_sectors};
      return position_of(record, field) > 0;
    }
    return false;
  }

  Status make_drafts() {
    if (edits_.empty()) return {};
    DAFTAR_ASSIGN_OR_RETURN(const Context context, store_.current_context(plan_.ledger));
    plan_.drafts = cut_into_drafts(std::move(edits_), {context, "", std::nullopt, {}});
    return {};
  }

  ClientStore& store_;
  const Source& source_;
  SharePlan& plan_;
  Source there_;
  Records origins_;
  Identity own_;
  uint64_t next_id_ = 0;
  std::map<std::string, std::vector<RecordKey>> shared_;  ///< own ones, by where they come from
  std::set<RecordKey> visited_;                           ///< of these, what is shared still
  std::vector<RecordEdits> edits_;
};

}  // namespace

Result<std::vector<SharePlan>> plan_shares(ClientStore& store, const LedgerInfo& source) {
  Source from;
  from.ledger = source.name;
  from.id = source.id;
  DAFTAR_RETURN_IF_ERROR(
      read_confirmed(store, source.id, "", [&](const RecordKey& key, const RecordState& record) {
        if (key.kind == kind::indicator) from.indicators.emplace(key, record);
        if (key.kind == kind::measurement) from.measurements.emplace(key, record);
        if (key.kind == kind::report) from.reports.emplace(key, record);
        from.reg.take(key, record);
      }));
  from.reg.finish();
  std::map<std::string, std::vector<RecordKey>> sectors;
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> ledgers, store.held_ledgers());
  // Also those that no indicator names any more.
  for (const LedgerInfo& ledger : ledgers) {
    if (ledger.name.starts_with(kSectorPrefix)) sectors[ledger.name.substr(kSectorPrefix.size())];
  }
  for (const auto& [key, record] : from.indicators) {
    if (record.is_deleted()) continue;
    for (const Value& item : record.reading(field::indicator_sectors).as_list()) {
      if (!item.as_text()) continue;
      std::vector<RecordKey>& named = sectors[std::string(*item.as_text())];
      if (named.empty() || named.back() != key) named.push_back(key);
    }
  }
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
    if (plan.indicators > 0 || !plan.drafts.empty()) plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace daftar::client
