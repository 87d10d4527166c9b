// Changesets and their canonical bytes (FORMAT.md §3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/ledger/hash.h"
#include "common/ledger/record_key.h"
#include "common/ledger/value.h"

namespace daftar {

/// A place in a device's chain, with the link that proves which chain it is.
struct ChainPoint {
  DeviceNumber device = 0;
  uint64_t seq = 0;
  Hash link{};
  friend bool operator==(const ChainPoint&, const ChainPoint&) = default;
};

/// What the author had looked at (design: "Context"): the ledger's entries up to `position`, and
/// either the author's device's own changesets up to `own_seq`, or those of another device.
struct Context {
  uint64_t position = 0;
  uint64_t own_seq = 0;  ///< unused with `foreign`
  std::optional<ChainPoint> foreign;
  friend bool operator==(const Context&, const Context&) = default;
};

/// The import that a changeset's edits come from.
struct Source {
  std::string workbook;  ///< the workbook's id, or "" for a plain table
  std::string file;
  Hash hash{};
  friend bool operator==(const Source&, const Source&) = default;
};

/// Where in the source an edit was: a line of a table, or a cell of a sheet.
struct Place {
  std::string sheet;    ///< "" for a line of a table
  uint64_t line = 0;    ///< line, or row
  uint64_t column = 0;  ///< with a sheet only
  friend bool operator==(const Place&, const Place&) = default;
};

struct CellEdit {
  FieldNumber field = 0;
  Value value;
  std::optional<Place> place;
  friend bool operator==(const CellEdit&, const CellEdit&) = default;
};

/// The edits of one record, ascending by field.
struct RecordEdits {
  RecordKey key;
  std::vector<CellEdit> cells;
  friend bool operator==(const RecordEdits&, const RecordEdits&) = default;
};

struct Changeset {
  std::string ledger;
  DeviceNumber device = 0;
  uint64_t seq = 0;
  std::optional<ChainPoint> continues;
  Context context;
  UserNumber author = 0;
  uint64_t time_ms = 0;  ///< by the device's clock
  std::string message;
  std::optional<Source> source;
  std::optional<Hash> origin;
  std::vector<RecordEdits> records;  ///< ascending by key

  [[nodiscard]] size_t edit_count() const;
  friend bool operator==(const Changeset&, const Changeset&) = default;
};

struct ChangesetAuthor {
  DeviceNumber device = 0;
  uint64_t seq = 0;
};

/// Device and seq of stored canonical bytes, without decoding the rest.
Result<ChangesetAuthor> read_changeset_author(std::string_view bytes);

/// Whether `name` can name a ledger: 1–100 of a–z, 0–9, '-' and '/'.
bool is_ledger_name(std::string_view name);

/// The canonical bytes; Code::too_large or Code::invalid if the changeset breaks a limit or a rule
/// of the format, so that nothing can be saved that the hub could not read.
Result<std::string> encode_changeset(const Changeset& changeset);

/// Code::corrupt unless `bytes` are canonical and within the limits. Memory is bounded by a small
/// multiple of `bytes`.
Result<Changeset> decode_changeset(std::string_view bytes);

}  // namespace daftar
