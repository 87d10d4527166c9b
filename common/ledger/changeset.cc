#include "common/ledger/changeset.h"

#include <algorithm>
#include <utility>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/ledger/bytes.h"

namespace daftar {
namespace {

constexpr uint8_t kVersion = 1;

enum Flag : uint8_t {
  kContinues = 1,
  kForeignContext = 2,
  kSource = 4,
  kOrigin = 8,
  kAllFlags = 15,
};

// The smallest record: head, counter delta, qualifier length, one field, one value.
constexpr size_t kLeastRecordBytes = 4;
// The smallest edit: field delta and value.
constexpr size_t kLeastEditBytes = 2;

std::string read_text(Reader& reader, size_t most) {
  const std::string_view text = reader.bytes(most);
  if (text.find('\0') != std::string_view::npos || !is_valid_utf8(text)) reader.fail();
  return std::string(text);
}

Hash read_hash(Reader& reader) {
  const std::string_view bytes = reader.raw(sizeof(Hash));
  return reader.ok() ? hash_from_bytes(bytes) : Hash{};
}

void put_chain_point(std::string& out, const ChainPoint& point) {
  put_n(out, point.device);
  put_n(out, point.seq);
  out += hash_bytes(point.link);
}

ChainPoint read_chain_point(Reader& reader, DeviceNumber own_device) {
  ChainPoint point;
  point.device = reader.n_within(1, UINT64_MAX);
  point.seq = reader.n_within(1, UINT64_MAX);
  point.link = read_hash(reader);
  if (point.device == own_device) reader.fail();
  return point;
}

// Number of leading parts that `key` shares with the record before it: 0 kind differs … 3 only the
// qualifier differs.
int shared_parts(const RecordKey& previous, const RecordKey& key) {
  if (key.kind != previous.kind) return 0;
  if (key.device != previous.device) return 1;
  return key.counter != previous.counter ? 2 : 3;
}

void put_place(std::string& out, const Place& place, uint64_t& previous_line) {
  if (place.sheet.empty()) {
    out += '\0';
    put_n(out, zigzag(static_cast<int64_t>(place.line - previous_line)));
    previous_line = place.line;
  } else {
    out += '\1';
    put_bytes(out, place.sheet);
    put_n(out, place.line);
    put_n(out, place.column);
  }
}

Place read_place(Reader& reader, uint64_t& previous_line) {
  Place place;
  const uint8_t form = reader.u8();
  if (form == 0) {
    previous_line += static_cast<uint64_t>(unzigzag(reader.n()));
    place.line = previous_line;
  } else {
    place.sheet = read_text(reader, limits::kNameBytes);
    place.line = reader.n();
    place.column = reader.n();
    if (form != 1 || place.sheet.empty()) reader.fail();
  }
  return place;
}

void put_records(std::string& out, const std::vector<RecordEdits>& records) {
  put_n(out, records.size());
  RecordKey previous;
  uint64_t previous_line = 0;
  for (const RecordEdits& record : records) {
    const RecordKey& key = record.key;
    const int same = &record == records.data() ? 0 : shared_parts(previous, key);
    put_n(out, static_cast<uint64_t>(same) + 4 * (record.cells.size() - 1));
    if (same == 0) put_n(out, key.kind - previous.kind);
    if (same == 0) put_n(out, key.device);
    if (same == 1) put_n(out, key.device - previous.device);
    if (same <= 1) put_n(out, key.counter);
    if (same == 2) put_n(out, key.counter - previous.counter);
    put_bytes(out, key.qualifier);
    FieldNumber next_field = 0;
    for (const CellEdit& cell : record.cells) {
      put_n(out, 2 * (cell.field - next_field) + (cell.place ? 1 : 0));
      if (cell.place) put_place(out, *cell.place, previous_line);
      out += cell.value.bytes();
      next_field = cell.field + 1;
    }
    previous = key;
  }
}

// `base` + a delta of at least 1; fails where that is more than 64 bits.
uint64_t read_step(Reader& reader, uint64_t base) {
  return base + reader.n_within(1, UINT64_MAX - base);
}

RecordKey read_key(Reader& reader, uint64_t same, const RecordKey& previous) {
  RecordKey key = previous;
  if (same == 0) {
    key.kind = read_step(reader, previous.kind);
    key.device = reader.n_within(1, UINT64_MAX);
    key.counter = reader.n_within(1, UINT64_MAX);
  } else if (same == 1) {
    key.device = read_step(reader, previous.device);
    key.counter = reader.n_within(1, UINT64_MAX);
  } else if (same == 2) {
    key.counter = read_step(reader, previous.counter);
  }
  key.qualifier = reader.bytes(limits::kQualifierBytes);
  if (same == 3 && key.qualifier <= previous.qualifier) reader.fail();
  return key;
}

void read_cells(Reader& reader, uint64_t count, uint64_t& previous_line, RecordEdits& record) {
  if (count > reader.left() / kLeastEditBytes) return reader.fail();
  record.cells.reserve(count);
  uint64_t next_field = 0;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    CellEdit cell;
    const uint64_t step = reader.n_within(0, 2 * limits::kField + 1);
    const uint64_t field = next_field + step / 2;
    if (field > limits::kField) reader.fail();
    cell.field = static_cast<FieldNumber>(field);
    if (step % 2 == 1) cell.place = read_place(reader, previous_line);
    cell.value = Value::read(reader);
    if (cell.field == kDeletedField && (count != 1 || cell.value.type() != ValueType::boolean)) {
      reader.fail();
    }
    record.cells.push_back(std::move(cell));
    next_field = field + 1;
  }
}

void read_records(Reader& reader, std::vector<RecordEdits>& records) {
  const uint64_t count = reader.n_within(1, limits::kChangesetEdits);
  if (count > reader.left() / kLeastRecordBytes) return reader.fail();
  records.reserve(count);
  RecordKey previous;
  uint64_t previous_line = 0;
  uint64_t edits = 0;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const uint64_t head = reader.n_within(0, 4 * limits::kChangesetEdits);
    const uint64_t cells = head / 4 + 1;
    edits += cells;
    if (edits > limits::kChangesetEdits || (i == 0 && head % 4 != 0)) return reader.fail();
    RecordEdits record;
    record.key = read_key(reader, head % 4, previous);
    read_cells(reader, cells, previous_line, record);
    previous = record.key;
    records.push_back(std::move(record));
  }
}

}  // namespace

