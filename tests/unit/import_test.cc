#include "client/import.h"

#include <gtest/gtest.h>

#include "client/export.h"
#include "common/base/limits.h"
#include "common/register/kinds.h"
#include "tests/integration/sync_world.h"

namespace daftar::client {
namespace {

constexpr char kIndicators[] =
    "id,parent_id,level,name_en,unit\n"
    "1,,kpa,Transport,\n"
    "1.1,1,kpi,Roads,km\n"
    "1.1.1,1.1,subkpi,Paved roads,km\n";
constexpr char kMeasurements[] =
    "indicator_id,period,value,note\n"
    "1.1,2023,100,\n"
    "1.1,2024,120.50,estimated\n"
    "1.1.1,2024,,not measured\n";

class ImportTest : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) {
    put_file(world.folder / name, content);
    return world.folder / name;
  }
  Result<ImportPlan> plan_of(const std::vector<std::string>& files, ImportOptions options = {}) {
    options.files = files;
    options.message = "import " + std::to_string(++imports);
    return plan_import(device.store(), device.ledger(), options);
  }
  ImportPlan plan(const std::string& content, ImportOptions options = {}) {
    return need(plan_of({file("table.csv", content)}, std::move(options)));
  }
  void save(const ImportPlan& plan) {
    need(device.store().save(device.ledger(), plan.drafts, world.clock.wall));
  }
  void import(const std::string& content) { save(plan(content)); }
  RecordKey key(const std::string& code, KindNumber kind = kind::indicator) {
    return need(device.view().find_code(kind, code));
  }
  RecordKey measurement(const std::string& code, const std::string& period) {
    RecordKey result = key(code);
    result.kind = kind::measurement;
    const Field field{1, "period", FieldType::period};
    result.qualifier = *need(parse_value(field, period)).as_period();
    return result;
  }
  // Fates in the order fresh, changed, same, refused, contended.
  static std::vector<uint64_t> fates(const ImportPlan& plan) {
    std::vector<uint64_t> counts;
    for (const RowFate fate :
         {RowFate::fresh, RowFate::changed, RowFate::same, RowFate::refused, RowFate::contended}) {
      counts.push_back(plan.rows(fate));
    }
    return counts;
  }

  SyncWorld world;
  TestDevice& device = world.add_device();
  TestDevice& other = world.add_device();
  int imports = 0;
};

using Fates = std::vector<uint64_t>;

TEST_F(ImportTest, EveryRowHasAFate) {
  EXPECT_EQ(fates(plan(kIndicators)), (Fates{3, 0, 0, 0, 0}));
  import(kIndicators);
  const ImportPlan again = plan(
      "id,parent_id,level,name_en,unit\n"
      "1,,kpa,Transport,\n"         // same
      "1.1,1,kpi,All roads,km\n"    // changed
      "1.2,1,kpi,Buses,number\n"    // new
      "1.3,1,nonsense,Trains,\n");  // refused
  EXPECT_EQ(fates(again), (Fates{1, 1, 1, 1, 0}));
  ASSERT_EQ(again.notes.size(), 1U);
  EXPECT_EQ(again.notes[0].line, 5U);
  save(again);
  EXPECT_EQ(device.reads(key("1.1"), field::indicator_name_en), "All roads");
  EXPECT_EQ(value_text(need(device.view().record(key("1.1"))).reading(field::indicator_parent)),
            "kpa#" + key("1", kind::kpa).id());
}

TEST_F(ImportTest, ValuesKeepHowTheyWereWritten) {
  import(kIndicators);
  const ImportPlan values = plan(kMeasurements);
  EXPECT_EQ(fates(values), (Fates{3, 0, 0, 0, 0}));
  save(values);
  const RecordState record = need(device.view().record(measurement("1.1", "2024")));
  EXPECT_EQ(value_text(record.reading(field::measurement_value)), "120.5");
  EXPECT_EQ(value_text(record.reading(field::measurement_value_as_written)), "120.50");
  EXPECT_EQ(value_text(record.reading(field::measurement_note)), "estimated");
  const RecordState none = need(device.view().record(measurement("1.1.1", "2024")));
  EXPECT_NE(none.find(field::measurement_value), nullptr) << "the mark that there is none";
}

