// common/register/KINDS.md is what the table says; DAFTAR_WRITE_PAGES=1 writes it anew. Every name
// in the table is in the catalogue, in three languages.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "common/base/messages.h"
#include "common/register/authority.h"
#include "common/register/kinds.h"

namespace daftar {
namespace {

constexpr Language kLanguages[] = {Language::arabic, Language::english, Language::french};

Msg label(const std::string& id) {
  const auto message = find_message(id);
  EXPECT_TRUE(message) << id << " is not in the catalogue";
  return message.value_or(Msg::text_not_utf8);
}

Msg field_label(const Kind& kind, const Field& field) {
  const std::string own = "field." + std::string(kind.name) + "." + std::string(field.name);
  return label(find_message(own) ? own : "field." + std::string(field.name));
}

std::string names(Msg message) {
  std::string row;
  for (const Language language : kLanguages) row += " | " + message_text(message, {}, language);
  return row;
}

std::string writers(const Kind& kind, const Field& field) {
  std::string text;
  for (const char* ledger : {"administration/x", "national", "sector/x", "inspection/x"}) {
    std::string roles;
    for (const Role role : who_may_write(ledger, kind.number, field.number)) {
      roles += (roles.empty() ? "" : ", ") + std::string(role_name(role));
    }
    if (roles.empty()) continue;
    const std::string where(ledger);
    text += (text.empty() ? "" : "; ") + where.substr(0, where.find('/')) + ": " + roles;
  }
  return text.empty() ? "the hub" : text;
}

std::string key_text(KeyForm key) {
  switch (key) {
    case KeyForm::id:
      return "numbered by the device that makes it";
    case KeyForm::indicator:
      return "one for each indicator";
    case KeyForm::indicator_period:
      return "one for each indicator and period";
    case KeyForm::period:
      return "one for each period";
  }
  return "";
}

std::string page() {
  std::ostringstream out;
  out << "# Kinds of records and their fields\n\n"
         "Made from `kinds.def` and `authority.def` by `unit_test` (`DAFTAR_WRITE_PAGES=1`); "
         "`kinds.def` "
         "says what the types are.\n"
         "`*`: of areas and indicators a check asks for it, of the others whoever makes one. "
         "The roles are those that may write the field, by ledger.\n";
  for (const Kind& kind : all_kinds()) {
    out << "\n## " << kind.name << " (" << kind.number << ")\n\n";
    out << names(label("kind." + std::string(kind.name))).substr(3) << "; " << key_text(kind.key)
        << "\n\n| | field | type | العربية | English | français | who may write it |\n"
           "|---|---|---|---|---|---|---|\n";
    for (const Field& field : kind.fields) {
      out << "| " << field.number << " | " << field.name << (field.is_required ? " *" : "") << " | "
          << type_name(field.type) << names(field_label(kind, field)) << " | "
          << writers(kind, field) << " |\n";
    }
  }
  out << "\n## Choices\n\n| type | word | العربية | English | français |\n|---|---|---|---|---|\n";
  for (int i = 0; i <= static_cast<int>(FieldType::method); ++i) {
    const auto type = static_cast<FieldType>(i);
    for (const std::string_view word : choices_of(type)) {
      const auto message = choice_message(type, word);
      EXPECT_TRUE(message) << type_name(type) << ' ' << word;
      out << "| " << type_name(type) << " | " << word << names(message.value_or(Msg::text_not_utf8))
          << " |\n";
    }
  }
  return out.str();
}

Value read_as(const Field& field, std::string_view typed) {
  const Result<Value> value = parse_value(field, typed);
  return value.ok() ? *value : Value();
}

TEST(KindsPageTest, ThePageSaysWhatTheTableSays) {
  const std::string path = std::string(DAFTAR_SOURCE_DIR) + "/common/register/KINDS.md";
  const std::string made = page();
  if (std::getenv("DAFTAR_WRITE_PAGES") != nullptr) {
    std::ofstream(path) << made;
    return;
  }
  std::ifstream file(path);
  std::ostringstream read;
  read << file.rdbuf();
  EXPECT_EQ(read.str(), made) << "DAFTAR_WRITE_PAGES=1 unit_test --gtest_filter=KindsPageTest.*";
}

TEST(KindsPageTest, EveryNameIsThereInThreeLanguages) {
  for (const Kind& kind : all_kinds()) {
    for (const Field& field : kind.fields) {
      const Msg message = field_label(kind, field);
      const std::string english = message_text(message, {}, Language::english);
      EXPECT_NE(message_text(message, {}, Language::arabic), english) << english;
      EXPECT_FALSE(message_text(message, {}, Language::french).empty());
    }
  }
}

// A choice can be typed by its name in any language, and by the words of other publishers.
TEST(KindsPageTest, ChoicesAreReadByTheirNames) {
  size_t read = 0;
  for (const Kind& kind : all_kinds()) {
    for (const Field& field : kind.fields) {
      for (const std::string_view word : choices_of(field.type)) {
        ++read;
        for (const Language language : kLanguages) {
          const std::string name = message_text(*choice_message(field.type, word), {}, language);
          EXPECT_EQ(read_as(field, name), Value::text(word)) << name;
        }
        EXPECT_EQ(read_as(field, word), Value::text(word));
      }
    }
  }
  EXPECT_GT(read, 30U);
  const Field& direction = *find_kind(kind::indicator)->find("direction");
  EXPECT_EQ(*parse_value(direction, "higher_better"), Value::text("higher"));
  EXPECT_EQ(parse_value(direction, "upwards").status().message(), Msg::choice_bad);
}

}  // namespace
}  // namespace daftar
