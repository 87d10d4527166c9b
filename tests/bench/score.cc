// Scores of a register of 7,000 indicators × 20 half-years, and of a million indicators.
#include <cmath>
#include <fstream>
#include <random>

#include "common/check/check.h"
#include "common/register/kinds.h"
#include "common/register/search.h"
#include "common/score/scorer.h"
#include "tests/bench/bench.h"

namespace daftar::bench {
namespace {

constexpr size_t kAreas = 20;
constexpr size_t kParts = 8;  // sub-KPIs of a KPI, and itself
constexpr int kEdits = 1'000;
constexpr int kFirstYear = 2016;

// What a spreadsheet would do with the same numbers: one pass, and their mean.
double plain_pass(const ScoreTable& table) {
  double sum = 0;
  for (size_t node = 0; node < table.nodes.size(); ++node) {
    const double baseline = table.nodes[node].baseline;
    for (size_t period = 0; period < table.periods.size(); ++period) {
      const size_t cell = table.cell(static_cast<NodeIndex>(node), period);
      const double share = (table.value[cell] - baseline) / (table.low[cell] - baseline);
      sum += std::isfinite(share) ? std::min(std::max(share, 0.0), 1.0) : 0;
    }
  }
  return sum;
}

RecordState state_of(std::initializer_list<std::pair<FieldNumber, Value>> cells) {
  RecordState record;
  for (const auto& [field, value] : cells) {
    Cell& cell = record.find_or_add(field);
    cell.has_current = true;
    cell.standing = {{1, 1, 1, value}};
  }
  return record;
}

Value number(uint64_t value) { return Value::decimal(Decimal(static_cast<int64_t>(value))); }

RecordKey measurement_key(const RecordKey& indicator, const Period& period) {
  return {kind::measurement, indicator.device, indicator.counter, period.bytes()};
}

struct SampleRegister {
  Register reg;
  std::vector<Period> periods;
  std::vector<RecordKey> indicators;

  SampleRegister(size_t count, size_t halves) {
    std::mt19937_64 random(1);
    for (size_t i = 0; i < halves; ++i) {
      periods.push_back(
          take(Period::half_year(kFirstYear + static_cast<int>(i / 2), static_cast<int>(i % 2) + 1),
               "period"));
    }
    for (uint64_t i = 1; i <= kAreas; ++i) {
      reg.take({kind::kpa, 1, i, ""},
               state_of({{field::kpa_code, Value::text(std::to_string(i))}}));
    }
    RecordKey kpi;
    for (uint64_t i = 0; i < count; ++i) {
      const RecordKey key{kind::indicator, 1, kAreas + 1 + i, ""};
      const bool is_kpi = i % kParts == 0;
      if (is_kpi) kpi = key;
      const RecordKey parent = is_kpi ? RecordKey{kind::kpa, 1, 1 + i / kParts % kAreas, ""} : kpi;
      add_indicator(key, parent, is_kpi, random);
    }
    reg.finish();
  }

 private:
  void add_indicator(const RecordKey& key, const RecordKey& parent, bool is_kpi,
                     std::mt19937_64& random) {
    indicators.push_back(key);
    reg.take(key, state_of({{field::indicator_code, Value::text(std::to_string(key.counter))},
                            {field::indicator_direction, Value::text("higher")},
                            {field::indicator_parent, Value::reference(parent)}}));
    if (is_kpi) return;
    reg.take({kind::baseline, key.device, key.counter, ""},
             state_of({{field::baseline_value, number(random() % 50)}}));
    // Series as offices have them: near one another, with an odd one now and then.
    const uint64_t level = 30 + random() % 60;
    for (const Period& period : periods) {
      reg.take({kind::target, key.device, key.counter, period.bytes()},
               state_of({{field::target_value, number(60 + random() % 50)}}));
      if (random() % 20 == 0) continue;
      reg.take(measurement_key(key, period),
               state_of({{field::measurement_value,
                          number(random() % 50 == 0 ? level * 5 : level + random() % 10)}}));
    }
  }
};

double resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) * 1024 / 1e6;
  }
  return 0;
}