TEST_F(ImportTest, AKeyPerformanceAreaHasNoValues) {
  import(kIndicators);
  const ImportPlan refused = plan("indicator_id,period,value,note\n1,2024,5,\n");
  ASSERT_EQ(refused.notes.size(), 1U);
  EXPECT_EQ(refused.notes[0].reason.message(), Msg::indicator_is_kpa);
  EXPECT_TRUE(refused.drafts.empty());
}

TEST_F(ImportTest, FilesOfOneImportThatContradictEachOtherAreRefused) {
  import(kIndicators);
  const ImportPlan values =
      need(plan_of({file("a.csv", "indicator_id,period,value,note\n1.1,2040,1,\n1.1,2041,1,\n"),
                    file("b.csv", "indicator_id,period,value,note\n1.1,2040,2,\n1.1,2041,1,\n")}));
  EXPECT_EQ(fates(values), (Fates{1, 0, 1, 2, 0}));
  ASSERT_EQ(values.notes.size(), 2U);
  EXPECT_EQ(values.notes[0].reason.message(), Msg::row_twice_elsewhere);
  EXPECT_EQ(values.notes[0].reason.arguments(), (std::vector<std::string>{"2", "b.csv"}));
  EXPECT_EQ(values.notes[1].reason.arguments(), (std::vector<std::string>{"2", "a.csv"}));
  const ImportPlan names =
      need(plan_of({file("a.csv", "id,parent_id,level,name_en\n7,,kpa,Seven\n"),
                    file("b.csv", "id,parent_id,level,name_en\n7,,kpa,Sieben\n")}));
  EXPECT_EQ(fates(names), (Fates{1, 0, 0, 1, 0}));
}

TEST_F(ImportTest, ARowThatWillStandBesideLaterWorkSaysSo) {
  import(kIndicators);
  ImportOptions options;
  options.context = device.context();
  save(plan("indicator_id,period,value,note\n1.1,2024,1,\n"));
  const ImportPlan late = plan("indicator_id,period,value,note\n1.1,2024,2,\n", options);
  EXPECT_EQ(fates(late), (Fates{0, 0, 0, 0, 1}));
  ASSERT_EQ(late.notes.size(), 1U);
  EXPECT_EQ(late.notes[0].reason.message(), Msg::row_will_contend);
  save(late);
  EXPECT_TRUE(device.is_contended(measurement("1.1", "2024")));
}

TEST_F(ImportTest, EditsNameTheirFileAndLine) {
  import(kIndicators);
  save(plan(kMeasurements));
  const auto items =
      need(device.view().history(measurement("1.1", "2024"), field::measurement_value));
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].source->file, "table.csv");
  EXPECT_EQ(items[0].source->hash, sha256(kMeasurements));
  EXPECT_EQ(items[0].place->line, 3U);
}

struct Refused {
  const char* row;
  Msg reason;
};

