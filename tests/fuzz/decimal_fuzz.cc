// Numbers as people write them (up to three, a line each) and as their canonical bytes.
#include "common/base/decimal.h"
#include "common/ledger/hash.h"
#include "common/ledger/value.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

void check_number(const Decimal& number) {
  const std::string text = number.text();
  const Result<Decimal> from_text = Decimal::parse(text);
  require(from_text.ok() && *from_text == number, "the text of a number reads back as it");
  require(from_text->text() == text, "the text of a number is a fixed point");
  const Result<Decimal> from_parts =
      Decimal::from_parts(number.negative(), number.high(), number.low(), number.exponent());
  require(from_parts.ok() && *from_parts == number, "a number has canonical parts");
  const Value value = Value::decimal(number);
  Reader reader(value.bytes());
  const Value read = Value::read(reader);
  require(reader.ok() && reader.at_end() && read.as_decimal() == number,
          "the bytes of a number read back as it");
}

std::string words_of(std::strong_ordering order) {
  if (order < 0) return "less";
  return order > 0 ? "greater" : "equal";
}

void check_order(const std::vector<Decimal>& numbers, Verdicts* verdicts) {
  require_order(numbers, [](const Decimal& number) { return Value::decimal(number).bytes(); });
  for (const Decimal& a : numbers) {
    for (const Decimal& b : numbers) {
      require(!(a < b) || a.to_double() <= b.to_double(), "doubles keep the order");
      if (verdicts != nullptr) {
        verdicts->push_back({"decimal_order", a.text() + "\n" + b.text(), words_of(a <=> b)});
      }
    }
  }
}

}  // namespace

void judge(std::string_view input, Verdicts* verdicts) {
  std::vector<Decimal> numbers;
  for (const std::string_view text : pieces(input)) {
    const Result<Decimal> number =
        within_memory(16 * text.size() + 8192, [&] { return Decimal::parse(text); });
    if (number.ok()) {
      check_number(*number);
      numbers.push_back(*number);
    } else {
      (void)number.status().text();
    }
    if (verdicts != nullptr) {
      verdicts->push_back({"decimal_text", std::string(text),
                           number.ok() ? to_hex(Value::decimal(*number).bytes()) : kRefused});
    }
  }
  // As bytes the tag is left out: the fuzzer's work is what follows it.
  const std::string bytes = "\x03" + std::string(input);
  Reader reader(bytes);
  const Value value = Value::read(reader);
  if (reader.ok() && reader.at_end()) {
    require(Value::decimal(*value.as_decimal()).bytes() == bytes,
            "a number's bytes are written as they were read");
    check_number(*value.as_decimal());
    numbers.push_back(*value.as_decimal());
  }
  check_order(numbers, verdicts);
}

}  // namespace daftar::fuzz
