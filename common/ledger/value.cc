#include "common/ledger/value.h"

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/ledger/hash.h"

namespace daftar {
namespace {

enum Tag : uint8_t {
  kEmpty = 0,
  kNo = 1,
  kYes = 2,
  kDecimal = 3,
  kText = 4,
  kReference = 5,
  kPeriod = 6,
  kTime = 7,
  kBytes = 8,
  kList = 9,
  kChoice = 10,
};

std::string tagged(Tag tag) { return std::string(1, static_cast<char>(tag)); }

std::optional<Decimal> read_decimal(Reader& reader) {
  const uint64_t head = reader.n();
  const uint64_t low = reader.n();
  const bool wide = (head & 1) != 0;
  const uint64_t high = wide ? reader.n() : 0;
  const int64_t exponent = unzigzag(head >> 2);
  if (!reader.ok() || (wide && high == 0) || exponent < -Decimal::kExponent ||
      exponent > Decimal::kExponent) {
    reader.fail();
    return std::nullopt;
  }
  Result<Decimal> number =
      Decimal::from_parts((head & 2) != 0, high, low, static_cast<int>(exponent));
  if (!number.ok()) {
    reader.fail();
    return std::nullopt;
  }
  return *number;
}

RecordKey read_reference(Reader& reader) {
  RecordKey key;
  key.kind = reader.n_within(1, UINT64_MAX);
  key.device = reader.n_within(1, UINT64_MAX);
  key.counter = reader.n_within(1, UINT64_MAX);
  key.qualifier = reader.bytes(limits::kQualifierBytes);
  return key;
}

void skip_text(Reader& reader) {
  const std::string_view text = reader.bytes(limits::kValueBytes);
  if (text.find('\0') != std::string_view::npos || !is_valid_utf8(text)) reader.fail();
}

}  // namespace

Result<RecordKey> RecordKey::from_bytes(std::string_view bytes) {
  Reader reader(bytes);
  RecordKey key;
  key.kind = reader.n_within(1, UINT64_MAX);
  key.device = reader.n_within(1, UINT64_MAX);
  key.counter = reader.n_within(1, UINT64_MAX);
  key.qualifier = reader.raw(reader.left());
  if (!reader.ok() || key.qualifier.size() > limits::kQualifierBytes) {
    return Status(Code::corrupt, Msg::record_key_bad, {to_hex(bytes.substr(0, 80))});
  }
  return key;
}

Value Value::boolean(bool yes) { return Value(tagged(yes ? kYes : kNo)); }

Value Value::decimal(const Decimal& number) {
  std::string out = tagged(kDecimal);
  const bool wide = number.high() != 0;
  put_n(out, 4 * zigzag(number.exponent()) + (number.negative() ? 2 : 0) + (wide ? 1 : 0));
  put_n(out, number.low());
  if (wide) put_n(out, number.high());
  return Value(std::move(out));
}

Value Value::text(std::string_view text) {
  std::string out = tagged(kText);
  put_bytes(out, text);
  return Value(std::move(out));
}

Value Value::reference(const RecordKey& record) {
  std::string out = tagged(kReference);
  put_n(out, record.kind);
  put_n(out, record.device);
  put_n(out, record.counter);
  put_bytes(out, record.qualifier);
  return Value(std::move(out));
}

Value Value::period(std::string_view period) {
  std::string out = tagged(kPeriod);
  put_bytes(out, period);
  return Value(std::move(out));
}

Value Value::time(uint64_t milliseconds) {
  std::string out = tagged(kTime);
  put_n(out, milliseconds);
  return Value(std::move(out));
}

Value Value::list(const std::vector<Value>& items) {
  std::string out = tagged(kList);
  put_n(out, items.size());
  for (const Value& item : items) out += item.bytes_;
  return Value(std::move(out));
}

Value Value::choice(uint64_t number) {
  std::string out = tagged(kChoice);
  put_n(out, number);
  return Value(std::move(out));
}

void Value::skip(Reader& reader, int depth) {
  switch (reader.u8()) {
    case kEmpty:
    case kNo:
    case kYes:
      return;
    case kDecimal:
      read_decimal(reader);
      return;
    case kText:
      return skip_text(reader);
    case kReference:
      read_reference(reader);
      return;
    case kPeriod:
      reader.bytes(limits::kQualifierBytes);
      return;
    case kTime:
    case kChoice:
      reader.n();
      return;
    case kBytes:
      reader.bytes(limits::kValueBytes);
      return;
    case kList: {
      if (depth == limits::kValueDepth) return reader.fail();
      // Each item takes at least a byte, so a count beyond what is left fails at once.
      const uint64_t count = reader.n_within(0, reader.left());
      for (uint64_t i = 0; i < count && reader.ok(); ++i) skip(reader, depth + 1);
      return;
    }
    default:
      return reader.fail();
  }
}

Value Value::read(Reader& reader) {
  const size_t begin = reader.position();
  skip(reader);
  if (reader.ok() && reader.position() - begin > limits::kValueBytes) reader.fail();
  return reader.ok() ? Value(std::string(reader.since(begin))) : Value();
}

ValueType Value::type() const {
  switch (bytes_[0]) {
    case kEmpty:
      return ValueType::empty;
    case kNo:
    case kYes:
      return ValueType::boolean;
    default:
      return static_cast<ValueType>(bytes_[0] - 1);
  }
}

std::optional<Decimal> Value::as_decimal() const {
  Reader reader(bytes_);
  return reader.u8() == kDecimal ? read_decimal(reader) : std::nullopt;
}

std::optional<std::string_view> Value::as_text() const {
  Reader reader(bytes_);
  if (reader.u8() != kText) return std::nullopt;
  return reader.bytes(limits::kValueBytes);
}

std::optional<RecordKey> Value::as_reference() const {
  Reader reader(bytes_);
  if (reader.u8() != kReference) return std::nullopt;
  return read_reference(reader);
}

std::optional<std::string_view> Value::as_period() const {
  Reader reader(bytes_);
  if (reader.u8() != kPeriod) return std::nullopt;
  return reader.bytes(limits::kQualifierBytes);
}

std::optional<uint64_t> Value::as_time() const {
  Reader reader(bytes_);
  return reader.u8() == kTime ? std::optional(reader.n()) : std::nullopt;
}

std::optional<uint64_t> Value::as_choice() const {
  Reader reader(bytes_);
  return reader.u8() == kChoice ? std::optional(reader.n()) : std::nullopt;
}

std::vector<Value> Value::as_list() const {
  std::vector<Value> items;
  Reader reader(bytes_);
  if (reader.u8() != kList) return items;
  const uint64_t count = reader.n();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) items.push_back(read(reader));
  return items;
}

}  // namespace daftar
