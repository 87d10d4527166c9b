#include "tests/property/merge_oracle.h"

#include <algorithm>

namespace daftar::property {
namespace {

constexpr FieldNumber kDeleted = 0;

Value no() { return Value::boolean(false); }
Value yes() { return Value::boolean(true); }

}  // namespace

const MergeOracle::History& MergeOracle::history(const CellName& cell) const {
  static const History kNever;
  const auto found = histories_.find(cell);
  return found == histories_.end() ? kNever : found->second;
}

bool MergeOracle::replaces(const Version& later, const Version& earlier) const {
  const bool seen = seen_by_.at(later.by).test(static_cast<size_t>(earlier.by));
  switch (later.way) {
    case Way::replaces_all:
      return seen;
    case Way::keeps_the_read:
      return seen && earlier.value != later.read_before;
    case Way::replaces_noes:
      return seen && earlier.value == no();
  }
  return false;
}

// A version stands until one that was entered later replaces it.
std::vector<const MergeOracle::Version*> MergeOracle::standing(const CellName& cell) const {
  std::vector<const Version*> result;
  const History& all = history(cell);
  for (auto version = all.begin(); version != all.end(); ++version) {
    const bool replaced = std::any_of(
        version + 1, all.end(), [&](const Version& later) { return replaces(later, *version); });
    if (!replaced) result.push_back(&*version);
  }
  return result;
}

// The current version is the one that became it and still stands.
const MergeOracle::Version* MergeOracle::current(const CellName& cell) const {
  for (const Version* version : standing(cell)) {
    if (version->was_current) return version;
  }
  return nullptr;
}

Value MergeOracle::reading(const CellName& cell) const {
  const Version* version = current(cell);
  if (version != nullptr) return version->value;
  return cell.second == kDeleted ? no() : Value();
}

bool MergeOracle::has_unseen_elsewhere(const RecordKey& key, const ChangesetSet& seen) const {
  return std::any_of(histories_.begin(), histories_.end(), [&](const auto& entry) {
    const CellName& cell = entry.first;
    if (cell.first != key || cell.second == kDeleted) return false;
    const auto versions = standing(cell);
    return std::any_of(versions.begin(), versions.end(), [&](const Version* version) {
      return !seen.test(static_cast<size_t>(version->by));
    });
  });
}

bool MergeOracle::knows_a_deletion(const CellName& deleted, const ChangesetSet& seen) const {
  const auto versions = standing(deleted);
  return std::any_of(versions.begin(), versions.end(), [&](const Version* version) {
    return version->value == yes() && seen.test(static_cast<size_t>(version->by));
  });
}

Fate MergeOracle::judge_write(const CellName& cell, const ChangesetSet& seen,
                              Version& version) const {
  const Version* before = current(cell);
  const bool is_free = before == nullptr || seen.test(static_cast<size_t>(before->by));
  version.was_current = is_free;
  if (is_free) return Fate::applied;
  return before->value == version.value ? Fate::agreed : Fate::contended;
}

Judgement MergeOracle::enter(ChangesetId id, const Changeset& changeset, const ChangesetSet& seen) {
  Judgement judgement;
  std::vector<std::pair<CellName, Version>> written;  // after all are judged
  for (const RecordEdits& record : changeset.records) {
    const CellName deleted{record.key, kDeleted};
    const bool is_deleted = reading(deleted) == yes();
    for (const CellEdit& edit : record.cells) {
      const CellName cell{record.key, edit.field};
      Version version{id, edit.value, Way::replaces_all, reading(cell), false};
      if (edit.field == kDeleted && edit.value == yes() && !is_deleted &&
          has_unseen_elsewhere(record.key, seen)) {
        version.way = Way::keeps_the_read;
        judgement.fates.push_back(Fate::contended);
        ++judgement.held_back_deletions;
      } else {
        judgement.fates.push_back(judge_write(cell, seen, version));
      }
      written.emplace_back(cell, version);
    }
    if (record.cells.front().field != kDeleted && is_deleted && !knows_a_deletion(deleted, seen)) {
      written.emplace_back(deleted, Version{id, no(), Way::replaces_noes, yes(), false});
      ++judgement.automatic_noes;
    }
  }
  seen_by_[id] = seen;
  for (auto& [cell, version] : written) histories_[cell].push_back(std::move(version));
  return judgement;
}

std::vector<MergeOracle::CellName> MergeOracle::cells() const {
  std::vector<CellName> names;
  for (const auto& entry : histories_) names.push_back(entry.first);
  return names;
}

MergeOracle::CellView MergeOracle::view(const CellName& cell) const {
  CellView view;
  const Value read = reading(cell);
  for (const Version* version : standing(cell)) {
    view.standing.push_back(version->by);
    if (version->was_current) view.current = version->by;
    if (version->value != read) view.contenders.push_back(version->by);
  }
  return view;
}

Value MergeOracle::value_of(const CellName& cell, ChangesetId id) const {
  for (const Version& version : history(cell)) {
    if (version.by == id) return version.value;
  }
  return {};
}

}  // namespace daftar::property
