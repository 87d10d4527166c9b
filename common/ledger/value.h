// Typed values in their canonical bytes (FORMAT.md §2).
//
// A Value is its bytes: they are stored, compared, merged and digested as they are, and looked into
// only where a person or a check wants to know what they say. So a program that does not know what
// a value means still keeps it whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/decimal.h"
#include "common/ledger/bytes.h"
#include "common/ledger/record_key.h"

namespace daftar {

enum class ValueType : uint8_t {
  empty,
  boolean,
  decimal,
  text,
  reference,
  period,
  time,
  bytes,
  list,
  choice,
};

class Value {
 public:
  /// Empty.
  Value() : bytes_(1, '\0') {}
  static Value boolean(bool yes);
  static Value decimal(const Decimal& number);
  /// `text` must be NFC already (normalise_text).
  static Value text(std::string_view text);
  static Value reference(const RecordKey& record);
  /// `period`: canonical bytes of a Period.
  static Value period(std::string_view period);
  static Value time(uint64_t milliseconds);
  static Value list(const std::vector<Value>& items);
  static Value choice(uint64_t number);

  /// Reads one value, refusing what is not canonical or over the limits.
  static Value read(Reader& reader);
  /// Steps over one value as read() would, without copying it.
  static void skip(Reader& reader, int depth = 0);

  [[nodiscard]] ValueType type() const;
  [[nodiscard]] bool is_empty() const { return bytes_[0] == 0; }
  [[nodiscard]] bool is_yes() const { return bytes_[0] == 2; }
  /// Each returns nothing when the value is of another type.
  [[nodiscard]] std::optional<Decimal> as_decimal() const;
  [[nodiscard]] std::optional<std::string_view> as_text() const;
  [[nodiscard]] std::optional<RecordKey> as_reference() const;
  [[nodiscard]] std::optional<std::string_view> as_period() const;
  [[nodiscard]] std::optional<uint64_t> as_time() const;
  [[nodiscard]] std::optional<uint64_t> as_choice() const;
  [[nodiscard]] std::vector<Value> as_list() const;

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

  friend bool operator==(const Value&, const Value&) = default;
  friend auto operator<=>(const Value&, const Value&) = default;

 private:
  explicit Value(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

}  // namespace daftar
