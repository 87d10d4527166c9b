// What the benchmarks measured, as a Markdown table and a chart.
//
// A benchmark sets counters; Google Benchmark repeats it, and the reporter keeps every sample of
// every counter. Each row of the table (rows.def) names a counter and, where there is one, the
// counter of its baseline from the same run.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace daftar::bench {

class TableReporter : public benchmark::BenchmarkReporter {
 public:
  explicit TableReporter(std::string machine) : machine_(std::move(machine)) {}
  bool ReportContext(const Context&) override { return true; }
  /// Says on standard error what is done, and keeps the counters.
  void ReportRuns(const std::vector<Run>& runs) override;
  /// Prints the table to standard output.
  void Finalize() override;

 private:
  using Counters = std::map<std::string, std::vector<double>>;

  [[nodiscard]] std::string filled(const std::string& text, const Counters& counters) const;
  void print_rows() const;
  void print_bounds() const;
  void print_growth() const;

  std::string machine_;
  std::map<std::string, Counters> samples_;  ///< by the benchmark's name
};

}  // namespace daftar::bench
