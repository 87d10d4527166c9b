// Schedules of a simulation: what people, devices, the hub, the line and the disks do, in order.
//
// A schedule is a list of steps with their own random parameters, read modulo what there is at that
// moment: any part of a schedule is a schedule again, which is what shrinking needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/property/dice.h"

namespace daftar::simulation {

using property::Dice;

enum class StepKind {
  // people
  open_form,        ///< to be saved later
  save,             ///< saves an open form, or one opened just now
  remove,           ///< deletes or undeletes a record
  resolve,          ///< writes a contended cell
  export_workbook,  ///< the register as it is here now
  import_workbook,
  reapply,  ///< a held changeset
  lock,     ///< the hub refuses changesets that touch a record, until the next lock
  // devices and the line
  sync,       ///< starts a session, with or without a fault of the line
  deliver,    ///< some messages, of any session
  partition,  ///< a device has no line, until the next partition
  enrol,      ///< a device whose disk has forked gets a number of its own
  clock,      ///< a device's clock jumps
  // disks
  device_fault,
  hub_fault,
  make_room,
  clone,
  back_up_device,
  restore_device,
  back_up_hub,
  restore_hub,
};

const char* name_of(StepKind kind);

struct Step {
  StepKind kind = StepKind::save;
  size_t device = 0;
  size_t a = 0;
  size_t b = 0;
  uint64_t seed = 0;
};

struct Schedule {
  uint64_t seed = 0;
  size_t devices = 3;
  size_t hubs = 1;  ///< processes over one store
  std::vector<Step> steps;
};

Schedule make_schedule(uint64_t seed);

/// A schedule as text, a step a line, and back; nothing if it is none.
std::string to_text(const Schedule& schedule);
std::optional<Schedule> from_text(const std::string& text);

/// What happened in a schedule; a bit each.
enum class Event : int {
  applied,
  deletion_applied,
  agreed,
  contended,
  refused,
  contended_deletion,
  automatic_no,
  foreign_matched,
  foreign_not_matched,
  continued,
  made_again,
  reapplied,
  resolved,
  late_form,
  own_workbook,
  unknown_workbook,
  line_cut,
  line_silent,
  duplicate,
  late_request,
  recovery_again,
  partition,
  device_power_cut,
  device_kill,
  device_io_error,
  device_full,
  device_read_error,
  hub_power_cut,
  hub_kill,
  hub_io_error,
  hub_full,
  hub_read_error,
  write_dropped,
  write_torn,
  fault_while_opening,
  clock_jump,
  clone,
  fork,
  device_restored,
  hub_restored,
  recovered,
  cosigned,
  certificate_renewed,
  certificate_ended,
  two_hubs,
  turned_away,
  kCount,
};
const char* name_of(Event event);
/// Whether an event is a fault of a line, a disk, a clock or a machine, not something people do.
bool is_fault(Event event);
/// Kinds of faults among `events`, a bit each.
size_t count_faults(uint64_t events);
/// Kinds of faults that a seed has at least.
constexpr size_t kFewestFaults = 3;

struct RunResult {
  std::string failure;  ///< "" if everything held
  uint64_t events = 0;
  size_t edits = 0;
  std::string trace;  ///< what was done, if asked for
};

/// Runs a schedule on the production stores, hub and sessions, heals, and compares with the oracle.
RunResult run_schedule(const Schedule& schedule, bool with_trace);

/// The shortest schedule that removing steps finds and that still fails.
Schedule shrink_schedule(Schedule schedule);

}  // namespace daftar::simulation
