// daftar_bench FOLDER [Google Benchmark's options]: measures in FOLDER, prints a Markdown table.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "common/store/files.h"
#include "tests/bench/bench.h"
#include "tests/bench/report.h"

namespace daftar::bench {
namespace {

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
  char text[256];
  std::snprintf(
      text, sizeof text, "%u cores (%s); 4 kB appended and fsynced: median %.2f ms, p99 %.2f ms",
      std::thread::hardware_concurrency(), model.c_str(), median(samples), quantile(samples, 0.99));
  return text;
}

// Each measures itself (manual time) and is repeated, not iterated: an iteration is a whole
// scenario.
benchmark::internal::Benchmark* add(const char* name, void (*run)(benchmark::State&),
                                    int repetitions) {
  return benchmark::RegisterBenchmark(name, run)
      ->Iterations(1)
      ->Repetitions(repetitions)
      ->UseManualTime();
}

int run(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: daftar_bench FOLDER [--benchmark_filter=NAMES]\n");
    return 2;
  }
  if (std::string(arguments[1]) == "--run") {
    return run_and_report({arguments + 2, arguments + count});
  }
  set_work_folder(arguments[1]);
  arguments[1] = arguments[0];
  ++arguments;
  --count;
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  add("fold", bench_fold, 15);
  add("nightly", bench_nightly, 5);
  add("register", bench_register, 3);
  add("national", bench_national, 1);
  add("join", bench_join, 3)->Arg(1);
  add("crowd", bench_crowd, 1);
  add("join", bench_join, 1)->Arg(10);
  add("score", bench_score, 9);
  add("million", bench_million, 3);
  add("search", bench_search, 5);
  for (const int times : {1, 10, 100, kLargestGrowth}) {
    add("growth", bench_growth, 1)->Arg(times);
  }
  TableReporter reporter(machine(work_folder()));
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace daftar::bench

int main(int count, char** arguments) {
  daftar::use_one_heap();  // as daftar-hub does: the hub is in this process
  return daftar::bench::run(count, arguments);
}
