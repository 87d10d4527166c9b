#include "common/ledger/merge.h"

#include <algorithm>

#include "common/base/planted.h"

namespace daftar {
namespace {

template <typename Condition>
void remove_standing(Cell& cell, const Condition& condition) {
  if (cell.has_current && condition(cell.standing.front())) cell.has_current = false;
  std::erase_if(cell.standing, condition);
}

Version make_version(const Version& stamp, const Value& value) {
  return {stamp.position, stamp.device, stamp.seq, value};
}

// Whether the author of a deletion has not seen all that the record holds.
bool deletes_unseen(const RecordState& record, const Seen& seen) {
  for (const Cell& cell : record.cells) {
    if (cell.field == kDeletedField) continue;
    for (const Version& version : cell.standing) {
      if (is_planted(Defect::deletion_ignores_contenders) && &version != cell.current()) continue;
      if (!seen.covers(version)) return true;
    }
  }
  return false;
}

// Rule 1: a deletion that does not take effect, and waits beside the current value for a person.
void contend_deletion(Cell& deleted, const Seen& seen, Version version) {
  const Value read = deleted.reading();
  remove_standing(deleted, [&](const Version& standing) {
    return standing.value != read && seen.covers(standing);
  });
  deleted.standing.push_back(std::move(version));
}

// Rule 2, for every ordinary edit.
Outcome merge_cell(Cell& cell, const Seen& seen, Version version) {
  remove_standing(cell, [&](const Version& standing) { return seen.covers(standing); });
  if (!cell.has_current) {
    cell.has_current = true;
    cell.standing.insert(cell.standing.begin(), std::move(version));
    return Outcome::applied;
  }
  const bool same = cell.standing.front().value == version.value;
  if (is_planted(Defect::agreed_dropped) && same) return Outcome::agreed;
  if (is_planted(Defect::contended_wins) && !same) {
    cell.standing.insert(cell.standing.begin(), std::move(version));
    return Outcome::contended;
  }
  cell.standing.push_back(std::move(version));
  return same ? Outcome::agreed : Outcome::contended;
}

// Rule 3: work on a record whose deletion the author did not know speaks against the deletion.
void contend_unseen_deletion(RecordState& record, const Seen& seen, const Version& stamp) {
  if (!record.is_deleted() || is_planted(Defect::no_automatic_no)) return;
  Cell& deleted = record.find_or_add(kDeletedField);
  const bool knew = std::any_of(
      deleted.standing.begin(), deleted.standing.end(),
      [&](const Version& version) { return version.value.is_yes() && seen.covers(version); });
  if (knew) return;
  remove_standing(deleted, [&](const Version& standing) {
    return !standing.value.is_yes() && seen.covers(standing);
  });
  deleted.standing.push_back(make_version(stamp, Value::boolean(false)));
}

}  // namespace

Seen::Seen(const Changeset& changeset, bool link_matched, const Continuations& continuations)
    : position_(changeset.context.position) {
  if (is_planted(Defect::seen_one_too_few) && position_ > 0) --position_;
  if (!changeset.context.foreign) {
    const bool sees_all = is_planted(Defect::seen_all_of_own);
    devices_.emplace_back(changeset.device, sees_all ? UINT64_MAX : changeset.context.own_seq);
  } else if (link_matched && !is_planted(Defect::foreign_ignored)) {
    devices_.emplace_back(changeset.context.foreign->device, changeset.context.foreign->seq);
  }
  if (is_planted(Defect::continuation_ignored)) return;
  if (changeset.continues && !changeset.context.foreign) {
    devices_.emplace_back(changeset.continues->device, changeset.continues->seq);
  }
  // A device can only continue one that was in the ledger before it, so no chain is longer than
  // there are continuations; the bound is for states that no hub makes.
  for (size_t i = 0; i < devices_.size() && i <= continuations.size() + 1; ++i) {
    const auto before = continuations.find(devices_[i].first);
    if (before != continuations.end()) {
      devices_.emplace_back(before->second.device, before->second.seq);
    }
  }
}

bool Seen::covers(const Version& version) const {
  if (version.position <= position_) return true;
  return std::any_of(devices_.begin(), devices_.end(), [&](const auto& device) {
    return version.device == device.first && version.seq <= device.second;
  });
}

void merge_record(RecordState& record, const RecordEdits& edits, const Seen& seen,
                  const Version& stamp, std::vector<Outcome>& outcomes) {
  const CellEdit& first = edits.cells.front();
  if (first.field == kDeletedField) {  // stands alone for its record
    const bool held_back = first.value.is_yes() && !record.is_deleted() &&
                           deletes_unseen(record, seen) &&
                           !is_planted(Defect::deletion_always_applies);
    Cell& deleted = record.find_or_add(kDeletedField);
    if (held_back) {
      contend_deletion(deleted, seen, make_version(stamp, first.value));
      outcomes.push_back(Outcome::contended);
    } else {
      outcomes.push_back(merge_cell(deleted, seen, make_version(stamp, first.value)));
    }
    return;
  }
  for (const CellEdit& edit : edits.cells) {
    outcomes.push_back(
        merge_cell(record.find_or_add(edit.field), seen, make_version(stamp, edit.value)));
    if (is_planted(Defect::judged_in_turn)) contend_unseen_deletion(record, seen, stamp);
  }
  contend_unseen_deletion(record, seen, stamp);
}

}  // namespace daftar
