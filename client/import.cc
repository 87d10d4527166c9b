#include "client/import.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "client/csv.h"
#include "client/drafts.h"
#include "client/levels.h"
#include "common/base/limits.h"
#include "common/base/period.h"
#include "common/base/text.h"
#include "common/register/kinds.h"
#include "common/store/files.h"

namespace daftar::client {
namespace {

// How often progress is told.
constexpr uint64_t kProgressRows = 5'000;

// A table of values that an indicator (and a period) name.
struct SeriesTable {
  KindNumber kind;
  std::string_view last_column;  ///< what tells the tables apart
  FieldNumber value;
  FieldNumber value_as_written;
  std::optional<FieldNumber> period;  ///< set where the period is a field, not a part of the key
  FieldNumber period_as_written;
  FieldNumber remark;
};

const SeriesTable kSeriesTables[] = {
    {kind::measurement, "note", field::measurement_value, field::measurement_value_as_written,
     std::nullopt, field::measurement_period_as_written, field::measurement_note},
    {kind::baseline, "source", field::baseline_value, field::baseline_value_as_written,
     field::baseline_period, field::baseline_period_as_written, field::baseline_source},
    {kind::target, "rationale", field::target_value, field::target_value_as_written, std::nullopt,
     field::target_period_as_written, field::target_rationale},
};

// Rows that say the same as an earlier one, and share its fate: (file, line).
using Repeats = std::vector<std::pair<size_t, uint64_t>>;

// A row on its way: its record and the cells that it names.
struct PlannedRow {
  size_t file = 0;  ///< index into ImportPlan::files
  uint64_t line = 0;
  RecordKey key;
  std::vector<std::pair<FieldNumber, Value>> cells;
  bool is_new_record = false;
  Repeats repeats;
};

class Importer {
 public:
  Importer(ClientStore& store, LedgerId ledger, const ImportOptions& options, View view)
      : store_(store), ledger_(ledger), options_(options), view_(std::move(view)) {}

  Result<ImportPlan> run();

 private:
  struct OpenFile {
    size_t index = 0;
    std::string content;
    std::vector<std::string> columns;
    const SeriesTable* series = nullptr;  ///< else the table of indicators
  };
  struct IndicatorRow {
    uint64_t line = 0;
    KindNumber kind = 0;
    std::string parent;
    std::vector<std::string> cells;
    Repeats repeats;
  };

  Status open_files();
  Status recognise(OpenFile& file);
  Status load_codes();
  Status load_codes_of(KindNumber number, FieldNumber code_field);
  Status collect_indicators(const OpenFile& file);
  Status number_new_records();
  Result<PlannedRow> indicator_row(const OpenFile& file, const std::string& code,
                                   const IndicatorRow& indicator);
  Status drop_unfit_records();
  Status plan_indicators(const OpenFile& file);
  Status read_series(const OpenFile& file, std::vector<PlannedRow>& rows);
  Result<std::optional<Value>> level_named(const std::string& code, const RecordKey& key,
                                           const std::string& typed);
  Status plan_series();
  Result<PlannedRow> series_row(const OpenFile& file, const CsvRow& row);
  Result<RecordKey> find_code(const std::string& code, Msg missing) const;
  [[nodiscard]] const std::vector<std::string>& columns_of(size_t file) const;
  Status compare(const PlannedRow& row, std::vector<RecordEdits>& edits);
  [[nodiscard]] bool will_contend(const Cell& cell, const Value& value) const;
  void add_drafts(size_t file, std::vector<RecordEdits> edits);
  void note(size_t file, uint64_t line, RowFate fate, Status reason);
  void note_with_repeats(const PlannedRow& row, RowFate fate, const Status& reason);
  void note_twice(const PlannedRow& row, const PlannedRow& other);
  void count(size_t file, RowFate fate) { ++plan_.files[file].rows[fate]; }

