#include "common/register/kinds.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/base/limits.h"
#include "common/base/messages.h"
#include "common/base/period.h"
#include "common/base/report.h"
#include "common/base/text.h"
#include "common/register/aim.h"
#include "common/register/authority.h"

namespace daftar {
namespace {

constexpr bool required = true;
constexpr bool optional = false;

std::vector<Kind> make_kinds() {
  std::vector<Kind> kinds;
#define DAFTAR_CHOICES(type, names)
#define DAFTAR_KIND(enumerator, number, name, key) \
  kinds.push_back({number, name, KeyForm::key, {}});
#define DAFTAR_FIELD(kind, enumerator, number, name, type, need) \
  kinds.back().fields.push_back({number, name, FieldType::type, need});
#include "common/register/kinds.def"
#undef DAFTAR_CHOICES
#undef DAFTAR_KIND
#undef DAFTAR_FIELD
  return kinds;
}

struct Choices {
  std::string_view type;
  std::vector<std::string_view> words;
};

std::vector<std::string_view> split_words(std::string_view words) {
  std::vector<std::string_view> list;
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    list.push_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return list;
}

const std::map<FieldType, Choices>& all_choices() {
  static const std::map<FieldType, Choices> kChoices = {
#define DAFTAR_CHOICES(type, names) {FieldType::type, {#type, split_words(names)}},
#define DAFTAR_KIND(enumerator, number, name, key)
#define DAFTAR_FIELD(kind, enumerator, number, name, type, need)
#include "common/register/kinds.def"
#undef DAFTAR_CHOICES
#undef DAFTAR_KIND
#undef DAFTAR_FIELD
  };
  return kChoices;
}

bool is_day(const Value& value) {
  const Result<Period> period = Period::from_bytes(value.as_period().value_or(""));
  return period.ok() && period->start() == period->end();
}

bool is_period(const Value& value) {
  return value.as_period() && Period::from_bytes(*value.as_period()).ok();
}

bool is_list_of(const Value& value, ValueType type) {
  if (value.type() != ValueType::list) return false;
  const std::vector<Value> items = value.as_list();
  return std::all_of(items.begin(), items.end(), [&](const Value& item) {
    return item.type() == type && (type != ValueType::period || is_period(item));
  });
}

bool is_number_at_least_zero(const Value& value) {
  const auto number = value.as_decimal();
  return number && !number->negative();
}

const Decimal kHundred(100);
const Decimal kMostWeight(1'000'000'000);

// Whether a value that is stored or received is of a type. The words of choices are not held
// against the table: those of a newer Daftar are kept, and count as no choice.
bool is_of_type(const Value& value, FieldType type) {
  if (value.is_empty()) return true;
  switch (type) {
    case FieldType::number:
    case FieldType::amount:
    case FieldType::money:
      return value.type() == ValueType::decimal;
    case FieldType::weight:
      return is_number_at_least_zero(value) && *value.as_decimal() <= kMostWeight;
    case FieldType::percent:
      return is_number_at_least_zero(value) && *value.as_decimal() <= kHundred;
    case FieldType::count:
      return is_number_at_least_zero(value) && value.as_decimal()->exponent() >= 0;
    case FieldType::yes_no:
      return value.type() == ValueType::boolean;
    case FieldType::reference:
      return value.type() == ValueType::reference;
    case FieldType::period:
      return is_period(value);
    case FieldType::day:
      return is_day(value);
    case FieldType::text_list:
      return is_list_of(value, ValueType::text);
    case FieldType::reference_list:
      return is_list_of(value, ValueType::reference);
    case FieldType::period_list:
      return is_list_of(value, ValueType::period);
    case FieldType::measured:
      return value.type() == ValueType::decimal || value.type() == ValueType::boolean ||
             value.type() == ValueType::text;
    case FieldType::aimed:
      return read_aim(value).index() != 0;
    default:
      return value.type() == ValueType::text;
  }
}

bool key_fits(const Kind& kind, const RecordKey& key) {
  if (kind.key == KeyForm::id || kind.key == KeyForm::indicator) return key.qualifier.empty();
  const bool is_id_right =
      kind.key != KeyForm::period || (key.device == kPeriodDevice && key.counter == kPeriodCounter);
  return is_id_right && Period::from_bytes(key.qualifier).ok();
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

std::string_view type_name(FieldType type) {
  constexpr std::string_view kNames[] = {
      "text",     "text_list", "number",    "percent",        "weight", "count",       "amount",
      "money",    "yes_no",    "reference", "reference_list", "period", "period_list", "day",
      "measured", "aimed",     "role"};
  const auto found = all_choices().find(type);
  return found == all_choices().end() ? kNames[static_cast<size_t>(type)] : found->second.type;
}

const std::vector<std::string_view>& choices_of(FieldType type) {
  static const std::vector<std::string_view> kNone;
  const auto found = all_choices().find(type);
  return found == all_choices().end() ? kNone : found->second.words;
}

namespace {

// Tables of other publishers say directions in their own words.
constexpr std::pair<std::string_view, std::string_view> kOtherWords[] = {
    {"higher_better", "higher"}, {"lower_better", "lower"}, {"binary", "yes_no"}};

// The word of a choice that was typed: by the word itself, by another spelling of it, or by its
// name in any language.
std::optional<std::string_view> find_choice(FieldType type, std::string_view typed) {
  std::string plain(trim(typed));
  for (char& c : plain) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  std::replace(plain.begin(), plain.end(), '-', '_');
  std::replace(plain.begin(), plain.end(), ' ', '_');
  for (const auto& [other, word] : kOtherWords) {
    if (type == FieldType::direction && plain == other) plain = word;
  }
  for (const std::string_view word : choices_of(type)) {
    if (plain == word) return word;
    const std::optional<Msg> name = choice_message(type, word);
    for (const Language language : {Language::arabic, Language::french, Language::english}) {
      if (name && message_text(*name, {}, language) == trim(typed)) return word;
    }
  }
  return std::nullopt;
}

Result<Value> parse_choice(FieldType type, std::string_view typed) {
  if (const auto word = find_choice(type, typed)) return Value::text(*word);
  std::vector<std::string> words;
  for (const std::string_view word : choices_of(type)) {
    const auto name = choice_message(type, word);
    const bool is_english = language_of_environment() == Language::english;
    words.push_back(is_english || !name ? std::string(word) : text_of(*name));
  }
  return Status(Code::invalid, Msg::choice_bad, {std::string(typed.substr(0, 80)), joined(words)});
}

Result<Value> parse_text(const Field& field, std::string_view typed) {
  DAFTAR_ASSIGN_OR_RETURN(const std::string text, normalise_text(typed));
  if (text.find('\0') != std::string::npos) return Status(Code::invalid, Msg::text_not_utf8);
  if (Value::text(text).bytes().size() > limits::kValueBytes) {
    return Status(Code::too_large, Msg::value_too_long, {std::string(field.name)});
  }
  return Value::text(text);
}

// Items with ; between them, each as a value of type `item`; empty ones are passed over.
Result<Value> parse_list(const Field& field, FieldType item, std::string_view typed) {
  std::vector<Value> list;
  while (!typed.empty()) {
    const size_t end = std::min(typed.find(';'), typed.size());
    const std::string_view text = trim(typed.substr(0, end));
    typed.remove_prefix(std::min(end + 1, typed.size()));
    if (text.empty()) continue;
    DAFTAR_ASSIGN_OR_RETURN(Value value, parse_value({field.number, field.name, item}, text));
    list.push_back(std::move(value));
  }
  if (list.empty()) return Value();
  Value value = Value::list(list);
  if (value.bytes().size() > limits::kValueBytes) {
    return Status(Code::too_large, Msg::value_too_long, {std::string(field.name)});
  }
  return value;
}

Result<Value> parse_measured(std::string_view typed) {
  if (const auto yes = parse_yes_no(typed)) return Value::boolean(*yes);
  if (const auto word = find_choice(FieldType::missing, typed)) return Value::text(*word);
  const Result<Decimal> number = Decimal::parse(typed);
  if (number.ok()) return Value::decimal(*number);
  if (number.status().message() != Msg::decimal_bad) return number.status();
  return Status(Code::invalid, Msg::measured_bad, {std::string(typed.substr(0, 80))});
}

}  // namespace

std::optional<Msg> choice_message(FieldType type, std::string_view word) {
  return find_message("choice." + std::string(type_name(type)) + "." + std::string(word));
}

Result<Value> parse_value(const Field& field, std::string_view typed) {
  if (typed.empty()) return Value();
  Value value;
  switch (field.type) {
    case FieldType::text:
      return parse_text(field, typed);
    case FieldType::text_list:
      return parse_list(field, FieldType::text, typed);
    case FieldType::period_list:
      return parse_list(field, FieldType::period, typed);
    case FieldType::number:
    case FieldType::percent:
    case FieldType::weight:
    case FieldType::count:
    case FieldType::amount:
    case FieldType::money: {
      DAFTAR_ASSIGN_OR_RETURN(const Decimal number, Decimal::parse(typed));
      value = Value::decimal(number);
      break;
    }
    case FieldType::yes_no:
      if (const auto yes = parse_yes_no(typed)) return Value::boolean(*yes);
      break;
    case FieldType::period:
    case FieldType::day: {
      DAFTAR_ASSIGN_OR_RETURN(const ParsedPeriod parsed, parse_period(typed));
      value = Value::period(parsed.period.bytes());
      break;
    }
    case FieldType::measured:
      return parse_measured(typed);
    case FieldType::aimed: {
      DAFTAR_ASSIGN_OR_RETURN(Value aim, parse_aim(typed));
      if (aim.bytes().size() <= limits::kValueBytes) return aim;
      return Status(Code::too_large, Msg::value_too_long, {std::string(field.name)});
    }
    case FieldType::role:
      if (find_role(typed)) return Value::text(typed);
      return Status(Code::invalid, Msg::role_unknown,
                    {std::string(typed.substr(0, 80)), role_names()});
    case FieldType::reference:
    case FieldType::reference_list:
      break;
    default:
      return parse_choice(field.type, typed);
  }
  if (!value.is_empty() && is_of_type(value, field.type)) return value;
  return Status(Code::invalid, Msg::value_wrong_type,
                {std::string(typed.substr(0, 80)), std::string(field.name)});
}

std::string field_text(const Kind& kind, const Field& field) {
  const std::string own = std::string(kind.name) + "." + std::string(field.name);
  return words_of("field", find_message("field." + own) ? own : field.name);
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
      if (const Aim aim = read_aim(value); aim.index() != 0) return aim_text(aim);
      std::string text;
      for (const Value& item : value.as_list()) {
        text += (text.empty() ? "" : "; ") + value_text(item);
      }
      return text;
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
