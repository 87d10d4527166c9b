// daftar_bench FOLDER [fold|nightly|join|register]…: measures in FOLDER, prints a Markdown table.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <unordered_map>

#include "client/import.h"
#include "common/ledger/frame.h"
#include "common/store/files.h"
#include "tests/bench/bench.h"

namespace daftar::bench {
namespace {

namespace fs = std::filesystem;
using client::ClientStore;

constexpr int kRounds = 5;
constexpr int kLongRounds = 3;
constexpr uint64_t kNow = 1'780'000'000'000;

struct Row {
  std::string id;
  std::string what;
  std::string figure;
  std::string baseline;
  std::string ratio;
  std::string reach;
  std::string notes;
};
std::vector<Row> rows;

std::string text(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), format, value);
  return buffer;
}
std::string ms(double value) { return text(value < 10 ? "%.2f ms" : "%.0f ms", value); }
std::string kb(uint64_t bytes) { return text("%.1f kB", static_cast<double>(bytes) / 1000); }
std::string count(size_t value) { return std::to_string(value); }

void add_timed(const std::string& id, const std::string& what, const std::vector<double>& samples,
               const std::vector<double>& baseline, const std::string& reach,
               const std::string& notes) {
  Row row{id, what, ms(median(samples)), "", "", reach, notes};
  if (!baseline.empty()) {
    row.baseline = ms(median(baseline));
    row.ratio = text("%.2f×", median(samples) / median(baseline));
  }
  rows.push_back(std::move(row));
}

std::unique_ptr<ClientStore> open_device(const std::string& folder) {
  return take(ClientStore::open(folder), "open a device");
}

LedgerId ledger_of(ClientStore& store) { return take(store.find_ledger(kLedger), "the ledger"); }

void save_all(ClientStore& store, const std::vector<Save>& saves) {
  const LedgerId ledger = ledger_of(store);
  const Context context = take(store.current_context(ledger), "context");
  take(store.save(ledger, to_drafts(saves, context), kNow), "save");
}

// ---- fold (V9), and what stands around it

