// Short ways to write down ledger values in tests.
#pragma once

#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/decimal.h"
#include "common/base/status.h"
#include "common/ledger/changeset.h"
#include "common/ledger/hash.h"
#include "common/ledger/keys.h"

namespace daftar {

inline std::string n_bytes(uint64_t value) {
  std::string out;
  put_n(out, value);
  return out;
}

/// A hash that is `byte` 32 times.
inline Hash filled_hash(uint8_t byte) {
  Hash hash{};
  hash.fill(byte);
  return hash;
}

/// The id of a failure's message, as people and programs get it; "" for success.
inline std::string message_of(const Status& status) {
  return status.ok() ? "" : std::string(message_id(status.message()));
}

inline SigningKey test_key(char byte) { return SigningKey::from_seed(std::string(32, byte)); }

inline Value number(std::string_view text) { return Value::decimal(*Decimal::parse(text)); }

inline RecordEdits write(RecordKey key, std::vector<CellEdit> cells) {
  return {std::move(key), std::move(cells)};
}
inline RecordEdits write(RecordKey key, FieldNumber field, Value value) {
  return {std::move(key), {{field, std::move(value), std::nullopt}}};
}
inline RecordEdits remove(RecordKey key) {
  return write(std::move(key), kDeletedField, Value::boolean(true));
}

/// A whole small changeset: one text in one cell.
inline Changeset small_changeset() {
  Changeset changeset;
  changeset.ledger = "administration/transport";
  changeset.device = 7;
  changeset.seq = 3;
  changeset.context = {12, 2, std::nullopt};
  changeset.author = 41;
  changeset.time_ms = 1'750'000'000'000;
  changeset.message = "Roads of 2024";
  changeset.records = {write({4, 7, 1042, ""}, 3, Value::text("Km of roads"))};
  return changeset;
}

/// A value of any type, at most `depth` lists deep.
inline Value random_value(std::mt19937_64& random, int depth = 2) {
  const auto below = [&](uint64_t count) { return random() % count; };
  switch (below(depth > 0 ? 9 : 8)) {
    case 0:
      return {};
    case 1:
      return Value::boolean(below(2) == 0);
    case 2:
      return Value::decimal(Decimal(static_cast<int64_t>(random()) >> below(60)));
    case 3:
      return Value::text(std::string(below(40), static_cast<char>('a' + below(26))));
    case 4:
      return Value::reference({1 + below(12), 1 + below(300), 1 + below(70'000), ""});
    case 5:
      return Value::period("\x0F\xC6\x21\x17");
    case 6:
      return Value::time(random() >> below(64));
    case 7:
      return Value::choice(below(3'000));
    default: {
      std::vector<Value> items(below(4));
      for (Value& item : items) item = random_value(random, depth - 1);
      return Value::list(items);
    }
  }
}

}  // namespace daftar
