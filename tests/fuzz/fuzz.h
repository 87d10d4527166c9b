// What the fuzzers share. Each *_fuzz.cc defines judge(); libfuzzer.cc or replay.cc calls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/ledger/chain.h"
#include "common/ledger/keys.h"

namespace daftar::fuzz {

/// What a decoder made of some bytes, for check_accepted.py to compare with the Python reader.
struct Verdict {
  std::string what;   ///< which reading it was; the script has a function of this name
  std::string bytes;  ///< what was read
  std::string says;   ///< kRefused, or what was found in it
};
using Verdicts = std::vector<Verdict>;

inline constexpr const char* kRefused = "refused";

/// Decodes `input` and checks every property of its decoder. `verdicts`: null while fuzzing, for
/// making them costs more than most decoders do.
void judge(std::string_view input, Verdicts* verdicts);

/// Prints the property and aborts, unless it holds.
void require(bool holds, const char* property);

/// The most bytes that the program holds at once while this lives; 0 in builds without the address
/// sanitizer, whose hooks count them. One at a time.
class PeakMemory {
 public:
  PeakMemory();
  ~PeakMemory();
  PeakMemory(const PeakMemory&) = delete;
  PeakMemory& operator=(const PeakMemory&) = delete;
  [[nodiscard]] static size_t bytes();
};

/// What `read` returns; it must not hold more than `most` bytes at once.
template <typename Read>
auto within_memory(size_t most, const Read& read) {
  const PeakMemory memory;
  auto result = read();
  require(PeakMemory::bytes() <= most, "a decoder's memory is bounded by what it reads");
  return result;
}

/// Both ways round and against each other: a strict order whose equality is that of `bytes`.
template <typename T, typename Bytes>
void require_order(const std::vector<T>& values, const Bytes& bytes) {
  for (const T& a : values) {
    for (const T& b : values) {
      require(((a <=> b) == 0) == (a == b), "order and equality agree");
      require((a == b) == (bytes(a) == bytes(b)), "equal values have equal bytes, others do not");
      require((a < b) == (b > a) && !(a < b && b < a), "order is asymmetric");
      for (const T& c : values) require(!(a < b && b < c) || a < c, "order is transitive");
    }
  }
}

/// `input` cut at line feeds into at most three pieces.
std::vector<std::string_view> pieces(std::string_view input);

/// The hub whose notes the corpus holds.
SigningKey hub_key();
inline constexpr const char* kHubName = "hub.example";
/// verify_checkpoint by the hub's key, with its properties.
Result<TreeHead> judge_note(std::string_view note, const std::string& origin, Verdicts* verdicts);
/// Decoding of one header or changeset, with its properties; whether it was accepted.
bool judge_header(std::string_view bytes, Verdicts* verdicts);
bool judge_changeset(std::string_view bytes, Verdicts* verdicts);

// ---- mutations of what random bytes would never get past: a compressed frame, a signature

using Random = std::minstd_rand;

/// `bytes` changed by libFuzzer, to at most `most` bytes.
std::string mutated(std::string bytes, size_t most);
/// A frame with other content: bytes of it anywhere, or one item of it.
std::string mutated_push_frame(const std::string& frame, size_t most, Random& random);
std::string mutated_pull_frame(const std::string& frame, size_t most, Random& random);
/// A note with another body or other signatures, signed by the hub unless the dice say no.
std::string mutated_note(const std::string& note, size_t most, Random& random);

/// What LLVMFuzzerCustomMutator returns for a new input; one that does not fit is changed bytewise.
size_t give_back(const std::string& input, uint8_t* data, size_t size, size_t most);

}  // namespace daftar::fuzz

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
