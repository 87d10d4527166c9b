// A nightly load and a conflict (V1 to V6), and how they grow with the history (V11).
#include <algorithm>
#include <filesystem>

#include "tests/bench/bench.h"

namespace daftar::bench {
namespace {

namespace fs = std::filesystem;
using client::ClientStore;

constexpr size_t kRecords = 6'700;
constexpr size_t kSaves = 2'000;
constexpr size_t kConflictSaves = 200;
constexpr int kWarmSyncs = 10;
constexpr int kGrowthRounds = 3;
constexpr size_t kSingleSaves = 300;

// What another device writes into 2,000 of the cells that `nightly` wrote, every 20th time the same
// value; `differing` names the others: what the merge rule says is contended, and nothing else.
std::vector<Save> conflict_saves(const std::vector<Save>& nightly, Save* differing) {
  std::map<std::pair<uint64_t, size_t>, std::string> last;
  for (const Save& save : nightly) {
    for (const Edit& edit : save) last[{edit.record, edit.field}] = edit.value;
  }
  std::vector<Save> saves(kConflictSaves);
  size_t made = 0;
  const size_t step = last.size() / (kConflictSaves * kEditsOfSave);
  size_t index = 0;
  differing->clear();
  for (const auto& [cell, value] : last) {
    if (index++ % step != 0 || made == kConflictSaves * kEditsOfSave) continue;
    const bool is_same = made % 20 == 0;
    if (!is_same) differing->push_back({cell.first, cell.second, value});
    saves[made++ / kEditsOfSave].push_back(
        {cell.first, cell.second, is_same ? value : value + "9"});
  }
  for (Save& save : saves) std::sort(save.begin(), save.end());
  return saves;
}

CellSet cells_of(const Save& save) {
  CellSet cells;
  for (const RecordEdits& record : to_draft(save, {}).records) {
    for (const CellEdit& cell : record.cells) cells.emplace(record.key.bytes(), cell.field);
  }
  return cells;
}

// Each save against its UPDATEs, one after the other.
void save_nightly(ClientStore& store, Table& table, const std::vector<Save>& nightly,
                  Samples& samples) {
  const LedgerId ledger = ledger_of(store);
  Context context = take(store.current_context(ledger), "context");
  double saves = 0;
  double updates = 0;
  std::vector<double> each;
  for (const Save& save : nightly) {
    const client::Draft draft = to_draft(save, context);
    const Stopwatch saving;
    take(store.save(ledger, {draft}, kNow), "save");
    each.push_back(saving.ms());
    saves += each.back();
    ++context.own_seq;
    const Stopwatch updating;
    table.update(save);
    updates += updating.ms();
  }
  samples["save_ms"] = saves;
  samples["update_ms"] = updates;
  samples["first_save_ms"] = median({each.begin(), each.begin() + 100});
  samples["last_save_ms"] = median({each.end() - 100, each.end()});
}

double bytes_of(const Proxy::Count& count) { return static_cast<double>(count.up + count.down); }

// A hub with three devices that hold what it has.
struct Office {
  std::string folder;
  Hub hub;
  std::unique_ptr<ClientStore> a = open_device(folder + "/a");
  std::unique_ptr<ClientStore> b = open_device(folder + "/b");
  std::unique_ptr<ClientStore> c = open_device(folder + "/c");

