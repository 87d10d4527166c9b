// What happens to the disks of a simulation: faults, copies, backups, and enrolling anew after
// them.
#include <algorithm>

#include "tests/simulation/world.h"

namespace daftar::simulation {

void copy_machine(FaultDisk& disk, const std::string& from, const std::string& to) {
  copy_folder(from, to);
  disk.copy(from, to);
}

void World::restart_disk(const std::string& folder, Dice& dice) {
  const FaultDisk::Lost lost =
      disk_.restart(folder, [&](uint64_t count) { return dice.below(count); });
  if (lost.is_dropped) note(Event::write_dropped);
  if (lost.is_torn) note(Event::write_torn);
}

void World::fault(const std::string& folder, const Step& step, bool is_hub) {
  constexpr DiskFault kFaults[] = {DiskFault::power_cut, DiskFault::power_cut,
                                   DiskFault::kill,      DiskFault::io_error,
                                   DiskFault::full,      DiskFault::read_error};
  if (disk_.has_struck(folder)) return;
  const DiskFault fault = kFaults[step.a % 6];
  if (fault == DiskFault::read_error) return disk_.plan(folder, fault, step.b % 6);
  // A full disk is common enough; as long as it lasts nothing else happens there.
  disk_.plan(folder, fault, step.b % (is_hub ? 60 : 40));
}

void World::note_struck(const std::string& folder, bool is_hub) {
  const std::optional<DiskFault> struck = disk_.struck(folder);
  if (!struck) return;
  ++strikes_[folder];
  const auto first = is_hub ? Event::hub_power_cut : Event::device_power_cut;
  note(static_cast<Event>(static_cast<int>(first) + static_cast<int>(*struck)));
  const bool is_over = *struck == DiskFault::io_error || *struck == DiskFault::read_error;
  if (is_over) disk_.make_room(folder);
}

size_t World::strikes(const Device& device) {
  return strikes_[device.folder] + strikes_[hub_folder_];
}

void World::check_device(size_t index, Dice& dice) {
  Device& device = devices_[index];
  note_struck(device.folder, false);
  if (disk_.is_dead(device.folder)) restart_device(index, dice);
}

void World::restart_device(size_t index, Dice& dice) {
  Device& device = devices_[index];
  say("device ", index, " goes down");
  device.session.reset();
  device.store.reset();
  device.forms.clear();
  restart_disk(device.folder, dice);
  if (dice.chance(30)) disk_.plan(device.folder, DiskFault::read_error, dice.below(12));
  {
    const FaultDisk::ReadsMayFail scope;
    auto opened = client::ClientStore::open(device.folder);
    if (opened.ok()) device.store = std::move(*opened);
  }
  if (!device.store) {
    if (!disk_.has_struck(device.folder)) fail("a store cannot be opened");
    note(Event::fault_while_opening);
  }
  disk_.heal(device.folder);
  if (!device.store) device.store = need(client::ClientStore::open(device.folder));
  device.confirmed = {};
  find_places(index);
}

void World::clone(size_t index, Dice&) {
  if (devices_.size() >= kMostDevices || devices_[index].session || devices_[index].is_forked) {
    return;
  }
  note(Event::clone);
  const std::string folder = root_ + "/device-" + std::to_string(devices_.size());
  copy_machine(disk_, devices_[index].folder, folder);
  Device& copy = devices_.emplace_back();
  const Device& of = devices_[index];
  copy.folder = folder;
  copy.clock = of.clock;
  copy.numbers = of.numbers;
  copy.user = of.user;
  copy.confirmed = of.confirmed;
  copy.store = need(client::ClientStore::open(folder));
  say("device ", devices_.size() - 1, " is a copy of device ", index);
}

ChangesetSet World::ids_on_disk(size_t index) {
  refresh(devices_[index]);
  ChangesetSet ids;
  for (size_t ledger = 0; ledger < kLedgers; ++ledger) {
    if (!holds(devices_[index], ledger)) continue;
    const Screen screen = open_screen(index, ledger);
    ids |= screen.known.pulled | screen.known.own;
  }
  return ids;
}

ChangesetSet World::ids_at_hub() {
  ChangesetSet ids;
  LedgerStore& store = hubs_[0].store->ledgers();
  for (size_t ledger = 0; ledger < kLedgers; ++ledger) {
    const LedgerId id = *need(store.find_ledger(ledger_name(ledger)));
    need(store.read_entries(
        id, 1, need(store.row(id)).size, [&](const StoredEntry& entry) -> Status {
          if (entry.changeset.empty()) return {};
          DAFTAR_ASSIGN_OR_RETURN(const Changeset changeset, decode_changeset(entry.changeset));
          if (const auto known = id_of(changeset.message)) ids.set(static_cast<size_t>(*known));
          return {};
        }));
  }
  return ids;
}

// Of what stood on a disk that was put back: what neither the hub nor any disk has now is gone.
void World::note_lost(const ChangesetSet& before) {
  ChangesetSet lost = before & ~ids_at_hub();
  for (size_t i = 0; i < devices_.size() && lost.any(); ++i) lost &= ~ids_on_disk(i);
  for (size_t id = 0; id < saved_.size(); ++id) {
    if (lost.test(id)) saved_[id].is_disk_lost = true;
  }
}

void World::restore_device(size_t index, Dice&) {
  Device& device = devices_[index];
  if (!device.has_backup || device.is_backup_of_older_number || device.session) return;
  // Of entries that the hub has lost this disk may hold the last copy: without it the ledger stays
  // closed for good, as it must.
  LedgerStore& store = hubs_[0].store->ledgers();
  for (const auto& [name, id] : need(store.ledgers())) {
    const LedgerRow row = need(store.row(id));
    if (row.published > row.size) return;
  }
  note(Event::device_restored);
  const ChangesetSet before = ids_on_disk(index);
  device.store.reset();
  copy_machine(disk_, device.folder + "-backup", device.folder);
  device.store = need(client::ClientStore::open(device.folder));
  ++device.restores;
  device.forms.clear();
  device.confirmed = {};
  device.is_forked = false;
  note_lost(before);
  find_places(index);
  say("device ", index, " is restored from a backup");
}

void World::restore_hub(Dice&) {
  if (!has_hub_backup_) return;
  // Of two disks with one number the hub cannot ask both what they know.
  std::set<DeviceNumber> numbers;
  for (const Device& device : devices_) {
    if (!numbers.insert(device.numbers.back()).second) return;
  }
  note(Event::hub_restored);
  say("the hub is restored from a backup");
  const ChangesetSet before = ids_at_hub();
  hubs_.clear();
  for (Device& device : devices_) {
    if (device.session) device.session->hub_gone(false);
  }
  late_requests_.clear();
  copy_machine(disk_, root_ + "/hub-backup", hub_folder_);
  acknowledged_ = in_backup_;
  open_hubs();
  note_lost(before);
  // What the operator does: says that it was restored, registers again whom the backup does not
  // know, and revokes whom nobody will see again.
  need(hubs_[0].store->begin_awaiting());
  for (Device& device : devices_) register_again(device);
  for (const hub::Device& known : need(hubs_[0].store->devices())) {
    if (!numbers.contains(known.number)) need(hubs_[0].store->revoke_device(known.number));
  }
}

// A device that the restored hub does not know gets its number back from the operator.
hub::Device World::register_again(Device& device) {
  hub::HubStore& store = *hubs_[0].store;
  if (const auto known = need(store.device(device.numbers.back()))) return *known;
  std::vector<std::string> ledgers;
  for (size_t ledger = 0; ledger < kLedgers; ++ledger) {
    if (holds(device, ledger)) ledgers.emplace_back(ledger_name(ledger));
  }
  return need(store.add_device(need(device.store->key()).public_key(), device.user, "again", false,
                               ledgers, device.numbers.back()));
}

// As `daftar init` does it: a session under the new number shows what the hub has of the old one's
// work; what the line still holds of earlier sessions has arrived by then.
bool World::learn(size_t index, const CertificateTerms& shown, Dice& dice) {
  while (!late_requests_.empty() && failure_.empty()) {
    const auto request = std::move(late_requests_.front());
    late_requests_.pop_front();
    request();
    check_hub(dice);
  }
  say("device ", index, " learns what the hub has, as number ", shown.device);
  begin_session(index, 0, shown, LineFault(), Session::Purpose::learn);
  const std::optional<client::SyncReport> report = run_to_the_end(index, dice);
  return report && report->status.ok() && failure_.empty();
}

void World::enrol(size_t index, Dice& dice) {
  Device& device = devices_[index];
  if (device.is_cut_off) return;
  hub::HubStore& store = *hubs_[0].store;
  const Result<PublicKey> key = device.store->prepare_new_key();
  if (!key.ok()) return;
  std::optional<hub::Device> registered;
  for (const hub::Device& known : need(store.devices())) {
    if (known.key == *key) registered = known;
  }
  if (!registered) {
    std::vector<std::string> ledgers;
    for (size_t ledger = 0; ledger < kLedgers; ++ledger) {
      if (holds(device, ledger)) ledgers.emplace_back(ledger_name(ledger));
    }
    // The operator knows of the numbers that a restored hub has forgotten, and passes them over.
    DeviceNumber next = 1;
    for (const hub::Device& known : need(store.devices())) next = std::max(next, known.number + 1);
    std::optional<DeviceNumber> number;
    for (const Device& other : devices_) {
      if (other.numbers.back() >= next) number = next = other.numbers.back() + 1;
    }
    Result<hub::Device> added = store.add_device(*key, device.user, "anew", false, ledgers, number);
    check_hub(dice);
    if (!added.ok()) return;
    registered = *added;
  }
  const std::string certificate =
      need(authority_->certify(registered->number, registered->key, hub_clock_.wall));
  if (!learn(index, need(read_certificate(certificate)), dice)) return;
  const hub::HubIdentity hub = need(hubs_[0].store->identity());
  client::Identity own{registered->number, registered->user, "127.0.0.1:1", hub.name,
                       hub.key.public_key()};
  own.role = registered->role;
  own.root = authority_->root();
  own.certificate = certificate;
  const Status adopted = device.store->adopt(own);
  if (disk_.is_dead(device.folder)) restart_device(index, dice);
  // What was opened under the old number is closed with its program.
  device.forms.clear();
  const Result<client::Identity> now = device.store->identity();
  if (!now.ok() || now->device != registered->number) return;
  if (!adopted.ok()) need(device.store->adopt(*now));
  say("device ", index, " is number ", registered->number, " now");
  device.numbers.push_back(registered->number);
  device.is_forked = false;
  device.is_backup_of_older_number = true;
  find_places(index);
}

// The operator revokes the numbers that were registered for a disk that was put back before it took
// them: nobody has their keys.
void World::revoke_unused() {
  std::set<DeviceNumber> numbers;
  std::set<PublicKey> prepared;
  for (const Device& device : devices_) {
    numbers.insert(device.numbers.begin(), device.numbers.end());
    if (device.store->has_new_key()) prepared.insert(need(device.store->prepare_new_key()));
  }
  for (const hub::Device& known : need(hubs_[0].store->devices())) {
    const bool is_expected = numbers.contains(known.number) || prepared.contains(known.key);
    const bool is_of_schedule = known.number > kMostDevices;
    if (is_of_schedule && !is_expected && !known.is_revoked) {
      need(hubs_[0].store->revoke_device(known.number));
    }
  }
}

}  // namespace daftar::simulation
