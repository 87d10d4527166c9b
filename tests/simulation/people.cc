// What people do in a simulation, and what they knew when they did it.
#include <algorithm>
#include <charconv>

#include "common/register/kinds.h"
#include "tests/simulation/world.h"

namespace daftar::simulation {
namespace {

constexpr KindNumber kIndicator = 4;
constexpr FieldNumber kFields = 4;  // beside `deleted`: 8 records × 5 cells
constexpr size_t kValues = 4;

// Records of no device of the schedule: their ids are the same under every number.
size_t record_count(size_t ledger) { return ledger == 0 ? 5 : 3; }
RecordKey record_at(size_t ledger, size_t index) {
  return {kIndicator, 900, 1 + ledger * 5 + index, ""};
}

Value draw_value(Dice& dice) {
  const size_t number = dice.below(kValues + 1);
  return number == kValues ? Value() : Value::text(std::string(1, static_cast<char>('a' + number)));
}

size_t count_edits(const std::vector<RecordEdits>& records) {
  size_t count = 0;
  for (const RecordEdits& record : records) count += record.cells.size();
  return count;
}

}  // namespace

bool World::holds(const Device& device, size_t ledger) const {
  if (ledger == 0) return true;
  // A copy holds what its original held: as the store says.
  return device.store && device.store->find_ledger(ledger_name(ledger)).ok();
}

std::optional<ChangesetId> World::id_of(const std::string& message) {
  ChangesetId id = 0;
  if (message.size() < 2 || message[0] != 'm') return std::nullopt;
  const auto [end, error] =
      std::from_chars(message.data() + 1, message.data() + message.size(), id);
  if (error != std::errc() || end != message.data() + message.size()) return std::nullopt;
  return id;
}

// Reads the entries that have come in.
void World::refresh(Device& device) {
  for (size_t ledger = 0; ledger < kLedgers; ++ledger) {
    if (!holds(device, ledger)) continue;
    LedgerStore& store = device.store->ledgers();
    const LedgerId id = need(device.store->find_ledger(ledger_name(ledger)));
    const uint64_t size = need(store.row(id)).size;
    std::vector<Confirmed>& confirmed = device.confirmed[ledger];
    if (confirmed.size() > size) confirmed.clear();
    if (confirmed.size() == size) continue;
    need(
        store.read_entries(id, confirmed.size() + 1, size, [&](const StoredEntry& entry) -> Status {
          Confirmed one;
          if (!entry.changeset.empty()) {
            DAFTAR_ASSIGN_OR_RETURN(const Changeset decoded, decode_changeset(entry.changeset));
            one = {id_of(decoded.message).value_or(-1), decoded.device, decoded.seq};
          }
          confirmed.push_back(one);
          return {};
        }));
  }
}

Screen World::open_screen(size_t index, size_t ledger) {
  Device& device = devices_[index];
  refresh(device);
  client::ClientStore& store = *device.store;
  const LedgerId id = need(store.find_ledger(ledger_name(ledger)));
  Screen screen;
  screen.ledger = ledger;
  screen.device = index;
  screen.restores = device.restores;
  screen.number = device.numbers.back();
  screen.context = need(store.current_context(id));
  screen.head = need(store.verified_head(id));
  screen.newest_own = need(store.newest_own(id));
  for (const Confirmed& one : device.confirmed[ledger]) {
    if (one.id < 0) continue;
    screen.known.pulled.set(static_cast<size_t>(one.id));
    if (one.device == screen.number && one.seq == screen.newest_own.seq) screen.newest = one.id;
  }
  for (const client::PendingChangeset& one : need(store.pending(id))) {
    const auto changeset = id_of(need(decode_changeset(one.bytes)).message);
    if (one.device == screen.number && one.seq == screen.newest_own.seq) {
      screen.newest = changeset.value_or(-1);
    }
    // Who saved it knows of it, though the screen shows nothing of held work: a restored hub may
    // enter what it had refused.
    if (changeset) screen.known.own.set(static_cast<size_t>(*changeset));
  }
  return screen;
}

std::optional<Screen> World::take_form(size_t index, size_t ledger, size_t choice) {
  Device& device = devices_[index];
  if (device.forms.empty() || choice % 2 == 0) return open_screen(index, ledger);
  const size_t form = choice / 2 % device.forms.size();
  Screen screen = device.forms[form];
  device.forms.erase(device.forms.begin() + static_cast<std::ptrdiff_t>(form));
  const Screen now = open_screen(index, screen.ledger);
  if (now.known.pulled != screen.known.pulled) note(Event::late_form);
  return screen;
}

std::vector<RecordEdits> World::make_edits(Dice& dice, size_t ledger) const {
  std::vector<RecordEdits> edits;
  const size_t records = record_count(ledger);
  const size_t only = dice.below(records);
  const bool is_wide = dice.chance(30);
  for (size_t i = 0; i < records; ++i) {
    if (i != only && !(is_wide && dice.chance(40))) continue;
    const RecordKey key = record_at(ledger, i);
    if (i != only && dice.chance(10)) {  // a deletion beside other work
      edits.push_back({key, {{kDeletedField, Value::boolean(dice.chance(70)), {}}}});
      continue;
    }
    RecordEdits record{key, {}};
    for (FieldNumber field = 1; field <= kFields; ++field) {
      if (dice.chance(45)) record.cells.push_back({field, draw_value(dice), {}});
    }
    if (record.cells.empty()) record.cells.push_back({2, draw_value(dice), {}});
    edits.push_back(std::move(record));
  }
  return edits;
}

void World::save(size_t index, const Screen& screen, std::vector<RecordEdits> edits,
                 std::optional<Foreign> foreign, const Context& context, Dice& dice) {
  if (saved_.size() + 1 >= property::kMostChangesets || edits.empty()) return;
  Device& device = devices_[index];
  const auto id = static_cast<ChangesetId>(saved_.size());
  const LedgerId ledger = need(device.store->find_ledger(ledger_name(screen.ledger)));
  client::Draft draft;
  draft.context = context;
  draft.message = "m" + std::to_string(id);
  draft.records = edits;
  SavedChangeset saved;
  saved.ledger = screen.ledger;
  saved.device = index;
  saved.known = screen.known;
  saved.foreign = foreign;
  saved.records = std::move(edits);
  saved.number = saved.saved_as = device.numbers.back();
  const Result<uint64_t> seq = [&] {
    const FaultDisk::ReadsMayFail scope;
    return device.store->save(ledger, {draft}, device.clock.wall_ms());
  }();
  saved.is_certain = seq.ok();
  if (seq.ok()) edits_ += count_edits(saved.records);
  if (seq.ok()) saved.seq = *seq;
  say("device ", index, " saves #", id, " in ledger ", screen.ledger, " seq ", saved.seq,
      ", context ", context.position, ":", context.own_seq, context.foreign ? " foreign" : "",
      seq.ok() ? "" : ": " + seq.status().text());
  // What failed while the machine went on is not there, and its number is free again; what was cut
  // off by a power cut may be there.
  if (seq.ok() || disk_.is_dead(device.folder)) saved_.push_back(std::move(saved));
  check_device(index, dice);
  find_places(index);
}

void World::resolve(size_t index, size_t ledger, Dice& dice) {
  Device& device = devices_[index];
  const Screen screen = open_screen(index, ledger);
  const LedgerId id = need(device.store->find_ledger(ledger_name(ledger)));
  auto view = need(client::View::open(*device.store, id));
  const std::vector<RecordKey> keys = need(view.contended());
  if (keys.empty()) return;
  const RecordKey key = keys[dice.below(keys.size())];
  const RecordState record = need(view.record(key));
  std::vector<const Cell*> cells;
  for (const Cell& cell : record.cells) {
    if (cell.is_contended()) cells.push_back(&cell);
  }
  if (cells.empty()) return fail("a record is listed as contended and has no contended cell");
  const Cell& cell = *cells[dice.below(cells.size())];
  const Value value =
      dice.chance(50) ? cell.reading() : cell.standing[dice.below(cell.standing.size())].value;
  note(Event::resolved);
  save(index, screen, {{key, {{cell.field, value, {}}}}}, std::nullopt, screen.context, dice);
}

void World::import_workbook(size_t index, Dice& dice) {
  if (workbooks_.empty()) return;
  const Screen workbook = workbooks_[dice.below(workbooks_.size())];
  Device& device = devices_[index];
  if (!holds(device, workbook.ledger)) return;
  Screen screen = workbook;
  Context context = workbook.context;
  std::vector<RecordEdits> edits = make_edits(dice, workbook.ledger);
  if (workbook.device == index) {
    // Written before the disk was put back, it names work by a seq that other work has now.
    const bool is_of_another_disk = workbook.restores != device.restores;
    if (workbook.number != device.numbers.back() || is_of_another_disk) return;
    note(Event::own_workbook);
    return save(index, screen, std::move(edits), std::nullopt, context, dice);
  }
  // A workbook names the device that wrote it; one of this disk's older number, or of a disk with
  // this one's number, cannot be told from this disk's own.
  const auto& numbers = device.numbers;
  if (std::find(numbers.begin(), numbers.end(), workbook.number) != numbers.end()) return;
  if (workbook.newest_own.seq == 0) return;
  const LedgerId id = need(device.store->find_ledger(ledger_name(workbook.ledger)));
  if (!need(device.store->has_past(id, workbook.head))) {
    // Then it is a file without a context: its importer looks at what it would change here.
    note(Event::unknown_workbook);
    screen = open_screen(index, workbook.ledger);
    return save(index, screen, std::move(edits), std::nullopt, screen.context, dice);
  }
  Foreign foreign{workbook.number, workbook.newest_own.seq, workbook.newest};
  context.own_seq = 0;
  context.foreign = workbook.newest_own;
  context.foreign->device = workbook.number;
  if (dice.chance(25)) {
    context.foreign->link[5] ^= 1;
    foreign.newest = -1;
  }
  save(index, screen, std::move(edits), foreign, context, dice);
}

void World::reapply(size_t index, size_t ledger, Dice& dice) {
  if (saved_.size() + 1 >= property::kMostChangesets) return;
  Device& device = devices_[index];
  const LedgerId id = need(device.store->find_ledger(ledger_name(ledger)));
  std::vector<client::PendingChangeset> held;
  for (client::PendingChangeset& one : need(device.store->pending(id))) {
    if (one.state == client::PendingState::held) held.push_back(std::move(one));
  }
  if (held.empty()) return;
  const client::PendingChangeset& chosen = held[dice.below(held.size())];
  const auto old = id_of(need(decode_changeset(chosen.bytes)).message);
  if (!old) return fail("a held changeset is not one that was saved");
  if (dice.chance(10)) {
    const Status discarded = device.store->discard(id, chosen.seq);
    return check_device(index, dice);
  }
  const auto again = static_cast<ChangesetId>(saved_.size());
  const std::set<MergeOracle::CellName> later = written_later(index, ledger, *old);
  SavedChangeset saved = saved_[static_cast<size_t>(*old)];
  saved.device = index;
  saved.number = device.numbers.back();
  saved.is_known_by_continues = saved.is_known_by_continues || chosen.device != saved.number;
  const Result<uint64_t> seq =
      device.store->reapply(id, chosen.seq, "m" + std::to_string(again), device.clock.wall_ms());
  saved.is_certain = seq.ok();
  if (!seq.ok() && seq.status().code() == Code::refused) return;  // nothing was left of it
  note(Event::reapplied);
  saved.seq = seq.ok() ? *seq : 0;
  // Of a re-apply that was not acknowledged a restart may show what it says.
  saved.records.clear();
  if (seq.ok()) {
    saved.records = check_reapplied(device, id, *seq, saved_[static_cast<size_t>(*old)], later);
  }
  say("device ", index, " saves #", again, ", re-applying #", *old,
      seq.ok() ? "" : ": " + seq.status().text());
  saved_.push_back(std::move(saved));
  check_device(index, dice);
  find_places(index);
}

// The cells that a disk's author wrote after changeset `id`, and that were not refused.
std::set<MergeOracle::CellName> World::written_later(size_t index, size_t ledger, ChangesetId id) {
  Device& device = devices_[index];
  refresh(device);
  ChangesetSet here;
  const LedgerId ledger_id = need(device.store->find_ledger(ledger_name(ledger)));
  for (const client::PendingChangeset& one : need(device.store->pending(ledger_id))) {
    const bool is_open = one.state == client::PendingState::waiting ||
                         one.state == client::PendingState::entered ||
                         one.state == client::PendingState::forked;
    const auto pending = id_of(need(decode_changeset(one.bytes)).message);
    if (is_open && pending) here.set(static_cast<size_t>(*pending));
  }
  for (const Confirmed& one : device.confirmed[ledger]) {
    if (one.id >= 0) here.set(static_cast<size_t>(one.id));
  }
  std::set<MergeOracle::CellName> cells;
  for (auto other = static_cast<size_t>(id) + 1; other < saved_.size(); ++other) {
    const SavedChangeset& saved = saved_[other];
    if (saved.device != index || saved.ledger != ledger || !here.test(other)) continue;
    for (const RecordEdits& record : saved.records) {
      for (const CellEdit& cell : record.cells) cells.emplace(record.key, cell.field);
    }
  }
  return cells;
}

// A re-applied changeset says what the held one said, without the cells that its number wrote later
// (a copy of the disk may have written some of those); what it says.
std::vector<RecordEdits> World::check_reapplied(Device& device, LedgerId ledger, uint64_t seq,
                                                const SavedChangeset& held,
                                                const std::set<MergeOracle::CellName>& later) {
  std::set<MergeOracle::CellName> by_copies;
  for (const SavedChangeset& other : saved_) {
    const auto& numbers = device.numbers;
    if (std::find(numbers.begin(), numbers.end(), other.number) == numbers.end()) continue;
    for (const RecordEdits& record : other.records) {
      for (const CellEdit& cell : record.cells) by_copies.emplace(record.key, cell.field);
    }
  }
  std::map<MergeOracle::CellName, Value> expected;
  for (const RecordEdits& record : held.records) {
    for (const CellEdit& cell : record.cells) {
      expected.emplace(MergeOracle::CellName{record.key, cell.field}, cell.value);
    }
  }
  std::vector<RecordEdits> records;
  for (const client::PendingChangeset& one : need(device.store->pending(ledger))) {
    if (one.device == device.numbers.back() && one.seq == seq) {
      records = need(decode_changeset(one.bytes)).records;
    }
  }
  for (const RecordEdits& record : records) {
    for (const CellEdit& cell : record.cells) {
      const MergeOracle::CellName name{record.key, cell.field};
      if (later.contains(name)) {
        fail("a re-applied changeset writes a cell that its author wrote later");
      }
      const auto wanted = expected.find(name);
      if (wanted == expected.end() || wanted->second != cell.value) {
        fail("a re-applied changeset says what the held one did not");
      } else {
        expected.erase(wanted);
      }
    }
  }
  for (const auto& [name, value] : expected) {
    if (!later.contains(name) && !by_copies.contains(name)) {
      fail("a re-applied changeset has lost a cell of the held one");
    }
  }
  return records;
}

// Where a disk's own changesets stand after they were made again, or after a restart showed which
// of them it has.
void World::find_places(size_t index) {
  Device& device = devices_[index];
  for (size_t ledger = 0; ledger < kLedgers; ++ledger) {
    if (!holds(device, ledger)) continue;
    const LedgerId id = need(device.store->find_ledger(ledger_name(ledger)));
    for (const client::PendingChangeset& one : need(device.store->pending(id))) {
      const Changeset changeset = need(decode_changeset(one.bytes));
      const auto known = id_of(changeset.message);
      if (!known || static_cast<size_t>(*known) >= saved_.size()) {
        return fail("a disk holds a changeset that nobody saved");
      }
      ids_by_hash_[sha256(one.bytes)] = *known;
      SavedChangeset& saved = saved_[static_cast<size_t>(*known)];
      if (saved.device != index) continue;
      if (changeset.origin && !saved.is_disk_lost) note(Event::made_again);
      saved.number = one.device;
      saved.seq = one.seq;
      if (saved.records.empty()) saved.records = changeset.records;
      if (saved.records != changeset.records) {
        return fail("a disk holds #" + std::to_string(*known) +
                    " with other edits than were saved");
      }
    }
  }
}

}  // namespace daftar::simulation