  ClientStore& store_;
  LedgerId ledger_;
  const ImportOptions& options_;
  View view_;
  ImportPlan plan_;
  DeviceNumber device_ = 0;
  std::vector<OpenFile> files_;
  uint64_t bytes_to_read_ = 0;
  uint64_t bytes_read_ = 0;
  bool is_forked_ = false;
  Changeset looked_at_;  ///< what the author has seen, as a changeset of this device says it
  Continuations continuations_;
  std::unordered_map<std::string, RecordKey> codes_;  ///< of kpas and indicators
  std::unordered_map<std::string, Status> unclear_;   ///< codes that stand for two records
  struct FirstRow {
    size_t file = 0;
    size_t index = 0;  ///< into its indicator_rows_
  };
  std::unordered_map<std::string, FirstRow> first_rows_;  ///< by code, of tables of indicators
  std::unordered_map<std::string, IndicatorRow> fresh_;   ///< codes that are in no record yet
  std::unordered_map<std::string, Status> unfit_;         ///< of them, those that cannot be made
  std::vector<std::string> fresh_order_;
  std::unordered_map<std::string, std::vector<std::string>> levels_;  ///< by code, as needed
  std::map<size_t, std::vector<std::pair<std::string, IndicatorRow>>> indicator_rows_;
};

std::string cell_of(const std::vector<std::string>& columns, const std::vector<std::string>& cells,
                    std::string_view name) {
  for (size_t i = 0; i < columns.size() && i < cells.size(); ++i) {
    if (columns[i] == name) return cells[i];
  }
  return "";
}

// A code as it is kept: NFC; there must be one.
Result<std::string> normalise_code(std::string_view typed) {
  DAFTAR_ASSIGN_OR_RETURN(std::string code, normalise_text(trim(typed)));
  if (code.empty()) return Status(Code::invalid, Msg::code_empty);
  return code;
}

// A code that a row points to, compared as codes are kept; what is no code points to nothing.
std::string plain_code(std::string_view typed) {
  const Result<std::string> code = normalise_code(typed);
  return code.ok() ? *code : "";
}

bool has_columns(const std::vector<std::string>& columns,
                 std::initializer_list<std::string_view> names) {
  return std::all_of(names.begin(), names.end(), [&](std::string_view name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  });
}

void Importer::note(size_t file, uint64_t line, RowFate fate, Status reason) {
  count(file, fate);
  plan_.notes.push_back({file, line, fate, std::move(reason)});
}

void Importer::note_with_repeats(const PlannedRow& row, RowFate fate, const Status& reason) {
  note(row.file, row.line, fate, reason);
  for (const auto& [file, line] : row.repeats) note(file, line, fate, reason);
}

// Refuses a row because another one says something else of the same record.
void Importer::note_twice(const PlannedRow& row, const PlannedRow& other) {
  const std::string line = std::to_string(other.line);
  Status reason =
      row.file == other.file
          ? Status(Code::conflict, Msg::row_twice, {line})
          : Status(Code::conflict, Msg::row_twice_elsewhere,
                   {line, std::filesystem::path(plan_.files[other.file].path).filename().string()});
  note(row.file, row.line, RowFate::refused, std::move(reason));
}

Result<ImportPlan> Importer::run() {
  DAFTAR_ASSIGN_OR_RETURN(const Identity own, store_.identity());
  device_ = own.device;
  DAFTAR_ASSIGN_OR_RETURN(const Context now, store_.current_context(ledger_));
  plan_.context = options_.context.value_or(now);
  looked_at_.device = own.device;
  looked_at_.context = plan_.context;
  DAFTAR_ASSIGN_OR_RETURN(continuations_, store_.ledgers().continuations(ledger_));
  DAFTAR_ASSIGN_OR_RETURN(const std::vector<LedgerInfo> ledgers, store_.held_ledgers());
  is_forked_ = std::any_of(ledgers.begin(), ledgers.end(), [&](const LedgerInfo& held) {
    return held.id == ledger_ && held.forked > 0;
  });
  DAFTAR_RETURN_IF_ERROR(open_files());
  DAFTAR_RETURN_IF_ERROR(load_codes());
  for (const OpenFile& file : files_) {
    if (file.series == nullptr) DAFTAR_RETURN_IF_ERROR(collect_indicators(file));
  }
  DAFTAR_RETURN_IF_ERROR(number_new_records());
  DAFTAR_RETURN_IF_ERROR(drop_unfit_records());
  for (const OpenFile& file : files_) {
    if (file.series == nullptr) DAFTAR_RETURN_IF_ERROR(plan_indicators(file));
  }
  DAFTAR_RETURN_IF_ERROR(plan_series());
  std::stable_sort(plan_.notes.begin(), plan_.notes.end(), [](const RowNote& a, const RowNote& b) {
    return std::pair(a.file, a.line) < std::pair(b.file, b.line);
  });
  return std::move(plan_);
}

Status Importer::open_files() {
  for (const std::string& path : options_.files) {
    OpenFile file;
    file.index = plan_.files.size();
    DAFTAR_ASSIGN_OR_RETURN(file.content, read_file(path, limits::kTableBytes));
    ImportedFile imported;
    imported.path = path;
    imported.hash = sha256(file.content);
    DAFTAR_ASSIGN_OR_RETURN(imported.was_imported, store_.was_imported(ledger_, imported.hash));
    const bool skip = imported.was_imported && !options_.again;
    bytes_to_read_ += file.content.size();
    plan_.files.push_back(std::move(imported));
    DAFTAR_RETURN_IF_ERROR(recognise(file));
    if (!skip) files_.push_back(std::move(file));
  }
  return {};
}

Status Importer::recognise(OpenFile& file) {
  const std::string& path = plan_.files[file.index].path;
  Status stop(Code::cancelled, Msg::table_unknown);
  Status read = read_csv(file.content, path, [&](CsvRow row) -> Status {
    file.columns = std::move(row.cells);
    return stop;  // the header is enough
  });
  if (file.columns.empty() && !read.ok() && read.code() != Code::cancelled) return read;
  std::vector<std::string> sorted = file.columns;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) return {Code::invalid, Msg::column_twice, {path, *twice}};
  std::vector<std::string_view> known;
  if (has_columns(file.columns, {"id", "parent_id", "level", "name_en"})) {
    known = {"id", "parent_id", "level"};
    for (const KindNumber kind : {kind::kpa, kind::indicator}) {
      for (const Field& field : find_kind(kind)->fields) known.push_back(field.name);
    }
  } else {
    for (const SeriesTable& table : kSeriesTables) {
      if (has_columns(file.columns, {"indicator_id", "period", "value", table.last_column})) {
        file.series = &table;
        known = {"indicator_id", "period", "value", table.last_column};
      }
    }
  }
  if (known.empty()) return {Code::invalid, Msg::table_unknown, {path}};
  for (const std::string& column : file.columns) {
    if (std::find(known.begin(), known.end(), column) == known.end()) {
      plan_.files[file.index].unknown_columns.push_back(column);
    }
  }
  return {};
}

Status Importer::load_codes() {
  DAFTAR_RETURN_IF_ERROR(load_codes_of(kind::kpa, field::kpa_code));
  return load_codes_of(kind::indicator, field::indicator_code);
}

Status Importer::load_codes_of(KindNumber number, FieldNumber code_field) {
  return view_.scan(
      kind_prefix(number), [&](const RecordKey& key, const RecordState& record) -> Status {
        const Value code = record.reading(code_field);
        if (record.is_deleted() || !code.as_text()) return {};
        const auto [before, is_first] = codes_.emplace(*code.as_text(), key);
        if (!is_first) {
          unclear_.emplace(*code.as_text(),
                           Status(Code::conflict, Msg::code_twice,
                                  {std::string(*code.as_text()), before->second.id(), key.id()}));
        }
        // On a copied disk, a record made here and one made on the copy may have one id.
        const Cell* cell = record.find(code_field);
        if (!is_forked_ || !cell->is_contended()) return {};
        for (const Version& version : cell->standing) {
          const auto text = version.value.as_text();
          if (text) {
            unclear_.emplace(*text,
                             Status(Code::forked, Msg::device_forked, {std::to_string(device_)}));
          }
        }
        return {};
      });
}

// The record that a row names by its code.
Result<RecordKey> Importer::find_code(const std::string& code, Msg missing) const {
  if (const auto unclear = unclear_.find(code); unclear != unclear_.end()) return unclear->second;
  const auto found = codes_.find(code);
  if (found == codes_.end()) return Status(Code::not_found, missing, {code});
  return found->second;
}

const std::vector<std::string>& Importer::columns_of(size_t file) const {
  return std::find_if(files_.begin(), files_.end(),
                      [&](const OpenFile& open) { return open.index == file; })
      ->columns;
}

// First pass over a table of indicators: which rows are good, and which records are new, so that a
// row may name a parent that comes later.
Status Importer::collect_indicators(const OpenFile& file) {
  bool is_header = true;
  auto& rows = indicator_rows_[file.index];
  return read_csv(file.content, plan_.files[file.index].path, [&](CsvRow row) -> Status {
    if (std::exchange(is_header, false)) return {};
    if (row.cells.size() > file.columns.size()) {
      note(file.index, row.line, RowFate::refused, {Code::invalid, Msg::row_too_long});
      return {};
    }
    const Result<std::string> code = normalise_code(cell_of(file.columns, row.cells, "id"));
    const std::string level = cell_of(file.columns, row.cells, "level");
    if (!code.ok()) {
      note(file.index, row.line, RowFate::refused, code.status());
      return {};
    }
    if (level != "kpa" && level != "kpi" && level != "subkpi") {
      note(file.index, row.line, RowFate::refused, {Code::invalid, Msg::level_unknown, {level}});
      return {};
    }
    const auto [before, is_first] = first_rows_.emplace(*code, FirstRow{file.index, rows.size()});
    if (!is_first) {
      const FirstRow& at = before->second;
      IndicatorRow& first = indicator_rows_[at.file][at.index].second;
      if (first.cells == row.cells && columns_of(at.file) == file.columns) {
        first.repeats.emplace_back(file.index, row.line);
      } else {
        note_twice({file.index, row.line, {}, {}, false, {}},
                   {at.file, first.line, {}, {}, false, {}});
      }
      return {};
    }
    IndicatorRow indicator{row.line,
                           level == "kpa" ? kind::kpa : kind::indicator,
                           plain_code(cell_of(file.columns, row.cells, "parent_id")),
                           std::move(row.cells),
                           {}};
    if (!codes_.contains(*code) && !fresh_.contains(*code)) {
      fresh_.emplace(*code, indicator);
      fresh_order_.push_back(*code);
    }
    rows.emplace_back(*code, std::move(indicator));
    return {};
  });
}

Status Importer::number_new_records() {
  uint64_t counter = uint64_t{1} << 40;  // for a dry run: above all that is in use
  if (!options_.is_dry_run && !fresh_order_.empty()) {
    DAFTAR_ASSIGN_OR_RETURN(counter, store_.reserve_ids(fresh_order_.size()));
  }
  for (const std::string& code : fresh_order_) {
    codes_[code] = {fresh_.at(code).kind, device_, counter++, ""};
  }
  return {};
}

// What a row of a table of indicators says of its record, or why it cannot be taken.
Result<PlannedRow> Importer::indicator_row(const OpenFile& file, const std::string& code,
                                           const IndicatorRow& indicator) {
  if (const auto reason = unfit_.find(code); reason != unfit_.end()) return reason->second;
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey key, find_code(code, Msg::indicator_missing));
  PlannedRow row{file.index, indicator.line, key, {}, fresh_.contains(code), indicator.repeats};
  if (row.key.kind != indicator.kind) return Status(Code::conflict, Msg::level_changed, {code});
  const Kind& described = *find_kind(indicator.kind);
  row.cells.emplace_back(described.find("code")->number, Value::text(code));
  if (indicator.kind == kind::indicator) {
    DAFTAR_ASSIGN_OR_RETURN(const RecordKey parent,
                            find_code(indicator.parent, Msg::parent_missing));
    const bool wants_kpa = cell_of(file.columns, indicator.cells, "level") == "kpi";
    if ((parent.kind == kind::kpa) != wants_kpa) {
      return Status(Code::conflict, wants_kpa ? Msg::parent_not_kpa : Msg::parent_not_kpi,
                    {indicator.parent});
    }
    row.cells.emplace_back(field::indicator_parent, Value::reference(parent));
  }
  for (size_t i = 0; i < indicator.cells.size(); ++i) {
    const Field* field = described.find(file.columns[i]);
    // The code is the column `id`, whatever a column `code` says.
    const bool is_other = field == nullptr || field->type == FieldType::reference ||
                          field->type == FieldType::reference_list ||
                          field->number == field::indicator_code;
    if (is_other) continue;
    DAFTAR_ASSIGN_OR_RETURN(Value value, parse_value(*field, indicator.cells[i]));
    row.cells.emplace_back(field->number, std::move(value));
  }
  return row;
}

