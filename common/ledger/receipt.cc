#include "common/ledger/receipt.h"

#include "common/base/limits.h"
#include "common/ledger/bytes.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/keys.h"
#include "common/ledger/lines.h"
#include "common/ledger/merkle.h"

namespace daftar {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1\n";
constexpr size_t kMostHashes = 64;
constexpr std::string_view kBase32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr int kCodeGroups = 3;
constexpr int kGroupLetters = 4;

Status bad() { return {Code::corrupt, Msg::receipt_bad}; }

std::optional<std::string_view> after(std::optional<std::string_view> line, std::string_view word) {
  if (!line || !line->starts_with(word)) return std::nullopt;
  return line->substr(word.size());
}

// The lines of a receipt, understood but not believed.
struct Lines {
  std::string leaf;
  uint64_t index = 0;
  std::vector<Hash> inclusion;
  std::string_view note;
};

Result<Lines> parse_lines(std::string_view file) {
  if (file.size() > limits::kReceiptBytes || !file.starts_with(kFirstLine)) return bad();
  file.remove_prefix(kFirstLine.size());
  const auto extra = after(take_line(file), "extra ");
  if (!extra) return bad();
  Lines lines;
  DAFTAR_ASSIGN_OR_RETURN(lines.leaf, from_base64(*extra));
  const auto index_text = after(take_line(file), "index ");
  const auto index = index_text ? parse_count(*index_text) : std::nullopt;
  if (!index) return bad();
  lines.index = *index;
  while (true) {
    const auto line = take_line(file);
    if (!line) return bad();
    if (line->empty()) break;
    DAFTAR_ASSIGN_OR_RETURN(const std::string hash, from_base64(*line));
    if (hash.size() != sizeof(Hash) || lines.inclusion.size() == kMostHashes) return bad();
    lines.inclusion.push_back(hash_from_bytes(hash));
  }
  lines.note = file;
  return lines;
}

}  // namespace

std::string encode_receipt(const ReceiptParts& parts) {
  std::string leaf;
  put_bytes(leaf, parts.header);
  put_bytes(leaf, parts.changeset);
  std::string out(kFirstLine);
  out += "extra " + to_base64(leaf) + "\nindex " + std::to_string(parts.position - 1) + '\n';
  for (const Hash& hash : parts.inclusion) out += to_base64(hash_bytes(hash)) + '\n';
  out += '\n';
  return out += parts.note;
}

Result<Receipt> verify_receipt(std::string_view file, const PublicKey& hub_key) {
  const Result<Lines> lines = parse_lines(file);
  if (!lines.ok()) return bad();
  // The note says whose it is in its first line; the signature is over that line too.
  const std::string origin(lines->note.substr(0, lines->note.find('\n')));
  const size_t slash = origin.find('/');
  Receipt receipt;
  receipt.hub = origin.substr(0, slash);
  receipt.ledger = slash == std::string::npos ? "" : origin.substr(slash + 1);
  if (!is_hub_name(receipt.hub) || !is_ledger_name(receipt.ledger)) return bad();
  DAFTAR_ASSIGN_OR_RETURN(receipt.head, verify_checkpoint(lines->note, origin, hub_key));
  receipt.note = lines->note;
  Reader reader(lines->leaf);
  const std::string_view header = reader.bytes(limits::kHeaderBytes);
  const std::string_view changeset = reader.bytes(limits::kChangesetBytes);
  if (!reader.ok() || !reader.at_end()) return bad();
  const Hash leaf = leaf_hash(header, changeset);
  if (lines->index >= receipt.head.size || !verify_inclusion(leaf, lines->index, receipt.head.size,
                                                             lines->inclusion, receipt.head.root)) {
    return Status(Code::corrupt, Msg::receipt_not_included, {receipt.ledger, receipt.hub});
  }
  DAFTAR_ASSIGN_OR_RETURN(receipt.header, decode_header(header));
  if (receipt.header.position != lines->index + 1) return bad();
  if (receipt.header.refusal) {
    if (!changeset.empty()) return bad();
  } else {
    DAFTAR_ASSIGN_OR_RETURN(receipt.changeset, decode_changeset(changeset));
    if (receipt.changeset->ledger != receipt.ledger) return bad();
    const std::vector<Exception>& exceptions = receipt.header.exceptions;
    const bool is_of_no_edit =
        !exceptions.empty() && exceptions.back().index >= receipt.changeset->edit_count();
    const bool is_of_no_context =
        receipt.header.link_matched && !receipt.changeset->context.foreign;
    if (is_of_no_edit || is_of_no_context) return bad();
  }
  receipt.code = receipt_code(receipt.header.position, leaf);
  return receipt;
}

std::string receipt_code(uint64_t position, const Hash& leaf) {
  uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) bits = bits << 8 | leaf[static_cast<size_t>(i)];
  std::string code = std::to_string(position);
  for (int letter = 0; letter < kCodeGroups * kGroupLetters; ++letter) {
    if (letter % kGroupLetters == 0) code += '-';
    code += kBase32[bits >> 59];
    bits <<= 5;
  }
  return code;
}

}  // namespace daftar