  explicit Office(const std::string& in) : folder(in), hub(in + "/hub") {}
};

void make_office(const std::string& folder) {
  fs::create_directories(folder);
  make_hub(folder + "/hub");
  for (const char* name : {"/a", "/b", "/c"}) make_device(folder + "/hub", folder + name);
  Office office(folder);
  save_all(*office.a, initial_saves(kRecords, 2));
  for (ClientStore* device : {office.a.get(), office.b.get(), office.c.get()}) {
    sync(*device, connected(*device, office.hub.address()));
  }
  office.hub.wait_materialised();
}

void copy_office(const std::string& from, const std::string& to) {
  for (const char* name : {"/hub", "/a", "/b", "/c"}) copy_folder(from + name, to + name);
}

// The same load for a table: its bytes as rows, and its UPDATEs, in one commit each.
void time_baselines(Table& table, const std::vector<Save>& nightly, Samples& samples) {
  std::vector<std::string> blobs;
  for (const Changeset& changeset : to_changesets(nightly, 1, 0)) {
    blobs.push_back(take(encode_changeset(changeset), "encode"));
  }
  const Stopwatch appending;
  table.append(blobs);
  samples["append_ms"] = appending.ms();
  const Stopwatch updating;
  table.update_all(nightly);
  samples["one_update_ms"] = updating.ms();
}

// The same load pushed and pulled without identity, seals and checkpoints, in an office of its own;
// saved in the same way just before, because 2,000 durable commits leave a disk and caches behind
// that the push then meets.
void run_bare_load(const std::string& folder, const std::vector<Save>& nightly, Samples& samples) {
  Office office(folder);
  sync_bare(*office.a, office.hub);
  sync_bare(*office.b, office.hub);
  {
    Table table(office.folder + "/table", kRecords);
    Samples unused;
    save_nightly(*office.a, table, nightly, unused);
  }
  fs::remove(office.folder + "/table");
  samples["bare_push_ms"] = sync_bare(*office.a, office.hub).pushed_ms;
  office.hub.wait_materialised();
  const SyncTimes pull = sync_bare(*office.b, office.hub);
  require(pull.report.pulled == nightly.size(), "all pulled");
  samples["bare_pull_ms"] = pull.total_ms;
}

// One load: saved on a, pushed, pulled by b, and then what c has written into the same cells
// without having seen it. Over a proxy that counts bytes, or with times.
void run_load(Office& office, const std::vector<Save>& nightly, bool is_counted, Samples& samples) {
  std::unique_ptr<Proxy> proxy;
  if (is_counted) proxy = std::make_unique<Proxy>(office.hub.port());
  const std::string address = is_counted ? proxy->address() : office.hub.address();
  const auto count = [&](const char* name) {
    if (!is_counted) return;
    const Proxy::Count bytes = proxy->taken();
    const std::string text = name;
    samples[text + "_b"] = bytes_of(bytes);
    samples[text + "_up_b"] = static_cast<double>(bytes.up);
    samples[text + "_down_b"] = static_cast<double>(bytes.down);
    samples[text + "_turns_n"] = static_cast<double>(bytes.turns);
  };
  const auto forget_bytes = [&] {
    if (is_counted) proxy->taken();
  };
  Save differing;
  require(office.hub.contended_cells().empty(), "nothing is contended before");
  save_all(*office.c, conflict_saves(nightly, &differing));
  const auto to_a = connected(*office.a, address);
  const auto to_b = connected(*office.b, address);
  const auto to_c = connected(*office.c, address);
  require(sync(*office.a, to_a).report.is_unchanged, "a has nothing new");
  require(sync(*office.b, to_b).report.is_unchanged, "b has nothing new");
  Table table(office.folder + "/table", kRecords);
  if (is_counted) {
    save_all(*office.a, nightly);
  } else {
    save_nightly(*office.a, table, nightly, samples);
  }
  forget_bytes();
  const SyncTimes push = sync(*office.a, to_a, [&] {
    count("push");
    office.hub.wait_materialised();
  });
  count("confirm");
  const SyncTimes pull = sync(*office.b, to_b);
  count("pull");
  require(push.report.pushed == nightly.size() && pull.report.pulled == nightly.size(),
          "all pulled");
  const Stopwatch warm;
  for (int i = 0; i < kWarmSyncs; ++i) {
    const SyncTimes unchanged = sync(*office.b, to_b);
    require(unchanged.report.is_unchanged && unchanged.calls == 1, "b has nothing new");
  }
  const double warm_ms = warm.ms() / kWarmSyncs;
  count("warm");
  const Stopwatch cold;
  sync(*office.b, unconnected(*office.b, address));
  const double cold_ms = cold.ms();
  count("cold");
  const SyncTimes conflict = sync(*office.c, to_c, [&] {
    count("conflict");
    office.hub.wait_materialised();
  });
  const CellSet contended = office.hub.contended_cells();
  require(contended == cells_of(differing), "the contended cells are those that differ");
  if (is_counted) {
    samples["warm_b"] /= kWarmSyncs;
    samples["warm_turns_n"] /= kWarmSyncs;
  } else {
    samples["push_ms"] = push.pushed_ms;
    samples["materialise_ms"] = push.materialised_ms;
    samples["confirm_ms"] = push.total_ms - push.materialised_ms;
    samples["pull_ms"] = pull.total_ms;
    samples["warm_ms"] = warm_ms;
    samples["cold_ms"] = cold_ms;
    samples["conflict_push_ms"] = conflict.pushed_ms;
    samples["conflict_ms"] = conflict.materialised_ms;
    samples["contended_n"] = static_cast<double>(contended.size());
    samples["differing_n"] = static_cast<double>(differing.size());
    time_baselines(table, nightly, samples);
  }
  fs::remove(office.folder + "/table");
}

// All three hold everything, and no value disagrees: b settles what the load made contended.
void settle(Office& office, const std::vector<Save>& nightly) {
  for (ClientStore* device : {office.a.get(), office.b.get(), office.c.get()}) {
    sync(*device, connected(*device, office.hub.address()));
  }
  Save differing;
  save_all(*office.b, conflict_saves(nightly, &differing));
  for (int round = 0; round < 2; ++round) {
    for (ClientStore* device : {office.b.get(), office.a.get(), office.c.get()}) {
      sync(*device, connected(*device, office.hub.address()));
    }
  }
  office.hub.wait_materialised();
}

// Adds nightly loads until there are `loads` of them.
void grow(Office& office, size_t& loads, size_t wanted) {
  for (; loads < wanted; ++loads) {
    save_all(*office.a, random_saves(kRecords, kSaves, 1'000 + loads));
    sync(*office.a, connected(*office.a, office.hub.address()));
  }
  office.hub.wait_materialised();
  for (ClientStore* device : {office.b.get(), office.c.get()}) {
    sync(*device, connected(*device, office.hub.address()));
  }
}

void time_single_saves(ClientStore& store, Samples& samples) {
  const LedgerId ledger = ledger_of(store);
  std::vector<double> saves;
  for (const Save& save : random_saves(kRecords, kSingleSaves, 77)) {
    const Context context = take(store.current_context(ledger), "context");
    const client::Draft draft = to_draft({save.front()}, context);
    const Stopwatch saving;
    take(store.save(ledger, {draft}, kNow), "save");
    saves.push_back(saving.ms());
  }
  samples["one_save_ms"] = median(saves);
  samples["one_save_p99_ms"] = quantile(saves, 0.99);
}

}  // namespace

void bench_nightly(benchmark::State& state) {
  const std::string base = work_folder() + "/nightly/base";
  if (!fs::exists(base)) make_office(base);
  const std::string round = work_folder() + "/nightly/round";
  const std::vector<Save> nightly = random_saves(kRecords, kSaves, 3);
  for (auto _ : state) {
    Samples samples;
    for (const bool is_counted : {true, false}) {
      copy_office(base, round);
      Office office(round);
      run_load(office, nightly, is_counted, samples);
    }
    copy_office(base, round);
    run_bare_load(round, nightly, samples);
    state.SetIterationTime(samples["push_ms"] / 1000);
    set_counters(state, samples);
  }
}

void bench_growth(benchmark::State& state) {
  static std::unique_ptr<Office> office;
  static size_t loads = 0;
  const std::string folder = work_folder() + "/growth";
  if (!office) {
    make_office(folder);
    office = std::make_unique<Office>(folder);
  }
  for (auto _ : state) {
    grow(*office, loads, static_cast<size_t>(state.range(0)));
    std::map<std::string, std::vector<double>> rounds;
    for (int round = 0; round <= kGrowthRounds; ++round) {
      const std::vector<Save> nightly = random_saves(kRecords, kSaves, 9'000'000 + loads);
      Samples samples;
      run_load(*office, nightly, round == kGrowthRounds, samples);
      ++loads;
      settle(*office, nightly);
      for (const auto& [name, value] : samples) rounds[name].push_back(value);
    }
    Samples medians;
    for (const auto& [name, values] : rounds) medians[name] = median(values);
    time_single_saves(*office->a, medians);
    sync(*office->a, connected(*office->a, office->hub.address()));
    medians["hub_mb"] = folder_mb(folder + "/hub");
    state.SetIterationTime(medians["push_ms"] / 1000);
    set_counters(state, medians);
  }
  // The last size ends it: the hub stops before the program does.
  if (state.range(0) == kLargestGrowth) office.reset();
}

}  // namespace daftar::bench
