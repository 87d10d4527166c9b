// The hub of a schedule's world, and every comparison with the oracle.
#include <algorithm>

#include "common/ledger/entry.h"
#include "tests/property/world.h"

namespace daftar::property {
namespace {

EntryStamp stamp_of(uint64_t position) { return {1'000 + position * 3, position / 4}; }

const char* name_of(Fate fate) {
  switch (fate) {
    case Fate::applied:
      return "applied";
    case Fate::agreed:
      return "agreed";
    case Fate::contended:
      return "contended";
  }
  return "?";
}

Fate fate_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::applied:
      return Fate::applied;
    case Outcome::agreed:
      return Fate::agreed;
    case Outcome::contended:
      return Fate::contended;
  }
  return Fate::applied;
}

std::string join(const std::vector<ChangesetId>& ids) {
  std::string out;
  for (const ChangesetId id : ids) out += " #" + std::to_string(id);
  return out.empty() ? " none" : out;
}

}  // namespace

void World::fail(const std::string& what) {
  if (failure_.empty()) failure_ = what;
  say("WRONG: ", what);
}

bool World::is_refused(const SavedChangeset& saved) const {
  if (saved.changeset.origin && state_.origins.contains(*saved.changeset.origin)) return true;
  return locked_ && std::any_of(saved.changeset.records.begin(), saved.changeset.records.end(),
                                [&](const RecordEdits& record) { return record.key == *locked_; });
}

// What the rule lets count of all that the author knew: a foreign screen counts beyond its position
// only if its link is on that device's chain; what came with a followed device's disk counts only
// if the ledger has the changeset that said so.
ChangesetSet World::seen_at_entry(const SavedChangeset& saved, bool link_matched) const {
  const Changeset& changeset = saved.changeset;
  ChangesetSet seen = saved.known.pulled;
  if (changeset.context.foreign && !link_matched) return seen;
  const size_t whose = saved.foreign_device.value_or(saved.device);
  seen |= saved.known.own;
  const bool says_so_itself = changeset.seq == 1 && !saved.foreign_device;
  if (says_so_itself || !devices_[whose].first_refused) seen |= saved.known.inherited;
  return seen;
}

void World::receive(ChangesetId id) {
  SavedChangeset& saved = saved_[static_cast<size_t>(id)];
  const Changeset& changeset = saved.changeset;
  const std::pair<DeviceNumber, uint64_t> place{changeset.device, changeset.seq};
  if (const auto known = links_.find(place); known != links_.end()) {
    if (known->second != saved.link) fail("two chains of one device in a ledger");
    events_ |= kDuplicate;
    say("  #", id, " is a duplicate");
    return;
  }
  links_[place] = saved.link;
  LedgerEntry entry{id, is_refused(saved), false, {}};
  const EntryStamp stamp = stamp_of(state_.position + 1);
  entered_up_to_.push_back(entered_up_to_.back());
  saved.position = state_.position + 1;
  if (entry.is_refused) {
    saved.is_refused = true;
    if (changeset.seq == 1) devices_[saved.device].first_refused = true;
    events_ |= kRefused;
    fold_refusal(state_, {changeset.device, changeset.seq, RefusalReason::period_locked, {}},
                 saved.link, stamp);
    say("  #", id, " is refused at position ", saved.position);
    entries_.push_back(std::move(entry));
    return;
  }
  if (const auto& foreign = changeset.context.foreign) {
    const auto link = links_.find({foreign->device, foreign->seq});
    entry.link_matched = link != links_.end() && link->second == foreign->link;
    events_ |= entry.link_matched ? kForeignMatched : kForeignNotMatched;
  }
  if (changeset.continues) events_ |= kContinues;
  saved.seen = seen_at_entry(saved, entry.link_matched);
  entered_up_to_.back().set(static_cast<size_t>(id));
  say("  #", id, " is entered at position ", saved.position);

  const Judgement judgement = oracle_.enter(id, changeset, saved.seen);
  auto exceptions =
      fold_changeset(state_, ledger_records_, changeset, saved.link, entry.link_matched, stamp);
  if (!exceptions.ok()) return fail("the fold failed");
  compare_outcomes(id, *exceptions, judgement);
  entry.exceptions = *std::move(exceptions);
  entries_.push_back(std::move(entry));
}

void World::compare_outcomes(ChangesetId id, const std::vector<Exception>& exceptions,
                             const Judgement& judgement) {
  if (judgement.held_back_deletions > 0) events_ |= kContendedDeletion;
  if (judgement.automatic_noes > 0) events_ |= kAutomaticNo;
  std::vector<Fate> fates(judgement.fates.size(), Fate::applied);
  for (const Exception& exception : exceptions) {
    if (exception.index >= fates.size()) return fail("an outcome of an edit that there is not");
    fates[exception.index] = fate_of(exception.outcome);
  }
  for (size_t i = 0; i < fates.size(); ++i) {
    const Fate expected = judgement.fates[i];
    events_ |= expected == Fate::applied  ? kApplied
               : expected == Fate::agreed ? kAgreed
                                          : kContended;
    if (fates[i] == expected) continue;
    fail("edit " + std::to_string(i) + " of #" + std::to_string(id) + " is " + name_of(fates[i]) +
         ", and should be " + name_of(expected));
  }
}

void World::compare_cell(const MergeOracle::CellName& name) {
  const MergeOracle::CellView view = oracle_.view(name);
  const auto record = ledger_records_.all().find(name.first);
  const Cell* cell =
      record == ledger_records_.all().end() ? nullptr : record->second.find(name.second);
  const std::string where = name.first.id() + ".f" + std::to_string(name.second);
  if (cell == nullptr) return fail(where + " is not there");

  const auto id_of = [&](const Version& version) -> ChangesetId {
    const ChangesetId id = entries_.at(version.position - 1).id;
    const Changeset& changeset = saved_[static_cast<size_t>(id)].changeset;
    const bool same = changeset.device == version.device && changeset.seq == version.seq &&
                      oracle_.value_of(name, id) == version.value;
    if (!same) fail(where + ": a version does not say what its changeset wrote");
    return id;
  };
  const auto ids_of = [&](const std::vector<const Version*>& versions) {
    std::vector<std::pair<uint64_t, ChangesetId>> order;
    for (const Version* version : versions) order.emplace_back(version->position, id_of(*version));
    std::sort(order.begin(), order.end());
    std::vector<ChangesetId> ids;
    for (const auto& at : order) ids.push_back(at.second);
    return ids;
  };
  std::vector<const Version*> all;
  for (const Version& version : cell->standing) all.push_back(&version);
  const std::vector<ChangesetId> standing = ids_of(all);
  const bool in_order =
      std::is_sorted(cell->standing.begin() + (cell->has_current ? 1 : 0), cell->standing.end(),
                     [](const Version& a, const Version& b) { return a.position < b.position; });
  if (!in_order) fail(where + ": the versions beside the current one are not in order");
  if (standing != view.standing) {
    fail(where + ": standing are" + join(standing) + ", and should be" + join(view.standing));
  }
  std::optional<ChangesetId> current;
  if (cell->current() != nullptr) current = id_of(*cell->current());
  if (current != view.current) fail(where + ": another version is current");
  const std::vector<ChangesetId> contenders = ids_of(cell->contenders());
  if (contenders != view.contenders || cell->is_contended() != !contenders.empty()) {
    fail(where + ": contenders are" + join(contenders) + ", and should be" + join(view.contenders));
  }
}

void World::compare_cells() {
  const auto cells = oracle_.cells();
  for (const MergeOracle::CellName& name : cells) compare_cell(name);
  size_t count = 0;
  for (const auto& record : ledger_records_.all()) count += record.second.cells.size();
  if (count != cells.size()) fail("the state has cells that nobody wrote");
}

Hash World::digest(const LedgerState& state, const MemoryRecords& records) const {
  StateDigest digest(state.ledger);
  for (const auto& [key, record] : records.all()) digest.add_record(key.bytes(), record.encode());
  return digest.finish(state);
}

// False if the outcomes differ from those of the first time.
bool World::fold_entry(const LedgerEntry& entry, LedgerState& state, MemoryRecords& records) const {
  const SavedChangeset& saved = saved_[static_cast<size_t>(entry.id)];
  const EntryStamp stamp = stamp_of(state.position + 1);
  if (entry.is_refused) {
    fold_refusal(state, {saved.changeset.device, saved.changeset.seq, {}, {}}, saved.link, stamp);
    return true;
  }
  const auto exceptions =
      fold_changeset(state, records, saved.changeset, saved.link, entry.link_matched, stamp);
  return exceptions.ok() && *exceptions == entry.exceptions;
}

// The same entries give the same state: at once, and with the state stored and read back between.
void World::compare_folds() {
  const Hash expected = digest(state_, ledger_records_);
  LedgerState whole_state;
  LedgerState split_state;
  whole_state.ledger = split_state.ledger = state_.ledger;
  MemoryRecords whole_records;
  MemoryRecords split_records;
  const size_t split = saved_.size() * 7 % (entries_.size() + 1);
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (i == split) {
      MemoryRecords read_back;
      for (const auto& [key, record] : split_records.all()) {
        const auto decoded = RecordState::decode(record.encode());
        const auto decoded_key = RecordKey::from_bytes(key.bytes());
        if (!decoded.ok() || !decoded_key.ok()) return fail("a record cannot be read back");
        **read_back.change(*decoded_key) = *decoded;
      }
      split_records = std::move(read_back);
    }
    if (!fold_entry(entries_[i], whole_state, whole_records) ||
        !fold_entry(entries_[i], split_state, split_records)) {
      return fail("a second fold has other outcomes");
    }
  }
  if (digest(whole_state, whole_records) != expected) fail("a second fold has another digest");
  if (digest(split_state, split_records) != expected) fail("a split fold has another digest");
}