TEST_F(ImportTest, EveryRefusedRowSaysWhyAndWhere) {
  import(kIndicators);
  const std::string too_long(limits::kValueBytes + 1, 'x');
  const std::string long_row = "1.4,1,kpi," + too_long + ",km";
  const Refused indicators[] = {
      {",1,kpi,No code,km", Msg::code_empty},
      {"1.2,1,region,Name,km", Msg::level_unknown},
      {"1.2,9,kpi,Name,km", Msg::parent_missing},
      {"1.2,,kpi,Name,km", Msg::parent_missing},
      {"1.1,1,kpa,Roads,km", Msg::level_changed},
      {"1.2,1,kpi,Name,km,too,many", Msg::row_too_long},
      {"1.2,1.1,kpi,Name,km", Msg::parent_not_kpa},
      {"1.2,1,subkpi,Name,km", Msg::parent_not_kpi},
      {"1.2,1,kpi,\xFF,km", Msg::text_not_utf8},
      {long_row.c_str(), Msg::value_too_long},
  };
  for (const Refused& one : indicators) {
    const ImportPlan refused =
        plan("id,parent_id,level,name_en,unit\n\n" + std::string(one.row) + "\n");
    ASSERT_EQ(refused.notes.size(), 1U) << one.row;
    EXPECT_EQ(refused.notes[0].reason.message(), one.reason) << one.row;
    EXPECT_EQ(refused.notes[0].line, 3U) << one.row;
    EXPECT_EQ(refused.edits, 0U) << one.row;
  }
  const std::string long_note = "1.1,2024,1," + too_long;
  const Refused values[] = {
      {"9.9,2024,1,", Msg::indicator_missing}, {"1.1,whenever,1,", Msg::period_bad},
      {"1.1,2024,many,", Msg::measured_bad},   {"1.1,2024,1,,x", Msg::row_too_long},
      {"1.1,2024,1,\xFF", Msg::text_not_utf8}, {long_note.c_str(), Msg::value_too_long},
  };
  for (const Refused& one : values) {
    const ImportPlan refused =
        plan("indicator_id,period,value,note\n" + std::string(one.row) + "\n");
    ASSERT_EQ(refused.notes.size(), 1U) << one.row;
    EXPECT_EQ(refused.notes[0].reason.message(), one.reason) << one.row;
    EXPECT_EQ(refused.notes[0].line, 2U) << one.row;
    EXPECT_TRUE(refused.drafts.empty()) << one.row;
  }
}

TEST_F(ImportTest, DuplicatesThatAgreeAreOneAndThoseThatDifferAreRefused) {
  import(kIndicators);
  const ImportPlan values = plan(
      "indicator_id,period,value,note\n"
      "1.1,2023,1,\n1.1,2023,1,\n"      // agree
      "1.1,2024,1,\n1.1,2024,2,\n"      // differ
      "1.1,2025,1,a\n1.1,2025,1,b\n");  // differ in the note
  EXPECT_EQ(fates(values), (Fates{1, 0, 1, 4, 0}));
  for (const RowNote& note : values.notes) EXPECT_EQ(note.reason.message(), Msg::row_twice);
  const ImportPlan indicators =
      plan("id,parent_id,level,name_en\n1.5,1,kpi,A\n1.5,1,kpi,A\n1.5,1,kpi,B\n");
  EXPECT_EQ(fates(indicators), (Fates{1, 0, 1, 1, 0}));
  EXPECT_EQ(indicators.notes[0].line, 4U);
}

TEST_F(ImportTest, ADuplicateSharesTheFateOfTheRowThatItRepeats) {
  const ImportPlan refused = plan("id,parent_id,level,name_en\n1.5,9,kpi,A\n1.5,9,kpi,A\n");
  EXPECT_EQ(fates(refused), (Fates{0, 0, 0, 2, 0}));
  import(kIndicators);
  save(plan(kMeasurements));
  client::Draft removal;
  removal.context = device.context();
  removal.message = "removed";
  removal.records = {{measurement("1.1", "2023"), {{kDeletedField, Value::boolean(true), {}}}}};
  device.save_draft(removal);
  const ImportPlan gone = plan("indicator_id,period,value,note\n1.1,2023,7,\n1.1,2023,7,\n");
  EXPECT_EQ(fates(gone), (Fates{0, 0, 0, 2, 0}));
}

