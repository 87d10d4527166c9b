#include "tests/simulation/schedule.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "tests/simulation/world.h"

namespace daftar::simulation {
namespace {

// Far more than are needed for kEnoughEdits: a world stops when it has enough, and while a disk
// stays full many fail.
constexpr size_t kSaves = 1'000;

struct Weight {
  StepKind kind;
  const char* name;
  size_t weight;
};

// In the order of StepKind. Of ten steps about four save something.
constexpr std::array kKinds = {
    Weight{StepKind::open_form, "open_form", 70},
    Weight{StepKind::save, "save", 330},
    Weight{StepKind::remove, "remove", 35},
    Weight{StepKind::resolve, "resolve", 30},
    Weight{StepKind::export_workbook, "export_workbook", 30},
    Weight{StepKind::import_workbook, "import_workbook", 35},
    Weight{StepKind::reapply, "reapply", 25},
    Weight{StepKind::lock, "lock", 14},
    Weight{StepKind::sync, "sync", 160},
    Weight{StepKind::deliver, "deliver", 330},
    Weight{StepKind::partition, "partition", 8},
    Weight{StepKind::enrol, "enrol", 12},
    Weight{StepKind::clock, "clock", 6},
    Weight{StepKind::device_fault, "device_fault", 22},
    Weight{StepKind::hub_fault, "hub_fault", 14},
    Weight{StepKind::make_room, "make_room", 10},
    Weight{StepKind::clone, "clone", 4},
    Weight{StepKind::back_up_device, "back_up_device", 6},
    Weight{StepKind::restore_device, "restore_device", 4},
    Weight{StepKind::back_up_hub, "back_up_hub", 8},
    Weight{StepKind::restore_hub, "restore_hub", 3},
};

StepKind draw_kind(Dice& dice) {
  size_t total = 0;
  for (const Weight& kind : kKinds) total += kind.weight;
  size_t draw = dice.below(total);
  for (const Weight& kind : kKinds) {
    if (draw < kind.weight) return kind.kind;
    draw -= kind.weight;
  }
  return StepKind::save;
}

}  // namespace

const char* name_of(StepKind kind) { return kKinds[static_cast<size_t>(kind)].name; }

const char* name_of(Event event) {
  constexpr std::array kNames = {
      "applied",
      "deletion applied",
      "agreed",
      "contended",
      "refused",
      "contended deletion (rule 1)",
      "automatic no (rule 3)",
      "foreign context matched",
      "foreign context not matched",
      "continues",
      "made again under a new number",
      "re-applied",
      "resolved",
      "form saved after others' work came",
      "own workbook imported",
      "workbook of a past that is not here",
      "line: cut",
      "line: silent",
      "line: duplicate request",
      "line: request after its session",
      "line: entries given back twice or late",
      "line: partition",
      "device: power cut",
      "device: killed",
      "device: I/O error",
      "device: disk full",
      "device: read error",
      "hub: power cut",
      "hub: killed",
      "hub: I/O error",
      "hub: disk full",
      "hub: read error",
      "unsynced write dropped",
      "unsynced write torn",
      "fault while a store is opened",
      "clock jump",
      "disk cloned",
      "fork found",
      "device restored from a backup",
      "hub restored from a backup",
      "entries given back to the hub",
      "checkpoint cosigned",
      "certificate renewed",
      "certificate ended",
      "two hub processes",
      "work turned away",
  };
  static_assert(kNames.size() == static_cast<size_t>(Event::kCount));
  return kNames[static_cast<size_t>(event)];
}

Schedule make_schedule(uint64_t seed) {
  Dice dice(seed * 0xD1342543DE82EF95U + 7);
  Schedule schedule;
  schedule.seed = seed;
  // Mostly few, so that their work meets; sometimes many.
  schedule.devices = dice.chance(85) ? 3 + dice.below(3) : 6 + dice.below(7);
  schedule.hubs = 1 + (dice.chance(30) ? 1 : 0);
  for (size_t saved = 0; saved < kSaves;) {
    Step step;
    step.kind = draw_kind(dice);
    step.device = dice.below(64);
    step.a = dice.below(1000);
    step.b = dice.below(1000);
    step.seed = dice.next();
    saved += step.kind == StepKind::save || step.kind == StepKind::remove ? 1 : 0;
    schedule.steps.push_back(step);
  }
  return schedule;
}

std::string to_text(const Schedule& schedule) {
  std::ostringstream out;
  out << schedule.seed << ' ' << schedule.devices << ' ' << schedule.hubs << '\n';
  for (const Step& step : schedule.steps) {
    out << name_of(step.kind) << ' ' << step.device << ' ' << step.a << ' ' << step.b << ' '
        << step.seed << '\n';
  }
  return out.str();
}

std::optional<Schedule> from_text(const std::string& text) {
  std::istringstream in(text);
  Schedule schedule;
  if (!(in >> schedule.seed >> schedule.devices >> schedule.hubs)) return std::nullopt;
  for (std::string name; in >> name;) {
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const Weight& known) { return known.name == name; });
    Step step;
    if (kind == kKinds.end() || !(in >> step.device >> step.a >> step.b >> step.seed)) {
      return std::nullopt;
    }
    step.kind = kind->kind;
    schedule.steps.push_back(step);
  }
  return schedule;
}

bool is_fault(Event event) {
  return event >= Event::line_cut && event <= Event::hub_restored && event != Event::fork;
}

size_t count_faults(uint64_t events) {
  size_t count = 0;
  for (int event = 0; event < static_cast<int>(Event::kCount); ++event) {
    if (is_fault(static_cast<Event>(event)) && (events >> event & 1) != 0) ++count;
  }
  return count;
}

RunResult run_schedule(const Schedule& schedule, bool with_trace) {
  World world(schedule, with_trace);
  world.run();
  return {world.failure(), world.events(), world.edits(), world.trace()};
}

// Halves, quarters … and at last single steps are taken out as long as it still fails.
Schedule shrink_schedule(Schedule schedule) {
  for (size_t part = std::max<size_t>(1, schedule.steps.size() / 2); part > 0;) {
    bool is_shorter = false;
    for (size_t at = 0; at < schedule.steps.size();) {
      Schedule without = schedule;
      const auto first = without.steps.begin() + static_cast<std::ptrdiff_t>(at);
      const size_t count = std::min(part, schedule.steps.size() - at);
      without.steps.erase(first, first + static_cast<std::ptrdiff_t>(count));
      if (run_schedule(without, false).failure.empty()) {
        at += count;
      } else {
        schedule = std::move(without);
        is_shorter = true;
      }
    }
    if (part > 1 || !is_shorter) part /= 2;
  }
  return schedule;
}

}  // namespace daftar::simulation