// What was folded here can be written down and read by others.
void World::compare_encodings() {
  for (const LedgerEntry& entry : entries_) {
    const SavedChangeset& saved = saved_[static_cast<size_t>(entry.id)];
    const auto bytes = encode_changeset(saved.changeset);
    if (!bytes.ok()) return fail("#" + std::to_string(entry.id) + " cannot be encoded");
    EntryHeader header;
    header.position = saved.position;
    header.link_matched = entry.link_matched;
    header.exceptions = entry.exceptions;
    const auto read_back = decode_header(encode_header(header));
    if (!read_back.ok() || *read_back != header) return fail("a header cannot be read back");
  }
}

// Whether somebody who had seen this entry's version wrote the cell after it.
bool World::is_answered(const LedgerEntry& entry, const MergeOracle::CellName& cell) const {
  const uint64_t position = saved_[static_cast<size_t>(entry.id)].position;
  return std::any_of(entries_.begin() + static_cast<std::ptrdiff_t>(position), entries_.end(),
                     [&](const LedgerEntry& later) {
                       const SavedChangeset& saved = saved_[static_cast<size_t>(later.id)];
                       if (later.is_refused || !saved.seen.test(static_cast<size_t>(entry.id)))
                         return false;
                       return std::any_of(
                           saved.changeset.records.begin(), saved.changeset.records.end(),
                           [&](const RecordEdits& record) { return record.key == cell.first; });
                     });
}