// The numbers of a million indicators, without the records that they would come from.
ScoreTable large_table(size_t indicators, size_t periods) {
  ScoreTable table;
  const size_t kpis = indicators / kParts;
  for (size_t i = 0; i < periods; ++i) {
    table.periods.push_back(take(Period::year(kFirstYear + static_cast<int>(i)), "period"));
  }
  table.nodes.resize(2 + kAreas + indicators);
  table.nodes[0].first_child = 2;
  table.nodes[0].children = kAreas;
  const size_t first_part = 2 + kAreas + kpis;
  for (size_t i = 0; i < kAreas; ++i) {
    ScoreNode& area = table.nodes[2 + i];
    area.parent = 0;
    area.first_child = static_cast<NodeIndex>(2 + kAreas + i * (kpis / kAreas));
    area.children = static_cast<uint32_t>(kpis / kAreas);
    for (uint32_t child = 0; child < area.children; ++child) {
      table.nodes[area.first_child + child].parent = static_cast<NodeIndex>(2 + i);
    }
  }
  table.resize_cells();
  std::mt19937_64 random(2);
  for (size_t i = 0; i < kpis; ++i) {
    ScoreNode& kpi = table.nodes[2 + kAreas + i];
    kpi.is_indicator = true;
    kpi.first_child = static_cast<NodeIndex>(first_part + i * (kParts - 1));
    kpi.children = kParts - 1;
    for (uint32_t part = 0; part < kpi.children; ++part) {
      const NodeIndex at = kpi.first_child + part;
      ScoreNode& node = table.nodes[at];
      node.parent = static_cast<NodeIndex>(2 + kAreas + i);
      node.is_indicator = node.has_baseline = true;
      node.direction = Direction::higher;
      node.baseline = static_cast<double>(random() % 50);
      for (size_t period = 0; period < periods; ++period) {
        const size_t cell = table.cell(at, period);
        table.value[cell] = static_cast<double>(random() % 120);
        table.low[cell] = table.high[cell] = static_cast<double>(60 + random() % 50);
        table.missing[cell] = random() % 20 == 0 ? NoScore::not_reported : NoScore::none;
        table.aim[cell] = AimSource::own;
      }
    }
  }
  return table;
}

}  // namespace