// A refused row that would have made a record takes its code back, and with it whatever points to
// it: its children here, its values in the other tables.
Status Importer::drop_unfit_records() {
  bool is_stable = false;
  while (!is_stable) {
    is_stable = true;
    for (const OpenFile& file : files_) {
      for (const auto& [code, indicator] : indicator_rows_[file.index]) {
        if (!fresh_.contains(code) || unfit_.contains(code)) continue;
        const Result<PlannedRow> row = indicator_row(file, code, indicator);
        if (row.ok()) continue;
        unfit_.emplace(code, row.status());
        codes_.erase(code);
        is_stable = false;
      }
    }
  }
  return {};
}

Status Importer::plan_indicators(const OpenFile& file) {
  std::vector<RecordEdits> edits;
  for (const auto& [code, indicator] : indicator_rows_[file.index]) {
    const Result<PlannedRow> row = indicator_row(file, code, indicator);
    if (!row.ok()) {
      note_with_repeats({file.index, indicator.line, {}, {}, false, indicator.repeats},
                        RowFate::refused, row.status());
      continue;
    }
    DAFTAR_RETURN_IF_ERROR(compare(*row, edits));
  }
  add_drafts(file.index, std::move(edits));
  return {};
}

Result<PlannedRow> Importer::series_row(const OpenFile& file, const CsvRow& row) {
  if (row.cells.size() > file.columns.size()) return Status(Code::invalid, Msg::row_too_long);
  const SeriesTable& table = *file.series;
  const std::string code = plain_code(cell_of(file.columns, row.cells, "indicator_id"));
  const std::string period_text = cell_of(file.columns, row.cells, "period");
  const std::string value_text = cell_of(file.columns, row.cells, "value");
  DAFTAR_ASSIGN_OR_RETURN(const RecordKey indicator, find_code(code, Msg::indicator_missing));
  if (indicator.kind != kind::indicator) {
    return Status(Code::conflict, Msg::indicator_is_kpa, {code});
  }
  DAFTAR_ASSIGN_OR_RETURN(const ParsedPeriod parsed, parse_period(period_text));
  const std::string canonical_period = parsed.period.text();
  PlannedRow planned{file.index, row.line, indicator, {}, false, {}};
  planned.key.kind = table.kind;
  if (table.period) {
    planned.cells.emplace_back(*table.period, Value::period(parsed.period.bytes()));
  } else {
    planned.key.qualifier = parsed.period.bytes();
  }
  const auto add_text = [&](FieldNumber number, std::string_view text) -> Status {
    const Field field{number, table.last_column, FieldType::text};
    DAFTAR_ASSIGN_OR_RETURN(Value value, parse_value(field, text));
    planned.cells.emplace_back(number, std::move(value));
    return {};
  };
  Value value;
  std::string canonical_value;
  if (!value_text.empty()) {
    const Field& field = *find_kind(table.kind)->find(table.value);
    DAFTAR_ASSIGN_OR_RETURN(const auto level, level_named(code, indicator, value_text));
    if (level) {
      value = *level;
    } else {
      DAFTAR_ASSIGN_OR_RETURN(value, parse_value(field, value_text));
    }
    canonical_value = daftar::value_text(value);
  }
  planned.cells.emplace_back(table.value, std::move(value));
  DAFTAR_RETURN_IF_ERROR(
      add_text(table.value_as_written, value_text == canonical_value ? "" : value_text));
  DAFTAR_RETURN_IF_ERROR(
      add_text(table.period_as_written, period_text == canonical_period ? "" : period_text));
  DAFTAR_RETURN_IF_ERROR(
      add_text(table.remark, cell_of(file.columns, row.cells, table.last_column)));
  return planned;
}

