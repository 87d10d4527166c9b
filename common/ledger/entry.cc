#include "common/ledger/entry.h"

#include <cstring>

#include "common/base/limits.h"
#include "common/ledger/bytes.h"

namespace daftar {
namespace {

enum Flag : uint8_t { kRefused = 1, kLinkMatched = 2, kSealed = 4, kAllFlags = 7 };

Refusal read_refusal(Reader& reader) {
  Refusal refusal;
  refusal.device = reader.n_within(1, UINT64_MAX);
  refusal.seq = reader.n_within(1, UINT64_MAX);
  refusal.reason = static_cast<RefusalReason>(reader.n_within(1, 5));
  const std::string_view hash = reader.raw(sizeof(Hash));
  if (reader.ok()) refusal.changeset_hash = hash_from_bytes(hash);
  return refusal;
}

std::vector<Exception> read_exceptions(Reader& reader) {
  std::vector<Exception> exceptions;
  const uint64_t count = reader.n_within(0, limits::kChangesetEdits);
  uint64_t next = 0;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const uint64_t step = reader.n_within(0, 2 * limits::kChangesetEdits);
    const uint64_t index = next + step / 2;
    if (index >= limits::kChangesetEdits) reader.fail();
    exceptions.push_back({static_cast<uint32_t>(index), static_cast<Outcome>(step % 2)});
    next = index + 1;
  }
  return exceptions;
}

Seal read_seal(Reader& reader) {
  Seal seal;
  seal.seen.size = reader.n();
  const std::string_view root = reader.raw(sizeof(Hash));
  const std::string_view signature = reader.raw(sizeof(Signature));
  if (!reader.ok()) return seal;
  seal.seen.root = hash_from_bytes(root);
  if (seal.seen.size == 0 && seal.seen.root != sha256("")) reader.fail();
  std::memcpy(seal.signature.data(), signature.data(), signature.size());
  return seal;
}

}  // namespace

Outcome outcome_of(const EntryHeader& header, size_t index) {
  for (const Exception& exception : header.exceptions) {
    if (exception.index == index) return exception.outcome;
  }
  return Outcome::applied;
}

std::string encode_header(const EntryHeader& header) {
  std::string out;
  put_n(out, header.position);
  put_n(out, header.time_ms);
  put_n(out, header.national);
  out += static_cast<char>(kRuleVersion);
  out += static_cast<char>((header.refusal ? kRefused : 0) |
                           (header.link_matched ? kLinkMatched : 0) | (header.seal ? kSealed : 0));
  if (header.refusal) {
    put_n(out, header.refusal->device);
    put_n(out, header.refusal->seq);
    put_n(out, static_cast<uint64_t>(header.refusal->reason));
    out += hash_bytes(header.refusal->changeset_hash);
  } else {
    put_n(out, header.exceptions.size());
    uint32_t next = 0;
    for (const Exception& exception : header.exceptions) {
      put_n(out, 2 * (exception.index - next) + static_cast<uint64_t>(exception.outcome));
      next = exception.index + 1;
    }
  }
  if (header.seal) {
    put_n(out, header.seal->seen.size);
    out += hash_bytes(header.seal->seen.root);
    out.append(reinterpret_cast<const char*>(header.seal->signature.data()),
               header.seal->signature.size());
  }
  return out;
}

Result<EntryHeader> decode_header(std::string_view bytes) {
  const Status bad(Code::corrupt, Msg::header_not_canonical);
  if (bytes.size() > limits::kHeaderBytes) return bad;
  Reader reader(bytes);
  EntryHeader header;
  header.position = reader.n_within(1, UINT64_MAX);
  header.time_ms = reader.n();
  header.national = reader.n();
  const uint8_t rule_version = reader.u8();
  if (!reader.ok() || rule_version == 0) return bad;
  if (rule_version != kRuleVersion) return Status(Code::newer_version, Msg::format_newer);
  const uint8_t flags = reader.u8();
  if ((flags & ~kAllFlags) != 0) reader.fail();
  header.link_matched = (flags & kLinkMatched) != 0;
  if (header.link_matched && (flags & kRefused) != 0) reader.fail();
  if ((flags & kRefused) != 0) {
    header.refusal = read_refusal(reader);
  } else {
    header.exceptions = read_exceptions(reader);
  }
  if ((flags & kSealed) != 0) header.seal = read_seal(reader);
  if (!reader.ok() || !reader.at_end()) return bad;
  return header;
}

Hash leaf_hash(std::string_view header_bytes, std::string_view changeset_bytes) {
  std::string leaf(1, '\0');
  leaf.reserve(header_bytes.size() + changeset_bytes.size() + 16);
  put_bytes(leaf, header_bytes);
  put_bytes(leaf, changeset_bytes);
  return sha256(leaf);
}

}  // namespace daftar
