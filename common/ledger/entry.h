// Entry headers and leaves (FORMAT.md §5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/ledger/chain.h"

namespace daftar {

/// What became of an edit when its changeset was entered.
enum class Outcome : uint8_t { agreed = 0, contended = 1, applied = 2 };

/// Why a changeset was refused; the numbers are part of the format.
enum class RefusalReason : uint8_t {
  no_authority = 1,
  period_locked = 2,
  wrong_type = 3,
  over_limit = 4,
  origin_entered = 5,
};

/// A refused changeset in its place: its bytes stay on the device alone.
struct Refusal {
  DeviceNumber device = 0;
  uint64_t seq = 0;
  RefusalReason reason = RefusalReason::no_authority;
  Hash changeset_hash{};
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// An edit whose outcome is not `applied`, by its place in the changeset's order.
struct Exception {
  uint32_t index = 0;
  Outcome outcome = Outcome::agreed;
  friend bool operator==(const Exception&, const Exception&) = default;
};

struct EntryHeader {
  uint64_t position = 0;
  uint64_t time_ms = 0;
  uint64_t national = 0;
  bool link_matched = false;
  std::optional<Refusal> refusal;
  std::vector<Exception> exceptions;  ///< ascending by index; empty when refused
  std::optional<Seal> seal;
  friend bool operator==(const EntryHeader&, const EntryHeader&) = default;
};

/// What became of the edit with this index of an entered changeset.
Outcome outcome_of(const EntryHeader& header, size_t index);

constexpr uint8_t kRuleVersion = 1;

std::string encode_header(const EntryHeader& header);
/// Code::corrupt unless canonical; Code::newer_version for a rule version that is not known here.
Result<EntryHeader> decode_header(std::string_view bytes);

/// The Merkle leaf's hash: SHA-256(0x00 ‖ bytes header ‖ bytes changeset).
Hash leaf_hash(std::string_view header_bytes, std::string_view changeset_bytes);

}  // namespace daftar