// An ordinal answer by the name of its level, which a table of indicators beside may say.
Result<std::optional<Value>> Importer::level_named(const std::string& code, const RecordKey& key,
                                                   const std::string& typed) {
  if (Decimal::parse(typed).ok()) return std::optional<Value>();
  auto known = levels_.find(code);
  if (known == levels_.end()) {
    DAFTAR_ASSIGN_OR_RETURN(std::vector<std::string> levels, levels_of(view_, key));
    if (const auto first = first_rows_.find(code); first != first_rows_.end()) {
      const auto [file, index] = first->second;
      const IndicatorRow& row = indicator_rows_.at(file)[index].second;
      const Field& field = *find_kind(kind::indicator)->find(field::indicator_levels);
      const Result<Value> said = parse_value(field, cell_of(columns_of(file), row.cells, "levels"));
      if (said.ok() && !said->is_empty()) levels.clear();
      for (const Value& item : said.ok() ? said->as_list() : std::vector<Value>()) {
        levels.push_back(daftar::value_text(item));
      }
    }
    known = levels_.emplace(code, std::move(levels)).first;
  }
  return find_level(known->second, typed);
}

Status Importer::read_series(const OpenFile& file, std::vector<PlannedRow>& rows) {
  bool is_header = true;
  return read_csv(file.content, plan_.files[file.index].path, [&](const CsvRow& row) -> Status {
    if (std::exchange(is_header, false)) return {};
    for (const std::string& cell : row.cells) bytes_read_ += cell.size() + 1;
    if (options_.progress && row.line % kProgressRows == 0) {
      options_.progress(bytes_read_, bytes_to_read_);
    }
    Result<PlannedRow> planned = series_row(file, row);
    if (planned.ok()) {
      rows.push_back(*std::move(planned));
    } else {
      note(file.index, row.line, RowFate::refused, planned.status());
    }
    return {};
  });
}

