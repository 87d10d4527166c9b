// A fresh device joins a large ledger (V7), and a crowd pushes into it (V10).
#include <cmath>
#include <filesystem>

#include "client/audit.h"
#include "tests/bench/bench.h"

namespace daftar::bench {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRecords = 67'000;
constexpr size_t kHistorySaves = 20'000;
constexpr size_t kSavesAtOnce = 20'000;
constexpr int kWarmSyncs = 10;

std::string folder_of(size_t times) { return work_folder() + "/join" + std::to_string(times); }

// A hub whose ledger holds every field of all records, and `times` the history of edits.
void make_ledger(size_t times) {
  const std::string folder = folder_of(times);
  if (fs::exists(folder)) return;
  fs::create_directories(folder);
  make_hub(folder + "/hub");
  make_device(folder + "/hub", folder + "/a");
  Hub hub(folder + "/hub");
  const auto a = open_device(folder + "/a");
  save_all(*a, initial_saves(kRecords, 4));
  for (size_t made = 0; made < times; ++made) {
    save_all(*a, random_saves(kRecords, kSavesAtOnce, 5 + made));
    sync(*a, connected(*a, hub.address()));
  }
  hub.wait_materialised();
}

}  // namespace

void bench_join(benchmark::State& state) {
  const auto times = static_cast<size_t>(state.range(0));
  make_ledger(times);
  const std::string folder = folder_of(times);
  const std::vector<Save> history = random_saves(kRecords, kHistorySaves, 5);
  for (auto _ : state) {
    Samples samples;
    for (const bool is_counted : {true, false}) {
      Hub hub(folder + "/hub");
      fs::remove_all(folder + "/joining");
      make_device(folder + "/hub", folder + "/joining");
      const auto device = open_device(folder + "/joining");
      Proxy proxy(hub.port());
      const auto channel = connected(*device, is_counted ? proxy.address() : hub.address());
      const SyncTimes times_taken = sync(*device, channel);
      require(times_taken.report.pulled_edits == 804'000 + times * kHistorySaves * kEditsOfSave,
              "all pulled");
      require(take(device->verified_head(ledger_of(*device)), "head").root == hub.root(), "root");
      if (!is_counted) {
        samples["join_ms"] = times_taken.total_ms;
        const client::LedgerInfo ledger = take(device->held_ledgers(), "ledgers").front();
        const Stopwatch auditing;
        const client::AuditReport report = take(client::audit_ledger(*device, ledger), "audit");
        samples["audit_ms"] = auditing.ms();
        check(report.verdict, "the audit says good");
        samples["audited_per_ms_n"] =
            std::floor(static_cast<double>(report.counts.edits) / samples["audit_ms"]);
        continue;
      }
      const Proxy::Count bytes = proxy.taken();
      samples["join_b"] = static_cast<double>(bytes.up + bytes.down);
      samples["folder_mb"] = folder_mb(folder + "/joining");
      for (int i = 0; i < kWarmSyncs; ++i) sync(*device, channel);
      const Proxy::Count warm = proxy.taken();
      samples["warm_b"] = static_cast<double>(warm.up + warm.down) / kWarmSyncs;
    }
    const Stopwatch watch;
    {
      Table table(folder + "/table", kRecords);
      for (size_t made = 0; made < times; ++made) table.update_all(history);
    }
    samples["table_ms"] = watch.ms();
    fs::remove(folder + "/table");
    state.SetIterationTime(samples["join_ms"] / 1000);
    set_counters(state, samples);
  }
}

void bench_crowd(benchmark::State& state) {
  constexpr size_t kDevices = 100;
  constexpr size_t kRounds = 10;
  make_ledger(1);
  for (auto _ : state) {
    const CrowdUse crowd = push_as_crowd(program_folder() + "/daftar-hub", folder_of(1) + "/hub",
                                         kDevices, kRounds, kRecords);
    state.SetIterationTime(crowd.seconds);
    set_counters(state, {{"peak_mb", crowd.peak_mb},
                         {"total_ms", crowd.seconds * 1000},
                         {"edits_n", static_cast<double>(crowd.edits)},
                         {"reply_p50_ms", crowd.reply_p50_ms},
                         {"reply_p99_ms", crowd.reply_p99_ms}});
  }
}

}  // namespace daftar::bench
