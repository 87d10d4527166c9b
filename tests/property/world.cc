#include "tests/property/world.h"

#include <algorithm>

namespace daftar::property {
namespace {

constexpr char kLedger[] = "administration/property";
constexpr size_t kMostDevices = 5;
constexpr size_t kMostSaved = 26;
constexpr FieldNumber kFields = 2;  // beside `deleted`
constexpr size_t kValues = 3;

RecordKey record_at(size_t index) { return {4, 1, 1 + index, index == 2 ? "q" : ""}; }

// Links only have to be different for different chains; SHA-256 has its own tests.
Hash next_link(const Hash& before, uint64_t content) {
  Hash link{};
  uint64_t folded = content;
  for (size_t i = 0; i < 8; ++i) folded = folded * 257 + before[i];
  Dice dice(folded);
  for (uint8_t& byte : link) byte = static_cast<uint8_t>(dice.next());
  return link;
}

Value draw_value(Dice& dice) {
  const size_t number = dice.below(kValues + 1);
  return number == kValues ? Value() : Value::choice(number);
}

bool writes(const Changeset& changeset, const RecordKey& key, FieldNumber field) {
  return std::any_of(
      changeset.records.begin(), changeset.records.end(), [&](const RecordEdits& record) {
        return record.key == key &&
               std::any_of(record.cells.begin(), record.cells.end(),
                           [&](const CellEdit& edit) { return edit.field == field; });
      });
}

}  // namespace

std::string describe(const Value& value) {
  if (value.is_empty()) return "empty";
  if (const auto number = value.as_choice()) return "v" + std::to_string(*number);
  return value.is_yes() ? "yes" : "no";
}

std::string describe(const Changeset& changeset) {
  std::ostringstream out;
  const Context& context = changeset.context;
  out << "device " << changeset.device << " seq " << changeset.seq << ", context position "
      << context.position;
  if (context.foreign) {
    out << " and device " << context.foreign->device << " up to " << context.foreign->seq;
  } else {
    out << " and own up to " << context.own_seq;
  }
  if (changeset.continues) {
    out << ", continues device " << changeset.continues->device << " at "
        << changeset.continues->seq;
  }
  if (changeset.origin) out << ", made again";
  for (const RecordEdits& record : changeset.records) {
    for (const CellEdit& edit : record.cells) {
      out << "; " << record.key.id();
      out << (edit.field == kDeletedField ? ".deleted" : ".f" + std::to_string(edit.field));
      out << " := " << describe(edit.value);
    }
  }
  return out.str();
}

World::World(const Schedule& schedule, bool with_trace)
    : with_trace_(with_trace), records_(schedule.records) {
  state_.ledger = kLedger;
  entered_up_to_.emplace_back();
  for (size_t i = 0; i < schedule.devices; ++i) {
    devices_.emplace_back();
    devices_.back().number = i + 1;
  }
}

Screen World::screen_now(size_t device) const {
  const Device& of = devices_[device];
  return {of.position, of.chain.size(), device, of.known};
}

std::vector<RecordEdits> World::make_edits(Dice& dice) const {
  std::vector<RecordEdits> edits;
  const size_t only = dice.below(records_);
  const bool is_wide = dice.chance(40);
  for (size_t i = 0; i < records_; ++i) {
    if (i != only && !(is_wide && dice.chance(50))) continue;
    if (i != only && dice.chance(20)) {  // a deletion beside other work
      edits.push_back({record_at(i), {{kDeletedField, Value::boolean(dice.chance(70)), {}}}});
      continue;
    }
    RecordEdits record{record_at(i), {}};
    for (FieldNumber field = 1; field <= kFields; ++field) {
      if (dice.chance(60)) record.cells.push_back({field, draw_value(dice), {}});
    }
    if (record.cells.empty()) record.cells.push_back({1, draw_value(dice), {}});
    edits.push_back(std::move(record));
  }
  return edits;
}

std::vector<RecordEdits> World::make_deletion(Dice& dice) const {
  const RecordKey key = record_at(dice.below(records_));
  return {{key, {{kDeletedField, Value::boolean(dice.chance(75)), {}}}}};
}

Changeset World::draft(const Screen& screen, std::vector<RecordEdits> edits) const {
  Changeset changeset;
  changeset.ledger = kLedger;
  changeset.context.position = screen.position;
  changeset.context.own_seq = screen.own_seq;
  changeset.records = std::move(edits);
  return changeset;
}

void World::save(size_t device, Changeset changeset, Knowledge known,
                 std::optional<size_t> foreign_device) {
  Device& by = devices_[device];
  const auto id = static_cast<ChangesetId>(saved_.size());
  changeset.device = by.number;
  changeset.seq = by.chain.size() + 1;
  changeset.author = device;
  if (changeset.seq == 1) changeset.continues = by.continues;
  if (changeset.origin) events_ |= kOrigin;
  const Hash before = by.chain.empty() ? Hash{} : saved_[static_cast<size_t>(by.chain.back())].link;
  SavedChangeset saved;
  saved.link = next_link(before, by.number * 1000 + saved_.size());
  saved.device = device;
  saved.known = std::move(known);
  saved.foreign_device = foreign_device;
  say("device ", by.number, " saves #", id, ": ", describe(changeset));
  saved.changeset = std::move(changeset);
  saved_.push_back(std::move(saved));
  by.chain.push_back(id);
  by.known.own.set(static_cast<size_t>(id));
  by.disk_at.push_back(screen_now(device));
}

void World::save_screen(size_t device, const Screen& screen, std::vector<RecordEdits> edits,
                        std::optional<Hash> origin) {
  if (edits.empty() || saved_.size() >= kMostSaved) return;
  Changeset changeset = draft(screen, std::move(edits));
  changeset.origin = origin;
  save(device, std::move(changeset), screen.known, std::nullopt);
}

// An open form (which is then closed), or one that is opened now.
Screen World::take_form(Device& device, size_t index, size_t choice) {
  if (device.forms.empty() || choice % 2 == 0) return screen_now(index);
  const size_t form = choice / 2 % device.forms.size();
  Screen screen = device.forms[form];
  device.forms.erase(device.forms.begin() + static_cast<std::ptrdiff_t>(form));
  return screen;
}

void World::resolve(size_t device, Dice& dice) {
  pull(device, state_.position);
  std::vector<std::pair<RecordKey, const Cell*>> contended;
  for (const auto& [key, record] : ledger_records_.all()) {
    for (const Cell& cell : record.cells) {
      if (cell.is_contended()) contended.emplace_back(key, &cell);
    }
  }
  if (contended.empty()) return;
  const auto& [key, cell] = contended[dice.below(contended.size())];
  const Value value =
      dice.chance(50) ? cell->reading() : cell->standing[dice.below(cell->standing.size())].value;
  save_screen(device, screen_now(device), {{key, {{cell->field, value, {}}}}});
}

void World::import_workbook(size_t device, const Step& step) {
  if (workbooks_.empty() || saved_.size() >= kMostSaved) return;
  const Screen& workbook = workbooks_[step.a % workbooks_.size()];
  Dice dice(step.seed);
  std::vector<RecordEdits> edits = make_edits(dice);
  if (workbook.device == device) return save_screen(device, workbook, std::move(edits));

  const Device& exporter = devices_[workbook.device];
  Changeset changeset = draft(workbook, std::move(edits));
  changeset.context.own_seq = 0;
  Knowledge known = workbook.known;
  size_t named = workbook.device;
  if (workbook.own_seq > 0) {
    const auto id = static_cast<size_t>(exporter.chain[workbook.own_seq - 1]);
    changeset.context.foreign = {exporter.number, workbook.own_seq, saved_[id].link};
  } else if (exporter.continues && exporter.continues->device != devices_[device].number) {
    // It had saved nothing yet, and showed what came with the disk.
    changeset.context.foreign = exporter.continues;
    named = exporter.continues->device - 1;
    known.own = std::exchange(known.inherited, {});
  } else {
    if (exporter.continues || devices_[device].continues) return;
    return save(device, std::move(changeset), workbook.known, std::nullopt);
  }
  if (step.b % 4 == 0) changeset.context.foreign->link[5] ^= 1;
  save(device, std::move(changeset), std::move(known), named);
}

void World::push(size_t device, size_t count, bool reply_is_lost) {
  Device& by = devices_[device];
  const size_t end = std::min(by.acknowledged + count, by.chain.size());
  if (by.acknowledged == end) return;
  say("device ", by.number, " pushes seq ", by.acknowledged + 1, " to ", end,
      reply_is_lost ? "; the reply is lost" : "");
  for (size_t i = by.acknowledged; i < end && failure_.empty(); ++i) receive(by.chain[i]);
  if (reply_is_lost) return;
  for (; by.acknowledged < end; ++by.acknowledged) {
    const ChangesetId id = by.chain[by.acknowledged];
    if (saved_[static_cast<size_t>(id)].is_refused) by.held.push_back(id);
  }
}

void World::pull(size_t device, uint64_t position) {
  Device& by = devices_[device];
  if (position <= by.position) return;
  by.position = position;
  by.known.pulled = entered_up_to_[position];
  say("device ", by.number, " pulls up to position ", position);
}

// The original context, without the cells that a later changeset of the device wrote.
void World::reapply(size_t device, size_t choice) {
  Device& by = devices_[device];
  if (by.held.empty() || saved_.size() >= kMostSaved) return;
  const SavedChangeset held = saved_[static_cast<size_t>(by.held[choice % by.held.size()])];
  Changeset changeset = held.changeset;
  changeset.continues.reset();
  for (RecordEdits& record : changeset.records) {
    std::erase_if(record.cells, [&](const CellEdit& edit) {
      const auto later = by.chain.begin() + static_cast<std::ptrdiff_t>(held.changeset.seq);
      return std::any_of(later, by.chain.end(), [&](ChangesetId id) {
        return writes(saved_[static_cast<size_t>(id)].changeset, record.key, edit.field);
      });
    });
  }
  std::erase_if(changeset.records, [](const RecordEdits& record) { return record.cells.empty(); });
  if (changeset.records.empty()) return;
  events_ |= kReapplied;
  say("device ", by.number, " re-applies its held seq ", held.changeset.seq);
  save(device, std::move(changeset), held.known, held.foreign_device);
}

// A pending changeset of the copied disk, under the new number. The new device's own seq k stands
// for the old one's fork + k; what was opened before the fork names the old device.
void World::make_again(size_t device, size_t followed, uint64_t fork, ChangesetId id) {
  saved_[static_cast<size_t>(id)].is_lost = true;  // under the old number
  if (saved_.size() >= kMostSaved) return;
  const SavedChangeset old = saved_[static_cast<size_t>(id)];
  Changeset changeset = old.changeset;
  changeset.origin = old.link;
  changeset.continues.reset();
  if (changeset.context.foreign) {
    return save(device, std::move(changeset), old.known, old.foreign_device);
  }
  const uint64_t seq = changeset.context.own_seq;
  Knowledge known = old.known;
  if (seq >= fork) {
    changeset.context.own_seq = seq - fork;
    const Device& by = devices_[device];
    known.inherited = by.known.inherited;
    known.own.reset();
    for (uint64_t i = 0; i < seq - fork; ++i) known.own.set(static_cast<size_t>(by.chain[i]));
    return save(device, std::move(changeset), std::move(known), std::nullopt);
  }
  // Before the fork: as that device's context. With seq 0 there is nothing to name but positions.
  changeset.context.own_seq = 0;
  ChainPoint point{devices_[followed].number, std::max<uint64_t>(seq, 1), {}};
  if (seq > 0) point.link = links_.at({point.device, seq});
  changeset.context.foreign = point;
  save(device, std::move(changeset), std::move(known), followed);
}

void World::follow(size_t device, const Step& step) {
  if (devices_.size() >= kMostDevices) return;
  const size_t on_disk =
      devices_[device].chain.size() - std::min(devices_[device].chain.size(), step.a % 3);
  const auto head = state_.heads.find(devices_[device].number);
  const uint64_t at_hub = head == state_.heads.end() ? 0 : head->second.seq;
  const bool old_dies = step.b % 2 == 0;
  if (!old_dies && at_hub < on_disk) return;  // then it has not forked
  const uint64_t fork = std::min<uint64_t>(on_disk, at_hub);
  if (fork == 0 && old_dies && on_disk > 0) return;

  Device next;
  next.number = devices_.size() + 1;
  Device& old = devices_[device];
  const Knowledge known = fork == 0 ? old.known : old.disk_at[on_disk - 1].known;
  next.position = fork == 0 ? old.position : old.disk_at[on_disk - 1].position;
  next.known.pulled = known.pulled;
  if (fork == 0) {
    next.continues = old.continues;
    next.known.inherited = known.inherited;
  } else {
    const auto last = static_cast<size_t>(old.chain[fork - 1]);
    next.continues = ChainPoint{old.number, fork, saved_[last].link};
    next.known.inherited = old.first_refused ? ChangesetSet() : known.inherited;
    for (uint64_t i = 0; i < fork; ++i) next.known.inherited.set(static_cast<size_t>(old.chain[i]));
  }
  old.is_lost = old.is_lost || old_dies;
  if (old_dies) {
    const size_t kept = std::max<size_t>(on_disk, at_hub);
    for (size_t i = kept; i < old.chain.size(); ++i) {
      saved_[static_cast<size_t>(old.chain[i])].is_lost = true;
    }
  }
  say("device ", next.number, " follows device ", old.number, " at seq ", fork,
      old_dies ? ", which is gone" : "");
  devices_.push_back(std::move(next));
  if (!old_dies) return;
  for (size_t i = fork; i < on_disk; ++i) {
    make_again(devices_.size() - 1, device, fork, devices_[device].chain[i]);
  }
}

void World::run(const Step& step) {
  const size_t device = step.device % devices_.size();
  Device& by = devices_[device];
  Dice dice(step.seed);
  if (by.is_lost && step.kind != StepKind::lock && step.kind != StepKind::follow) return;
  switch (step.kind) {
    case StepKind::open_form:
      if (by.forms.size() < 2) by.forms.push_back(screen_now(device));
      return;
    case StepKind::save:
      return save_screen(device, take_form(by, device, step.a), make_edits(dice));
    case StepKind::remove:
      return save_screen(device, take_form(by, device, step.a), make_deletion(dice));
    case StepKind::resolve:
      return resolve(device, dice);
    case StepKind::export_workbook:
      workbooks_.push_back(screen_now(device));
      return;
    case StepKind::import_workbook:
      return import_workbook(device, step);
    case StepKind::push:
      return push(device, 1 + step.a % 6, step.b % 5 == 0);
    case StepKind::pull:
      return pull(device, step.a % 3 == 0 && state_.position > 0 ? dice.below(state_.position + 1)
                                                                 : state_.position);
    case StepKind::lock:
      locked_.reset();
      if (step.a % 2 == 0) locked_ = record_at(step.b % records_);
      return;
    case StepKind::reapply:
      return reapply(device, step.a);
    case StepKind::follow:
      return follow(device, step);
  }
}

}  // namespace daftar::property
