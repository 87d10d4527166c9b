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
};

enum class FieldType {
  text,
  number,
  yes_no,
  reference,
  period,
  role,      ///< the name of a role (authority.def), as text
  standing,  ///< of a device: active, retired or lost, as text
};

struct Field {
  FieldNumber number;
  std::string_view name;
  FieldType type;
};

struct Kind {
  KindNumber number;
  std::string_view name;
  KeyForm key;
  std::vector<Field> fields;  ///< ascending by number; `deleted` is not listed

  [[nodiscard]] const Field* find(std::string_view name) const;
  [[nodiscard]] const Field* find(FieldNumber number) const;
};

namespace kind {
#define DAFTAR_KIND(enumerator, number, name, key) constexpr KindNumber enumerator = number;
#define DAFTAR_FIELD(kind, enumerator, number, name, type)
#include "common/register/kinds.def"
#undef DAFTAR_KIND
#undef DAFTAR_FIELD
}  // namespace kind

namespace field {
#define DAFTAR_KIND(enumerator, number, name, key)
#define DAFTAR_FIELD(kind, enumerator, number, name, type) \
  constexpr FieldNumber kind##_##enumerator = number;
#include "common/register/kinds.def"
#undef DAFTAR_KIND
#undef DAFTAR_FIELD
}  // namespace field

const std::vector<Kind>& all_kinds();
const Kind* find_kind(KindNumber number);
const Kind* find_kind(std::string_view name);

/// The field that says how a field of a kind was typed (`value_as_written` of `value`), if it has
/// one.
std::optional<FieldNumber> companion_of(KindNumber kind, FieldNumber field);

/// The value that a person wrote for a field: a number in either digits, text normalised to NFC,
/// yes or no, a period. "" is the empty value. References are resolved by the caller. Code::invalid
/// if it is not of the field's type.
Result<Value> parse_value(const Field& field, std::string_view typed);

/// A value as people read it; references as "kind#id".
std::string value_text(const Value& value);

/// What the table says of a changeset.
enum class SchemaVerdict { good, wrong_type, unknown_field };
SchemaVerdict check_schema(const Changeset& changeset);

}  // namespace daftar
