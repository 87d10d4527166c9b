// A ledger in use: its state and right edge over a LedgerStore, with the records that are being
// worked on in memory.
//
// The hub enters changesets (`enter`), a client, mirror or recovering hub accepts entries that a
// hub made (`accept`), checking everything that can be checked without other ledgers. Both fold
// with the same code. Changes happen inside a transaction of the store, which the caller opens and
// ends; if it does not end well, the Ledger no longer matches the store and must be dropped. Used
// by one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/ledger/ledger_state.h"
#include "common/ledger/merkle.h"
#include "common/store/ledger_store.h"

namespace daftar {

/// The public key of a device, if it is known here; a failure if that cannot be read.
using DeviceKeys = std::function<Result<std::optional<PublicKey>>(DeviceNumber)>;

/// A changeset with what was computed from its bytes on the way in.
struct IncomingChangeset {
  std::string_view bytes;
  const Changeset* changeset = nullptr;
  Hash link{};  ///< its link on the device's chain
};

/// Keys of records, each with the position of the entry that touched it before, 0 for none.
using Touched = std::vector<std::pair<const std::string*, uint64_t>>;

class Ledger : private RecordSource {
 public:
  /// Opens the ledger and brings its records up to its last entry.
  static Result<std::unique_ptr<Ledger>> open(LedgerStore& store, LedgerId id,
                                              std::string_view name);

  /// Whether the store still stands where this Ledger thinks: another program over the same store
  /// may have appended entries or written records. If not, it must be dropped, with what it has not
  /// written: folding an entry into records that have it already would be wrong.
  Result<bool> is_current();

  [[nodiscard]] LedgerId id() const { return id_; }
  const LedgerState& state() const { return state_; }
  TreeHead tree_head() const { return {edge_.size(), edge_.root()}; }

  /// See LedgerRow::published; saved with the head.
  uint64_t published() const { return published_; }
  void set_published(uint64_t size) { published_ = size; }

  /// The newest (seq, link) of a device here; link(0) if it has none, for which its key is needed.
  Result<ChainHead> chain_head(DeviceNumber device, const DeviceKeys& keys) const;
  /// Whether `point` is on its device's chain in this ledger.
  Result<bool> is_on_chain(const ChainPoint& point);

  /// Whether the work that a changeset makes again is in the ledger already: made again before, or
  /// entered as it was first made.
  Result<bool> has_origin(const Hash& origin);
  /// Whether a changeset's work is in the ledger already: that of its origin, or, made again under
  /// another number, its own.
  Result<bool> has_work(const Changeset& changeset, const Hash& link);

  /// Enters a changeset that continues its chain, or, with `reason`, records its refusal.
  Result<EntryHeader> enter(const IncomingChangeset& incoming, const EntryStamp& stamp,
                            std::optional<RefusalReason> reason, const std::optional<Seal>& seal);

  /// Takes over an entry made by a hub. Code::corrupt if it breaks a rule of FORMAT.md.
  /// Returns the changeset, nothing for a refused one.
  Result<std::optional<Changeset>> accept(std::string_view header_bytes,
                                          std::string_view changeset_bytes, const DeviceKeys& keys);

  /// The records that the changeset accepted last has touched, by key bytes, and the
  /// position of the entry that touched each before, 0 for none. Valid until the next
  /// materialise().
  [[nodiscard]] const Touched& touched() const { return touched_; }

  /// Whether the last accepted entry ends a batch. Where it does not, entries may have been
  /// invented.
  [[nodiscard]] bool is_sealed() const { return !unsealed_; }

  /// Writes the ledger's row, its tree head and its chain heads; entries are written as they come.
  Status save_head();
  /// Writes the records that changed and says so in the row. Records may lag behind entries (the
  /// hub answers first), never the other way round.
  Status materialise();
  bool is_materialised() const { return dirty_.empty(); }
  /// Records held in memory.
  size_t cached_records() const { return records_.size(); }

  /// The state digest; materialises first.
  Result<Hash> digest();

 private:
  struct Slot {
    RecordState record;
    bool is_dirty = false;
  };

  Ledger(LedgerStore& store, LedgerId id) : store_(store), id_(id) {}
  Result<RecordState*> change(const RecordKey& key) override;
  Status append(const EntryHeader& header, std::string_view header_bytes,
                std::string_view changeset_bytes, const ChainPoint& point);
  Status replay();
  Status check_order(const EntryHeader& header) const;
  Status check_references(const Changeset& changeset, const Hash& link, bool link_matched);
  Status remember(const Changeset& changeset);
  LedgerRow row() const;

  LedgerStore& store_;
  LedgerId id_;
  LedgerState state_;
  RightEdge edge_;
  uint64_t published_ = 0;
  std::optional<DeviceNumber> unsealed_;  ///< whose batch is not sealed yet; nothing at a commit
  uint64_t materialised_ = 0;
  std::set<DeviceNumber> moved_heads_;
  std::unordered_map<std::string, Slot> records_;
  std::vector<std::pair<const std::string, Slot>*> dirty_;
  Touched touched_;
  bool notes_touched_ = false;  ///< whoever enters has no use for them
};

}  // namespace daftar
