#include "tests/simulation/world.h"

#include <algorithm>
#include <filesystem>

namespace daftar::simulation {
namespace {

// Devices and a hub that knows them, made once for the process and copied for each schedule: keys
// and tables take longer to make than a schedule to run.
struct Template {
  TempFolder folder;
  std::optional<hub::CertificateAuthority> authority;
  std::vector<UserNumber> users;
  std::vector<DeviceNumber> numbers;
};

bool holds_ledger(size_t device, size_t ledger) { return ledger == 0 || device % 3 != 2; }

const Template& the_template() {
  thread_local const std::unique_ptr<const Template> made = [] {
    auto result = std::make_unique<Template>();
    const std::string hub_folder = result->folder / "hub";
    need(hub::HubStore::create(hub_folder, "hub.test"));
    const auto hub = need(hub::HubStore::open(hub_folder, Database::Access::read_write));
    for (size_t ledger = 0; ledger < kLedgers; ++ledger) need(hub->add_ledger(ledger_name(ledger)));
    const hub::HubIdentity identity = need(hub->identity());
    const uint64_t begun = FakeClock().wall;
    need(hub::CertificateAuthority::create(hub_folder, begun));
    result->authority = need(hub::CertificateAuthority::open(hub_folder));
    const hub::CertificateAuthority& authority = *result->authority;
    for (size_t i = 0; i < kMostDevices; ++i) {
      const std::string folder = result->folder / ("device-" + std::to_string(i));
      need(client::ClientStore::create(folder));
      const auto store = need(client::ClientStore::open(folder));
      std::vector<std::string> ledgers;
      for (size_t ledger = 0; ledger < kLedgers; ++ledger) {
        if (holds_ledger(i, ledger)) ledgers.emplace_back(ledger_name(ledger));
      }
      // The first one holds all ledgers: it is Central Inspection's, and cosigns.
      const hub::Device device =
          need(hub->add_device(need(store->key()).public_key(), std::nullopt, "", i == 0, ledgers));
      client::Identity own{device.number, device.user, "127.0.0.1:1", identity.name,
                           identity.key.public_key()};
      own.role = device.role;
      own.root = authority.root();
      own.certificate = need(authority.certify(device.number, device.key, begun));
      need(store->set_identity(own));
      for (const std::string& ledger : ledgers) need(store->add_ledger(ledger));
      result->users.push_back(device.user);
      result->numbers.push_back(device.number);
    }
    // What is due in `national` is said once for all worlds.
    FakeClock clock;
    hub::Writer writer(need(hub::HubStore::open(hub_folder, Database::Access::read_write)), clock);
    writer.say_soon();
    while (writer.run_once()) {
    }
    return result;
  }();
  return *made;
}

}  // namespace

const char* ledger_name(size_t ledger) {
  return ledger == 0 ? "administration/one" : "administration/two";
}

World::World(const Schedule& schedule, bool with_trace)
    : schedule_(schedule), with_trace_(with_trace), disk_(FaultDisk::install()) {
  const Template& made = the_template();
  root_ = made.folder / "world";
  hub_folder_ = root_ + "/hub";
  std::filesystem::create_directories(root_);
  copy_machine(disk_, made.folder / "hub", hub_folder_);
  authority_ = &*made.authority;
  for (size_t i = 0; i < std::min(schedule.devices, kMostDevices); ++i) {
    Device& device = devices_.emplace_back();
    device.folder = root_ + "/device-" + std::to_string(i);
    copy_machine(disk_, made.folder / ("device-" + std::to_string(i)), device.folder);
    device.numbers = {made.numbers[i]};
    device.user = made.users[i];
    device.store = need(client::ClientStore::open(device.folder));
  }
  open_hubs();
}

World::~World() {
  late_requests_.clear();
  hubs_.clear();
  // Before their disks: a database that closes writes.
  devices_.clear();
  for (const char* name : {"/hub", "/hub-backup"}) disk_.erase(root_ + name);
  for (size_t i = 0; i < kMostDevices; ++i) {
    const std::string folder = root_ + "/device-" + std::to_string(i);
    disk_.erase(folder);
    disk_.erase(folder + "-backup");
  }
  std::filesystem::remove_all(root_);
}

void World::fail(const std::string& what) {
  if (failure_.empty()) failure_ = what;
  say("WRONG: ", what);
}

void World::run() {
  Dice dice(schedule_.seed + 99);
  try {
    for (const Step& one : schedule_.steps) {
      if (edits_ >= kEnoughEdits && count_faults(events_) >= kFewestFaults) break;
      if (!failure_.empty()) return;
      step(one);
    }
    heal(dice);
    if (failure_.empty()) compare();
  } catch (const std::exception& error) {
    fail(std::string("stopped: ") + error.what());
  }
}

void World::save_or_remove(size_t index, size_t ledger, const Step& step, Dice& dice) {
  const std::optional<Screen> screen = take_form(index, ledger, step.a);
  std::vector<RecordEdits> edits;
  if (step.kind == StepKind::save) {
    edits = make_edits(dice, screen->ledger);
  } else {
    edits = {
        {RecordKey{4, 900, 1 + screen->ledger * 5 + dice.below(screen->ledger == 0 ? 5 : 3), ""},
         {{kDeletedField, Value::boolean(dice.chance(75)), {}}}}};
  }
  save(index, *screen, std::move(edits), std::nullopt, screen->context, dice);
}

void World::jump(FakeClock& clock, const Step& step) {
  note(Event::clock_jump);
  clock.wall = step.a % 3 == 0   ? 1'000
               : step.a % 3 == 1 ? clock.wall + 86'400'000 * (step.b % 400)
                                 : clock.wall - std::min<uint64_t>(clock.wall, 1'000'000'000);
}

void World::step(const Step& step) {
  const size_t index = step.device % devices_.size();
  Device& device = devices_[index];
  Dice dice(step.seed);
  const size_t ledger = holds(device, 1) && step.b % 4 == 0 ? 1 : 0;
  if (step.kind == StepKind::lock) {
    locked_.reset();
    if (step.a % 2 == 0) locked_ = RecordKey{4, 900, 1 + step.b % 8, ""};
    return;
  }
  if (step.kind == StepKind::deliver) return deliver(dice, 1 + step.a % 30);
  if (step.kind == StepKind::hub_fault) return fault(hub_folder_, step, true);
  if (step.kind == StepKind::back_up_hub) {
    copy_machine(disk_, hub_folder_, root_ + "/hub-backup");
    has_hub_backup_ = true;
    in_backup_ = acknowledged_;
    return say("the hub is backed up");
  }
  if (step.kind == StepKind::restore_hub) return restore_hub(dice);
  switch (step.kind) {
    case StepKind::open_form:
      if (device.forms.size() < 3) device.forms.push_back(open_screen(index, ledger));
      break;
    case StepKind::save:
    case StepKind::remove:
      save_or_remove(index, ledger, step, dice);
      break;
    case StepKind::resolve:
      resolve(index, ledger, dice);
      break;
    case StepKind::export_workbook:
      workbooks_.push_back(open_screen(index, ledger));
      break;
    case StepKind::import_workbook:
      import_workbook(index, dice);
      break;
    case StepKind::reapply:
      reapply(index, ledger, dice);
      break;
    case StepKind::sync:
      start_sync(index, step);
      break;
    case StepKind::partition:
      device.is_cut_off = !device.is_cut_off;
      if (device.is_cut_off) note(Event::partition);
      if (device.is_cut_off && device.session) device.session->cut_off();
      break;
    case StepKind::enrol:
      if (device.is_forked && !device.session) enrol(index, dice);
      break;
    case StepKind::clock:
      jump(step.b % 3 == 0 ? hub_clock_ : device.clock, step);
      break;
    case StepKind::device_fault:
      fault(device.folder, step, false);
      break;
    case StepKind::make_room:
      note_struck(step.a % 2 == 0 ? hub_folder_ : device.folder, step.a % 2 == 0);
      disk_.make_room(step.a % 2 == 0 ? hub_folder_ : device.folder);
      break;
    case StepKind::clone:
      clone(index, dice);
      break;
    case StepKind::back_up_device:
      copy_machine(disk_, device.folder, device.folder + "-backup");
      device.has_backup = true;
      device.is_backup_of_older_number = false;
      break;
    case StepKind::restore_device:
      restore_device(index, dice);
      break;
    default:
      break;
  }
  check_device(index, dice);
  check_hub(dice);
}

// ---- sessions

void World::start_sync(size_t index, const Step& step) {
  Device& device = devices_[index];
  if (device.session || device.is_cut_off) return;
  LineFault fault;
  fault.seed = step.seed;
  const size_t draw = step.a % 10;
  // Most sessions take a dozen messages, those that give entries back some hundreds.
  const uint64_t at = step.b % 4 == 0 ? step.b % 200 : step.b % 14;
  if (draw < 2) fault.cut_at = at;
  if (draw == 2) fault.silent_at = at;
  if (draw < 5) fault.late_percent = 60;
  fault.twice_percent = draw == 5 ? 50 : 0;
  say("device ", index, " begins to sync");
  const std::optional<CertificateTerms> shown = shown_certificate(device);
  if (!shown) return note_struck(device.folder, false);
  begin_session(index, step.b / 20, *shown, fault, Session::Purpose::exchange);
  note_struck(device.folder, false);
  if (device.session->is_done()) end_session(index);
}

// What TLS finds of the device's certificate at the hub. One that has ended is renewed by its key,
// as over HTTPS; nothing if the device's disk fails under it.
std::optional<CertificateTerms> World::shown_certificate(Device& device) {
  // Held against the root once for all worlds: that costs more than the rest of a session.
  thread_local std::map<std::string, CertificateTerms> verified;
  Result<client::Identity> own = device.store->identity();
  if (!own.ok()) return std::nullopt;
  if (!verified.contains(own->certificate)) {
    need(verify_certificates(own->certificate, authority_->root(), CertificateUse::device, 0));
    verified[own->certificate] = need(read_certificate(own->certificate));
  }
  const CertificateTerms shown = verified.at(own->certificate);
  if (shown.device != own->device) fail("a certificate is that of another number");
  if (*shown.ends_ms > hub_clock_.wall) return shown;
  note(Event::certificate_ended);
  const std::string fresh = need(authority_->certify(shown.device, shown.key, hub_clock_.wall));
  if (!device.store->keep_certificate(fresh).ok()) return std::nullopt;
  return need(read_certificate(fresh));
}

std::string World::renewed(const CertificateTerms& shown) {
  std::string fresh = need(authority_->renew(shown, hub_clock_.wall));
  if (!fresh.empty()) note(Event::certificate_renewed);
  return fresh;
}

void World::begin_session(size_t index, size_t hub, const CertificateTerms& shown,
                          const LineFault& fault, Session::Purpose purpose) {
  Device& device = devices_[index];
  device.strikes_before = strikes(device);
  device.session =
      std::make_unique<Session>(*this, *device.store, device.clock, shown, hub, fault, purpose);
  device.session->start();
}

// A sync that failed names what has failed: the line, or one of the disks.
void World::check_reason(size_t index, const Status& status) {
  const Device& device = devices_[index];
  bool is_true = false;
  switch (status.message()) {
    case Msg::hub_unreachable:
    case Msg::hub_silent:
      is_true = device.session->has_failed_line();
      break;
    case Msg::disk_full:
    case Msg::database_io:
      is_true = strikes(devices_[index]) > device.strikes_before;
      break;
    default:
      break;
  }
  if (!is_true) {
    fail("device " + std::to_string(index) + " could not sync, and nothing was wrong: " +
         std::string(message_id(status.message())) + ", " + status.text());
  }
}

void World::end_session(size_t index) {
  Device& device = devices_[index];
  const client::SyncReport report = device.session->report();
  if (!report.status.ok()) check_reason(index, report.status);
  device.session.reset();
  for (const auto& [ledger, message] : report.turned_away) {
    note(Event::turned_away);
    // Nobody here lies, so nobody's past is another; that it heals with the next pull is no excuse.
    if (message == Msg::push_other_past || message == Msg::push_malformed) {
      fail("device " + std::to_string(index) + " was turned away from " + ledger + ": " +
           std::string(message_id(message)));
    }
  }
  if (!report.forked.empty()) {
    if (!std::exchange(device.is_forked, true)) note(Event::fork);
  }
  say("device ", index, " has synced: ", report.status.ok() ? "done" : report.status.text(),
      ", pushed ", report.pushed, ", pulled ", report.pulled,
      report.forked.empty() ? "" : ", its disk has forked",
      report.turned_away.empty() ? "" : ", turned away");
}

// One message of some session, or the queue of some hub process. False if nothing waits.
bool World::deliver_one(Dice& dice) {
  std::vector<size_t> ready;
  for (size_t i = 0; i < devices_.size(); ++i) {
    if (devices_[i].session && devices_[i].session->has_message()) ready.push_back(i);
  }
  std::vector<HubProcess*> queued;
  for (HubProcess& process : hubs_) {
    if (process.has_queue) queued.push_back(&process);
  }
  if (!late_requests_.empty() && dice.chance(10)) {
    const auto request = std::move(late_requests_.front());
    late_requests_.pop_front();
    note(Event::late_request);
    say("a request arrives after its session");
    request();
    check_hub(dice);
    return true;
  }
  const size_t count = ready.size() + queued.size();
  if (count == 0) {
    for (size_t i = 0; i < devices_.size(); ++i) {
      Device& device = devices_[i];
      if (!device.session) continue;
      device.session->time_out(device.clock, device.clock.steady);
      if (!device.session->is_done()) fail("a session waits for ever");
      note_struck(device.folder, false);
      end_session(i);
      return true;
    }
    return false;
  }
  const size_t choice = dice.below(count);
  if (choice >= ready.size()) {
    settle(*queued[choice - ready.size()]);
    check_hub(dice);
    return true;
  }
  const size_t index = ready[choice];
  deliver_to(index);
  check_hub(dice);
  check_device(index, dice);
  if (devices_[index].session && devices_[index].session->is_done()) end_session(index);
  return true;
}

// What the product does with a message may meet a disk that cannot be read.
void World::deliver_to(size_t index) {
  const FaultDisk::ReadsMayFail scope;
  devices_[index].session->deliver();
}

void World::deliver(Dice& dice, size_t count) {
  for (size_t i = 0; i < count && failure_.empty(); ++i) {
    if (!deliver_one(dice)) return;
  }
}

void World::add_late_request(std::function<void()> request) {
  if (late_requests_.size() < 4) late_requests_.push_back(std::move(request));
}

void World::note_acknowledged(const std::string& ledger, uint64_t position) {
  for (size_t i = 0; i < kLedgers; ++i) {
    if (ledger == ledger_name(i)) acknowledged_[i] = std::max(acknowledged_[i], position);
  }
}

// ---- the hub

void World::settle(HubProcess& process) {
  const FaultDisk::ReadsMayFail scope;
  while (process.writer->run_once()) {
  }
  process.has_queue = false;
}

// A fault may strike while the hub starts; it is started again.
void World::start_hubs(Dice& dice) {
  if (dice.chance(30)) disk_.plan(hub_folder_, DiskFault::read_error, dice.below(12));
  try {
    const FaultDisk::ReadsMayFail scope;
    open_hubs();
  } catch (const std::exception&) {
    if (!disk_.has_struck(hub_folder_)) throw;
    note(Event::fault_while_opening);
    disk_.heal(hub_folder_);
    open_hubs();
  }
  disk_.heal(hub_folder_);
}

void World::open_hubs() {
  hubs_.clear();
  const auto open_store = [&] {
    return need(hub::HubStore::open(hub_folder_, Database::Access::read_write));
  };
  if (schedule_.hubs > 1) note(Event::two_hubs);
  for (size_t i = 0; i < schedule_.hubs; ++i) {
    HubProcess& process = hubs_.emplace_back();
    process.store = open_store();
    process.writer = std::make_unique<hub::Writer>(
        open_store(), hub_clock_,
        [this](const Changeset& changeset, uint64_t) -> std::optional<RefusalReason> {
          const bool is_locked =
              locked_ &&
              std::any_of(changeset.records.begin(), changeset.records.end(),
                          [&](const RecordEdits& record) { return record.key == *locked_; });
          if (is_locked) locked_out_.insert(id_of(changeset.message).value_or(-1));
          return is_locked ? std::optional(RefusalReason::period_locked) : std::nullopt;
        });
    process.service = std::make_unique<hub::Service>(open_store(), need(process.store->identity()),
                                                     *process.writer);
  }
}

// Only `power_cut` and `kill` end the process; after an error the hub goes on.
void World::check_hub(Dice& dice) {
  note_struck(hub_folder_, true);
  if (!disk_.is_dead(hub_folder_)) return;
  say("the hub goes down");
  hubs_.clear();
  const bool answers_arrive = dice.chance(50);
  for (Device& device : devices_) {
    if (device.session) device.session->hub_gone(answers_arrive);
  }
  restart_disk(hub_folder_, dice);
  start_hubs(dice);
  for (size_t ledger = 0; ledger < kLedgers; ++ledger) {
    LedgerStore& store = hubs_[0].store->ledgers();
    const uint64_t size = need(store.row(*need(store.find_ledger(ledger_name(ledger))))).size;
    if (size < acknowledged_[ledger]) {
      fail("the hub has " + std::to_string(size) + " entries of " + ledger_name(ledger) +
           " and had acknowledged " + std::to_string(acknowledged_[ledger]));
    }
  }
}

}  // namespace daftar::simulation
