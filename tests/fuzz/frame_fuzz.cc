// Push and pull frames. Compression has many forms of the same content; the content has one.
#include "common/base/limits.h"
#include "common/ledger/frame.h"
#include "common/ledger/hash.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

// The decompressor's own memory.
constexpr size_t kDecompressor = 512 * 1024;
// An item of one byte (a changeset of nothing) becomes a string in a vector that doubles; the
// number of changesets is limited, that of entries by their size.
constexpr size_t kMostOfPush = 3 * limits::kPushFrameBytes + kDecompressor;
constexpr size_t kMostPerByteOfPull = 32;

std::string words_of(const std::vector<std::string>& changesets) {
  std::string says = "push";
  for (const std::string& changeset : changesets) says += " " + to_hex(sha256(changeset));
  return says;
}

std::string words_of(const std::vector<WireEntry>& entries) {
  std::string says = "pull";
  for (const WireEntry& entry : entries) {
    says += " " + to_hex(sha256(entry.header)) + (entry.is_left_out ? "-" : "+") +
            to_hex(sha256(entry.changeset));
  }
  return says;
}

}  // namespace

void judge(std::string_view input, Verdicts* verdicts) {
  const Result<std::string> plain = within_memory(2 * limits::kPullFrameBytes + kDecompressor, [&] {
    return open_frame(input, limits::kPullFrameBytes);
  });
  const auto push = within_memory(kMostOfPush, [&] { return decode_push_frame(input); });
  const size_t content = plain.ok() ? plain->size() : limits::kPullFrameBytes;
  const auto pull = within_memory(kMostPerByteOfPull * content + kDecompressor,
                                  [&] { return decode_pull_frame(input); });
  require(plain.ok() || (!push.ok() && !pull.ok()), "only what opens is decoded");
  if (push.ok()) {
    const Result<std::string> again = open_frame(encode_push_frame(*push), limits::kPushFrameBytes);
    require(again.ok() && *again == *plain, "a push frame's content is encoded as it was read");
    require(!push->empty() && push->size() <= limits::kPushFrameChangesets,
            "a push frame keeps to its limits");
  }
  if (pull.ok()) {
    const Result<std::string> again = open_frame(encode_pull_frame(*pull), limits::kPullFrameBytes);
    require(again.ok() && *again == *plain, "a pull frame's content is encoded as it was read");
  }
  // The reader has no zstd: it gets what was inside.
  if (verdicts != nullptr && plain.ok()) {
    verdicts->push_back({"push_content", *plain, push.ok() ? words_of(*push) : kRefused});
    verdicts->push_back({"pull_content", *plain, pull.ok() ? words_of(*pull) : kRefused});
  }
}

}  // namespace daftar::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  using namespace daftar::fuzz;
  Random random(seed);
  const std::string frame(reinterpret_cast<const char*>(data), size);
  switch (random() % 3) {
    case 0:
      return LLVMFuzzerMutate(data, size, max_size);
    case 1:
      return give_back(mutated_push_frame(frame, max_size, random), data, size, max_size);
    default:
      return give_back(mutated_pull_frame(frame, max_size, random), data, size, max_size);
  }
}
