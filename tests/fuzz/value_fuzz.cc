// One value, from the bytes of a changeset.
#include "common/base/limits.h"
#include "common/ledger/hash.h"
#include "common/ledger/value.h"
#include "common/register/kinds.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

Value made_again(const Value& value, int lists_around) {
  switch (value.type()) {
    case ValueType::empty:
      return {};
    case ValueType::boolean:
      return Value::boolean(value.is_yes());
    case ValueType::decimal:
      return Value::decimal(*value.as_decimal());
    case ValueType::text:
      return Value::text(*value.as_text());
    case ValueType::reference:
      return Value::reference(*value.as_reference());
    case ValueType::period:
      return Value::period(*value.as_period());
    case ValueType::time:
      return Value::time(*value.as_time());
    case ValueType::list: {
      require(lists_around < limits::kValueDepth, "lists are not too deep in each other");
      std::vector<Value> items;
      for (const Value& item : value.as_list()) {
        items.push_back(made_again(item, lists_around + 1));
      }
      return Value::list(items);
    }
    case ValueType::choice:
      return Value::choice(*value.as_choice());
    case ValueType::bytes:
      return value;  // nothing makes them yet
  }
  return {};
}

std::string words_of(const Value& value) {
  if (const auto number = value.as_decimal()) {
    return "decimal " + std::to_string(static_cast<int>(number->negative())) + " " +
           std::to_string(number->high()) + " " + std::to_string(number->low()) + " " +
           std::to_string(number->exponent());
  }
  if (const auto key = value.as_reference()) return "reference " + to_hex(key->bytes());
  if (const auto text = value.as_text()) return "text " + to_hex(*text);
  return "value";
}

}  // namespace

void judge(std::string_view input, Verdicts* verdicts) {
  Reader reader(input);
  const Value value = within_memory(4 * input.size() + 4096, [&] { return Value::read(reader); });
  const bool is_whole = reader.ok() && reader.at_end();
  Reader passing(input);
  Value::skip(passing);
  require(!reader.ok() || (passing.ok() && passing.position() == reader.position()),
          "a value is passed over as it is read");
  if (is_whole) {
    require(value.bytes() == input && value.bytes().size() <= limits::kValueBytes,
            "a value is its bytes");
    require(made_again(value, 0) == value, "what a value says makes the same value");
    (void)value_text(value);
  }
  if (verdicts != nullptr) {
    verdicts->push_back({"value", std::string(input), is_whole ? words_of(value) : kRefused});
  }
}

}  // namespace daftar::fuzz
