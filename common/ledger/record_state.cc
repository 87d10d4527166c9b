#include "common/ledger/record_state.h"

#include <algorithm>
#include <utility>

#include "common/base/limits.h"
#include "common/base/planted.h"
#include "common/ledger/bytes.h"

namespace daftar {
namespace {

bool field_below(const Cell& cell, FieldNumber field) { return cell.field < field; }

Cell read_cell(Reader& reader) {
  Cell cell;
  const uint64_t head = reader.n_within(0, 2 * limits::kField + 1);
  cell.field = static_cast<FieldNumber>(head / 2);
  cell.has_current = head % 2 == 1;
  const uint64_t count = reader.n_within(1, std::max<size_t>(reader.left(), 1));
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    Version version;
    version.position = reader.n();
    version.device = reader.n();
    version.seq = reader.n();
    version.value = Value::read(reader);
    cell.standing.push_back(std::move(version));
  }
  return cell;
}

}  // namespace

Value Cell::reading() const {
  if (has_current) return standing.front().value;
  return field == kDeletedField ? Value::boolean(false) : Value();
}

std::vector<const Version*> Cell::contenders() const {
  std::vector<const Version*> result;
  const Value read = reading();
  for (const Version& version : standing) {
    const bool counts = is_planted(Defect::equal_value_contends) && &version != current();
    if (version.value != read || counts) result.push_back(&version);
  }
  return result;
}

bool Cell::is_contended() const {
  if (standing.size() == 1 && has_current) return false;
  const Value read = reading();
  return std::any_of(standing.begin(), standing.end(),
                     [&](const Version& version) { return version.value != read; });
}

const Cell* RecordState::find(FieldNumber field) const {
  const auto at = std::lower_bound(cells.begin(), cells.end(), field, field_below);
  return at != cells.end() && at->field == field ? &*at : nullptr;
}

Cell& RecordState::find_or_add(FieldNumber field) {
  auto at = std::lower_bound(cells.begin(), cells.end(), field, field_below);
  if (at == cells.end() || at->field != field) {
    at = cells.insert(at, Cell{});
    at->field = field;
  }
  return *at;
}

Value RecordState::reading(FieldNumber field) const {
  const Cell* cell = find(field);
  return cell == nullptr ? Value() : cell->reading();
}

bool RecordState::is_deleted() const { return reading(kDeletedField).is_yes(); }

bool RecordState::is_contended() const {
  return std::any_of(cells.begin(), cells.end(),
                     [](const Cell& cell) { return cell.is_contended(); });
}

uint64_t RecordState::newest_position() const {
  uint64_t newest = 0;
  for (const Cell& cell : cells) {
    for (const Version& version : cell.standing) newest = std::max(newest, version.position);
  }
  return newest;
}

std::string RecordState::encode() const {
  std::string out;
  put_n(out, cells.size());
  for (const Cell& cell : cells) {
    put_n(out, 2 * cell.field + (cell.has_current ? 1 : 0));
    put_n(out, cell.standing.size());
    for (const Version& version : cell.standing) {
      put_n(out, version.position);
      put_n(out, version.device);
      put_n(out, version.seq);
      out += version.value.bytes();
    }
  }
  return out;
}

Result<RecordState> RecordState::decode(std::string_view bytes) {
  Reader reader(bytes);
  RecordState record;
  const uint64_t count = reader.n_within(1, limits::kField + 1);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    Cell cell = read_cell(reader);
    if (i > 0 && cell.field <= record.cells.back().field) reader.fail();
    record.cells.push_back(std::move(cell));
  }
  if (!reader.ok() || !reader.at_end()) return Status(Code::corrupt, Msg::record_state_bad);
  return record;
}

}  // namespace daftar
