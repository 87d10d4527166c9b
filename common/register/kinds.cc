#include "common/register/kinds.h"

#include <algorithm>

#include "common/base/limits.h"
#include "common/base/period.h"
#include "common/base/text.h"
#include "common/register/directory.h"

namespace daftar {
namespace {

std::vector<Kind> make_kinds() {
  std::vector<Kind> kinds;
#define DAFTAR_KIND(enumerator, number, name, key) \
  kinds.push_back({number, name, KeyForm::key, {}});
#define DAFTAR_FIELD(kind, enumerator, number, name, type) \
  kinds.back().fields.push_back({number, name, FieldType::type});
#include "common/register/kinds.def"
#undef DAFTAR_KIND
#undef DAFTAR_FIELD
  return kinds;
}

ValueType value_type(FieldType type) {
  switch (type) {
    case FieldType::text:
    case FieldType::role:
    case FieldType::standing:
      return ValueType::text;
    case FieldType::number:
      return ValueType::decimal;
    case FieldType::yes_no:
      return ValueType::boolean;
    case FieldType::reference:
      return ValueType::reference;
    case FieldType::period:
      return ValueType::period;
  }
  return ValueType::empty;
}

bool is_of_type(const Value& value, FieldType type) {
  if (value.is_empty()) return true;
  if (value.type() != value_type(type)) return false;
  return type != FieldType::period || Period::from_bytes(*value.as_period()).ok();
}

bool key_fits(const Kind& kind, const RecordKey& key) {
  if (kind.key != KeyForm::indicator_period) return key.qualifier.empty();
  return Period::from_bytes(key.qualifier).ok();
}

}  // namespace

const Field* Kind::find(std::string_view wanted) const {
  const auto at = std::find_if(fields.begin(), fields.end(),
                               [&](const Field& field) { return field.name == wanted; });
  return at == fields.end() ? nullptr : &*at;
}

const Field* Kind::find(FieldNumber wanted) const {
  const auto at = std::find_if(fields.begin(), fields.end(),
                               [&](const Field& field) { return field.number == wanted; });
  return at == fields.end() ? nullptr : &*at;
}

const std::vector<Kind>& all_kinds() {
  static const std::vector<Kind> kKinds = make_kinds();
  return kKinds;
}

const Kind* find_kind(KindNumber number) {
  for (const Kind& kind : all_kinds()) {
    if (kind.number == number) return &kind;
  }
  return nullptr;
}

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : all_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

std::optional<FieldNumber> companion_of(KindNumber kind, FieldNumber field) {
  const Kind* described = find_kind(kind);
  const Field* value = described == nullptr ? nullptr : described->find("value");
  const Field* companion = described == nullptr ? nullptr : described->find("value_as_written");
  if (value == nullptr || companion == nullptr || value->number != field) return std::nullopt;
  return companion->number;
}

Result<Value> parse_value(const Field& field, std::string_view typed) {
  if (typed.empty()) return Value();
  switch (field.type) {
    case FieldType::number: {
      DAFTAR_ASSIGN_OR_RETURN(const Decimal number, Decimal::parse(typed));
      return Value::decimal(number);
    }
    case FieldType::yes_no:
      if (typed == "yes" || typed == "no") return Value::boolean(typed == "yes");
      break;
    case FieldType::period: {
      DAFTAR_ASSIGN_OR_RETURN(const ParsedPeriod parsed, parse_period(typed));
      return Value::period(parsed.period.bytes());
    }
    case FieldType::text: {
      DAFTAR_ASSIGN_OR_RETURN(const std::string text, normalise_text(typed));
      if (text.find('\0') != std::string::npos) return Status(Code::invalid, Msg::text_not_utf8);
      if (Value::text(text).bytes().size() > limits::kValueBytes) {
        return Status(Code::too_large, Msg::value_too_long, {std::string(field.name)});
      }
      return Value::text(text);
    }
    case FieldType::role:
      if (find_role(typed)) return Value::text(typed);
      return Status(Code::invalid, Msg::role_unknown,
                    {std::string(typed.substr(0, 80)), role_names()});
    case FieldType::standing:
      if (find_standing(typed)) return Value::text(typed);
      break;
    case FieldType::reference:
      break;
  }
  return Status(Code::invalid, Msg::value_wrong_type,
                {std::string(typed.substr(0, 80)), std::string(field.name)});
}

std::string value_text(const Value& value) {
  switch (value.type()) {
    case ValueType::empty:
      return "";
    case ValueType::boolean:
      return value.is_yes() ? "yes" : "no";
    case ValueType::decimal:
      return value.as_decimal()->text();
    case ValueType::text:
      return std::string(*value.as_text());
    case ValueType::reference: {
      const RecordKey key = *value.as_reference();
      const Kind* kind = find_kind(key.kind);
      return (kind == nullptr ? std::to_string(key.kind) : std::string(kind->name)) + "#" +
             key.id();
    }
    case ValueType::period: {
      const Result<Period> period = Period::from_bytes(*value.as_period());
      return period.ok() ? period->text() : "0x" + to_hex(*value.as_period());
    }
    case ValueType::time:
      return std::to_string(*value.as_time()) + " ms";
    case ValueType::choice:
      return "#" + std::to_string(*value.as_choice());
    case ValueType::bytes:
      return "0x" + to_hex(value.bytes());
    case ValueType::list: {
      std::string text;
      for (const Value& item : value.as_list()) {
        text += (text.empty() ? "[" : ", ") + value_text(item);
      }
      return text.empty() ? "[]" : text + "]";
    }
  }
  return "";
}

SchemaVerdict check_schema(const Changeset& changeset) {
  bool wrong_type = false;
  for (const RecordEdits& record : changeset.records) {
    const Kind* kind = find_kind(record.key.kind);
    if (kind == nullptr) return SchemaVerdict::unknown_field;
    wrong_type = wrong_type || !key_fits(*kind, record.key);
    for (const CellEdit& cell : record.cells) {
      if (cell.field == kDeletedField) continue;
      const Field* field = kind->find(cell.field);
      if (field == nullptr) return SchemaVerdict::unknown_field;
      wrong_type = wrong_type || !is_of_type(cell.value, field->type);
    }
  }
  return wrong_type ? SchemaVerdict::wrong_type : SchemaVerdict::good;
}

}  // namespace daftar
