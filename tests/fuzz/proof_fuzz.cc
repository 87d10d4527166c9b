// What people hand to each other as proof: receipts and entries files.
#include "common/ledger/bytes.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/entries_file.h"
#include "common/ledger/merkle.h"
#include "common/ledger/receipt.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

constexpr std::string_view kExtra = "\nextra ";

// A receipt of a tree of one leaf, signed by the hub.
std::string receipt_of(std::string_view leaf) {
  Reader reader(leaf);
  ReceiptParts parts;
  parts.header = reader.bytes(leaf.size());
  parts.changeset = reader.bytes(leaf.size());
  parts.position = 1;
  const std::string note =
      make_checkpoint(hub_key(), checkpoint_origin(kHubName, "administration/transport"),
                      {1, leaf_hash(parts.header, parts.changeset)});
  parts.note = note;
  return encode_receipt(parts);
}

// The leaf that a receipt carries; "" if it is none.
std::string leaf_of(std::string_view receipt) {
  const size_t begin = receipt.find(kExtra);
  if (begin == std::string_view::npos) return "";
  const std::string_view rest = receipt.substr(begin + kExtra.size());
  const Result<std::string> leaf = from_base64(rest.substr(0, rest.find('\n')));
  return leaf.ok() ? *leaf : "";
}

void judge_receipt(std::string_view input, Verdicts* verdicts) {
  static const PublicKey kKey = hub_key().public_key();
  const Result<Receipt> receipt =
      within_memory(64 * input.size() + 65'536, [&] { return verify_receipt(input, kKey); });
  if (receipt.ok()) {
    const std::string leaf = leaf_of(input);
    require(receipt->header.position >= 1 && receipt->header.position <= receipt->head.size,
            "what is proved is in the tree");
    require(receipt->code == receipt_code(receipt->header.position, sha256('\0' + leaf)),
            "the code is that of the entry");
    std::string altered(input);
    altered[input.find(kExtra) + kExtra.size()] ^= 1;
    require(!verify_receipt(altered, kKey).ok(), "what is proved cannot be altered");
  }
  if (verdicts != nullptr) {
    verdicts->push_back(
        {"receipt", std::string(input),
         receipt.ok() ? receipt->hub + "/" + receipt->ledger + " " + receipt->code : kRefused});
  }
}

void judge_entries(std::string_view input, Verdicts* verdicts) {
  const Result<EntriesFile> file =
      within_memory(32 * input.size() + 65'536, [&] { return decode_entries_file(input); });
  if (file.ok()) {
    require(encode_entries_file(*file) == input, "an entries file has one form");
    uint64_t visited = 0;
    const Status done = visit_entries(*file, [&](std::string_view, std::string_view) -> Status {
      ++visited;
      return {};
    });
    require(done.ok() && visited == file->size, "all entries of a file are visited");
  }
  if (verdicts != nullptr) {
    verdicts->push_back({"entries_file", std::string(input),
                         file.ok() ? file->ledger + " " + std::to_string(file->size) + " " +
                                         to_hex(sha256(file->entries)) + " " +
                                         std::to_string(file->device_keys.size())
                                   : kRefused});
  }
}

}  // namespace

void judge(std::string_view input, Verdicts* verdicts) {
  judge_receipt(input, verdicts);
  judge_entries(input, verdicts);
}

}  // namespace daftar::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  using namespace daftar::fuzz;
  Random random(seed);
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::string leaf = leaf_of(input);
  const size_t note = input.find("\n\n");
  switch (random() % 4) {
    case 0:
      if (leaf.empty()) break;
      return give_back(receipt_of(mutated(leaf, max_size / 2)), data, size, max_size);
    case 1:
      if (note == std::string::npos) break;
      return give_back(
          input.substr(0, note + 2) + mutated_note(input.substr(note + 2), max_size, random), data,
          size, max_size);
    default:
      break;
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