size_t Changeset::edit_count() const {
  size_t count = 0;
  for (const RecordEdits& record : records) count += record.cells.size();
  return count;
}

bool is_ledger_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '/';
  };
  return !name.empty() && name.size() <= limits::kLedgerNameBytes && name.front() != '/' &&
         name.back() != '/' && name.find("//") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), allowed);
}

Result<std::string> encode_changeset(const Changeset& changeset) {
  const Context& context = changeset.context;
  std::string out;
  out.reserve(128 + 24 * changeset.records.size());
  out += static_cast<char>(kVersion);
  put_bytes(out, changeset.ledger);
  put_n(out, changeset.device);
  put_n(out, changeset.seq);
  out += static_cast<char>((changeset.continues ? kContinues : 0) |
                           (context.foreign ? kForeignContext : 0) |
                           (changeset.source ? kSource : 0) | (changeset.origin ? kOrigin : 0));
  if (changeset.continues) put_chain_point(out, *changeset.continues);
  put_n(out, context.position);
  if (context.foreign) {
    put_chain_point(out, *context.foreign);
  } else {
    put_n(out, changeset.seq - 1 - context.own_seq);
  }
  put_n(out, changeset.author);
  put_n(out, changeset.time_ms);
  put_bytes(out, changeset.message);
  if (changeset.source) {
    put_bytes(out, changeset.source->workbook);
    put_bytes(out, changeset.source->file);
    out += hash_bytes(changeset.source->hash);
  }
  if (changeset.origin) out += hash_bytes(*changeset.origin);
  for (const RecordEdits& record : changeset.records) {
    if (record.cells.empty()) return Status(Code::invalid, Msg::changeset_unfit);
  }
  put_records(out, changeset.records);
  if (out.size() > limits::kChangesetBytes || changeset.edit_count() > limits::kChangesetEdits) {
    return Status(
        Code::too_large, Msg::changeset_too_large,
        {std::to_string(changeset.edit_count()), std::to_string(out.size()),
         std::to_string(limits::kChangesetEdits), std::to_string(limits::kChangesetBytes)});
  }
  // Whatever passes here can be read back by everyone, or is never saved at all.
  Result<Changeset> read_back = decode_changeset(out);
  if (!read_back.ok() || *read_back != changeset) {
    return Status(Code::invalid, Msg::changeset_unfit);
  }
  return out;
}

Result<ChangesetAuthor> read_changeset_author(std::string_view bytes) {
  Reader reader(bytes);
  reader.u8();
  reader.bytes(limits::kLedgerNameBytes);
  ChangesetAuthor author;
  author.device = reader.n();
  author.seq = reader.n();
  if (!reader.ok()) return Status(Code::corrupt, Msg::changeset_not_canonical);
  return author;
}

Result<Changeset> decode_changeset(std::string_view bytes) {
  const Status bad(Code::corrupt, Msg::changeset_not_canonical);
  if (bytes.size() > limits::kChangesetBytes) return bad;
  Reader reader(bytes);
  Changeset changeset;
  if (reader.u8() != kVersion) {
    return bytes.empty() || bytes[0] == 0 ? bad : Status(Code::newer_version, Msg::format_newer);
  }
  changeset.ledger = reader.bytes(limits::kLedgerNameBytes);
  if (!is_ledger_name(changeset.ledger)) reader.fail();
  changeset.device = reader.n_within(1, UINT64_MAX);
  changeset.seq = reader.n_within(1, UINT64_MAX);
  const uint8_t flags = reader.u8();
  if ((flags & ~kAllFlags) != 0) reader.fail();
  if ((flags & kContinues) != 0) {
    changeset.continues = read_chain_point(reader, changeset.device);
    if (changeset.seq != 1) reader.fail();
  }
  changeset.context.position = reader.n();
  if ((flags & kForeignContext) != 0) {
    changeset.context.foreign = read_chain_point(reader, changeset.device);
  } else {
    const uint64_t distance = reader.n_within(0, changeset.seq - 1);
    changeset.context.own_seq = changeset.seq - 1 - distance;
  }
  changeset.author = reader.n();
  changeset.time_ms = reader.n();
  changeset.message = read_text(reader, limits::kMessageBytes);
  if ((flags & kSource) != 0) {
    Source source;
    source.workbook = read_text(reader, limits::kNameBytes);
    source.file = read_text(reader, limits::kNameBytes);
    source.hash = read_hash(reader);
    changeset.source = std::move(source);
  }
  if ((flags & kOrigin) != 0) changeset.origin = read_hash(reader);
  if (reader.ok()) read_records(reader, changeset.records);
  if (!reader.ok() || !reader.at_end()) return bad;
  return changeset;
}

}  // namespace daftar
