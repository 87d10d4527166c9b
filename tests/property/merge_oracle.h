// A second, naive statement of the merge rule (FORMAT.md §6), to check the real one against.
//
// It shares no code with it and knows no contexts, positions or pairs (device, seq): whoever asks
// says for each changeset the explicit set of changesets whose versions its author had seen, and
// inclusion in that set alone decides. Nothing is ever erased: a cell is the list of all versions
// ever written to it, and what stands, what is current and what contends are questions asked of
// that list.
#pragma once

#include <bitset>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/ledger/changeset.h"
#include "common/ledger/record_key.h"
#include "common/ledger/value.h"

namespace daftar::property {

/// Changesets are numbered from 0 by whoever makes them.
using ChangesetId = int;
constexpr int kMostChangesets = 256;
using ChangesetSet = std::bitset<kMostChangesets>;

/// What became of an edit.
enum class Fate { applied, agreed, contended };

/// What became of a changeset.
struct Judgement {
  std::vector<Fate> fates;      ///< of each edit, in the changeset's order
  int held_back_deletions = 0;  ///< rule 1
  int automatic_noes = 0;       ///< rule 3
};

class MergeOracle {
 public:
  using CellName = std::pair<RecordKey, FieldNumber>;

  /// What a cell looks like: each version is named by the changeset that wrote it.
  struct CellView {
    std::vector<ChangesetId> standing;  ///< in the order in which they were entered
    std::optional<ChangesetId> current;
    std::vector<ChangesetId> contenders;
  };

  /// Enters a changeset whose author had seen every version of the changesets in `seen`.
  Judgement enter(ChangesetId id, const Changeset& changeset, const ChangesetSet& seen);

  [[nodiscard]] std::vector<CellName> cells() const;
  [[nodiscard]] CellView view(const CellName& cell) const;
  /// The value that a changeset wrote, or that rule 3 wrote for it.
  [[nodiscard]] Value value_of(const CellName& cell, ChangesetId id) const;

 private:
  /// What a version does to those that its author had seen.
  enum class Way {
    replaces_all,    ///< rule 2
    keeps_the_read,  ///< rule 1: those with the value that the cell read stay
    replaces_noes,   ///< rule 3
  };
  struct Version {
    ChangesetId by = 0;
    Value value;
    Way way = Way::replaces_all;
    Value read_before;         ///< what the cell read when this was written
    bool was_current = false;  ///< whether this became the current version when it was written
  };
  using History = std::vector<Version>;

  [[nodiscard]] const History& history(const CellName& cell) const;
  [[nodiscard]] bool replaces(const Version& later, const Version& earlier) const;
  [[nodiscard]] std::vector<const Version*> standing(const CellName& cell) const;
  [[nodiscard]] const Version* current(const CellName& cell) const;
  [[nodiscard]] Value reading(const CellName& cell) const;
  [[nodiscard]] bool has_unseen_elsewhere(const RecordKey& key, const ChangesetSet& seen) const;
  [[nodiscard]] bool knows_a_deletion(const CellName& deleted, const ChangesetSet& seen) const;
  Fate judge_write(const CellName& cell, const ChangesetSet& seen, Version& version) const;

  std::map<CellName, History> histories_;
  std::map<ChangesetId, ChangesetSet> seen_by_;
};

}  // namespace daftar::property
