// The state of a ledger beside its records, the fold of entries into it, and its digest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/ledger/entry.h"
#include "common/ledger/merge.h"
#include "common/ledger/record_state.h"

namespace daftar {

struct ChainHead {
  uint64_t seq = 0;
  Hash link{};
  friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

struct LedgerState {
  std::string ledger;
  uint64_t position = 0;
  uint64_t time_ms = 0;
  uint64_t national = 0;
  std::map<DeviceNumber, ChainHead> heads;
  Continuations continues;
  std::set<Hash> origins;
  friend bool operator==(const LedgerState&, const LedgerState&) = default;
};

/// Where the fold finds records. A returned pointer is valid until the next call.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  /// The record, empty if it was never written; the fold will change it.
  virtual Result<RecordState*> change(const RecordKey& key) = 0;
};

/// Records in memory alone: as-of views and tests.
class MemoryRecords : public RecordSource {
 public:
  Result<RecordState*> change(const RecordKey& key) override { return &records_[key]; }
  [[nodiscard]] const std::map<RecordKey, RecordState>& all() const { return records_; }

 private:
  std::map<RecordKey, RecordState> records_;
};

/// When and under which national position an entry is made.
struct EntryStamp {
  uint64_t time_ms = 0;
  uint64_t national = 0;
};

/// Folds a changeset that is entered at state.position + 1; `link` is its link. Returns the
/// outcomes that are not `applied`. On failure (of `records` only) state and records are undefined.
Result<std::vector<Exception>> fold_changeset(LedgerState& state, RecordSource& records,
                                              const Changeset& changeset, const Hash& link,
                                              bool link_matched, const EntryStamp& stamp);

/// Folds a refused entry.
void fold_refusal(LedgerState& state, const Refusal& refusal, const Hash& link,
                  const EntryStamp& stamp);

/// The state digest (FORMAT.md §7), record by record in key order.
class StateDigest {
 public:
  explicit StateDigest(std::string_view ledger);
  /// `record`: RecordState::encode().
  void add_record(std::string_view key, std::string_view record);
  Hash finish(const LedgerState& state);

 private:
  Sha256 hash_;
};

}  // namespace daftar