TEST_F(ImportTest, TheSameBytesTwiceWriteNothing) {
  import(kIndicators);
  const ImportPlan again = plan(kIndicators);
  EXPECT_TRUE(again.files[0].was_imported);
  EXPECT_TRUE(again.drafts.empty());
  ImportOptions options;
  options.again = true;
  EXPECT_EQ(fates(plan(kIndicators, options)), (Fates{0, 0, 3, 0, 0}));
  need(device.sync().report.status);
  need(other.sync().report.status);
  const ImportPlan there =
      need(plan_import(other.store(), other.ledger(), {{world.folder / "table.csv"}, "m", {}}));
  EXPECT_TRUE(there.files[0].was_imported) << "known at every device";
  EXPECT_TRUE(there.drafts.empty());
}

TEST_F(ImportTest, ADryRunReservesNothing) {
  const uint64_t before = need(device.store().reserve_ids(1));
  ImportOptions options;
  options.is_dry_run = true;
  EXPECT_EQ(fates(plan(kIndicators, options)), (Fates{3, 0, 0, 0, 0}));
  EXPECT_EQ(need(device.store().reserve_ids(1)), before + 1);
}

TEST_F(ImportTest, TheContextOfADryRunContendsWithWhatWasWrittenInBetween) {
  import(kIndicators);
  need(device.sync().report.status);
  need(other.sync().report.status);
  const std::string next = "id,parent_id,level,name_en\n1.1,1,kpi,Roads of the file\n";
  ImportOptions options;
  options.is_dry_run = true;
  const Context seen = plan(next, options).context;
  other.save(key("1.1"), field::indicator_name_en, "Roads in between");
  need(other.sync().report.status);
  need(device.sync().report.status);
  ImportOptions real;
  real.context = seen;
  save(plan(next, real));
  EXPECT_TRUE(device.is_contended(key("1.1")));
  EXPECT_EQ(device.reads(key("1.1"), field::indicator_name_en), "Roads in between");
  need(device.sync().report.status);
  EXPECT_TRUE(device.is_contended(key("1.1")));
}

TEST_F(ImportTest, CellsWithContendersAreLeftAloneTheOthersOfTheRowAreTaken) {
  import(kIndicators);
  need(device.sync().report.status);
  need(other.sync().report.status);
  const Context before = device.context();
  device.save(key("1.1"), field::indicator_name_en, "one");
  device.save(key("1.1"), field::indicator_name_en, "two", before);
  ASSERT_TRUE(device.is_contended(key("1.1")));
  const ImportPlan row = plan("id,parent_id,level,name_en,unit\n1.1,1,kpi,three,miles\n");
  EXPECT_EQ(fates(row), (Fates{0, 0, 0, 0, 1}));
  EXPECT_EQ(row.notes[0].reason.message(), Msg::row_contended);
  EXPECT_EQ(row.edits, 1U);
  save(row);
  EXPECT_TRUE(device.is_contended(key("1.1")));
  EXPECT_EQ(device.reads(key("1.1"), field::indicator_unit_of_measure), "miles");
}

TEST_F(ImportTest, OnlyAKnownTableIsTaken) {
  const std::string unknown = file("unknown.csv", "a,b,c\n1,2,3\n");
  EXPECT_EQ(plan_of({unknown}).status().message(), Msg::table_unknown);
  EXPECT_EQ(plan_of({world.folder / "none.csv"}).status().code(), Code::not_found);
  EXPECT_EQ(plan_of({file("open.csv", "id,\"parent_id\n")}).status().code(), Code::invalid);
  const ImportPlan extra = plan("id,parent_id,level,name_en,colour\n1,,kpa,T,red\n");
  EXPECT_EQ(extra.files[0].unknown_columns, std::vector<std::string>{"colour"});
}

TEST_F(ImportTest, AParentMayComeLaterAndFilesInAnyOrder) {
  const std::string values = file("values.csv", kMeasurements);
  const std::string indicators = file(
      "indicators.csv", "id,parent_id,level,name_en\n1.1.1,1.1,subkpi,P\n1.1,1,kpi,R\n1,,kpa,T\n");
  EXPECT_EQ(fates(need(plan_of({values, indicators}))), (Fates{6, 0, 0, 0, 0}));
}