// All files together: what two of them say of one record must agree, too.
Status Importer::plan_series() {
  std::vector<PlannedRow> rows;
  for (const OpenFile& file : files_) {
    if (file.series != nullptr) DAFTAR_RETURN_IF_ERROR(read_series(file, rows));
  }
  // Rows of one record stand together, in the order of the files.
  std::stable_sort(rows.begin(), rows.end(),
                   [](const PlannedRow& a, const PlannedRow& b) { return a.key < b.key; });
  std::map<size_t, std::vector<RecordEdits>> edits;
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    bool agree = true;
    for (; end < rows.size() && rows[end].key == rows[begin].key; ++end) {
      agree = agree && rows[end].cells == rows[begin].cells;
    }
    if (agree) {
      for (size_t i = begin + 1; i < end; ++i) {
        rows[begin].repeats.emplace_back(rows[i].file, rows[i].line);
      }
      DAFTAR_RETURN_IF_ERROR(compare(rows[begin], edits[rows[begin].file]));
    } else {
      for (size_t i = begin; i < end; ++i) {
        note_twice(rows[i], rows[i == begin ? begin + 1 : begin]);
      }
    }
    begin = end;
  }
  for (auto& [file, of_file] : edits) add_drafts(file, std::move(of_file));
  return {};
}

