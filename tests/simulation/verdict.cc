// Healing, and everything that must hold after it.
#include <algorithm>

#include "common/ledger/entry.h"
#include "tests/simulation/world.h"

namespace daftar::simulation {
namespace {

constexpr int kMostRounds = 12;
constexpr int kRoundsBeforeGivingUp = 4;
// Of one session: an exchange takes a dozen, giving entries back some hundreds.
constexpr int kMostMessages = 5'000;

using property::Fate;

Fate fate_of(Outcome outcome) {
  return outcome == Outcome::agreed      ? Fate::agreed
         : outcome == Outcome::contended ? Fate::contended
                                         : Fate::applied;
}

const char* name_of_fate(Fate fate) {
  return fate == Fate::applied ? "applied" : fate == Fate::agreed ? "agreed" : "contended";
}

// Whether the edit with this index deletes its record.
bool deletes_at(const Changeset& changeset, size_t index) {
  for (const RecordEdits& record : changeset.records) {
    if (index < record.cells.size()) {
      return record.cells[index].field == kDeletedField && record.cells[index].value.is_yes();
    }
    index -= record.cells.size();
  }
  return false;
}

std::string join(const std::vector<ChangesetId>& ids) {
  std::string out;
  for (const ChangesetId id : ids) out += " #" + std::to_string(id);
  return out.empty() ? " none" : out;
}

}  // namespace

// One whole session over a good line; nothing if a disk's fault ended it.
std::optional<client::SyncReport> World::sync_to_the_end(size_t index, Dice& dice) {
  Step step;
  step.a = 9;
  step.b = dice.below(1000);
  step.seed = dice.next();
  start_sync(index, step);
  return run_to_the_end(index, dice);
}

std::optional<client::SyncReport> World::run_to_the_end(size_t index, Dice& dice) {
  Device& device = devices_[index];
  std::optional<client::SyncReport> report;
  for (int passed = 0; device.session && failure_.empty(); ++passed) {
    if (passed > kMostMessages) {
      fail("a session does not end");
      break;
    }
    if (!device.session->has_message()) {
      for (HubProcess& process : hubs_) settle(process);
      if (!device.session->has_message()) {
        fail("a session waits for ever");
        break;
      }
    }
    deliver_to(index);
    check_hub(dice);
    check_device(index, dice);
    if (!device.session || !device.session->is_done()) continue;
    report = device.session->report();
    if (!report->status.ok()) say("device ", index, ": ", report->status.text());
    end_session(index);
  }
  return report;
}

// The faults end: everything that is under way ends, disks and lines work, and all devices sync
// until there is nothing new for anybody.
void World::heal(Dice& dice) {
  say("-- healing");
  for (Device& device : devices_) device.is_cut_off = false;
  while (deliver_one(dice) && failure_.empty()) {
  }
  disk_.heal(hub_folder_);
  for (Device& device : devices_) disk_.heal(device.folder);
  revoke_unused();
  for (int round = 0; round < kMostRounds && failure_.empty(); ++round) {
    bool is_quiet = true;
    for (size_t i = 0; i < devices_.size() && failure_.empty(); ++i) {
      const std::optional<client::SyncReport> report = sync_to_the_end(i, dice);
      is_quiet = is_quiet && report && report->is_unchanged;
      if (devices_[i].is_forked) {
        is_quiet = false;
        enrol(i, dice);
      }
    }
    for (HubProcess& process : hubs_) settle(process);
    if (is_quiet) return;
    if (round == kRoundsBeforeGivingUp) give_up();
  }
  fail("the devices do not come to rest");
}

// Everybody has shown what he knows. If entries were judged by what the hub had said in `national`
// and nobody had pulled, its operator gives that up (serve --stop-waiting).
void World::give_up() {
  hub::HubStore& store = *hubs_[0].store;
  if (!need(store.may_lack_national())) return;
  const std::string national(kNational);
  const auto size = need(store.ledgers().row(*need(store.ledgers().find_ledger(national)))).size;
  for (Device& device : devices_) {
    for (const client::LedgerInfo& info : need(device.store->held_ledgers())) {
      if (info.name == national && info.verified.size > size) fail("a device has what is given up");
    }
  }
  for (const char* name : {ledger_name(0), ledger_name(1), national.c_str()}) {
    const auto awaited = need(store.awaited(name));
    if (awaited && !awaited->empty()) fail("a device is awaited that has shown what it knows");
  }
  say("what was lost of national is given up");
  need(store.end_awaiting());
  open_hubs();
}

void World::compare() {
  for (size_t ledger = 0; ledger < kLedgers && failure_.empty(); ++ledger) {
    compare_copies(ledger);
    if (failure_.empty()) read_entries(ledger);
    if (failure_.empty()) judge(ledger);
    if (failure_.empty()) compare_cells(ledger);
  }
  if (failure_.empty()) check_nothing_is_lost();
}

// Equal roots and digests wherever the ledger is held, and nothing waits.
void World::compare_copies(size_t ledger) {
  const std::string name = ledger_name(ledger);
  LedgerStore& at_hub = hubs_[0].store->ledgers();
  const auto hub = need(Ledger::open(at_hub, *need(at_hub.find_ledger(name)), name));
  const TreeHead head = hub->tree_head();
  const Hash digest = need(hub->digest());
  for (size_t i = 0; i < devices_.size(); ++i) {
    if (!holds(devices_[i], ledger)) continue;
    for (const client::LedgerInfo& info : need(devices_[i].store->held_ledgers())) {
      if (info.name != name) continue;
      const std::string who = "device " + std::to_string(i) + " in " + name;
      if (info.waiting + info.entered + info.forked > 0) fail(who + ": work still waits");
      if (info.verified != head) fail(who + ": the root differs from the hub's");
      const auto open = need(Ledger::open(devices_[i].store->ledgers(), info.id, name));
      if (need(open->digest()) != digest) fail(who + ": the digest differs from the hub's");
    }
  }
}

void World::read_entries(size_t ledger) {
  LedgerStore& store = hubs_[0].store->ledgers();
  const LedgerId id = *need(store.find_ledger(ledger_name(ledger)));
  std::vector<Entry>& entries = entries_[ledger];
  need(
      store.read_entries(id, 1, need(store.row(id)).size, [&](const StoredEntry& stored) -> Status {
        Entry entry;
        DAFTAR_ASSIGN_OR_RETURN(entry.header, decode_header(stored.header));
        entry.is_refused = entry.header.refusal.has_value();
        if (entry.is_refused) {
          entry.number = entry.header.refusal->device;
          entry.seq = entry.header.refusal->seq;
          const auto known = ids_by_hash_.find(entry.header.refusal->changeset_hash);
          if (known != ids_by_hash_.end()) entry.id = known->second;
          const RefusalReason reason = entry.header.refusal->reason;
          if (entry.id < 0) fail("the ledger refuses a changeset that nobody saved");
          if (reason == RefusalReason::origin_entered) {
            known_already_.insert(entry.id);
          } else if (reason != RefusalReason::period_locked || !locked_out_.contains(entry.id)) {
            fail("#" + std::to_string(entry.id) + " is refused, and nothing speaks against it");
          }
        } else {
          DAFTAR_ASSIGN_OR_RETURN(entry.changeset, decode_changeset(stored.changeset));
          entry.number = entry.changeset.device;
          entry.seq = entry.changeset.seq;
          entry.id = id_of(entry.changeset.message).value_or(-1);
          if (entry.id < 0) fail("the ledger has a changeset that nobody saved");
        }
        places_[ledger][{entry.number, entry.seq}] = stored.position;
        entries.push_back(std::move(entry));
        return {};
      }));
}

// Whether the ledger knew, at entry `at`, that number `by` goes on with the disk of `number`: each
// number in between has said so in its first changeset, which was not refused.
bool World::is_followed(size_t ledger, size_t at, DeviceNumber by, DeviceNumber number) const {
  if (by == number) return true;
  for (const Device& device : devices_) {
    const auto end = std::find(device.numbers.begin(), device.numbers.end(), by);
    const auto begin = std::find(device.numbers.begin(), end, number);
    if (end == device.numbers.end() || begin == end) continue;
    return std::all_of(begin + 1, end + 1, [&](DeviceNumber hop) {
      const auto first = places_[ledger].find({hop, 1});
      // A number that never sent anything is passed over.
      if (first == places_[ledger].end() || first->second > at + 1) return true;
      return !entries_[ledger][first->second - 1].is_refused;
    });
  }
  return false;
}

// The changesets whose versions the author of an entry had seen, as far as the rule lets them
// count.
ChangesetSet World::seen_at(size_t ledger, size_t at) const {
  const Entry& entry = entries_[ledger][at];
  const SavedChangeset& saved = saved_[static_cast<size_t>(entry.id)];
  ChangesetSet seen = saved.known.pulled;
  DeviceNumber by = entry.number;
  if (saved.foreign) {
    const auto place = places_[ledger].find({saved.foreign->number, saved.foreign->seq});
    const bool is_matched = place != places_[ledger].end() && place->second <= at &&
                            saved.foreign->newest >= 0 &&
                            entries_[ledger][place->second - 1].id == saved.foreign->newest;
    if (!is_matched) return seen;
    by = saved.foreign->number;
  } else if (entry.changeset.context.foreign) {
    // Made again from a screen older than the fork point, it names the number of then.
    by = saved.saved_as;
  }
  for (size_t i = 0; i < at; ++i) {
    const Entry& known = entries_[ledger][i];
    if (known.is_refused || !saved.known.own.test(static_cast<size_t>(known.id))) continue;
    if (saved.is_known_by_continues && known.number == by) continue;
    if (is_followed(ledger, at, by, known.number)) seen.set(static_cast<size_t>(known.id));
  }
  return seen;
}

// Enters everything into the oracle in the ledger's order.
void World::judge(size_t ledger) {
  for (size_t at = 0; at < entries_[ledger].size() && failure_.empty(); ++at) {
    const Entry& entry = entries_[ledger][at];
    if (entry.is_refused) {
      note(Event::refused);
      continue;
    }
    const SavedChangeset& saved = saved_.at(static_cast<size_t>(entry.id));
    if (saved.ledger != ledger)
      return fail("a changeset is in another ledger than it was saved in");
    if (entry.changeset.records != saved.records) {
      return fail("#" + std::to_string(entry.id) + " says something else in the ledger");
    }
    if (entry.changeset.continues) note(Event::continued);
    if (saved.foreign) {
      note(entry.header.link_matched ? Event::foreign_matched : Event::foreign_not_matched);
    }
    const property::Judgement judgement =
        oracles_[ledger].enter(entry.id, entry.changeset, seen_at(ledger, at));
    if (judgement.held_back_deletions > 0) note(Event::contended_deletion);
    if (judgement.automatic_noes > 0) note(Event::automatic_no);
    std::vector<Fate> fates(judgement.fates.size(), Fate::applied);
    for (const Exception& exception : entry.header.exceptions) {
      fates.at(exception.index) = fate_of(exception.outcome);
    }
    for (size_t i = 0; i < fates.size(); ++i) {
      const Fate expected = judgement.fates[i];
      if (expected == Fate::applied && deletes_at(entry.changeset, i))
        note(Event::deletion_applied);
      note(expected == Fate::applied  ? Event::applied
           : expected == Fate::agreed ? Event::agreed
                                      : Event::contended);
      if (fates[i] == expected) continue;
      fail("edit " + std::to_string(i) + " of #" + std::to_string(entry.id) + " at position " +
           std::to_string(at + 1) + " of ledger " + std::to_string(ledger) + " is " +
           name_of_fate(fates[i]) + ", and should be " + name_of_fate(expected));
    }
  }
}

void World::compare_cell(size_t ledger, const MergeOracle::CellName& name,
                         const RecordState& record) {
  const MergeOracle::CellView view = oracles_[ledger].view(name);
  const Cell* cell = record.find(name.second);
  const std::string where = name.first.id() + ".f" + std::to_string(name.second);
  if (cell == nullptr) return fail(where + " is not there");
  const auto id_of_version = [&](const Version& version) {
    const Entry& entry = entries_[ledger].at(version.position - 1);
    if (oracles_[ledger].value_of(name, entry.id) != version.value) {
      fail(where + ": a version does not say what its changeset wrote");
    }
    return entry.id;
  };
  std::vector<ChangesetId> contenders;
  for (const Version* version : cell->contenders()) contenders.push_back(id_of_version(*version));
  std::vector<ChangesetId> expected = view.contenders;
  std::sort(contenders.begin(), contenders.end());
  std::sort(expected.begin(), expected.end());
  if (contenders != expected) {
    fail(where + ": contenders are" + join(contenders) + ", and should be" + join(expected));
  }
  std::optional<ChangesetId> current;
  if (cell->current() != nullptr) current = id_of_version(*cell->current());
  if (current != view.current) fail(where + ": another version is current");
}

void World::compare_cells(size_t ledger) {
  LedgerStore& store = hubs_[0].store->ledgers();
  const LedgerId id = *need(store.find_ledger(ledger_name(ledger)));
  std::map<RecordKey, RecordState> records;
  need(store.read_records(id, "", [&](std::string_view key, std::string_view state) -> Status {
    DAFTAR_ASSIGN_OR_RETURN(const RecordKey decoded, RecordKey::from_bytes(key));
    DAFTAR_ASSIGN_OR_RETURN(records[decoded], RecordState::decode(state));
    return {};
  }));
  const auto cells = oracles_[ledger].cells();
  for (const MergeOracle::CellName& name : cells) {
    if (!failure_.empty()) return;
    const auto record = records.find(name.first);
    if (record == records.end()) return fail("record " + name.first.id() + " is not there");
    compare_cell(ledger, name, record->second);
  }
  size_t count = 0;
  for (const auto& [key, record] : records) count += record.cells.size();
  if (count != cells.size()) fail("the state has cells that nobody wrote");
  compare_contended(ledger);
}

// What people are shown as contended, at the hub and on every device that is at rest.
void World::compare_contended(size_t ledger) {
  std::set<RecordKey> expected;
  for (const MergeOracle::CellName& name : oracles_[ledger].cells()) {
    if (!oracles_[ledger].view(name).contenders.empty()) expected.insert(name.first);
  }
  const std::string name = ledger_name(ledger);
  LedgerStore& at_hub = hubs_[0].store->ledgers();
  std::set<RecordKey> shown;
  for (const std::string& key : need(at_hub.contended_records(*need(at_hub.find_ledger(name))))) {
    shown.insert(need(RecordKey::from_bytes(key)));
  }
  if (shown != expected) fail("the hub lists other records of " + name + " as contended");
  for (size_t i = 0; i < devices_.size(); ++i) {
    if (!holds(devices_[i], ledger)) continue;
    client::ClientStore& store = *devices_[i].store;
    auto view = need(client::View::open(store, need(store.find_ledger(name))));
    const std::vector<RecordKey> listed = need(view.contended());
    if (std::set<RecordKey>(listed.begin(), listed.end()) != expected) {
      fail("device " + std::to_string(i) + " lists other records of " + name + " as contended");
    }
  }
}

// Every saved changeset is in its ledger once, or held by its device; unless its disk is gone.
void World::check_nothing_is_lost() {
  std::vector<int> entered(saved_.size(), 0);
  std::vector<int> held(saved_.size(), 0);
  for (const auto& entries : entries_) {
    for (const Entry& entry : entries) {
      if (!entry.is_refused) ++entered.at(static_cast<size_t>(entry.id));
    }
  }
  for (Device& device : devices_) {
    for (size_t ledger = 0; ledger < kLedgers; ++ledger) {
      if (!holds(device, ledger)) continue;
      const LedgerId id = need(device.store->find_ledger(ledger_name(ledger)));
      for (const client::PendingChangeset& one : need(device.store->pending(id))) {
        const Changeset changeset = need(decode_changeset(one.bytes));
        const auto known = id_of(changeset.message);
        if (!known) return fail("a disk holds a changeset that nobody saved");
        ++held.at(static_cast<size_t>(*known));
        if (saved_.at(static_cast<size_t>(*known)).records != changeset.records) {
          return fail("#" + std::to_string(*known) + " is held with other edits than were saved");
        }
      }
    }
  }
  for (size_t id = 0; id < saved_.size(); ++id) {
    const std::string what = "#" + std::to_string(id);
    if (known_already_.contains(static_cast<ChangesetId>(id)) && entered[id] == 0) {
      return fail(what + " is refused as known, and is not in the ledger");
    }
    if (entered[id] > 1)
      return fail(what + " was entered " + std::to_string(entered[id]) + " times");
    if (!saved_[id].is_certain || saved_[id].is_disk_lost) continue;
    if (entered[id] + held[id] == 0) return fail(what + " is lost");
  }
}

}  // namespace daftar::simulation
