// A register of 7,000 indicators × 20 half-years (V8, V10), the real one, and a cold start (V12).
#include <cstdlib>
#include <filesystem>

#include "client/import.h"
#include "tests/bench/bench.h"

namespace daftar::bench {
namespace {

namespace fs = std::filesystem;
using client::ClientStore;

constexpr size_t kSaves = 1'000;
constexpr int kShows = 20;

// Saves of one measurement each, against an UPDATE of one row.
void time_saves(ClientStore& store, Table& table, size_t indicators, const std::string& name,
                Samples& samples) {
  const LedgerId ledger = ledger_of(store);
  Context context = take(store.current_context(ledger), "context");
  std::vector<double> saves;
  std::vector<double> updates;
  for (size_t i = 0; i < kSaves; ++i) {
    const size_t indicator = 1 + i * 7919 % indicators;
    const std::string value = std::to_string(i) + ".5";
    const client::Draft draft = measurement_draft(indicator, i % 20, value, context);
    const Stopwatch saving;
    take(store.save(ledger, {draft}, kNow), "save");
    saves.push_back(saving.ms());
    ++context.own_seq;
    const Stopwatch updating;
    table.update({{indicator, i % kFields, value}});
    updates.push_back(updating.ms());
  }
  samples[name + "_ms"] = median(saves);
  samples[name + "_p99_ms"] = quantile(saves, 0.99);
  samples["update_ms"] = median(updates);
  samples["update_p99_ms"] = quantile(updates, 0.99);
}

// A synced device with a register of that size.
void make_register(const std::string& folder, size_t indicators) {
  if (fs::exists(folder)) return;
  fs::create_directories(folder);
  make_hub(folder + "/hub");
  make_device(folder + "/hub", folder + "/a");
  Hub hub(folder + "/hub");
  const auto a = open_device(folder + "/a");
  take(a->save(ledger_of(*a), register_drafts(indicators, 20), kNow), "save");
  sync(*a, connected(*a, hub.address()));
}

void time_show(const std::string& name, const std::vector<std::string>& arguments,
               Samples& samples) {
  std::vector<std::string> command = {program_folder() + "/daftar"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<double> shows;
  std::vector<double> nothing;
  double peak = 0;
  for (int i = 0; i < kShows; ++i) {
    const ProcessUse use = run_program(command);
    shows.push_back(use.ms);
    peak = std::max(peak, use.peak_mb);
    nothing.push_back(run_program({"/bin/true"}).ms);
  }
  samples[name + "_ms"] = median(shows);
  samples[name + "_p90_ms"] = quantile(shows, 0.9);
  samples[name + "_mb"] = peak;
  samples["nothing_ms"] = median(nothing);
}

}  // namespace

void bench_register(benchmark::State& state) {
  const std::string large = work_folder() + "/register";
  const std::string small = work_folder() + "/small";
  make_register(large, 7'000);
  make_register(small, 70);
  for (auto _ : state) {
    Samples samples;
    time_show("show",
              {"--folder", large + "/a", "show", register_code(3'500) + "@2014 H1", "value"},
              samples);
    time_show("count_show", {"--folder", large + "/a", "show"}, samples);
    copy_folder(large + "/a", large + "/copy");
    copy_folder(small + "/a", small + "/copy");
    {
      Table table(small + "/table", 70);
      time_saves(*open_device(small + "/copy"), table, 70, "small", samples);
    }
    {
      Table table(large + "/table", 7'000);
      time_saves(*open_device(large + "/copy"), table, 7'000, "save", samples);
    }
    fs::remove(small + "/table");
    fs::remove(large + "/table");
    state.SetIterationTime(samples["save_ms"] / 1000);
    set_counters(state, samples);
  }
}

void bench_national(benchmark::State& state) {
  const char* const data = std::getenv("DAFTAR_TEST_DATA");
  if (data == nullptr || *data == '\0') {
    state.SkipWithError("DAFTAR_TEST_DATA names no folder");
    return;
  }
  for (auto _ : state) {
    Samples samples;
    const std::string folder = work_folder() + "/national";
    fs::remove_all(folder);
    fs::create_directories(folder);
    make_hub(folder + "/hub");
    make_device(folder + "/hub", folder + "/uk");
    const auto store = open_device(folder + "/uk");
    const LedgerId ledger = ledger_of(*store);
    client::ImportOptions options;
    options.files = {std::string(data) + "/uk-sdg/indicators.csv",
                     std::string(data) + "/uk-sdg/measurements.csv"};
    const Stopwatch importing;
    const client::ImportPlan plan =
        take(client::plan_import(*store, ledger, options), "plan an import");
    take(store->save(ledger, plan.drafts, kNow), "save an import");
    samples["import_ms"] = importing.ms();
    samples["edits_n"] = static_cast<double>(plan.edits);
    const std::vector<std::string> show = {"--folder", folder + "/uk", "show", "1.1.1/0001@2001",
                                           "value"};
    time_show("pending_show", show, samples);
    {
      Hub hub(folder + "/hub");
      sync(*store, connected(*store, hub.address()));
    }
    time_show("show", show, samples);
    state.SetIterationTime(samples["show_ms"] / 1000);
    set_counters(state, samples);
  }
}

}  // namespace daftar::bench
