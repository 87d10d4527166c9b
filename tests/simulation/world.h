// The world of a simulation: devices and a hub on disks that fail, a line that loses, and what each
// author truly knew.
//
// Production: HubStore, Writer, Service, ClientStore, SyncSession, SQLite. Simulated: disks
// (fault_disk.h), line (line.h), clocks, and the people.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "client/client_store.h"
#include "hub/certificate_authority.h"
#include "hub/service.h"
#include "hub/writer.h"
#include "tests/integration/sync_world.h"
#include "tests/property/merge_oracle.h"
#include "tests/simulation/fault_disk.h"
#include "tests/simulation/line.h"
#include "tests/simulation/schedule.h"

namespace daftar::simulation {

using property::ChangesetId;
using property::ChangesetSet;
using property::MergeOracle;

constexpr size_t kMostDevices = 14;
constexpr size_t kLedgers = 2;
/// A schedule ends when people have saved so many.
constexpr size_t kEnoughEdits = 205;
const char* ledger_name(size_t ledger);

/// Files of a folder, both those in SQLite's file system and the others (keys).
void copy_machine(FaultDisk& disk, const std::string& from, const std::string& to);

/// What somebody has looked at, as explicit sets of changesets.
struct Knowledge {
  ChangesetSet pulled;  ///< confirmed here
  ChangesetSet own;     ///< saved on this disk and not confirmed
};

/// A form, or an exported workbook, as it was opened: what it shows, and how it says so.
struct Screen {
  size_t ledger = 0;
  Context context;
  TreeHead head;  ///< at the context's position
  Knowledge known;
  size_t device = 0;
  size_t restores = 0;  ///< of its disk, until then
  DeviceNumber number = 0;
  ChainPoint newest_own;
  ChangesetId newest = -1;  ///< the changeset there
};

/// A workbook of another device, as a changeset names it.
struct Foreign {
  DeviceNumber number = 0;
  uint64_t seq = 0;
  ChangesetId newest = -1;  ///< the exporter's changeset of that seq; −1 if the link is not true
};

/// An entry that a device has.
struct Confirmed {
  ChangesetId id = -1;  ///< −1: refused
  DeviceNumber device = 0;
  uint64_t seq = 0;
};

struct SavedChangeset {
  size_t ledger = 0;
  size_t device = 0;
  std::vector<RecordEdits> records;
  Knowledge known;  ///< of the author's screen
  std::optional<Foreign> foreign;
  DeviceNumber number = 0;    ///< under which it is sent now
  DeviceNumber saved_as = 0;  ///< under which its author had opened the screen
  uint64_t seq = 0;
  bool is_certain = false;             ///< the save was acknowledged
  bool is_disk_lost = false;           ///< the disk it was saved on is gone
  bool is_known_by_continues = false;  ///< re-applied under another number than it was saved
};

struct Device {
  std::string folder;
  FakeClock clock;
  std::unique_ptr<client::ClientStore> store;
  std::unique_ptr<Session> session;
  std::vector<DeviceNumber> numbers;  ///< the newest last
  UserNumber user = 0;
  std::vector<Screen> forms;
  bool is_cut_off = false;
  bool is_forked = false;
  bool has_backup = false;
  size_t restores = 0;
  size_t strikes_before = 0;  ///< faults of its disk and the hub's before its session began
  bool is_backup_of_older_number = false;
  std::array<std::vector<Confirmed>, kLedgers> confirmed;  ///< by position − 1
};

/// One daftar-hub process.
struct HubProcess {
  std::unique_ptr<hub::HubStore> store;
  std::unique_ptr<hub::Writer> writer;
  std::unique_ptr<hub::Service> service;
  bool has_queue = false;
};

class World {
 public:
  World(const Schedule& schedule, bool with_trace);
  ~World();
  void run();

  const std::string& failure() const { return failure_; }
  uint64_t events() const { return events_; }
  size_t edits() const { return edits_; }
  std::string trace() const { return trace_.str(); }

  // For sessions (line.cc)
  HubProcess& hub(size_t index) { return hubs_[index % hubs_.size()]; }
  void note(Event event) { events_ |= uint64_t{1} << static_cast<int>(event); }
  void note_acknowledged(const std::string& ledger, uint64_t position);
  void add_late_request(std::function<void()> request);
  void settle(HubProcess& process);
  /// The new certificate that the hub gives with its answer, if it is time; else "".
  std::string renewed(const CertificateTerms& shown);

 private:
  // world.cc: steps, sessions, the hub
  void step(const Step& step);
  void save_or_remove(size_t device, size_t ledger, const Step& step, Dice& dice);
  void jump(FakeClock& clock, const Step& step);
  void start_sync(size_t device, const Step& step);
  void deliver(Dice& dice, size_t count);
  void deliver_to(size_t device);
  bool deliver_one(Dice& dice);
  void begin_session(size_t device, size_t hub, const CertificateTerms& shown,
                     const LineFault& fault, Session::Purpose purpose);
  std::optional<CertificateTerms> shown_certificate(Device& device);
  void end_session(size_t device);
  void check_reason(size_t device, const Status& status);
  void check_hub(Dice& dice);
  void open_hubs();
  void start_hubs(Dice& dice);

