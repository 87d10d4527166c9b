// What people see of a ledger: the confirmed state with this device's pending changesets folded
// over it by the same function, its past, and where a value came from.
//
// A View reads one moment of the store; make a new one after a change. Used by one thread at a
// time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client_store.h"
#include "common/ledger/merge.h"
#include "common/ledger/record_state.h"

namespace daftar::client {

/// What one changeset did to one cell.
struct HistoryItem {
  uint64_t position = 0;  ///< 0 while pending or held
  std::optional<PendingState> pending;
  std::optional<RefusalReason> reason;
  DeviceNumber device = 0;
  uint64_t seq = 0;
  UserNumber author = 0;
  FieldNumber field = 0;
  Value value;
  std::optional<Outcome> outcome;  ///< of an entered one
  std::string message;
  std::optional<Source> source;
  std::optional<Place> place;
  uint64_t saved_ms = 0;     ///< by the device's clock
  uint64_t received_ms = 0;  ///< by the hub's; 0 while pending
};

/// A changeset as `log` shows it.
struct LogItem {
  uint64_t position = 0;
  std::optional<PendingState> pending;
  std::optional<Refusal> refusal;  ///< bytes are on the device that made it
  std::optional<Changeset> changeset;
  uint64_t received_ms = 0;
  size_t contended = 0;  ///< edits
  size_t agreed = 0;
};

/// One cell that reads differently at two moments.
struct CellChange {
  RecordKey key;
  FieldNumber field = 0;
  Value before;
  Value after;
};

class View {
 public:
  using Visit = std::function<Status(const RecordKey& key, const RecordState& record)>;

  static Result<View> open(ClientStore& store, LedgerId ledger);

  /// The visible state of a record; no cells if there is none.
  Result<RecordState> record(const RecordKey& key);
  /// All records whose key begins with `prefix`, in key order; deleted ones too.
  Status scan(std::string_view prefix, const Visit& visit);
  /// The records that have contenders, in key order.
  Result<std::vector<RecordKey>> contended();
  /// The record of a kind with this code, not deleted. Code::not_found; Code::conflict when several
  /// have it.
  Result<RecordKey> find_code(KindNumber kind, const std::string& code);

  /// Everything that was ever saved in a record, or in one of its cells, oldest first: entered,
  /// pending and held.
  Result<std::vector<HistoryItem>> history(const RecordKey& key, std::optional<FieldNumber> field);
  /// The newest entries and pending changesets, newest first.
  Result<std::vector<LogItem>> log(size_t most);

  /// The last position whose entry the hub received not after `time_ms`.
  Result<uint64_t> position_at(uint64_t time_ms);
  /// The confirmed state of a record after the entry at `position`.
  Result<RecordState> record_as_of(const RecordKey& key, uint64_t position);
  /// The whole confirmed state after the entry at `position`.
  Status fold_until(uint64_t position, MemoryRecords& records);
  /// The cells that read differently after `to` than after `from`; `to` nothing: now, with pending
  /// work.
  Result<std::vector<CellChange>> diff(uint64_t from, std::optional<uint64_t> to);

  [[nodiscard]] uint64_t confirmed_position() const { return position_; }

 private:
  View(ClientStore& store, LedgerId ledger) : store_(store), ledger_(ledger) {}
  Result<bool> link_matches(const Changeset& changeset);
  Status merge_pending(const RecordKey& key, RecordState& record,
                       const std::vector<PendingChangeset>& pending);
  Status load_overlay();
  Result<RecordState> confirmed(std::string_view key);

  ClientStore& store_;
  LedgerId ledger_;
  uint64_t position_ = 0;
  Continuations continuations_;
  bool has_overlay_ = false;
  std::map<std::string, RecordState> overlay_;  ///< visible state of records with pending edits
};

}  // namespace daftar::client