void bench_score(benchmark::State& state) {
  SampleRegister sample(7'000, 20);
  const Profile& profile = default_profile();
  for (auto _ : state) {
    Samples samples;
    const Stopwatch making;
    ScoreTable table = make_score_table(sample.reg, profile, sample.periods, {});
    samples["table_ms"] = making.ms();
    Scorer scorer(table, profile);
    scorer.score_all();  // the memory is there
    const Stopwatch scoring;
    scorer.score_all();
    samples["score_ms"] = scoring.ms();
    const Stopwatch passing;
    benchmark::DoNotOptimize(plain_pass(table));
    samples["pass_ms"] = passing.ms();
    std::vector<double> edits;
    for (size_t i = 0; i < kEdits; ++i) {
      const RecordKey& key = sample.indicators[i * 7919 % sample.indicators.size()];
      const RecordState changed = state_of({{field::measurement_value, number(i % 100)}});
      const size_t period = i % sample.periods.size();
      const Stopwatch editing;
      const std::vector<size_t> touched =
          sample.reg.update(measurement_key(key, sample.periods[period]), changed);
      require(!touched.empty(), "update");
      for (const size_t index : touched) {
        update_indicator(table, sample.reg, profile, index, {});
        scorer.rescore(table.nodes_of_indicators[index], period);
      }
      edits.push_back(editing.ms());
    }
    samples["edit_ms"] = median(edits);
    samples["edit_p99_ms"] = quantile(edits, 0.99);
    const Stopwatch checking;
    Checks checks(sample.reg, {}, profile.soft_above);
    samples["check_ms"] = checking.ms();
    samples["findings_n"] = static_cast<double>(checks.all().size());
    std::vector<double> rechecks;
    for (size_t i = 0; i < kEdits; ++i) {
      const RecordKey& key = sample.indicators[i * 104729 % sample.indicators.size()];
      const RecordState changed = state_of({{field::measurement_value, number(i % 90)}});
      const Stopwatch editing;
      checks.recheck(sample.reg.update(
          measurement_key(key, sample.periods[i % sample.periods.size()]), changed));
      rechecks.push_back(editing.ms());
    }
    samples["recheck_ms"] = median(rechecks);
    samples["recheck_p99_ms"] = quantile(rechecks, 0.99);
    state.SetIterationTime(samples["score_ms"] / 1000);
    set_counters(state, samples);
  }
}

void bench_million(benchmark::State& state) {
  for (auto _ : state) {
    Samples samples;
    const double before = resident_mb();
    const ScoreTable table = large_table(1'000'000, 4);
    Scorer scorer(table, default_profile());
    const Stopwatch scoring;
    scorer.score_all();
    samples["score_ms"] = scoring.ms();
    const Stopwatch passing;
    benchmark::DoNotOptimize(plain_pass(table));
    samples["pass_ms"] = passing.ms();
    samples["memory_mb"] = resident_mb() - before;
    require(scorer.at(0, 0).has_score(), "score");
    state.SetIterationTime(samples["score_ms"] / 1000);
    set_counters(state, samples);
  }
}

// Searches as somebody types: each word letter by letter.
void bench_search(benchmark::State& state) {
  constexpr size_t kNames = 30'000;
  const std::vector<std::string> arabic = {"نسبة",     "معدل",       "عدد",   "التعليم", "الصحة",
                                           "البلديات", "المستشفيات", "الرخص", "المدارس", "المياه"};
  const std::vector<std::string> french = {"taux",     "nombre",   "éducation", "santé", "communes",
                                           "hôpitaux", "licences", "écoles",    "eau",   "énergie"};
  for (auto _ : state) {
    Samples samples;
    std::mt19937_64 random(3);
    SearchIndex index;
    std::string plain;
    const Stopwatch adding;
    for (size_t i = 0; i < kNames; ++i) {
      Names names;
      for (int word = 0; word < 6; ++word) {
        names[1] += (word == 0 ? "" : " ") + arabic[random() % arabic.size()];
        names[2] += (word == 0 ? "" : " ") + french[random() % french.size()];
      }
      plain += names[1] + '\n' + names[2] + '\n';
      index.add(std::to_string(i / 100) + "." + std::to_string(i % 100), names);
    }
    samples["index_ms"] = adding.ms();
    std::vector<double> searches;
    std::vector<double> passes;
    size_t found = 0;
    for (const std::string typed :
         {"تعليم", "مستشفيات بلديات", "hopitaux", "ecoles communes", "12.3", "nothing like it"}) {
      for (size_t length = 1; length <= typed.size(); ++length) {
        const std::string part = typed.substr(0, length);
        const Stopwatch searching;
        found += index.find(part).size();
        searches.push_back(searching.ms());
        const Stopwatch passing;
        size_t places = 0;
        for (size_t at = plain.find(part); at != std::string::npos; at = plain.find(part, at + 1)) {
          ++places;
        }
        benchmark::DoNotOptimize(places);
        passes.push_back(passing.ms());
      }
    }
    require(found > 0, "search");
    samples["search_ms"] = median(searches);
    samples["search_most_ms"] = quantile(searches, 1);
    samples["pass_ms"] = median(passes);
    state.SetIterationTime(samples["search_ms"] / 1000);
    set_counters(state, samples);
  }
}

}  // namespace daftar::bench
