// The key of a record: FORMAT.md §2.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/ledger/bytes.h"

namespace daftar {

using DeviceNumber = uint64_t;
using UserNumber = uint64_t;
using KindNumber = uint64_t;
using FieldNumber = uint32_t;

/// Field 0 of every record.
constexpr FieldNumber kDeletedField = 0;

struct RecordKey {
  KindNumber kind = 0;
  DeviceNumber device = 0;
  uint64_t counter = 0;
  std::string qualifier;  ///< canonical bytes of a period, or ""

  /// The key as bytes; their order is the order of keys.
  [[nodiscard]] std::string bytes() const {
    std::string out;
    put_n(out, kind);
    put_n(out, device);
    put_n(out, counter);
    return out += qualifier;
  }
  static Result<RecordKey> from_bytes(std::string_view bytes);

  /// The part of the key without the qualifier, as people write it: "7.1042".
  [[nodiscard]] std::string id() const {
    return std::to_string(device) + "." + std::to_string(counter);
  }

  friend bool operator==(const RecordKey&, const RecordKey&) = default;
  friend std::strong_ordering operator<=>(const RecordKey&, const RecordKey&) = default;
};

/// What the bytes of the keys of all records of a kind begin with.
inline std::string kind_prefix(KindNumber kind) {
  std::string prefix;
  put_n(prefix, kind);
  return prefix;
}

}  // namespace daftar
