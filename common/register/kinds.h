// What kinds of records there are, which fields they have, and of which type: kinds.def as a table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/ledger/changeset.h"

namespace daftar {

/// What names a record of a kind.
enum class KeyForm {
  id,                ///< "7.1042": numbered by the device that made it
  indicator,         ///< the indicator's id
  indicator_period,  ///< the indicator's id, and a period as the key's qualifier
  period,            ///< kPeriodRecord, and a period as the key's qualifier
};

/// What stands for the id in the key of a record that there is once for each period: a number that
/// no device gets.
constexpr DeviceNumber kPeriodDevice = (uint64_t{1} << 32) + 1;
constexpr uint64_t kPeriodCounter = 1;

/// kinds.def says what each is.
enum class FieldType {
  text,
  text_list,
  number,
  percent,
  weight,
  count,
  amount,
  money,
  yes_no,
  reference,
  reference_list,
  period,
  period_list,
  day,       ///< a period of one day
  measured,  ///< a number, yes or no, or one of the choices `missing`
  aimed,     ///< aim.h
  role,      ///< the name of a role (authority.def), as text
#define DAFTAR_CHOICES(type, names) type,
#define DAFTAR_KIND(enumerator, number, name, key)
#define DAFTAR_FIELD(kind, enumerator, number, name, type, need)
#include "common/register/kinds.def"
#undef DAFTAR_CHOICES
#undef DAFTAR_CHOICES
#undef DAFTAR_KIND
#undef DAFTAR_FIELD
};

std::string_view type_name(FieldType type);
/// The words of a type of choices, in the order in which they are shown; none for other types.
const std::vector<std::string_view>& choices_of(FieldType type);

/// The name of a choice for people; nothing for a word that the type does not have.
std::optional<Msg> choice_message(FieldType type, std::string_view word);

struct Field {
  FieldNumber number;
  std::string_view name;
  FieldType type;
  bool is_required = false;
};

struct Kind {
  KindNumber number;
  std::string_view name;
  KeyForm key;
  std::vector<Field> fields;  ///< ascending by number; `deleted` is not listed

  /// Whether a record belongs to an indicator, whose id it has.
  [[nodiscard]] bool is_of_indicator() const {
    return key == KeyForm::indicator || key == KeyForm::indicator_period;
  }
  [[nodiscard]] const Field* find(std::string_view name) const;
  [[nodiscard]] const Field* find(FieldNumber number) const;
};

namespace kind {
#define DAFTAR_CHOICES(type, names)
#define DAFTAR_KIND(enumerator, number, name, key) constexpr KindNumber enumerator = number;
#define DAFTAR_FIELD(kind, enumerator, number, name, type, need)
#include "common/register/kinds.def"
#undef DAFTAR_CHOICES
#undef DAFTAR_KIND
#undef DAFTAR_FIELD
}  // namespace kind

namespace field {
#define DAFTAR_CHOICES(type, names)
#define DAFTAR_KIND(enumerator, number, name, key)
#define DAFTAR_FIELD(kind, enumerator, number, name, type, need) \
  constexpr FieldNumber kind##_##enumerator = number;
#include "common/register/kinds.def"
#undef DAFTAR_CHOICES
#undef DAFTAR_KIND
#undef DAFTAR_FIELD
}  // namespace field

/// The name of a field for people, in their language.
std::string field_text(const Kind& kind, const Field& field);

const std::vector<Kind>& all_kinds();
const Kind* find_kind(KindNumber number);
const Kind* find_kind(std::string_view name);

/// The field that says how a field of a kind was typed (`value_as_written` of `value`), if it has
/// one.
std::optional<FieldNumber> companion_of(KindNumber kind, FieldNumber field);

/// The value that a person wrote for a field: a number in either digits, text normalised to NFC,
/// yes or no, a period, a choice by its word or by its name in any language, the items of a list
/// with ; between them. "" is the empty value. References are resolved by the caller. Code::invalid
/// if it is not of the field's type.
Result<Value> parse_value(const Field& field, std::string_view typed);

/// A value as people read it, and as parse_value() reads it back; references as "kind#id".
std::string value_text(const Value& value);

/// What the table says of a changeset.
enum class SchemaVerdict { good, wrong_type, unknown_field };
SchemaVerdict check_schema(const Changeset& changeset);

}  // namespace daftar