// Whether a value written with the import's context will stand beside what is there: somebody wrote
// it after the author had looked.
bool Importer::will_contend(const Cell& cell, const Value& value) const {
  const Seen seen(looked_at_, false, continuations_);
  return cell.current() != nullptr && !seen.covers(*cell.current()) &&
         cell.current()->value != value;
}

// What of a row differs from what is visible becomes edits; cells with contenders are left alone.
Status Importer::compare(const PlannedRow& row, std::vector<RecordEdits>& edits) {
  RecordState record;
  if (!row.is_new_record) {
    DAFTAR_ASSIGN_OR_RETURN(record, view_.record(row.key));
  }
  if (record.is_deleted()) {
    note_with_repeats(row, RowFate::refused, {Code::refused, Msg::row_deleted});
    return {};
  }
  RecordEdits wanted{row.key, {}};
  size_t contended = 0;
  bool will_stand_beside = false;
  const Kind* described = find_kind(row.key.kind);
  for (const auto& [number, value] : row.cells) {
    const Cell* cell = record.find(number);
    // An empty value is written only where there was one, or as the mark of a measurement without
    // value.
    const bool is_mark = described->is_of_indicator() && number == field::measurement_value;
    if (cell == nullptr ? (value.is_empty() && !is_mark) : cell->reading() == value) continue;
    if (cell != nullptr && cell->is_contended()) {
      ++contended;
      continue;
    }
    will_stand_beside = will_stand_beside || (cell != nullptr && will_contend(*cell, value));
    wanted.cells.push_back({number, value, Place{"", row.line, 0}});
  }
  if (contended > 0) {
    note_with_repeats(row, RowFate::contended, {Code::conflict, Msg::row_contended});
  } else if (will_stand_beside) {
    note_with_repeats(row, RowFate::contended, {Code::conflict, Msg::row_will_contend});
  } else {
    const RowFate written = record.cells.empty() ? RowFate::fresh : RowFate::changed;
    count(row.file, wanted.cells.empty() ? RowFate::same : written);
    for (const auto& [file, line] : row.repeats) count(file, RowFate::same);
  }
  if (wanted.cells.empty()) return {};
  std::sort(wanted.cells.begin(), wanted.cells.end(),
            [](const CellEdit& a, const CellEdit& b) { return a.field < b.field; });
  edits.push_back(std::move(wanted));
  return {};
}