void World::check_nothing_is_lost() {
  std::vector<int> times(saved_.size(), 0);
  for (const LedgerEntry& entry : entries_) ++times[static_cast<size_t>(entry.id)];
  for (size_t id = 0; id < saved_.size(); ++id) {
    const SavedChangeset& saved = saved_[id];
    if (times[id] != (saved.is_lost ? 0 : 1)) {
      return fail("#" + std::to_string(id) + " is in the ledger " + std::to_string(times[id]) +
                  " times");
    }
    const auto& held = devices_[saved.device].held;
    const bool is_held =
        std::find(held.begin(), held.end(), static_cast<ChangesetId>(id)) != held.end();
    if (saved.is_refused && !is_held && !devices_[saved.device].is_lost) {
      return fail("#" + std::to_string(id) + " was refused, and its device does not hold it");
    }
  }
  for (const LedgerEntry& entry : entries_) {
    if (entry.is_refused) continue;
    for (const RecordEdits& record : saved_[static_cast<size_t>(entry.id)].changeset.records) {
      const auto state = ledger_records_.all().find(record.key);
      for (const CellEdit& edit : record.cells) {
        const Cell* cell =
            state == ledger_records_.all().end() ? nullptr : state->second.find(edit.field);
        const uint64_t position = saved_[static_cast<size_t>(entry.id)].position;
        const bool stands =
            cell != nullptr &&
            std::any_of(cell->standing.begin(), cell->standing.end(),
                        [&](const Version& version) { return version.position == position; });
        if (!stands && !is_answered(entry, {record.key, edit.field})) {
          return fail("a value of #" + std::to_string(entry.id) +
                      " was removed by nobody who saw it");
        }
      }
    }
  }
}

void World::finish() {
  for (size_t i = 0; i < devices_.size() && failure_.empty(); ++i) {
    if (!devices_[i].is_lost) push(i, devices_[i].chain.size(), false);
  }
  if (failure_.empty()) compare_cells();
  if (failure_.empty()) compare_folds();
  if (failure_.empty()) check_nothing_is_lost();
  if (failure_.empty() && saved_.size() % 8 == 0) compare_encodings();
}

}  // namespace daftar::property
