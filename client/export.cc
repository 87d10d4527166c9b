#include "client/export.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/csv.h"
#include "common/base/period.h"
#include "common/ledger/bytes.h"
#include "common/ledger/entries_file.h"
#include "common/register/kinds.h"
#include "common/store/files.h"

namespace daftar::client {
namespace {

using Scan = std::function<Status(KindNumber kind, const View::Visit& visit)>;

// Always there; behind them the fields in which anything is said.
const std::vector<std::string> kIndicatorColumns = {
    "id",       "parent_id",       "level",         "name_en",   "name_ar",  "name_fr",
    "unit",     "direction",       "source",        "custodian", "group_id", "status",
    "geo_code", "unit_multiplier", "definition_en", "tags"};

class TableExport {
 public:
  TableExport(Scan scan, std::string folder) : scan_(std::move(scan)), folder_(std::move(folder)) {}

  Result<std::map<std::string, uint64_t>> run() {
    DAFTAR_RETURN_IF_ERROR(make_private_folder(folder_));
    DAFTAR_RETURN_IF_ERROR(write_indicators());
    DAFTAR_RETURN_IF_ERROR(write_series("measurements.csv", kind::measurement, "note",
                                        field::measurement_period_as_written,
                                        field::measurement_note));
    DAFTAR_RETURN_IF_ERROR(write_series("baselines.csv", kind::baseline, "source",
                                        field::baseline_period_as_written, field::baseline_source));
    DAFTAR_RETURN_IF_ERROR(write_series("targets.csv", kind::target, "rationale",
                                        field::target_period_as_written, field::target_rationale));
    return counts_;
  }

 private:
  Status write_indicators() {
    // Columns and codes of all first: a parent may come after its child.
    std::set<std::string_view> used;
    for (const KindNumber kind : {kind::kpa, kind::indicator}) {
      DAFTAR_RETURN_IF_ERROR(scan_(kind, [&](const RecordKey& key, const RecordState& record) {
        note_used(*find_kind(kind), record, used);
        codes_[key.id()] = value_text(record.reading(find_kind(kind)->find("code")->number));
        return Status();
      }));
    }
    for (const KindNumber kind : {kind::kpa, kind::indicator}) {
      for (const Field& field : find_kind(kind)->fields) {
        if (used.erase(field.name) > 0) columns_.emplace_back(field.name);
      }
    }
    std::string out;
    write_csv_row(out, columns_);
    DAFTAR_RETURN_IF_ERROR(
        scan_(kind::kpa, [&](const RecordKey& key, const RecordState& record) -> Status {
          return add_indicator(key, record, out);
        }));
    DAFTAR_RETURN_IF_ERROR(
        scan_(kind::indicator, [&](const RecordKey& key, const RecordState& record) -> Status {
          return add_indicator(key, record, out);
        }));
    return write_file(folder_ + "/indicators.csv", out, false);
  }

  // References but to the parent are names that no table knows.
  void note_used(const Kind& kind, const RecordState& record, std::set<std::string_view>& used) {
    for (const Cell& cell : record.cells) {
      const Field* field = kind.find(cell.field);
      if (field == nullptr || field->name == "code" || cell.reading().is_empty()) continue;
      if (field->type == FieldType::reference || field->type == FieldType::reference_list) continue;
      const bool is_there =
          std::find(columns_.begin(), columns_.end(), field->name) != columns_.end();
      if (!is_there) used.insert(field->name);
    }
  }

  Status add_indicator(const RecordKey& key, const RecordState& record, std::string& out) {
    const Kind& described = *find_kind(key.kind);
    const std::string code = value_text(record.reading(described.find("code")->number));
    std::vector<std::string> cells;
    for (const std::string& column : columns_) {
      if (column == "id") {
        cells.push_back(code);
      } else if (column == "parent_id") {
        const auto parent = record.reading(field::indicator_parent).as_reference();
        const bool has_parent = key.kind == kind::indicator && parent;
        cells.push_back(has_parent ? codes_[parent->id()] : "");
      } else if (column == "level") {
        const auto parent = record.reading(field::indicator_parent).as_reference();
        const bool is_sub = parent && parent->kind == kind::indicator;
        cells.emplace_back(key.kind == kind::kpa ? "kpa" : is_sub ? "subkpi" : "kpi");
      } else {
        const Field* field = described.find(column);
        cells.push_back(field == nullptr ? "" : value_text(record.reading(field->number)));
      }
    }
    write_csv_row(out, cells);
    ++counts_["indicators.csv"];
    return {};
  }

