#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "common/base/limits.h"
#include "common/ledger/changeset.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/frame.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DAFTAR_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define DAFTAR_ADDRESS_SANITIZER
#endif
#ifdef DAFTAR_ADDRESS_SANITIZER
// From sanitizer/allocator_interface.h, which g++ does not bring.
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*on_allocate)(const volatile void*, size_t),
                                              void (*on_free)(const volatile void*));
size_t __sanitizer_get_allocated_size(const volatile void* memory);
}
#endif

namespace daftar::fuzz {
namespace {

bool is_measuring = false;
size_t held_bytes = 0;
size_t peak_bytes = 0;

#ifdef DAFTAR_ADDRESS_SANITIZER
void on_allocate(const volatile void* /*memory*/, size_t size) {
  if (!is_measuring) return;
  held_bytes += size;
  peak_bytes = std::max(peak_bytes, held_bytes);
}

void on_free(const volatile void* memory) {
  if (!is_measuring || memory == nullptr) return;
  // What was allocated before the measuring began does not count.
  held_bytes -= std::min(held_bytes, __sanitizer_get_allocated_size(memory));
}

[[maybe_unused]] const int kHooked =
    __sanitizer_install_malloc_and_free_hooks(on_allocate, on_free);
#endif

bool often(Random& random) { return random() % 4 != 0; }

}  // namespace

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "PROPERTY BROKEN: %s\n", property);
  std::abort();
}

PeakMemory::PeakMemory() {
  // OpenSSL sets itself up at its first use: that is no decoder's memory.
  [[maybe_unused]] static const Hash kFirstUse = sha256("");
  held_bytes = 0;
  peak_bytes = 0;
  is_measuring = true;
}

PeakMemory::~PeakMemory() { is_measuring = false; }

size_t PeakMemory::bytes() { return peak_bytes; }

std::vector<std::string_view> pieces(std::string_view input) {
  std::vector<std::string_view> result;
  while (result.size() < 2) {
    const size_t end = input.find('\n');
    if (end == std::string_view::npos) break;
    result.push_back(input.substr(0, end));
    input.remove_prefix(end + 1);
  }
  result.push_back(input);
  return result;
}

SigningKey hub_key() { return SigningKey::from_seed(std::string(32, 'h')); }

Result<TreeHead> judge_note(std::string_view note, const std::string& origin, Verdicts* verdicts) {
  static const SigningKey kKey = hub_key();
  const Result<TreeHead> head = within_memory(
      8 * note.size() + 8192, [&] { return verify_checkpoint(note, origin, kKey.public_key()); });
  if (head.ok()) {
    const Result<TreeHead> again =
        verify_checkpoint(make_checkpoint(kKey, origin, *head), origin, kKey.public_key());
    require(again.ok() && *again == *head, "a checkpoint of what was read says the same");
    std::string altered(note);
    altered[origin.size() + 1 + head->size % 3] ^= 1;
    require(!verify_checkpoint(altered, origin, kKey.public_key()).ok(),
            "what was signed cannot be altered");
  }
  if (verdicts != nullptr) {
    verdicts->push_back({"note", origin + "\n" + std::string(note),
                         head.ok() ? std::to_string(head->size) + " " + to_hex(head->root)
                                   : std::string(kRefused)});
  }
  return head;
}

// ---- mutations

std::string mutated(std::string bytes, size_t most) {
  const size_t size = std::min(bytes.size(), most);
  bytes.resize(std::max(most, size_t{1}));
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, bytes.size()));
  return bytes;
}

std::string mutated_push_frame(const std::string& frame, size_t most, Random& random) {
  Result<std::vector<std::string>> items = decode_push_frame(frame);
  if (!items.ok() || !often(random)) {
    const Result<std::string> plain = open_frame(frame, limits::kPushFrameBytes);
    return compress_frame(mutated(plain.ok() ? *plain : frame, most));
  }
  std::string& one = (*items)[random() % items->size()];
  if (often(random)) {
    one = mutated(one, most);
  } else {
    // The next of the device, or one behind a gap.
    Result<Changeset> next = decode_changeset(items->back());
    if (next.ok()) next->seq += 1 + random() % 2;
    const Result<std::string> bytes =
        next.ok() ? encode_changeset(*next) : Result<std::string>(next.status());
    items->push_back(bytes.ok() ? *bytes : one);
  }
  return encode_push_frame(*items);
}

std::string mutated_pull_frame(const std::string& frame, size_t most, Random& random) {
  Result<std::vector<WireEntry>> items = decode_pull_frame(frame);
  if (!items.ok() || !often(random)) {
    const Result<std::string> plain = open_frame(frame, limits::kPullFrameBytes);
    return compress_frame(mutated(plain.ok() ? *plain : frame, most));
  }
  WireEntry& one = (*items)[random() % items->size()];
  if (!often(random)) {
    items->push_back(one);
  } else if (random() % 2 == 0) {
    one.header = mutated(one.header, most);
  } else {
    one.changeset = mutated(one.changeset, most);
  }
  return encode_pull_frame(*items);
}

std::string mutated_note(const std::string& note, size_t most, Random& random) {
  const size_t gap = std::min(note.find("\n\n"), note.size());
  std::string body = note.substr(0, std::min(gap + 1, note.size()));
  std::string signatures = note.substr(std::min(gap + 2, note.size()));
  if (random() % 2 == 0) {
    body = mutated(body, most);
  } else {
    signatures = mutated(signatures, most);
  }
  if (often(random)) {
    // make_checkpoint signs one form of body only; its signature line is made by hand here.
    const SigningKey key = hub_key();
    const std::string origin = body.substr(0, body.find('\n'));
    std::string id_of = origin + "\n\x01";
    id_of.append(reinterpret_cast<const char*>(key.public_key().data()), key.public_key().size());
    std::string signature(hash_bytes(sha256(id_of)).substr(0, 4));
    const Signature by_hub = key.sign(body);
    signature.append(reinterpret_cast<const char*>(by_hub.data()), by_hub.size());
    const std::string line = "\xE2\x80\x94 " + origin + " " + to_base64(signature) + "\n";
    signatures = random() % 2 == 0 ? line : line + signatures;
  }
  return body + "\n" + signatures;
}

size_t give_back(const std::string& input, uint8_t* data, size_t size, size_t most) {
  if (input.empty() || input.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::copy(input.begin(), input.end(), data);
  return input.size();
}

}  // namespace daftar::fuzz
