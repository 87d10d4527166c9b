#include "tests/property/schedule.h"

#include "tests/property/world.h"

namespace daftar::property {
namespace {

constexpr size_t kMostSteps = 46;
constexpr size_t kFewestSteps = 18;

StepKind draw_kind(Dice& dice) {
  constexpr std::pair<StepKind, size_t> kWeights[] = {
      {StepKind::open_form, 8}, {StepKind::save, 26},           {StepKind::remove, 9},
      {StepKind::resolve, 5},   {StepKind::export_workbook, 4}, {StepKind::import_workbook, 6},
      {StepKind::push, 20},     {StepKind::pull, 13},           {StepKind::lock, 3},
      {StepKind::reapply, 3},   {StepKind::follow, 3},
  };
  size_t draw = dice.below(100);
  for (const auto& [kind, weight] : kWeights) {
    if (draw < weight) return kind;
    draw -= weight;
  }
  return StepKind::save;
}

}  // namespace

Schedule make_schedule(uint64_t seed) {
  Dice dice(seed * 0xD1342543DE82EF95U + 1);
  Schedule schedule;
  schedule.devices = 2 + dice.below(2);
  schedule.records = 1 + dice.below(3);
  const size_t steps = kFewestSteps + dice.below(kMostSteps - kFewestSteps + 1);
  for (size_t i = 0; i < steps; ++i) {
    Step step;
    step.kind = draw_kind(dice);
    step.device = dice.below(4);
    step.a = dice.below(100);
    step.b = dice.below(100);
    step.seed = dice.next();
    schedule.steps.push_back(step);
  }
  return schedule;
}

RunResult run_schedule(const Schedule& schedule, bool with_trace) {
  World world(schedule, with_trace);
  for (const Step& step : schedule.steps) {
    if (!world.failure().empty()) break;
    world.run(step);
  }
  if (world.failure().empty()) world.finish();
  return {world.failure(), world.events(), world.trace()};
}

Schedule shrink_schedule(Schedule schedule) {
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (size_t i = schedule.steps.size(); i-- > 0;) {
      Schedule without = schedule;
      without.steps.erase(without.steps.begin() + static_cast<std::ptrdiff_t>(i));
      if (run_schedule(without, false).failure.empty()) continue;
      schedule = std::move(without);
      shorter = true;
    }
  }
  return schedule;
}

}  // namespace daftar::property
