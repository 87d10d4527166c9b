#include "common/register/sharing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/register/kinds.h"

namespace daftar {
namespace {

// What of an indicator is shared; where it hangs there is the sector's affair.
constexpr FieldNumber kIndicatorFields[] = {
    field::indicator_code,          field::indicator_name_en,    field::indicator_name_ar,
    field::indicator_name_fr,       field::indicator_definition, field::indicator_definition_ar,
    field::indicator_definition_fr, field::indicator_direction,  field::indicator_unit_of_measure,
    field::indicator_decimals,      field::indicator_frequency,  field::indicator_sdg,
    field::indicator_breaks,        field::indicator_retired};
constexpr FieldNumber kMeasurementFields[] = {field::measurement_value, field::measurement_note,
                                              field::measurement_source};

// Counters of new records until they have their own: no device comes to these.
constexpr uint64_t kUnnumbered = uint64_t{1} << 62;

const RecordState* find(const Records& records, const RecordKey& key) {
  const auto found = records.find(key);
  return found == records.end() ? nullptr : &found->second;
}

const RecordState* find_live(const Records& records, const RecordKey& key) {
  const RecordState* record = find(records, key);
  return record == nullptr || record->is_deleted() ? nullptr : record;
}

// What is said of an indicator for its periods.
template <typename Visit>
void for_each_of(const Records& records, KindNumber kind, const RecordKey& indicator, Visit visit) {
  for (auto at = records.lower_bound({kind, indicator.device, indicator.counter, ""});
       at != records.end() && at->first.kind == kind && at->first.device == indicator.device &&
       at->first.counter == indicator.counter;
       ++at) {
    visit(at->first, at->second);
  }
}

bool is_contended(const RecordState& record, FieldNumber field) {
  const Cell* cell = record.find(field);
  return cell != nullptr && cell->is_contended();
}

Value count_value(uint64_t count) { return Value::decimal(Decimal(static_cast<int64_t>(count))); }

class Planner {
 public:
  Planner(const ShareSource& source, const std::string& sector, const Records& there,
          const Sharer& sharer, const FindLink& find_link)
      : source_(source),
        there_(there),
        sharer_(sharer),
        find_link_(find_link),
        may_add_(may_write(sharer.role, sector, kind::indicator, field::indicator_code)) {}

  Result<Sharing> plan(const std::vector<RecordKey>& indicators) {
    find_shared();
    if (sharing_.shared_size > source_.size) {
      sharing_.is_behind = true;
      return std::move(sharing_);
    }
    for (const RecordKey& key : indicators) DAFTAR_RETURN_IF_ERROR(share_indicator(key));
    withdraw_others();
    if (!sharing_.is_empty()) say_size();
    return std::move(sharing_);
  }

 private:
  [[nodiscard]] std::string name_of(const RecordKey& key) const {
    return source_.ledger + "#" + key.id();
  }
  // Of records that others made nothing counts, whatever they say of themselves.
  [[nodiscard]] bool is_own(const RecordKey& key) const {
    return key.device == sharer_.device || sharer_.directory.is_owner(sharer_.user, key.device);
  }
  RecordKey new_record(KindNumber kind) {
    return {kind, sharer_.device, kUnnumbered + sharing_.new_records++, ""};
  }

  // What the party shares there of this source already, and of how much of it that was made.
  void find_shared() {
    const std::string prefix = source_.ledger + "#";
    for (const auto& [key, record] : there_) {
      if (!is_own(key)) continue;
      if (key.kind == kind::indicator) {
        const Value from = record.reading(field::indicator_shared_from);
        if (from.as_text() && from.as_text()->starts_with(prefix)) {
          shared_[std::string(*from.as_text())].push_back(key);
        }
      } else if (key.kind == kind::share && !record.is_deleted()) {
        const Value ledger = record.reading(field::share_source_ledger);
        if (ledger.as_text() != source_.ledger) continue;
        const Value size = record.reading(field::share_source_size);
        if (const auto number = size.as_decimal()) {
          sharing_.shared_size = std::max(sharing_.shared_size, whole_number(*number));
        }
        if (key.device == sharer_.device) said_size_ = key;
      }
    }
    // Where two devices began with the same one, a live one first that has a place in the sector.
    for (auto& [name, keys] : shared_) {
      std::stable_partition(keys.begin(), keys.end(), [&](const RecordKey& key) {
        return !there_.at(key).reading(field::indicator_parent).is_empty();
      });
      std::stable_partition(keys.begin(), keys.end(),
                            [&](const RecordKey& key) { return !there_.at(key).is_deleted(); });
    }
  }
  static uint64_t whole_number(const Decimal& number) {
    // Whatever somebody typed: above this no ledger comes.
    constexpr double kMost = 9e18;
    const double value = number.to_double();
    return value > 0 ? static_cast<uint64_t>(std::min(value, kMost)) : 0;
  }