  // disks.cc: faults, copies, backups, and enrolling anew
  void check_device(size_t device, Dice& dice);
  void restart_device(size_t device, Dice& dice);
  void restart_disk(const std::string& folder, Dice& dice);
  ChangesetSet ids_on_disk(size_t device);
  ChangesetSet ids_at_hub();
  void note_lost(const ChangesetSet& before);
  void fault(const std::string& folder, const Step& step, bool is_hub);
  void clone(size_t device, Dice& dice);
  void restore_device(size_t device, Dice& dice);
  void restore_hub(Dice& dice);
  hub::Device register_again(Device& device);
  void revoke_unused();
  void note_struck(const std::string& folder, bool is_hub);
  size_t strikes(const Device& device);
  bool learn(size_t device, const CertificateTerms& shown, Dice& dice);
  void enrol(size_t device, Dice& dice);

  // people.cc: what is saved, and what its author knew
  Screen open_screen(size_t device, size_t ledger);
  void refresh(Device& device);
  std::optional<Screen> take_form(size_t device, size_t ledger, size_t choice);
  std::vector<RecordEdits> make_edits(Dice& dice, size_t ledger) const;
  void save(size_t device, const Screen& screen, std::vector<RecordEdits> edits,
            std::optional<Foreign> foreign, const Context& context, Dice& dice);
  void resolve(size_t device, size_t ledger, Dice& dice);
  void import_workbook(size_t device, Dice& dice);
  void reapply(size_t device, size_t ledger, Dice& dice);
  std::set<MergeOracle::CellName> written_later(size_t device, size_t ledger, ChangesetId id);
  std::vector<RecordEdits> check_reapplied(Device& device, LedgerId ledger, uint64_t seq,
                                           const SavedChangeset& held,
                                           const std::set<MergeOracle::CellName>& later);
  void find_places(size_t device);
  bool holds(const Device& device, size_t ledger) const;
  static std::optional<ChangesetId> id_of(const std::string& message);

  // verdict.cc: healing and the comparison
  void heal(Dice& dice);
  void give_up();
  std::optional<client::SyncReport> sync_to_the_end(size_t device, Dice& dice);
  std::optional<client::SyncReport> run_to_the_end(size_t device, Dice& dice);
  void compare();
  void compare_copies(size_t ledger);
  void read_entries(size_t ledger);
  void judge(size_t ledger);
  ChangesetSet seen_at(size_t ledger, size_t at) const;
  bool is_followed(size_t ledger, size_t at, DeviceNumber by, DeviceNumber number) const;
  void compare_cells(size_t ledger);
  void compare_cell(size_t ledger, const MergeOracle::CellName& name, const RecordState& record);
  void compare_contended(size_t ledger);
  void check_nothing_is_lost();

  void fail(const std::string& what);
  template <typename... Parts>
  void say(const Parts&... parts) {
    if (!with_trace_) return;
    (trace_ << ... << parts) << '\n';
  }

  const Schedule& schedule_;
  bool with_trace_;
  FaultDisk& disk_;
  std::string root_;
  std::string hub_folder_;
  FakeClock hub_clock_;
  const hub::CertificateAuthority* authority_ = nullptr;
  std::vector<HubProcess> hubs_;
  std::deque<Device> devices_;
  std::deque<std::function<void()>> late_requests_;
  std::vector<SavedChangeset> saved_;
  std::map<Hash, ChangesetId> ids_by_hash_;  ///< of all bytes that a changeset ever had
  std::vector<Screen> workbooks_;
  std::optional<RecordKey> locked_;
  std::set<ChangesetId> locked_out_;  ///< the hub has refused these for `locked_`
  bool has_hub_backup_ = false;
  std::map<std::string, size_t> strikes_;          ///< by folder: how often a fault was found there
  std::array<uint64_t, kLedgers> acknowledged_{};  ///< the hub has said that it has these
  std::array<uint64_t, kLedgers> in_backup_{};

  // verdict
  struct Entry {
    ChangesetId id = -1;
    DeviceNumber number = 0;
    uint64_t seq = 0;
    bool is_refused = false;
    EntryHeader header;
    Changeset changeset;
  };
  std::array<std::vector<Entry>, kLedgers> entries_;
  std::array<MergeOracle, kLedgers> oracles_;
  std::set<ChangesetId> known_already_;  ///< refused because the ledger has their work
  std::map<std::pair<DeviceNumber, uint64_t>, uint64_t> places_[kLedgers];  ///< positions

  std::string failure_;
  uint64_t events_ = 0;
  size_t edits_ = 0;
  std::ostringstream trace_;
};

}  // namespace daftar::simulation