  Status write_series(const std::string& file, KindNumber number, const std::string& last_column,
                      FieldNumber period_as_written, FieldNumber remark) {
    std::string out;
    counts_[file] = 0;
    write_csv_row(out, {"indicator_id", "period", "value", last_column});
    DAFTAR_RETURN_IF_ERROR(
        scan_(number, [&](const RecordKey& key, const RecordState& record) -> Status {
          const auto code = codes_.find(key.id());
          if (code == codes_.end()) return {};
          // Period and number as they were typed, as long as they are still those.
          const std::string plain_period = number == kind::baseline
                                               ? value_text(record.reading(field::baseline_period))
                                               : period_text(key.qualifier);
          std::string period = value_text(record.reading(period_as_written));
          const Result<ParsedPeriod> parsed = parse_period(period);
          if (!parsed.ok() || parsed->period.text() != plain_period) period = plain_period;
          const Value value = record.reading(field::measurement_value);
          const std::string typed = value_text(record.reading(field::measurement_value_as_written));
          const Result<Value> number_typed = parse_value(*find_kind(number)->find("value"), typed);
          const bool still = !typed.empty() && number_typed.ok() && *number_typed == value;
          write_csv_row(out, {code->second, period, still ? typed : value_text(value),
                              value_text(record.reading(remark))});
          ++counts_[file];
          return {};
        }));
    return write_file(folder_ + "/" + file, out, false);
  }

  static std::string period_text(const std::string& qualifier) {
    const Result<Period> period = Period::from_bytes(qualifier);
    return period.ok() ? period->text() : "";
  }

  Scan scan_;
  std::string folder_;
  std::vector<std::string> columns_ = kIndicatorColumns;
  std::unordered_map<std::string, std::string> codes_;  ///< by id, of kpas and indicators
  std::map<std::string, uint64_t> counts_;
};

}  // namespace

Result<std::map<std::string, uint64_t>> export_tables(View& view, const std::string& folder,
                                                      std::optional<uint64_t> position) {
  MemoryRecords past;
  if (position) DAFTAR_RETURN_IF_ERROR(view.fold_until(*position, past));
  const Scan scan = [&](KindNumber number, const View::Visit& visit) -> Status {
    const View::Visit undeleted = [&](const RecordKey& key, const RecordState& record) {
      return record.is_deleted() ? Status() : visit(key, record);
    };
    if (position) {
      for (const auto& [key, record] : past.all()) {
        if (key.kind == number) DAFTAR_RETURN_IF_ERROR(undeleted(key, record));
      }
      return {};
    }
    return view.scan(kind_prefix(number), undeleted);
  };
  return TableExport(scan, folder).run();
}

Status export_entries(ClientStore& store, const LedgerInfo& ledger, const std::string& path) {
  DAFTAR_ASSIGN_OR_RETURN(const Identity identity, store.identity());
  EntriesFile file;
  file.ledger = ledger.name;
  file.size = ledger.verified.size;
  file.hub_key = identity.hub_key;
  DAFTAR_ASSIGN_OR_RETURN(file.note, store.checkpoint(ledger.id));
  if (file.note.empty()) return {Code::not_found, Msg::export_no_checkpoint, {ledger.name}};
  std::string entries;
  DAFTAR_RETURN_IF_ERROR(store.ledgers().read_entries(ledger.id, 1, file.size,
                                                      [&](const StoredEntry& entry) -> Status {
                                                        put_bytes(entries, entry.header);
                                                        put_bytes(entries, entry.changeset);
                                                        return {};
                                                      }));
  file.entries = entries;
  DAFTAR_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> open,
                          Ledger::open(store.ledgers(), ledger.id, ledger.name));
  DAFTAR_ASSIGN_OR_RETURN(file.digest, open->digest());
  const DeviceKeys keys = store.device_keys();
  for (const auto& [device, head] : open->state().heads) {
    DAFTAR_ASSIGN_OR_RETURN(const std::optional<PublicKey> key, keys(device));
    if (!key) return {Code::corrupt, Msg::device_unknown, {std::to_string(device), ledger.name}};
    file.device_keys[device] = *key;
  }
  return write_file(path, encode_entries_file(file), false);
}

}  // namespace daftar::client