  Status share_indicator(const RecordKey& key) {
    const auto known = shared_.find(name_of(key));
    const RecordState* now = known == shared_.end() ? nullptr : find(there_, known->second.front());
    if (!may_add_ && (now == nullptr || now->is_deleted())) {
      ++sharing_.left;
      return {};
    }
    const RecordKey there = now == nullptr ? new_record(kind::indicator) : known->second.front();
    visited_.insert(there);
    if (may_add_) {
      std::map<FieldNumber, Value> says;
      const RecordState& record = source_.records.at(key);
      for (const FieldNumber field : kIndicatorFields) says[field] = record.reading(field);
      says[field::indicator_shared_from] = Value::text(name_of(key));
      if (write(there, says)) ++sharing_.changed;
    }
    std::set<std::string> periods = share_computed(key, there);
    DAFTAR_RETURN_IF_ERROR(share_entered(key, there, periods));
    withdraw_values(there, periods);
    return {};
  }

  // Adds the periods to `periods`, which formulas give already.
  Status share_entered(const RecordKey& key, const RecordKey& there,
                       std::set<std::string>& periods) {
    Status status;
    for_each_of(source_.records, kind::measurement, key,
                [&](const RecordKey& measurement, const RecordState& record) {
                  const Cell* cell = record.find(field::measurement_value);
                  const Version* version = cell == nullptr ? nullptr : cell->current();
                  if (!status.ok() || record.is_deleted() || version == nullptr ||
                      !periods.insert(measurement.qualifier).second) {
                    return;
                  }
                  status = share_value(measurement, record, *version, there);
                });
    return status;
  }

  Status share_value(const RecordKey& key, const RecordState& record, const Version& version,
                     const RecordKey& indicator) {
    // What was sent back is no value until it comes again.
    const bool is_returned = record.reading(field::measurement_returned).as_text().has_value();
    std::map<FieldNumber, Value> says;
    for (const FieldNumber field : kMeasurementFields) {
      const bool is_held_back = is_returned && field == field::measurement_value;
      says[field] = is_held_back ? Value() : record.reading(field);
    }
    const Value device = count_value(version.device);
    const Value seq = count_value(version.seq);
    const RecordKey beside{kind::origin, indicator.device, indicator.counter, key.qualifier};
    const RecordState* known = find(there_, beside);
    Value link;
    if (known != nullptr && known->reading(field::origin_source_device) == device &&
        known->reading(field::origin_source_seq) == seq) {
      link = known->reading(field::origin_source_link);
    }
    if (link.is_empty()) {
      DAFTAR_ASSIGN_OR_RETURN(const auto found, find_link_(version.device, version.seq));
      if (found) link = Value::text(to_hex(hash_bytes(*found)));
    }
    write_value(key, indicator, says,
                {{field::origin_source_device, device},
                 {field::origin_source_seq, seq},
                 {field::origin_source_link, link}});
    return {};
  }

  // What the indicator's formula gives: nobody wrote it, so that its origin names no changeset.
  // Returns the periods.
  std::set<std::string> share_computed(const RecordKey& key, const RecordKey& indicator) {
    std::set<std::string> periods;
    const auto index = source_.reg.find_indicator(key);
    if (!index) return periods;
    for (const Measurement& measurement : source_.reg.indicators()[*index].measurements) {
      if (!measurement.is_computed) continue;
      periods.insert(measurement.period.bytes());
      std::map<FieldNumber, Value> says;
      for (const FieldNumber field : kMeasurementFields) says[field] = Value();
      says[field::measurement_value] = Value::decimal(*measurement.value.number);
      write_value(record_of(key, kind::measurement, measurement.period), indicator, says,
                  {{field::origin_source_device, Value()},
                   {field::origin_source_seq, Value()},
                   {field::origin_source_link, Value()}});
    }
    return periods;
  }

  // A value there, and where it comes from beside it.
  void write_value(const RecordKey& source, const RecordKey& indicator,
                   const std::map<FieldNumber, Value>& says, std::map<FieldNumber, Value> origin) {
    const RecordState* report =
        find_live(source_.records, {kind::report, kPeriodDevice, kPeriodCounter, source.qualifier});
    origin[field::origin_source_ledger] = Value::text(source_.ledger);
    origin[field::origin_source_record] = Value::reference(source);
    origin[field::origin_approval_state] =
        report == nullptr ? Value() : report->reading(field::report_state);
    ++sharing_.values;
    const RecordKey there{kind::measurement, indicator.device, indicator.counter, source.qualifier};
    RecordKey beside = there;
    beside.kind = kind::origin;
    const bool is_changed = write(there, says);
    if (write(beside, origin) || is_changed) ++sharing_.changed;
  }