// Cuts the edits of a file into changesets within the limits, whole records each.
void Importer::add_drafts(size_t file, std::vector<RecordEdits> edits) {
  const ImportedFile& imported = plan_.files[file];
  const Source source{"", std::filesystem::path(imported.path).filename().string(), imported.hash};
  for (const RecordEdits& record : edits) plan_.edits += record.cells.size();
  for (Draft& draft :
       cut_into_drafts(std::move(edits), {plan_.context, options_.message, source, {}})) {
    plan_.drafts.push_back(std::move(draft));
  }
}

}  // namespace

uint64_t ImportPlan::rows(RowFate fate) const {
  uint64_t total = 0;
  for (const ImportedFile& file : files) {
    const auto found = file.rows.find(fate);
    if (found != file.rows.end()) total += found->second;
  }
  return total;
}

std::string_view fate_name(RowFate fate) {
  constexpr std::string_view kNames[] = {"new", "changed", "same", "refused", "contended"};
  return kNames[static_cast<int>(fate)];
}

Result<ImportPlan> plan_import(ClientStore& store, LedgerId ledger, const ImportOptions& options) {
  DAFTAR_ASSIGN_OR_RETURN(View view, View::open(store, ledger));
  return Importer(store, ledger, options, std::move(view)).run();
}

}  // namespace daftar::client
