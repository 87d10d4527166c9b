// A hub's signed note, and the base64 and keys that people paste.
#include "common/ledger/checkpoint.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {

void judge(std::string_view input, Verdicts* verdicts) {
  (void)judge_note(input, checkpoint_origin(kHubName, "administration/transport"), verdicts);
  static const SigningKey kWatcher = SigningKey::from_seed(std::string(32, 'w'));
  const auto cosigned = within_memory(
      8 * input.size() + 8192, [&] { return find_cosignature(input, kWatcher.public_key()); });
  if (cosigned) {
    std::string altered(input);
    altered[0] ^= 1;
    require(!find_cosignature(altered, kWatcher.public_key()), "what was cosigned is not altered");
  }
  if (verdicts != nullptr) {
    verdicts->push_back(
        {"cosignature", std::string(input),
         cosigned ? cosigned->name + " " + std::to_string(cosigned->time_s) : kRefused});
  }
  const Result<std::string> bytes =
      within_memory(8 * input.size() + 4096, [&] { return from_base64(input); });
  if (bytes.ok()) require(to_base64(*bytes) == input, "base64 has one form");
  const Result<PublicKey> key = parse_key(input);
  if (key.ok()) require(key_text(*key) == input, "a key has one text");
  require(!key.ok() || bytes.ok(), "a key is base64");
}

}  // namespace daftar::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  using namespace daftar::fuzz;
  Random random(seed);
  if (random() % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string note(reinterpret_cast<const char*>(data), size);
  return give_back(mutated_note(note, max_size, random), data, size, max_size);
}
