#include "common/register/kinds.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/limits.h"
#include "common/base/period.h"
#include "tests/unit/ledger_builders.h"

namespace daftar {
namespace {

constexpr FieldNumber kNoField = 9'000;

std::string period_bytes(const char* text) { return parse_period(text)->period.bytes(); }

TEST(KindsTest, TheTableIsConsistent) {
  std::set<KindNumber> numbers;
  std::set<std::string_view> names;
  for (const Kind& kind : all_kinds()) {
    EXPECT_TRUE(numbers.insert(kind.number).second) << kind.name << ": number twice";
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name << ": name twice";
    EXPECT_GT(kind.number, 0U);
    EXPECT_FALSE(kind.fields.empty()) << kind.name;
    EXPECT_EQ(find_kind(kind.number), &kind);
    EXPECT_EQ(find_kind(kind.name), &kind);
    FieldNumber before = kDeletedField;
    std::set<std::string_view> fields;
    for (const Field& field : kind.fields) {
      EXPECT_GT(field.number, before) << kind.name << "." << field.name << ": not ascending";
      before = field.number;
      EXPECT_LE(field.number, limits::kField);
      EXPECT_TRUE(fields.insert(field.name).second) << kind.name << "." << field.name;
      EXPECT_EQ(kind.find(field.number), &field);
      EXPECT_EQ(kind.find(field.name), &field);
      EXPECT_NE(field.name, "deleted") << "has a field of its own in every record";
    }
    EXPECT_EQ(kind.find(kDeletedField), nullptr);
    EXPECT_EQ(kind.find(kNoField), nullptr);
    EXPECT_EQ(kind.find("no such field"), nullptr);
  }
  EXPECT_EQ(find_kind(KindNumber{0}), nullptr);
  EXPECT_EQ(find_kind("no such kind"), nullptr);
}

struct ParseCase {
  FieldType type;
  std::string_view typed;
  std::optional<Value> value;  ///< nothing: refused
};

TEST(KindsTest, ValuesAreReadByTheTypeOfTheirField) {
  const ParseCase cases[] = {
      {FieldType::text, "", Value()},
      {FieldType::number, "", Value()},
      {FieldType::period, "", Value()},
      {FieldType::text, "Roads", Value::text("Roads")},
      {FieldType::text, " kept as typed ", Value::text(" kept as typed ")},
      {FieldType::text, "e\xCC\x81", Value::text("\xC3\xA9")},
      {FieldType::text, "\xFF", std::nullopt},
      {FieldType::text, std::string_view("a\0b", 3), std::nullopt},
      {FieldType::number, "12.50", number("12.5")},
      {FieldType::number, "١٢٫٥", number("12.5")},
      {FieldType::number, "-0", number("0")},
      {FieldType::number, "twelve", std::nullopt},
      {FieldType::yes_no, "yes", Value::boolean(true)},
      {FieldType::yes_no, "no", Value::boolean(false)},
      {FieldType::yes_no, "maybe", std::nullopt},
      {FieldType::period, "2024 H1", Value::period(period_bytes("2024 H1"))},
      {FieldType::period, "whenever", std::nullopt},
      {FieldType::reference, "indicator:1.2", std::nullopt},
  };
  for (const ParseCase& one : cases) {
    const Field field{1, "field", one.type};
    const Result<Value> value = parse_value(field, one.typed);
    ASSERT_EQ(value.ok(), one.value.has_value()) << one.typed;
    if (value.ok()) {
      EXPECT_EQ(*value, *one.value) << one.typed;
    } else {
      EXPECT_EQ(value.status().code(), Code::invalid) << one.typed;
    }
  }
}

TEST(KindsTest, ValuesAreShownAsPeopleReadThem) {
  const std::pair<Value, const char*> cases[] = {
      {Value(), ""},
      {Value::boolean(true), "yes"},
      {Value::boolean(false), "no"},
      {number("-12.5"), "-12.5"},
      {Value::text("طرق"), "طرق"},
      {Value::reference({kind::indicator, 7, 3, ""}), "indicator#7.3"},
      {Value::reference({999, 7, 3, ""}), "999#7.3"},
      {Value::period(period_bytes("2024 H1")), "2024 H1"},
      {Value::list({number("1"), Value::text("a")}), "1; a"},
      {Value::list({}), ""},
      {Value::list({Value::text("8.5.1"), Value::text("8.6.1")}), "8.5.1; 8.6.1"},
      {Value::list({number("1"), number("2")}), "1..2"},
      {Value::list({Value(), number("2")}), "..2"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(value_text(value), text);
}

struct SchemaCase {
  const char* name;
  RecordEdits edits;
  SchemaVerdict verdict;
};

TEST(KindsTest, AChangesetIsHeldAgainstTheTable) {
  const RecordKey indicator{kind::indicator, 7, 3, ""};
  const RecordKey measurement{kind::measurement, 7, 3, period_bytes("2024")};
  const SchemaCase cases[] = {
      {"text", write(indicator, field::indicator_name_en, Value::text("x")), SchemaVerdict::good},
      {"cleared", write(indicator, field::indicator_parent, Value()), SchemaVerdict::good},
      {"reference", write(indicator, field::indicator_parent, Value::reference(indicator)),
       SchemaVerdict::good},
      {"deleted", remove(indicator), SchemaVerdict::good},
      {"number", write(measurement, field::measurement_value, number("1")), SchemaVerdict::good},
      {"period",
       write({kind::baseline, 7, 3, ""}, field::baseline_period,
             Value::period(period_bytes("2024"))),
       SchemaVerdict::good},
      {"number in a text", write(indicator, field::indicator_name_en, number("1")),
       SchemaVerdict::wrong_type},
      {"text in a number",
       write({kind::baseline, 7, 3, ""}, field::baseline_value, Value::text("1")),
       SchemaVerdict::wrong_type},
      {"why there is no value",
       write(measurement, field::measurement_value, Value::text("not_due")), SchemaVerdict::good},
      {"a weight below zero", write(indicator, field::indicator_weight, number("-1")),
       SchemaVerdict::wrong_type},
      {"half a decimal", write(indicator, field::indicator_decimals, number("0.5")),
       SchemaVerdict::wrong_type},
      {"a range",
       write({kind::target, 7, 3, period_bytes("2024")}, field::target_value,
             Value::list({number("1"), number("2")})),
       SchemaVerdict::good},
      {"a range that runs backward",
       write({kind::target, 7, 3, period_bytes("2024")}, field::target_value,
             Value::list({number("2"), number("1")})),
       SchemaVerdict::wrong_type},
      {"a list of something else",
       write(indicator, field::indicator_sdg, Value::list({number("1")})),
       SchemaVerdict::wrong_type},
      {"a day",
       write({kind::query, 7, 3, ""}, field::query_due, Value::period(period_bytes("2024-05-17"))),
       SchemaVerdict::good},
      {"a year as a day",
       write({kind::query, 7, 3, ""}, field::query_due, Value::period(period_bytes("2024"))),
       SchemaVerdict::wrong_type},
      {"a choice of a later Daftar",
       write(indicator, field::indicator_direction, Value::text("sideways")), SchemaVerdict::good},
      {"a report of its period",
       write({kind::report, kPeriodDevice, kPeriodCounter, period_bytes("2024 H1")},
             field::report_state, Value::text("open")),
       SchemaVerdict::good},
      {"a report under a device's number",
       write({kind::report, 7, 1, period_bytes("2024 H1")}, field::report_state,
             Value::text("open")),
       SchemaVerdict::wrong_type},
      {"no real period",
       write({kind::baseline, 7, 3, ""}, field::baseline_period, Value::period("rubbish")),
       SchemaVerdict::wrong_type},
      {"key with a period too much",
       write({kind::indicator, 7, 3, period_bytes("2024")}, field::indicator_name_en,
             Value::text("x")),
       SchemaVerdict::wrong_type},
      {"key without its period",
       write({kind::measurement, 7, 3, ""}, field::measurement_value, number("1")),
       SchemaVerdict::wrong_type},
      {"deleted by a text", write(indicator, kDeletedField, Value::text("yes")),
       SchemaVerdict::wrong_type},
      {"unknown kind", write({999, 7, 3, ""}, 1, Value::text("x")), SchemaVerdict::unknown_field},
      {"unknown field", write(indicator, kNoField, Value::text("x")), SchemaVerdict::unknown_field},
      {"unknown field beside a wrong type",
       write(indicator, {{field::indicator_name_en, number("1"), std::nullopt},
                         {kNoField, Value::text("x"), std::nullopt}}),
       SchemaVerdict::unknown_field},
  };
  for (const SchemaCase& one : cases) {
    Changeset changeset = small_changeset();
    changeset.records = {one.edits};
    if (one.verdict == SchemaVerdict::good) {
      EXPECT_TRUE(encode_changeset(changeset).ok()) << one.name;
    }
    // A `deleted` of another type cannot even be encoded: then nobody can send it.
    const bool is_sendable = encode_changeset(changeset).ok();
    EXPECT_TRUE(check_schema(changeset) == one.verdict || !is_sendable) << one.name;
  }
}

}  // namespace
}  // namespace daftar
