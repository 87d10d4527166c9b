#include "tests/bench/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "tests/bench/bench.h"

namespace daftar::bench {
namespace {

struct Row {
  const char* id;
  const char* what;
  const char* benchmark;
  const char* counter;
  const char* baseline;
  const char* reach;
  const char* notes;
};

constexpr Row kRows[] = {
#define DAFTAR_ROW(id, what, benchmark, counter, baseline, reach, notes) \
  {id, what, benchmark, counter, baseline, reach, notes},
#define DAFTAR_BOUND(id, what)
#include "tests/bench/rows.def"
#undef DAFTAR_BOUND
#undef DAFTAR_ROW
};

struct Bound {
  const char* id;
  const char* what;
};

constexpr Bound kBounds[] = {
#define DAFTAR_ROW(id, what, benchmark, counter, baseline, reach, notes)
#define DAFTAR_BOUND(id, what) {id, what},
#include "tests/bench/rows.def"
#undef DAFTAR_BOUND
#undef DAFTAR_ROW
};

// What may grow with the history (benchmark NAME/N): the rows of the chart.
struct Line {
  const char* what;
  const char* benchmark;
  const char* counter;
};
constexpr Line kLines[] = {
    {"V1 2,000 saves", "growth", "save_ms"},
    {"V2 push until durable", "growth", "push_ms"},
    {"V2 until materialised", "growth", "materialise_ms"},
    {"V3 bytes of the push", "growth", "push_b"},
    {"V4 pull by a second device", "growth", "pull_ms"},
    {"V5 nothing new, warm", "growth", "warm_b"},
    {"V6 conflict, materialised", "growth", "conflict_ms"},
    {"V7 join of 804,000 edits and N × 200,000 of history", "join", "join_ms"},
    {"V7 bytes of it", "join", "join_b"},
    {"V8 one save, median", "growth", "one_save_ms"},
    {"V8 one save, p99", "growth", "one_save_p99_ms"},
    {"hub's folder", "growth", "hub_mb"},
};
constexpr double kBarsOfDecade = 12;

std::string format(const char* how, double value) {
  char text[64];
  std::snprintf(text, sizeof text, how, value);
  return text;
}

// A counter's name ends with its unit.
std::string with_unit(const std::string& counter, double value) {
  if (counter.ends_with("_ms")) return format(value < 10 ? "%.2f ms" : "%.0f ms", value);
  if (counter.ends_with("_mb")) return format("%.0f MB", value);
  if (counter.ends_with("_b")) {
    if (value < 10'000) return format("%.0f B", value);
    return value < 1e6 ? format("%.1f kB", value / 1000) : format("%.2f MB", value / 1e6);
  }
  return format(value == std::floor(value) ? "%.0f" : "%.1f", value);
}

// "growth/100/iterations:1/manual_time" → "growth/100".
std::string plain_name(const benchmark::BenchmarkReporter::Run& run) {
  return run.run_name.function_name + (run.run_name.args.empty() ? "" : "/" + run.run_name.args);
}

}  // namespace

void TableReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    std::fprintf(stderr, "daftar_bench: %s measured\n", plain_name(run).c_str());
    for (const auto& [name, counter] : run.counters) {
      samples_[plain_name(run)][name].push_back(counter.value);
    }
  }
}

std::string TableReporter::filled(const std::string& text, const Counters& counters) const {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const size_t end = text[at] == '{' ? text.find('}', at) : std::string::npos;
    if (end == std::string::npos) {
      out += text[at];
      continue;
    }
    const std::string name = text.substr(at + 1, end - at - 1);
    const auto found = counters.find(name);
    out += found == counters.end() ? "?" : with_unit(name, median(found->second));
    at = end;
  }
  return out;
}

void TableReporter::print_rows() const {
  const bool is_any = std::any_of(std::begin(kRows), std::end(kRows),
                                  [&](const Row& row) { return samples_.contains(row.benchmark); });
  if (!is_any) return;
  std::printf("| row | what | median | least | baseline | ratio | reach | notes |\n");
  std::printf("|---|---|---|---|---|---|---|---|\n");
  for (const Row& row : kRows) {
    const auto of_benchmark = samples_.find(row.benchmark);
    if (of_benchmark == samples_.end()) continue;
    const Counters& counters = of_benchmark->second;
    const auto found = counters.find(row.counter);
    if (found == counters.end()) continue;
    const double value = median(found->second);
    const double least = *std::min_element(found->second.begin(), found->second.end());
    std::string baseline;
    std::string ratio;
    if (const auto other = counters.find(row.baseline); other != counters.end()) {
      baseline = with_unit(row.baseline, median(other->second));
      ratio = format("%.2f×", value / median(other->second));
    }
    std::printf("| %s | %s | %s | %s | %s | %s | %s | %s |\n", row.id, row.what,
                with_unit(row.counter, value).c_str(), with_unit(row.counter, least).c_str(),
                baseline.c_str(), ratio.c_str(), row.reach, filled(row.notes, counters).c_str());
  }
}

void TableReporter::print_bounds() const {
  std::set<std::string> printed;
  for (const Row& row : kRows) {
    if (samples_.contains(row.benchmark)) printed.insert(row.id);
  }
  if (printed.empty()) return;
  std::printf("\nWhat bounds them:\n\n");
  for (const Bound& bound : kBounds) {
    if (printed.contains(bound.id)) std::printf("- %s: %s\n", bound.id, bound.what);
  }
}

// A bar for each size of the history, on one logarithmic scale for each line.
void TableReporter::print_growth() const {
  std::map<std::string, std::map<int, const Counters*>> benchmarks;
  for (const auto& [name, counters] : samples_) {
    const size_t slash = name.find('/');
    if (slash == std::string::npos) continue;
    benchmarks[name.substr(0, slash)][std::atoi(name.c_str() + slash + 1)] = &counters;
  }
  if (!benchmarks.contains("growth")) return;
  std::printf(
      "\nV11: by the history that was there before, in nightly loads of 20,000 edits\n\n```\n");
  for (const Line& line : kLines) {
    const auto& sizes = benchmarks[line.benchmark];
    if (sizes.empty()) continue;
    double least = 0;
    for (const auto& [times, counters] : sizes) {
      const double value = median(counters->at(line.counter));
      if (least == 0 || value < least) least = value;
    }
    std::printf("%s\n", line.what);
    for (const auto& [times, counters] : sizes) {
      const double value = median(counters->at(line.counter));
      const auto bars = static_cast<int>(
          std::lround(kBarsOfDecade * (1 + std::log10(std::max(1.0, value / least)))));
      std::printf("  %5d×  %-48s %s\n", times, std::string(static_cast<size_t>(bars), '#').c_str(),
                  with_unit(line.counter, value).c_str());
    }
  }
  std::printf("```\n");
}

void TableReporter::Finalize() {
  std::printf("Machine: %s\n\n", machine_.c_str());
  print_rows();
  print_bounds();
  print_growth();
}

}  // namespace daftar::bench