  // Makes one record say what is wanted; whether it did not. Where several versions stand, of which
  // some say something else, this settles it: a machine copied them all.
  bool write(const RecordKey& key, const std::map<FieldNumber, Value>& says) {
    const RecordState* now = find(there_, key);
    bool is_changed = false;
    if (now != nullptr && (now->is_deleted() || is_contended(*now, kDeletedField))) {
      sharing_.first.push_back({key, {{kDeletedField, Value::boolean(false), std::nullopt}}});
      is_changed = true;
    }
    RecordEdits edits{key, {}};
    for (const auto& [field, value] : says) {
      const Value is = now == nullptr ? Value() : now->reading(field);
      if (is != value || (now != nullptr && is_contended(*now, field))) {
        edits.cells.push_back({field, value, std::nullopt});
      }
    }
    if (edits.cells.empty()) return is_changed;
    sharing_.edits.push_back(std::move(edits));
    return true;
  }

  // Values that the source does not have go, with their origins; also an origin alone, of what was
  // sent back before it was shared.
  void withdraw_values(const RecordKey& indicator, const std::set<std::string>& kept) {
    std::set<std::string> periods;
    for (const KindNumber kind : {kind::measurement, kind::origin}) {
      for_each_of(there_, kind, indicator, [&](const RecordKey& key, const auto&) {
        if (!kept.contains(key.qualifier)) periods.insert(key.qualifier);
      });
    }
    for (const std::string& period : periods) {
      const bool is_withdrawn =
          erase({kind::measurement, indicator.device, indicator.counter, period});
      const bool has_origin = erase({kind::origin, indicator.device, indicator.counter, period});
      if (is_withdrawn || has_origin) ++sharing_.changed;
    }
  }
  bool erase(const RecordKey& key) {
    const RecordState* now = find(there_, key);
    if (now == nullptr || (now->is_deleted() && !is_contended(*now, kDeletedField))) return false;
    sharing_.edits.push_back({key, {{kDeletedField, Value::boolean(true), std::nullopt}}});
    return true;
  }

  // Indicators that are not shared with this sector any more, and further records of one that is.
  void withdraw_others() {
    if (!may_add_) return;
    for (const auto& [name, keys] : shared_) {
      for (const RecordKey& key : keys) {
        if (visited_.contains(key)) continue;
        if (erase(key)) ++sharing_.changed;
        withdraw_values(key, {});
      }
    }
  }

  // Beside other edits only: whoever finds nothing to change has nothing to say. Before them, so
  // that no colleague meets what was shared without it.
  void say_size() {
    RecordEdits said{said_size_ ? *said_size_ : new_record(kind::share), {}};
    said.cells = {{field::share_source_ledger, Value::text(source_.ledger), std::nullopt},
                  {field::share_source_size, count_value(source_.size), std::nullopt}};
    sharing_.first.push_back(std::move(said));
  }

  const ShareSource& source_;
  const Records& there_;
  const Sharer& sharer_;
  const FindLink& find_link_;
  const bool may_add_;
  Sharing sharing_;
  std::map<std::string, std::vector<RecordKey>> shared_;  ///< own ones, by where they come from
  std::set<RecordKey> visited_;                           ///< of these, what is shared still
  std::optional<RecordKey> said_size_;  ///< this device's record of its last share
};

}  // namespace

std::map<std::string, std::vector<RecordKey>> ShareSource::sectors() const {
  std::map<std::string, std::vector<RecordKey>> sectors;
  for (const auto& [key, record] : records) {
    if (key.kind != kind::indicator || record.is_deleted()) continue;
    for (const Value& item : record.reading(field::indicator_sectors).as_list()) {
      if (!item.as_text()) continue;
      std::vector<RecordKey>& named = sectors[std::string(*item.as_text())];
      if (named.empty() || named.back() != key) named.push_back(key);
    }
  }
  return sectors;
}

void Sharing::number(uint64_t next) {
  for (std::vector<RecordEdits>* records : {&first, &edits}) {
    for (RecordEdits& record : *records) {
      uint64_t& counter = record.key.counter;
      if (counter >= kUnnumbered) counter = next + (counter - kUnnumbered);
    }
  }
}

Result<Sharing> plan_sharing(const ShareSource& source, const std::vector<RecordKey>& indicators,
                             const std::string& sector, const Records& there, const Sharer& sharer,
                             const FindLink& find_link) {
  return Planner(source, sector, there, sharer, find_link).plan(indicators);
}

}  // namespace daftar
