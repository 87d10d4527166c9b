// Judging a header and a changeset: by fuzzers of their own, and inside the messages that carry
// them.
#include "common/base/limits.h"
#include "common/ledger/changeset.h"
#include "common/ledger/entry.h"
#include "common/register/kinds.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

// A record of 4 bytes becomes a RecordEdits and a CellEdit, an outcome of one byte 8 bytes in a
// vector that doubles.
constexpr size_t kMostPerByte = 64;
constexpr size_t kMostAtAll = 4096;

std::string words_of(const std::optional<ChainPoint>& point) {
  if (!point) return "-";
  return std::to_string(point->device) + ":" + std::to_string(point->seq) + ":" +
         to_hex(point->link);
}

// As check_accepted.py writes a changeset that the Python reader has read.
std::string words_of(const Changeset& changeset) {
  const Context& context = changeset.context;
  std::string says = changeset.ledger + " " + std::to_string(changeset.device) + " " +
                     std::to_string(changeset.seq) + " " + words_of(changeset.continues) + " " +
                     std::to_string(context.position) + " " + words_of(context.foreign) + " " +
                     (context.foreign ? "-" : std::to_string(context.own_seq)) + " " +
                     std::to_string(changeset.author) + " " + std::to_string(changeset.time_ms) +
                     " " + to_hex(changeset.message) + " ";
  says += changeset.source
              ? to_hex(changeset.source->workbook) + ":" + to_hex(changeset.source->file) + ":" +
                    to_hex(changeset.source->hash)
              : "-";
  says += " " + (changeset.origin ? to_hex(*changeset.origin) : "-");
  for (const RecordEdits& record : changeset.records) {
    says += " " + to_hex(record.key.bytes());
    for (const CellEdit& cell : record.cells) {
      says += "," + std::to_string(cell.field) + "=" + to_hex(cell.value.bytes());
    }
  }
  return says;
}

std::string words_of(const EntryHeader& header) {
  std::string says = std::to_string(header.position) + " " + std::to_string(header.time_ms) + " " +
                     std::to_string(header.national) + (header.link_matched ? " matched" : " -");
  if (header.refusal) {
    const Refusal& refusal = *header.refusal;
    says += " " + std::to_string(refusal.device) + ":" + std::to_string(refusal.seq) + ":" +
            std::to_string(static_cast<int>(refusal.reason)) + ":" + to_hex(refusal.changeset_hash);
  } else {
    says += " -";
  }
  if (header.seal) {
    says += " " + std::to_string(header.seal->seen.size) + ":" + to_hex(header.seal->seen.root) +
            ":" +
            to_hex(std::string_view(reinterpret_cast<const char*>(header.seal->signature.data()),
                                    header.seal->signature.size()));
  } else {
    says += " -";
  }
  for (const Exception& exception : header.exceptions) {
    says += " " + std::to_string(exception.index) + ":" +
            std::to_string(static_cast<int>(exception.outcome));
  }
  return says;
}

void check_changeset(const Changeset& changeset, std::string_view bytes) {
  const Result<std::string> encoded = encode_changeset(changeset);
  require(encoded.ok() && *encoded == bytes, "a changeset is encoded as it was read");
  const Result<ChangesetAuthor> author = read_changeset_author(bytes);
  require(author.ok() && author->device == changeset.device && author->seq == changeset.seq,
          "a changeset's author is found without decoding it");
  require(changeset.edit_count() >= changeset.records.size() &&
              changeset.edit_count() <= limits::kChangesetEdits,
          "a changeset has an edit for each record, and keeps to its limit");
  const RecordEdits* previous = nullptr;
  for (const RecordEdits& record : changeset.records) {
    require(previous == nullptr || previous->key < record.key, "records ascend");
    require(previous == nullptr || previous->key.bytes() < record.key.bytes(),
            "records ascend by the bytes of their keys");
    const Result<RecordKey> key = RecordKey::from_bytes(record.key.bytes());
    require(key.ok() && *key == record.key, "a record's key reads back from its bytes");
    previous = &record;
  }
  // What a hub does next with a stranger's changeset must not fall over it either.
  (void)check_schema(changeset);
}

}  // namespace

bool judge_changeset(std::string_view bytes, Verdicts* verdicts) {
  const Result<Changeset> changeset = within_memory(kMostPerByte * bytes.size() + kMostAtAll,
                                                    [&] { return decode_changeset(bytes); });
  if (changeset.ok()) check_changeset(*changeset, bytes);
  if (verdicts != nullptr) {
    verdicts->push_back(
        {"changeset", std::string(bytes), changeset.ok() ? words_of(*changeset) : kRefused});
  }
  return changeset.ok();
}

bool judge_header(std::string_view bytes, Verdicts* verdicts) {
  const Result<EntryHeader> header =
      within_memory(kMostPerByte * bytes.size() + kMostAtAll, [&] { return decode_header(bytes); });
  if (header.ok()) {
    require(encode_header(*header) == bytes, "a header is encoded as it was read");
    require(header->position > 0, "positions begin at 1");
    require(!header->refusal || (header->exceptions.empty() && !header->link_matched),
            "a refused entry has no outcomes");
  }
  if (verdicts != nullptr) {
    verdicts->push_back({"header", std::string(bytes), header.ok() ? words_of(*header) : kRefused});
  }
  return header.ok();
}

}  // namespace daftar::fuzz
