// Random schedules of devices, hub and network, and the world in which they run.
//
// A schedule is a list of steps, each with its own random parameters, read modulo what there is at
// that moment: any part of a schedule is a schedule again, which is what shrinking needs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/ledger/ledger_state.h"
#include "tests/property/dice.h"
#include "tests/property/merge_oracle.h"

namespace daftar::property {

enum class StepKind {
  open_form,  ///< a person opens a form, to be saved later
  save,       ///< saves an open form, or one opened just now
  remove,     ///< deletes or undeletes a record
  resolve,    ///< pulls all, and writes a cell whose contenders are seen
  export_workbook,
  import_workbook,
  push,     ///< the first of the pending changesets; the reply may be lost
  pull,     ///< up to some position
  lock,     ///< the hub refuses changesets that touch a record, until the next lock
  reapply,  ///< makes a held changeset again
  follow,   ///< a new device goes on with a copy of another one's disk
};

struct Step {
  StepKind kind = StepKind::save;
  size_t device = 0;
  size_t a = 0;
  size_t b = 0;
  uint64_t seed = 0;
};

struct Schedule {
  size_t devices = 2;
  size_t records = 2;
  std::vector<Step> steps;
};

Schedule make_schedule(uint64_t seed);

/// What happened in a schedule.
enum Event : uint32_t {
  kApplied = 1,
  kAgreed = 2,
  kContended = 4,
  kRefused = 8,
  kContendedDeletion = 16,  // rule 1
  kAutomaticNo = 32,        // rule 3
  kForeignMatched = 64,
  kForeignNotMatched = 128,
  kContinues = 256,
  kDuplicate = 512,
  kReapplied = 1024,
  kOrigin = 2048,
};

struct RunResult {
  std::string failure;  ///< "" if everything held
  uint32_t events = 0;
  std::string trace;  ///< what was done, if asked for
};

/// Runs a schedule on the real merge and on the oracle, and compares.
RunResult run_schedule(const Schedule& schedule, bool with_trace);

/// The shortest schedule that greedy removal of steps finds and that still fails.
Schedule shrink_schedule(Schedule schedule);

}  // namespace daftar::property
