// The fold in memory, and what stands around it.
#include <unordered_map>

#include "common/ledger/frame.h"
#include "common/ledger/ledger_state.h"
#include "tests/bench/bench.h"

namespace daftar::bench {
namespace {

constexpr size_t kRecords = 6'700;
constexpr size_t kSaves = 2'000;

struct FoldInput {
  std::vector<Save> edits = random_saves(kRecords, kSaves, 1);
  std::vector<Changeset> nightly;
  std::vector<std::string> encoded;
  size_t plain_bytes = 0;
  MemoryRecords base;
  LedgerState base_state;

  FoldInput() {
    const auto initial = to_changesets(initial_saves(kRecords, 2), 1, 0);
    nightly = to_changesets(edits, initial.size() + 1, initial.size());
    for (const Changeset& changeset : initial) {
      take(fold_changeset(base_state, base, changeset, {}, false, {kNow, 0}), "fold");
    }
    for (const Changeset& changeset : nightly) {
      encoded.push_back(take(encode_changeset(changeset), "encode"));
      plain_bytes += encoded.back().size();
    }
  }
};

}  // namespace

void bench_fold(benchmark::State& state) {
  static const FoldInput input;
  std::unordered_map<uint64_t, std::vector<std::string>> map;
  for (uint64_t record = 1; record <= kRecords; ++record) map[record].resize(kFields);
  for (auto _ : state) {
    MemoryRecords records = input.base;
    LedgerState ledger = input.base_state;
    const Stopwatch folding;
    for (const Changeset& changeset : input.nightly) {
      take(fold_changeset(ledger, records, changeset, {}, false, {kNow, 0}), "fold");
    }
    const double fold_ms = folding.ms();
    const Stopwatch assigning;
    for (const Save& save : input.edits) {
      for (const Edit& edit : save) map.at(edit.record)[edit.field] = edit.value;
    }
    const double assign_ms = assigning.ms();
    const Stopwatch decoding;
    for (const std::string& one : input.encoded) take(decode_changeset(one), "decode");
    const double decode_ms = decoding.ms();
    const Stopwatch encoding;
    for (const Changeset& changeset : input.nightly) take(encode_changeset(changeset), "encode");
    const double encode_ms = encoding.ms();
    state.SetIterationTime(fold_ms / 1000);
    set_counters(state,
                 {{"fold_ms", fold_ms},
                  {"assign_ms", assign_ms},
                  {"decode_ms", decode_ms},
                  {"encode_ms", encode_ms},
                  {"edits_per_ms_n", std::round(kSaves * kEditsOfSave / fold_ms)},
                  {"plain_b", static_cast<double>(input.plain_bytes)},
                  {"frame_b", static_cast<double>(encode_push_frame(input.encoded).size())}});
  }
}

}  // namespace daftar::bench