TEST_F(ImportTest, ValuesOfAnIndicatorThatIsRefusedAreRefusedToo) {
  const std::string indicators =
      file("indicators.csv", "id,parent_id,level,name_en\n1.1,missing,kpi,Roads\n");
  const std::string values = file("values.csv", "indicator_id,period,value,note\n1.1,2024,1,\n");
  const ImportPlan refused = need(plan_of({indicators, values}));
  EXPECT_EQ(fates(refused), (Fates{0, 0, 0, 2, 0}));
  EXPECT_TRUE(refused.drafts.empty()) << "values of a record that nobody will ever find";
}

TEST_F(ImportTest, CodesAreComparedAsTheyAreKept) {
  // An e and a combining accent, with a space: kept in NFC and trimmed.
  import("id,parent_id,level,name_en\n1,,kpa,T\n e\xCC\x81.1 ,1,kpi,R\n");
  const ImportPlan child =
      plan("id,parent_id,level,name_en\n e\xCC\x81.1.1 , e\xCC\x81.1 ,subkpi,P\n");
  EXPECT_EQ(fates(child), (Fates{1, 0, 0, 0, 0})) << "parent_id";
  const ImportPlan value = plan("indicator_id,period,value,note\n e\xCC\x81.1 ,2024,1,\n");
  EXPECT_EQ(fates(value), (Fates{1, 0, 0, 0, 0})) << "indicator_id";
}

TEST_F(ImportTest, WhatWasImportedIsExportedAndImportsAsTheSame) {
  import(kIndicators);
  save(plan(kMeasurements));
  View view = device.view();
  const auto rows = need(export_tables(view, world.folder / "out", std::nullopt));
  EXPECT_EQ(rows.at("indicators.csv"), 3U);
  EXPECT_EQ(rows.at("measurements.csv"), 3U) << "a row that was taken is not in the export";
  const ImportPlan back =
      need(plan_of({world.folder / "out/indicators.csv", world.folder / "out/measurements.csv"}));
  EXPECT_EQ(back.edits, 0U);
  EXPECT_EQ(back.rows(RowFate::refused), 0U);
}

TEST_F(ImportTest, ThePeriodOfABaselineIsExportedAsItIsNow) {
  import(kIndicators);
  save(plan("indicator_id,period,value,source\n1.1,2019 (baseline),5.0,s\n"));
  RecordKey baseline = key("1.1");
  baseline.kind = kind::baseline;
  const auto exported = [&] {
    View view = device.view();
    need(export_tables(view, world.folder / "out", std::nullopt));
    return file_content(world.folder / "out/baselines.csv");
  };
  EXPECT_NE(exported().find("1.1,2019 (baseline),5.0,s"), std::string::npos);
  client::Draft moved;
  moved.context = device.context();
  moved.message = "moved";
  const Field field{1, "period", FieldType::period};
  moved.records = {{baseline, {{field::baseline_period, need(parse_value(field, "2020")), {}}}}};
  device.save_draft(moved);
  EXPECT_NE(exported().find("1.1,2020,5.0,s"), std::string::npos) << exported();
}

TEST_F(ImportTest, ALongTableIsCutIntoChangesetsWithinTheLimits) {
  import(kIndicators);
  std::string table = "indicator_id,period,value,note\n";
  for (int year = 1000; year < 4'000; ++year) {
    table += "1.1," + std::to_string(year) + ",1.0,n\n";  // three edits a row
  }
  const ImportPlan values = plan(table);
  EXPECT_EQ(values.edits, 9'000U);
  EXPECT_EQ(values.drafts.size(), 2U);
  save(values);
  need(device.sync().report.status);
  EXPECT_EQ(device.info().waiting + device.info().held, 0U);
}

}  // namespace
}  // namespace daftar::client
