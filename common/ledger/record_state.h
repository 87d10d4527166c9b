// The state of one record: for each cell its standing versions (FORMAT.md §6, §7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/ledger/changeset.h"

namespace daftar {

/// One value of a cell, and the changeset that wrote it. A version of a pending changeset has a
/// position above every confirmed one.
struct Version {
  uint64_t position = 0;
  DeviceNumber device = 0;
  uint64_t seq = 0;
  Value value;
  friend bool operator==(const Version&, const Version&) = default;
};

struct Cell {
  FieldNumber field = 0;
  bool has_current = false;
  /// The current version first, if there is one; then the others by position. Never empty.
  std::vector<Version> standing;

  [[nodiscard]] const Version* current() const { return has_current ? &standing.front() : nullptr; }
  /// What the cell reads: its current value; without one, "no" for `deleted` and empty otherwise.
  [[nodiscard]] Value reading() const;
  /// The standing versions whose value is not the one that the cell reads.
  [[nodiscard]] std::vector<const Version*> contenders() const;
  [[nodiscard]] bool is_contended() const;
  friend bool operator==(const Cell&, const Cell&) = default;
};

struct RecordState {
  std::vector<Cell> cells;  ///< ascending by field

  [[nodiscard]] const Cell* find(FieldNumber field) const;
  Cell& find_or_add(FieldNumber field);
  /// The value that a field reads; empty for one that was never written.
  [[nodiscard]] Value reading(FieldNumber field) const;
  [[nodiscard]] bool is_deleted() const;
  [[nodiscard]] bool is_contended() const;
  /// Of the entry that touched the record last: whatever an edit does, its version stands until a
  /// later one. 0 for a record without cells.
  [[nodiscard]] uint64_t newest_position() const;

  /// The record's part of the state's encoding, from its number of cells on.
  [[nodiscard]] std::string encode() const;
  /// Code::corrupt unless `bytes` is what encode() makes.
  static Result<RecordState> decode(std::string_view bytes);
  friend bool operator==(const RecordState&, const RecordState&) = default;
};

}  // namespace daftar
