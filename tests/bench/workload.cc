#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "common/base/limits.h"
#include "common/base/period.h"
#include "common/register/kinds.h"
#include "tests/bench/bench.h"

namespace daftar::bench {
namespace {

// Not std::uniform_int_distribution, whose numbers differ between libraries.
uint64_t below(std::mt19937_64& random, uint64_t count) { return random() % count; }

// What people enter: a figure with one decimal, 3 to 7 characters.
std::string figure(std::mt19937_64& random) {
  return std::to_string(below(random, 100'000)) + "." + std::to_string(below(random, 10));
}

RecordKey indicator_key(uint64_t record) { return {kind::indicator, 1, record, ""}; }

std::vector<RecordEdits> to_records(const Save& save) {
  std::vector<RecordEdits> records;
  for (const Edit& edit : save) {
    const RecordKey key = indicator_key(edit.record);
    if (records.empty() || records.back().key != key) records.push_back({key, {}});
    records.back().cells.push_back({kFirstField + static_cast<FieldNumber>(edit.field),
                                    Value::text(edit.value), std::nullopt});
  }
  return records;
}

}  // namespace

namespace {
std::string the_work_folder;
}  // namespace

void set_work_folder(const std::string& folder) { the_work_folder = folder; }
const std::string& work_folder() { return the_work_folder; }

std::string program_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

double folder_mb(const std::string& folder) {
  double bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    bytes += static_cast<double>(file.file_size());
  }
  return bytes / 1e6;
}

void set_counters(benchmark::State& state, const Samples& samples) {
  for (const auto& [name, value] : samples) state.counters[name] = value;
}

void check(const Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "daftar_bench: %s: %s\n", what, status.text().c_str());
  std::exit(1);
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "daftar_bench: wrong result: %s\n", what);
  std::exit(1);
}

double quantile(std::vector<double> samples, double part) {
  require(!samples.empty(), "no samples");
  const auto at = static_cast<size_t>(std::lround(part * static_cast<double>(samples.size() - 1)));
  std::nth_element(samples.begin(), samples.begin() + static_cast<ptrdiff_t>(at), samples.end());
  return samples[at];
}

std::vector<Save> initial_saves(size_t records, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Save> saves;
  for (uint64_t record = 1; record <= records; ++record) {
    if (saves.empty() || saves.back().size() + kFields > limits::kChangesetEdits)
      saves.push_back({});
    for (size_t field = 0; field < kFields; ++field) {
      saves.back().push_back({record, field, figure(random)});
    }
  }
  return saves;
}

std::vector<Save> random_saves(size_t records, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Save> saves(count);
  for (Save& save : saves) {
    std::set<std::pair<uint64_t, size_t>> cells;
    while (cells.size() < kEditsOfSave) {
      cells.emplace(1 + below(random, records), below(random, kFields));
    }
    for (const auto& [record, field] : cells) save.push_back({record, field, figure(random)});
  }
  return saves;
}

client::Draft to_draft(const Save& save, const Context& context) {
  return {context, "", std::nullopt, to_records(save)};
}

std::vector<client::Draft> to_drafts(const std::vector<Save>& saves, const Context& context) {
  std::vector<client::Draft> drafts;
  Context now = context;
  for (const Save& save : saves) {
    drafts.push_back(to_draft(save, now));
    ++now.own_seq;
  }
  return drafts;
}

std::vector<Changeset> to_changesets(const std::vector<Save>& saves, uint64_t first_seq,
                                     uint64_t position) {
  std::vector<Changeset> changesets;
  for (const Save& save : saves) {
    Changeset changeset;
    changeset.ledger = kLedger;
    changeset.device = 1;
    changeset.seq = first_seq + changesets.size();
    changeset.context = {position, changeset.seq - 1, std::nullopt};
    changeset.author = 1;
    changeset.time_ms = 1'780'000'000'000;
    changeset.records = to_records(save);
    changesets.push_back(std::move(changeset));
  }
  return changesets;
}

std::string register_code(size_t indicator) {
  return std::to_string(1 + indicator % 17) + "." + std::to_string(1 + indicator / 17 % 12) + "/" +
         std::to_string(indicator);
}

