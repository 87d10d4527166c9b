// The world of a schedule: devices, one hub, and what each author truly knows.
#pragma once

#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "common/ledger/ledger_state.h"
#include "tests/property/merge_oracle.h"
#include "tests/property/schedule.h"

namespace daftar::property {

/// What somebody has looked at, as explicit sets of changesets.
struct Knowledge {
  ChangesetSet pulled;     ///< what the hub had entered
  ChangesetSet own;        ///< what this device saved
  ChangesetSet inherited;  ///< what came with the disk of the device that this one follows
};

/// A form, or an exported workbook, as it was opened: what it shows, and how it says so.
struct Screen {
  uint64_t position = 0;
  uint64_t own_seq = 0;
  size_t device = 0;
  Knowledge known;
};

struct Device {
  DeviceNumber number = 0;
  uint64_t position = 0;
  Knowledge known;
  std::vector<ChangesetId> chain;  ///< chain[seq − 1]
  std::vector<Screen> disk_at;     ///< the disk just after saving that seq
  size_t acknowledged = 0;
  std::vector<Screen> forms;
  std::vector<ChangesetId> held;
  std::optional<ChainPoint> continues;
  bool first_refused = false;  ///< then the ledger does not know what it continues
  bool is_lost = false;
};

struct SavedChangeset {
  Changeset changeset;
  Hash link{};
  size_t device = 0;
  Knowledge known;                       ///< of the author's screen
  std::optional<size_t> foreign_device;  ///< the device whose workbook it was
  uint64_t position = 0;                 ///< in the ledger, 0 while pending
  bool is_refused = false;
  bool is_lost = false;  ///< gone with its disk, or made again by another device
  ChangesetSet seen;     ///< for the oracle, as of its entry
};

struct LedgerEntry {
  ChangesetId id = 0;
  bool is_refused = false;
  bool link_matched = false;
  std::vector<Exception> exceptions;
};

class World {
 public:
  World(const Schedule& schedule, bool with_trace);
  void run(const Step& step);
  /// Brings everything to the hub and compares all there is.
  void finish();

  const std::string& failure() const { return failure_; }
  uint32_t events() const { return events_; }
  std::string trace() const { return trace_.str(); }

 private:
  // world.cc: what people and devices do
  Screen screen_now(size_t device) const;
  std::vector<RecordEdits> make_edits(Dice& dice) const;
  std::vector<RecordEdits> make_deletion(Dice& dice) const;
  Changeset draft(const Screen& screen, std::vector<RecordEdits> edits) const;
  void save(size_t device, Changeset changeset, Knowledge known,
            std::optional<size_t> foreign_device);
  void save_screen(size_t device, const Screen& screen, std::vector<RecordEdits> edits,
                   std::optional<Hash> origin = {});
  Screen take_form(Device& device, size_t index, size_t choice);
  void resolve(size_t device, Dice& dice);
  void import_workbook(size_t device, const Step& step);
  void push(size_t device, size_t count, bool reply_is_lost);
  void pull(size_t device, uint64_t position);
  void reapply(size_t device, size_t choice);
  void follow(size_t device, const Step& step);
  void make_again(size_t device, size_t followed, uint64_t fork, ChangesetId id);

  // hub.cc: what the hub does, and the comparison
  void receive(ChangesetId id);
  bool is_refused(const SavedChangeset& saved) const;
  ChangesetSet seen_at_entry(const SavedChangeset& saved, bool link_matched) const;
  void compare_outcomes(ChangesetId id, const std::vector<Exception>& exceptions,
                        const Judgement& judgement);
  void compare_cells();
  void compare_cell(const MergeOracle::CellName& name);
  void compare_folds();
  void compare_encodings();
  void check_nothing_is_lost();
  bool is_answered(const LedgerEntry& entry, const MergeOracle::CellName& cell) const;
  Hash digest(const LedgerState& state, const MemoryRecords& records) const;
  bool fold_entry(const LedgerEntry& entry, LedgerState& state, MemoryRecords& records) const;

  void fail(const std::string& what);
  template <typename... Parts>
  void say(const Parts&... parts) {
    if (!with_trace_) return;
    (trace_ << ... << parts) << '\n';
  }

  bool with_trace_;
  size_t records_;
  std::vector<Device> devices_;
  std::vector<SavedChangeset> saved_;
  std::vector<Screen> workbooks_;
  std::vector<LedgerEntry> entries_;
  std::vector<ChangesetSet> entered_up_to_;                  ///< by position
  std::map<std::pair<DeviceNumber, uint64_t>, Hash> links_;  ///< the hub's chains
  std::optional<RecordKey> locked_;
  LedgerState state_;
  MemoryRecords ledger_records_;
  MergeOracle oracle_;
  std::string failure_;
  uint32_t events_ = 0;
  std::ostringstream trace_;
};

std::string describe(const Changeset& changeset);
std::string describe(const Value& value);

}  // namespace daftar::property
