#include "common/ledger/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/ledger/bytes.h"
#include "common/ledger/keys.h"
#include "common/ledger/lines.h"

namespace daftar {
namespace {

constexpr std::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // an em dash and a space
constexpr char kEd25519 = 1;
constexpr char kCosignature = 4;
constexpr size_t kTimeBytes = 8;

std::string key_id(std::string_view name, const PublicKey& key, char algorithm = kEd25519) {
  std::string input(name);
  input += '\n';
  input += algorithm;
  input.append(reinterpret_cast<const char*>(key.data()), key.size());
  return std::string(hash_bytes(sha256(input)).substr(0, 4));
}

// UTF-8 without control characters but the newline, as C2SP wants it: a note is shown to people.
bool is_note_text(std::string_view note) {
  return is_valid_utf8(note) && std::none_of(note.begin(), note.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 && c != '\n';
         });
}

// Whether all lines are signature lines, and just one says that it is by (name, key), over `body`.
// A second one would let one note be read as signed for two bodies.
bool is_signed(std::string_view signatures, std::string_view body, std::string_view name,
               const PublicKey& key) {
  bool found = false;
  while (const auto line = take_line(signatures)) {
    if (!line->starts_with(kSignaturePrefix)) return false;
    const std::string_view rest = line->substr(kSignaturePrefix.size());
    const size_t gap = rest.find(' ');
    if (gap == 0 || gap == std::string_view::npos) return false;
    const Result<std::string> bytes = from_base64(rest.substr(gap + 1));
    if (!bytes.ok() || bytes->size() < 5) return false;
    if (rest.substr(0, gap) != name) continue;
    if (std::string_view(*bytes).substr(0, 4) != key_id(name, key)) continue;
    Signature signature{};
    if (found || bytes->size() != 4 + signature.size()) return false;
    std::memcpy(signature.data(), bytes->data() + 4, signature.size());
    if (!verify_signature(key, body, signature)) return false;
    found = true;
  }
  return found;
}

std::string cosigned_message(std::string_view body, uint64_t time_s) {
  return "cosignature/v1\ntime " + std::to_string(time_s) + '\n' + std::string(body);
}

// A note's body, with the newline of its last line.
std::string_view body_of(std::string_view note) {
  const size_t gap = note.find("\n\n");
  return gap == std::string_view::npos ? std::string_view() : note.substr(0, gap + 1);
}

std::string signature_line(std::string_view name, std::string_view signed_id) {
  return std::string(kSignaturePrefix) + std::string(name) + ' ' + to_base64(signed_id) + '\n';
}

}  // namespace

std::string make_checkpoint(const SigningKey& key, std::string_view origin, const TreeHead& head) {
  std::string note(origin);
  note += '\n' + std::to_string(head.size) + '\n' + to_base64(hash_bytes(head.root)) + '\n';
  const Signature signature = key.sign(note);
  std::string signed_id = key_id(origin, key.public_key());
  signed_id.append(reinterpret_cast<const char*>(signature.data()), signature.size());
  return note += '\n' + signature_line(origin, signed_id);
}

uint64_t checkpoint_size(std::string_view note) {
  take_line(note);
  const auto line = take_line(note);
  return line ? parse_count(*line).value_or(0) : 0;
}

std::string make_cosignature(const SigningKey& key, std::string_view name, std::string_view note,
                             uint64_t time_s) {
  const Signature signature = key.sign(cosigned_message(body_of(note), time_s));
  std::string signed_id = key_id(name, key.public_key(), kCosignature);
  for (size_t i = 0; i < kTimeBytes; ++i) {
    signed_id += static_cast<char>(time_s >> (8 * (kTimeBytes - 1 - i)) & 0xFF);
  }
  signed_id.append(reinterpret_cast<const char*>(signature.data()), signature.size());
  return signature_line(name, signed_id);
}

std::optional<Cosignature> find_cosignature(std::string_view note, const PublicKey& key) {
  const std::string_view body = body_of(note);
  if (body.empty()) return std::nullopt;
  std::string_view lines = note.substr(body.size() + 1);
  while (const auto line = take_line(lines)) {
    if (!line->starts_with(kSignaturePrefix)) continue;
    const std::string_view rest = line->substr(kSignaturePrefix.size());
    const size_t gap = rest.find(' ');
    if (gap == std::string_view::npos) continue;
    const std::string_view name = rest.substr(0, gap);
    const Result<std::string> bytes = from_base64(rest.substr(gap + 1));
    Signature signature{};
    if (!bytes.ok() || bytes->size() != 4 + kTimeBytes + signature.size() ||
        std::string_view(*bytes).substr(0, 4) != key_id(name, key, kCosignature)) {
      continue;
    }
    uint64_t time_s = 0;
    for (size_t i = 0; i < kTimeBytes; ++i) {
      time_s = time_s << 8 | static_cast<uint8_t>((*bytes)[4 + i]);
    }
    std::memcpy(signature.data(), bytes->data() + 4 + kTimeBytes, signature.size());
    if (verify_signature(key, cosigned_message(body, time_s), signature)) {
      return Cosignature{std::string(name), time_s};
    }
  }
  return std::nullopt;
}

std::string cosigner_name(std::string_view hub_name, DeviceNumber device) {
  return std::string(hub_name) + "/device/" + std::to_string(device);
}

Result<TreeHead> verify_checkpoint(std::string_view note, std::string_view origin,
                                   const PublicKey& key) {
  const Status bad(Code::corrupt, Msg::checkpoint_bad, {std::string(origin)});
  const size_t gap = note.find("\n\n");
  if (note.size() > limits::kNoteBytes || gap == std::string_view::npos || !note.ends_with('\n') ||
      !is_note_text(note)) {
    return bad;
  }
  const std::string_view body = note.substr(0, gap + 1);
  std::string_view rest = body;
  const auto origin_line = take_line(rest);
  const auto size_line = take_line(rest);
  const auto root_line = take_line(rest);
  if (!root_line || *origin_line != origin) return bad;
  const std::optional<uint64_t> size = parse_count(*size_line);
  const Result<std::string> root = from_base64(*root_line);
  if (!size || !root.ok() || root->size() != sizeof(Hash)) return bad;
  if (*size == 0 && hash_from_bytes(*root) != sha256("")) return bad;
  if (!is_signed(note.substr(gap + 2), body, origin, key)) return bad;
  return TreeHead{*size, hash_from_bytes(*root)};
}

std::string checkpoint_origin(std::string_view hub_name, std::string_view ledger) {
  return std::string(hub_name) + "/" + std::string(ledger);
}

std::string known_token(const std::map<std::string, TreeHead>& ledgers) {
  std::string known = "daftar known 1";
  for (const auto& [name, head] : ledgers) {
    put_bytes(known, name);
    put_n(known, head.size);
    known += hash_bytes(head.root);
  }
  return std::string(hash_bytes(sha256(known)).substr(0, 16));
}

bool is_hub_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace daftar