client::Draft measurement_draft(size_t indicator, size_t period, const std::string& value,
                                const Context& context) {
  const int year = 2010 + static_cast<int>(period / 2);
  const Period half = take(Period::half_year(year, 1 + static_cast<int>(period % 2)), "half-year");
  const Value number = Value::decimal(take(Decimal::parse(value), "number"));
  return {context,
          "",
          std::nullopt,
          {{{kind::measurement, 1, indicator, half.bytes()},
            {{field::measurement_value, number, std::nullopt}}}}};
}

std::vector<client::Draft> register_drafts(size_t indicators, size_t periods) {
  std::mt19937_64 random(8);
  std::vector<RecordEdits> records;
  for (size_t i = 1; i <= indicators; ++i) {
    records.push_back(
        {indicator_key(i),
         {{field::indicator_code, Value::text(register_code(i)), std::nullopt},
          {field::indicator_name_en,
           Value::text("Share of households with access to service " + std::to_string(i)),
           std::nullopt},
          {field::indicator_unit_of_measure, Value::text("Per cent"), std::nullopt}}});
  }
  for (size_t i = 1; i <= indicators; ++i) {
    for (size_t period = 0; period < periods; ++period) {
      records.push_back(measurement_draft(i, period, figure(random), {}).records.front());
    }
  }
  std::vector<client::Draft> drafts;
  size_t edits = 0;
  for (RecordEdits& record : records) {
    edits += record.cells.size();
    if (drafts.empty() || edits > limits::kChangesetEdits) {
      drafts.push_back({{0, drafts.size(), std::nullopt}, "", std::nullopt, {}});
      edits = record.cells.size();
    }
    drafts.back().records.push_back(std::move(record));
  }
  return drafts;
}

// ---- the table

Table::Table(const std::string& path, size_t records)
    : database_(take(Database::open(path), "open the table")) {
  check(database_.execute("CREATE TABLE r(id INTEGER PRIMARY KEY, c0 TEXT, c1 TEXT, c2 TEXT, "
                          "c3 TEXT, c4 TEXT, c5 TEXT, c6 TEXT, c7 TEXT, c8 TEXT, c9 TEXT, "
                          "c10 TEXT, c11 TEXT); CREATE TABLE b(id INTEGER PRIMARY KEY, v BLOB)"),
        "make the table");
  for (size_t field = 0; field < kFields; ++field) {
    const std::string sql = "UPDATE r SET c" + std::to_string(field) + " = ?1 WHERE id = ?2";
    updates_.push_back(take(database_.prepare(sql), "prepare"));
  }
  if (records > 0) insert(records);
}

void Table::insert(size_t records) {
  std::mt19937_64 random(7);
  Statement row =
      take(database_.prepare("INSERT INTO r VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)"),
           "prepare");
  check(database_.begin(), "begin");
  for (uint64_t record = 1; record <= records; ++record) {
    std::vector<std::string> values;
    for (size_t field = 0; field < kFields; ++field) values.push_back(figure(random));
    row.bind(1, record);
    for (size_t field = 0; field < kFields; ++field) {
      row.bind_text(static_cast<int>(field) + 2, values[field]);
    }
    check(row.run(), "insert");
  }
  check(database_.commit(), "commit");
}

void Table::run_updates(const Save& save) {
  for (const Edit& edit : save) {
    check(updates_[edit.field].bind_text(1, edit.value).bind(2, edit.record).run(), "update");
  }
}

void Table::update(const Save& save) {
  check(database_.begin(), "begin");
  run_updates(save);
  check(database_.commit(), "commit");
}

void Table::update_all(const std::vector<Save>& saves) {
  check(database_.begin(), "begin");
  for (const Save& save : saves) run_updates(save);
  check(database_.commit(), "commit");
}

void Table::append(const std::vector<std::string>& blobs) {
  Statement row = take(database_.prepare("INSERT INTO b(v) VALUES(?1)"), "prepare");
  check(database_.begin(), "begin");
  for (const std::string& blob : blobs) check(row.bind_blob(1, blob).run(), "insert");
  check(database_.commit(), "commit");
}

}  // namespace daftar::bench