void bench_fold() {
  constexpr size_t kRecords = 6'700;
  const std::vector<Save> edits = random_saves(kRecords, 2'000, 1);
  const auto initial = to_changesets(initial_saves(kRecords, 2), 1, 0);
  const auto nightly = to_changesets(edits, initial.size() + 1, initial.size());
  MemoryRecords base;
  LedgerState base_state;
  for (const Changeset& changeset : initial) {
    take(fold_changeset(base_state, base, changeset, {}, false, {kNow, 0}), "fold");
  }
  std::vector<std::string> encoded;
  size_t bytes = 0;
  for (const Changeset& changeset : nightly) {
    encoded.push_back(take(encode_changeset(changeset), "encode"));
    bytes += encoded.back().size();
  }
  std::vector<double> fold;
  std::vector<double> plain;
  std::vector<double> decode;
  std::vector<double> encode;
  std::unordered_map<uint64_t, std::vector<std::string>> map;
  for (uint64_t record = 1; record <= kRecords; ++record) map[record].resize(kFields);
  for (int round = 0; round < 3 * kRounds; ++round) {
    MemoryRecords records = base;
    LedgerState state = base_state;
    Stopwatch watch;
    for (const Changeset& changeset : nightly) {
      take(fold_changeset(state, records, changeset, {}, false, {kNow, 0}), "fold");
    }
    fold.push_back(watch.ms());
    watch = Stopwatch();
    for (const Save& save : edits) {
      for (const Edit& edit : save) map.at(edit.record)[edit.field] = edit.value;
    }
    plain.push_back(watch.ms());
    watch = Stopwatch();
    for (const std::string& one : encoded) take(decode_changeset(one), "decode");
    decode.push_back(watch.ms());
    watch = Stopwatch();
    for (const Changeset& changeset : nightly) take(encode_changeset(changeset), "encode");
    encode.push_back(watch.ms());
  }
  add_timed("V9", "fold of 20,000 edits into 6,700 records in memory", fold, plain, "≤ 10 ms",
            text("%.2f M edits/s; baseline: strings assigned in a hash map",
                 20'000 / median(fold) / 1000));
  add_timed("–", "decode of the same changesets", decode, {}, "", kb(bytes) + " plain");
  add_timed("–", "encode of the same changesets (with its read-back)", encode, {}, "",
            kb(encode_push_frame(encoded).size()) + " as one zstd frame");
}

// ---- Nightly and Conflict (V1–V6)

constexpr size_t kNightlyRecords = 6'700;
constexpr size_t kConflictSaves = 200;

// What another device writes into 2,000 of the cells that `nightly` wrote, every 20th time the same
// value; `differing` counts the others.
std::vector<Save> conflict_saves(const std::vector<Save>& nightly, size_t* differing) {
  std::map<std::pair<uint64_t, size_t>, std::string> last;
  for (const Save& save : nightly) {
    for (const Edit& edit : save) last[{edit.record, edit.field}] = edit.value;
  }
  std::vector<Save> saves(kConflictSaves);
  size_t made = 0;
  const size_t step = last.size() / (kConflictSaves * kEditsOfSave);
  size_t index = 0;
  for (const auto& [cell, value] : last) {
    if (index++ % step != 0 || made == kConflictSaves * kEditsOfSave) continue;
    const bool is_same = made % 20 == 0;
    if (!is_same) ++*differing;
    saves[made++ / kEditsOfSave].push_back(
        {cell.first, cell.second, is_same ? value : value + "9"});
  }
  for (Save& save : saves) std::sort(save.begin(), save.end());
  return saves;
}

struct NightlySamples {
  std::vector<double> saves, updates, first, last;
  std::vector<double> pushed, one_commit, materialised, one_update, confirmed;
  std::vector<double> pulled;
  std::vector<double> unchanged, cold;
  std::vector<double> conflict_pushed, conflict_materialised;
  Proxy::Count push_bytes, confirm_bytes, pull_bytes, warm_bytes, cold_bytes, conflict_bytes;
  size_t contended = 0;
};

// A hub and the devices a, b, c that hold what the hub has.
void make_nightly_base(const std::string& folder) {
  make_hub(folder + "/hub");
  for (const char* name : {"/a", "/b", "/c"}) make_device(folder + "/hub", folder + name);
  Hub hub(folder + "/hub");
  const auto a = open_device(folder + "/a");
  save_all(*a, initial_saves(kNightlyRecords, 2));
  for (const char* name : {"/a", "/b", "/c"}) {
    const auto device = open_device(folder + name);
    sync(*device, connected(hub.address()));
  }
  hub.wait_materialised();
}

// V1: each save against its UPDATEs, one after the other.
void save_nightly(ClientStore& store, Table& table, const std::vector<Save>& nightly,
                  NightlySamples& samples) {
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
  samples.saves.push_back(saves);
  samples.updates.push_back(updates);
  samples.first.push_back(median({each.begin(), each.begin() + 100}));
  samples.last.push_back(median({each.end() - 100, each.end()}));
}

// `proxied`: this round is for the bytes, not for the times.
void nightly_round(const std::string& folder, const std::vector<Save>& nightly, bool proxied,
                   NightlySamples& samples, size_t* differing) {
  for (const char* name : {"/hub", "/a", "/b", "/c"}) {
    copy_folder(folder + "/base" + name, folder + "/round" + name);
  }
  *differing = 0;
  Hub hub(folder + "/round/hub");
  const auto a = open_device(folder + "/round/a");
  const auto b = open_device(folder + "/round/b");
  const auto c = open_device(folder + "/round/c");
  save_all(*c, conflict_saves(nightly, differing));
  std::unique_ptr<Proxy> proxy;
  if (proxied) proxy = std::make_unique<Proxy>(hub.port());
  const std::string address = proxied ? proxy->address() : hub.address();
  const auto bytes = [&] { return proxied ? proxy->taken() : Proxy::Count(); };

  const auto to_a = connected(address);
  require(sync(*a, to_a).report.is_unchanged, "a has nothing new");
  const auto to_b = connected(address);
  require(sync(*b, to_b).report.is_unchanged, "b has nothing new");
  const auto to_c = connected(address);

  fs::remove(folder + "/round/table");
  Table table(folder + "/round/table", kNightlyRecords);
  if (proxied) {
    save_all(*a, nightly);
  } else {
    save_nightly(*a, table, nightly, samples);
  }
  bytes();
  const SyncTimes push = sync(*a, to_a, [&] {
    if (proxied) samples.push_bytes = bytes();
    hub.wait_materialised();
  });
  if (proxied) samples.confirm_bytes = bytes();
  const SyncTimes pull = sync(*b, to_b);
  if (proxied) samples.pull_bytes = bytes();
  require(push.report.pushed == nightly.size() && pull.report.pulled_edits == 20'000, "all pulled");
  const SyncTimes unchanged = sync(*b, to_b);
  require(unchanged.report.is_unchanged && unchanged.calls == 1, "b has nothing new");
  if (proxied) {
    bytes();
    for (int i = 0; i < 10; ++i) sync(*b, to_b);
    samples.warm_bytes = bytes();
    sync(*b, unconnected(address));
    samples.cold_bytes = bytes();
  }
  const Stopwatch cold_watch;
  sync(*b, unconnected(address));
  const double cold = cold_watch.ms();
  bytes();
  const SyncTimes conflict = sync(*c, to_c, [&] {
    if (proxied) samples.conflict_bytes = bytes();
    hub.wait_materialised();
  });
  samples.contended = hub.contended_cells();
  require(samples.contended == *differing, "contended cells");
  require(take(b->verified_head(ledger_of(*b)), "head").size + kConflictSaves ==
              take(c->verified_head(ledger_of(*c)), "head").size,
          "c has all");
  if (proxied) return;
  samples.pushed.push_back(push.pushed_ms);
  samples.materialised.push_back(push.materialised_ms);
  samples.confirmed.push_back(push.total_ms - push.materialised_ms);
  samples.pulled.push_back(pull.total_ms);
  samples.unchanged.push_back(unchanged.total_ms);
  samples.cold.push_back(cold);
  samples.conflict_pushed.push_back(conflict.pushed_ms);
  samples.conflict_materialised.push_back(conflict.materialised_ms);
  std::vector<std::string> blobs;
  for (const Changeset& changeset : to_changesets(nightly, 1, 0)) {
    blobs.push_back(take(encode_changeset(changeset), "encode"));
  }
  const Stopwatch appending;
  table.append(blobs);
  samples.one_commit.push_back(appending.ms());
  const Stopwatch updating;
  table.update_all(nightly);
  samples.one_update.push_back(updating.ms());
}

std::string both_ways(const Proxy::Count& bytes) {
  return kb(bytes.up + bytes.down) + " (" + kb(bytes.up) + " up, " + kb(bytes.down) + " down)";
}

void bench_nightly(const std::string& folder) {
  fs::create_directories(folder + "/base");
  make_nightly_base(folder + "/base");
  const std::vector<Save> nightly = random_saves(kNightlyRecords, 2'000, 3);
  NightlySamples samples;
  size_t differing = 0;
  for (int round = 0; round < kRounds; ++round) {
    nightly_round(folder, nightly, false, samples, &differing);
  }
  nightly_round(folder, nightly, true, samples, &differing);
  add_timed("V1", "2,000 durable saves of 10 edits", samples.saves, samples.updates, "≤ 1.3×",
            "baseline: the same UPDATEs; one save, median: " + ms(median(samples.first)) +
                " among the first 100, " + ms(median(samples.last)) + " among the last 100");
  add_timed("V2", "push of them until durable", samples.pushed, samples.one_commit, "≤ 60 ms",
            "baseline: the same bytes as 2,000 rows in one SQLite commit");
  add_timed("V2", "… until materialised", samples.materialised, samples.one_update, "≤ 200 ms",
            "baseline: the 20,000 UPDATEs in one commit");
  rows.push_back({"V3", "bytes of that push", kb(samples.push_bytes.up + samples.push_bytes.down),
                  "", "", "≤ 200 kB",
                  both_ways(samples.push_bytes) + ", " + count(samples.push_bytes.turns) +
                      " turns; then the pull of their headers: " +
                      both_ways(samples.confirm_bytes) + ", " + ms(median(samples.confirmed))});
  add_timed("V4", "pull by a second device, durable", samples.pulled, samples.one_update,
            "≤ 150 ms", both_ways(samples.pull_bytes));
  add_timed(
      "V5", "nothing new, warm channel", samples.unchanged, {}, "1 turn, ≤ 350 B",
      text("%.0f B a sync",
           static_cast<double>(samples.warm_bytes.up + samples.warm_bytes.down) / 10) +
          text(", %.1f turns (mean of 10)", static_cast<double>(samples.warm_bytes.turns) / 10));
  add_timed("V5", "nothing new, cold channel", samples.cold, {}, "reported",
            text("%.0f B", static_cast<double>(samples.cold_bytes.up + samples.cold_bytes.down)) +
                ", " + count(samples.cold_bytes.turns) + " turns");
  add_timed("V6", "Conflict at the hub until durable", samples.conflict_pushed, {}, "", "");
  add_timed("V6", "… until materialised", samples.conflict_materialised, {}, "≤ 100 ms",
            count(samples.contended) + " cells contended, " + count(differing) + " expected; " +
                both_ways(samples.conflict_bytes));
}

// ---- Join (V7) and the crowd at the hub (V10)

void bench_join(const std::string& folder, const std::string& programs) {
  constexpr size_t kRecords = 67'000;
  fs::create_directories(folder);
  make_hub(folder + "/hub");
  make_device(folder + "/hub", folder + "/a");
  const std::vector<Save> initial = initial_saves(kRecords, 4);
  const std::vector<Save> history = random_saves(kRecords, 20'000, 5);
  std::vector<double> joins;
  std::vector<double> tables;
  Proxy::Count bytes;
  Proxy::Count warm;
  double growth_mb = 0;
  {
    Hub hub(folder + "/hub");
    const auto a = open_device(folder + "/a");
    save_all(*a, initial);
    save_all(*a, history);
    sync(*a, connected(hub.address()));
    hub.wait_materialised();
    for (int round = 0; round <= kLongRounds; ++round) {
      const bool proxied = round == kLongRounds;
      const std::string joining = folder + "/join" + count(static_cast<size_t>(round));
      make_device(folder + "/hub", joining);
      const auto device = open_device(joining);
      Proxy proxy(hub.port());
      const auto channel = connected(proxied ? proxy.address() : hub.address());
      const SyncTimes times = sync(*device, channel);
      require(times.report.pulled_edits == 1'004'000, "all pulled");
      require(take(device->verified_head(ledger_of(*device)), "head").root == hub.root(), "root");
      if (proxied) {
        bytes = proxy.taken();
        for (int i = 0; i < 10; ++i) sync(*device, channel);
        warm = proxy.taken();
        for (const auto& file : fs::directory_iterator(joining)) {
          growth_mb += static_cast<double>(file.file_size()) / 1e6;
        }
        continue;
      }
      joins.push_back(times.total_ms);
      const Stopwatch watch;
      Table table(folder + "/table" + count(static_cast<size_t>(round)), kRecords);
      table.update_all(history);
      tables.push_back(watch.ms());
    }
  }
  add_timed("V7", "Join: 804,000 + 200,000 edits by a fresh device", joins, tables,
            "≤ 3,000 ms, ≤ 12 MB",
            both_ways(bytes) + text("; its folder: %.0f MB", growth_mb) +
                "; baseline: a table filled and updated in two commits");
  rows.push_back({"V5", "nothing new after Join, warm channel",
                  text("%.0f B", static_cast<double>(warm.up + warm.down) / 10), "", "", "≤ 350 B",
                  "mean of 10"});
  const CrowdUse crowd =
      push_as_crowd(programs + "/daftar-hub", folder + "/hub", 100, 10, kRecords);
  rows.push_back(
      {"V10", "daftar-hub, 100 devices pushing into Join", text("%.0f MB", crowd.peak_mb), "", "",
       "≤ 256 MB",
       count(crowd.edits) + text(" edits in %.1f s", crowd.seconds) +
           text(", %.0f edits/s; reply", static_cast<double>(crowd.edits) / crowd.seconds) +
           text(" p50 %.0f ms", crowd.reply_p50_ms) + text(", p99 %.0f ms", crowd.reply_p99_ms)});
}

// ---- a register of 7,000 × 20 (V8, V10), and a cold start (V12)

struct RegisterSaves {
  std::vector<double> save, update;
};

// `count` saves of one measurement, against an UPDATE of one row.
RegisterSaves save_measurements(ClientStore& store, Table& table, size_t indicators, size_t saves) {
  const LedgerId ledger = ledger_of(store);
  Context context = take(store.current_context(ledger), "context");
  RegisterSaves samples;
  for (size_t i = 0; i < saves; ++i) {
    const size_t indicator = 1 + i * 7919 % indicators;
    const std::string value = std::to_string(i) + ".5";
    const client::Draft draft = measurement_draft(indicator, i % 20, value, context);
    const Stopwatch saving;
    take(store.save(ledger, {draft}, kNow), "save");
    samples.save.push_back(saving.ms());
    ++context.own_seq;
    const Stopwatch updating;
    table.update({{indicator, i % kFields, value}});
    samples.update.push_back(updating.ms());
  }
  return samples;
}

// A synced device with a register of that size.
std::unique_ptr<ClientStore> make_register(const std::string& folder, size_t indicators) {
  fs::create_directories(folder);
  make_hub(folder + "/hub");
  make_device(folder + "/hub", folder + "/a");
  Hub hub(folder + "/hub");
  auto a = open_device(folder + "/a");
  take(a->save(ledger_of(*a), register_drafts(indicators, 20), kNow), "save");
  sync(*a, connected(hub.address()));
  return a;
}

void time_show(const std::string& id, const std::string& what, const std::string& programs,
               const std::vector<std::string>& arguments, const std::string& reach) {
  std::vector<std::string> command = {programs + "/daftar"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<double> shows;
  std::vector<double> nothing;
  double peak = 0;
  for (int i = 0; i < 20; ++i) {
    const ProcessUse use = run_program(command);
    shows.push_back(use.ms);
    peak = std::max(peak, use.peak_mb);
    nothing.push_back(run_program({"/bin/true"}).ms);
  }
  add_timed(id, what, shows, nothing, reach,
            text("%.0f MB at most; ", peak) + text("p90 %.0f ms; ", quantile(shows, 0.9)) +
                "baseline: /bin/true");
}

// The register that DAFTAR_TEST_DATA has, if it is set.
void bench_real_register(const std::string& folder, const std::string& programs) {
  const char* const data = std::getenv("DAFTAR_TEST_DATA");
  if (data == nullptr || *data == '\0') return;
  make_hub(folder + "/uk-hub");
  make_device(folder + "/uk-hub", folder + "/uk");
  const auto store = open_device(folder + "/uk");
  const LedgerId ledger = ledger_of(*store);
  client::ImportOptions options;
  options.files = {std::string(data) + "/uk-sdg/indicators.csv",
                   std::string(data) + "/uk-sdg/measurements.csv"};
  const Stopwatch importing;
  const client::ImportPlan plan =
      take(client::plan_import(*store, ledger, options), "plan an import");
  take(store->save(ledger, plan.drafts, kNow), "save an import");
  const double import_ms = importing.ms();
  const std::vector<std::string> show = {"--folder", folder + "/uk", "show", "1.1.1/0001@2001",
                                         "value"};
  time_show("–", "the same before its first sync (all pending)", programs, show, "");
  Hub hub(folder + "/uk-hub");
  sync(*store, connected(hub.address()));
  time_show("V12", "daftar show of one value, UK register", programs, show, "≤ 30 ms");
  add_timed("–", "import of that register", {import_ms}, {}, "", count(plan.edits) + " edits");
}

void bench_register(const std::string& folder, const std::string& programs) {
  constexpr size_t kSaves = 1'000;
  const auto large = make_register(folder + "/large", 7'000);
  const auto small = make_register(folder + "/small", 70);
  const std::vector<std::string> show = {"--folder", folder + "/large/a", "show",
                                         register_code(3'500) + "@2014 H1", "value"};
  time_show("V12", "daftar show of one value, V8's register", programs, show, "≤ 30 ms");
  time_show("V10", "daftar show (opens and counts V8's register)", programs,
            {"--folder", folder + "/large/a", "show"}, "≤ 1,000 ms, ≤ 150 MB");
  Table large_table(folder + "/large/table", 7'000);
  Table small_table(folder + "/small/table", 70);
  const RegisterSaves in_large = save_measurements(*large, large_table, 7'000, kSaves);
  const RegisterSaves in_small = save_measurements(*small, small_table, 70, kSaves);
  add_timed("V8", "one save in 7,000 indicators × 20 half-years", in_large.save, in_large.update,
            "reported",
            "p99 " + ms(quantile(in_large.save, 0.99)) + ", of the UPDATE " +
                ms(quantile(in_large.update, 0.99)) + "; 70 indicators: p50 " +
                ms(median(in_small.save)) + ", p99 " + ms(quantile(in_small.save, 0.99)));
  bench_real_register(folder, programs);
}

// ---- the machine and the table

std::string machine(const std::string& folder) {
  const std::string path = folder + "/fsync";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  std::vector<double> samples;
  const std::string page(4096, 'x');
  for (int i = 0; i < 200; ++i) {
    const Stopwatch watch;
    require(::write(file, page.data(), page.size()) == 4096 && ::fsync(file) == 0, "fsync");
    samples.push_back(watch.ms());
  }
  ::close(file);
  std::string model = "unknown processor";
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) model = line.substr(line.find(':') + 2);
  }
  return count(std::thread::hardware_concurrency()) + " cores (" + model +
         "); 4 kB appended and fsynced: median " + ms(median(samples)) + ", p99 " +
         ms(quantile(samples, 0.99));
}

void print_table(const std::string& described) {
  std::printf("Machine: %s\n\n", described.c_str());
  std::printf("| row | what | median | baseline | ratio | reach | notes |\n");
  std::printf("|---|---|---|---|---|---|---|\n");
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    const auto number = [](const Row& row) {
      return row.id[0] == 'V' ? std::stoi(row.id.substr(1)) : 100;
    };
    return number(a) < number(b);
  });
  for (const Row& row : rows) {
    std::printf("| %s | %s | %s | %s | %s | %s | %s |\n", row.id.c_str(), row.what.c_str(),
                row.figure.c_str(), row.baseline.c_str(), row.ratio.c_str(), row.reach.c_str(),
                row.notes.c_str());
  }
}

int run(int argument_count, char** arguments) {
  if (argument_count < 2) {
    std::fprintf(stderr, "usage: daftar_bench FOLDER [fold|nightly|join|register]...\n");
    return 2;
  }
  const std::string folder = arguments[1];
  if (folder == "--run") return run_and_report({arguments + 2, arguments + argument_count});
  const std::set<std::string> chosen(arguments + 2, arguments + argument_count);
  const auto is_chosen = [&](const char* name) { return chosen.empty() || chosen.contains(name); };
  const std::string programs = fs::read_symlink("/proc/self/exe").parent_path().string();
  const std::string described = machine(folder);
  if (is_chosen("fold")) bench_fold();
  if (is_chosen("nightly")) bench_nightly(folder + "/nightly");
  if (is_chosen("register")) bench_register(folder + "/register", programs);
  if (is_chosen("join")) bench_join(folder + "/join", programs);
  print_table(described);
  return 0;
}

}  // namespace
}  // namespace daftar::bench

int main(int count, char** arguments) {
  daftar::use_one_heap();  // as daftar-hub does: the hub is in this process
  return daftar::bench::run(count, arguments);
}
