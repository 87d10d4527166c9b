// A record's key and a record's state, as the stores keep them. The key is also compared with the
// key that the input's first half makes: keys must sort as their bytes do.
#include "common/ledger/record_state.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

void judge_keys(std::string_view input, Verdicts* verdicts) {
  std::vector<RecordKey> keys;
  for (const std::string_view bytes :
       {input, input.substr(0, input.size() / 2), input.substr(input.size() / 2)}) {
    const Result<RecordKey> key = RecordKey::from_bytes(bytes);
    if (key.ok()) {
      require(key->bytes() == bytes, "a key is written as it was read");
      keys.push_back(*key);
    }
    if (verdicts != nullptr) {
      verdicts->push_back(
          {"record_key", std::string(bytes),
           key.ok() ? std::to_string(key->kind) + " " + key->id() + " " + to_hex(key->qualifier)
                    : kRefused});
    }
  }
  const auto bytes_of = [](const RecordKey& key) { return key.bytes(); };
  require_order(keys, bytes_of);
  for (const RecordKey& a : keys) {
    for (const RecordKey& b : keys) {
      require((a <=> b) == (a.bytes() <=> b.bytes()), "keys sort as their bytes");
    }
  }
}

std::string words_of(const RecordState& record) {
  std::string says = "record";
  for (const Cell& cell : record.cells) {
    says += " " + std::to_string(cell.field) + (cell.has_current ? "+" : "-");
    for (const Version& version : cell.standing) {
      says += "," + std::to_string(version.position) + ":" + std::to_string(version.device) + ":" +
              std::to_string(version.seq) + "=" + to_hex(version.value.bytes());
    }
  }
  return says;
}

}  // namespace

void judge(std::string_view input, Verdicts* verdicts) {
  judge_keys(input, verdicts);
  const Result<RecordState> record =
      within_memory(64 * input.size() + 4096, [&] { return RecordState::decode(input); });
  if (record.ok()) {
    require(record->encode() == input, "a record's state is encoded as it was read");
    for (const Cell& cell : record->cells) {
      require(record->find(cell.field) == &cell, "a cell is found by its field");
      require(cell.is_contended() == !cell.contenders().empty(),
              "a cell is contended when it has contenders");
    }
    (void)record->is_deleted();
  }
  if (verdicts != nullptr) {
    verdicts->push_back(
        {"record_state", std::string(input), record.ok() ? words_of(*record) : kRefused});
  }
}

}  // namespace daftar::fuzz
