// Where ledgers are kept: entries, chains, and what is derived from them.
//
// One writer at a time: every change happens between begin() and commit(), and is durable when
// commit() returns ok. After rollback(), or a failed commit(), nothing of it is there. Reads see
// the open transaction. An implementation is used by one thread at a time; several instances over
// the same data may be used side by side.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/ledger/ledger_state.h"

namespace daftar {

using LedgerId = int64_t;

/// What a ledger's row says: enough to go on appending.
struct LedgerRow {
  uint64_t size = 0;
  uint64_t materialised = 0;  ///< records hold the entries up to here, at least
  uint64_t time_ms = 0;
  uint64_t national = 0;
  std::string right_edge;  ///< RightEdge::bytes() at `size`
  /// A checkpoint of the hub's own key showed this size: while it is above `size`, the store is
  /// older than what was published, and the ledger takes no new entry (hub only).
  uint64_t published = 0;
};

struct StoredEntry {
  uint64_t position = 0;
  std::string_view header;     ///< valid during the visit
  std::string_view changeset;  ///< "" for a refused one
};

struct ChainRow {
  uint64_t position = 0;
  Hash link{};
};

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  virtual Status begin() = 0;
  virtual Status commit() = 0;
  virtual void rollback() = 0;

  /// The ledger's id; created (size 0) if there is none of that name, in the open transaction.
  virtual Result<LedgerId> add_ledger(std::string_view name) = 0;
  virtual Result<std::optional<LedgerId>> find_ledger(std::string_view name) = 0;
  /// All ledgers by name.
  virtual Result<std::vector<std::pair<std::string, LedgerId>>> ledgers() = 0;

  virtual Result<LedgerRow> row(LedgerId ledger) = 0;
  virtual Status put_row(LedgerId ledger, const LedgerRow& row) = 0;

  /// Adds the entry at `position` with its place in the device's chain. The bytes are kept as
  /// given.
  virtual Status append(LedgerId ledger, uint64_t position, std::string_view header,
                        std::string_view changeset, const ChainPoint& point) = 0;
  /// Visits the entries first…last in order; stops at the first failure of `visit`.
  virtual Status read_entries(LedgerId ledger, uint64_t first, uint64_t last,
                              const std::function<Status(const StoredEntry&)>& visit) = 0;
  virtual Result<std::optional<ChainRow>> chain_row(LedgerId ledger, DeviceNumber device,
                                                    uint64_t seq) = 0;

  /// Whether any entered (not refused) changeset here, of any device, has this link. Reads the
  /// whole chain: asked only for the rare changesets with an origin.
  virtual Result<bool> has_link(LedgerId ledger, const Hash& link) = 0;

  virtual Status put_chain_head(LedgerId ledger, DeviceNumber device, const ChainHead& head) = 0;
  virtual Result<std::map<DeviceNumber, ChainHead>> chain_heads(LedgerId ledger) = 0;
  virtual Status put_continuation(LedgerId ledger, DeviceNumber device, const ChainPoint& from) = 0;
  virtual Result<Continuations> continuations(LedgerId ledger) = 0;
  virtual Status put_origin(LedgerId ledger, const Hash& origin) = 0;
  virtual Result<std::set<Hash>> origins(LedgerId ledger) = 0;

  /// RecordState::encode() of a record; nothing if it was never materialised.
  virtual Result<std::optional<std::string>> record(LedgerId ledger, std::string_view key) = 0;
  virtual Status put_record(LedgerId ledger, std::string_view key, std::string_view state,
                            bool is_contended) = 0;
  /// Visits the records whose key begins with `prefix`, in key order.
  virtual Status read_records(
      LedgerId ledger, std::string_view prefix,
      const std::function<Status(std::string_view key, std::string_view state)>& visit) = 0;
  virtual Result<std::vector<std::string>> contended_records(LedgerId ledger) = 0;

  /// Sizes at which a commit ended, with their roots: what checkpoints are signed for.
  virtual Status put_tree_head(LedgerId ledger, const TreeHead& head) = 0;
  virtual Result<std::optional<Hash>> root_at(LedgerId ledger, uint64_t size) = 0;
  /// The tree heads above `size`, ascending, at most `most`.
  virtual Result<std::vector<TreeHead>> tree_heads_above(LedgerId ledger, uint64_t size,
                                                         size_t most) = 0;
};

}  // namespace daftar
