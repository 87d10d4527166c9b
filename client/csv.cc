#include "client/csv.h"

#include <csv.h>

#include <memory>
#include <utility>
#include <vector>

#include "common/base/limits.h"

namespace daftar::client {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// libcsv's ROW_NOT_BEGUN, which its header does not name.
constexpr int kBetweenRows = 0;

// What libcsv's callbacks fill.
struct Rows {
  CsvRow row;
  std::vector<CsvRow> complete;  ///< more than one where bare carriage returns end rows
};

void on_field(void* data, size_t size, void* rows) {
  static_cast<Rows*>(rows)->row.cells.emplace_back(static_cast<const char*>(data), size);
}

void on_row(int /*terminator*/, void* data) {
  auto* rows = static_cast<Rows*>(data);
  rows->complete.push_back(std::exchange(rows->row, CsvRow{}));
}

}  // namespace

Status read_csv(std::string_view content, const std::string& name,
                const std::function<Status(CsvRow row)>& visit) {
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  csv_parser parser{};
  if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
    return {Code::internal, Msg::csv_bad, {name, "0"}};
  }
  const std::unique_ptr<csv_parser, decltype(&csv_free)> owner(&parser, &csv_free);
  csv_set_space_func(&parser, [](unsigned char) { return 0; });  // spaces belong to the value
  Rows rows;
  // The first of them began on line `begin`, those behind bare carriage returns on `line`.
  const auto visit_complete = [&](uint64_t begin, uint64_t line) -> Status {
    for (CsvRow& row : std::exchange(rows.complete, {})) {
      row.line = std::exchange(begin, line);
      DAFTAR_RETURN_IF_ERROR(visit(std::move(row)));
    }
    return {};
  };
  bool in_row = false;
  size_t row_bytes = 0;
  // Line by line, so that each row knows where it began: libcsv does not say.
  for (uint64_t line = 1; !content.empty(); ++line) {
    const size_t end = content.find('\n');
    const std::string_view text =
        content.substr(0, end == std::string_view::npos ? content.size() : end + 1);
    content.remove_prefix(text.size());
    if (!in_row && text.find_first_not_of("\r\n") == std::string_view::npos) continue;
    const uint64_t begin = std::exchange(in_row, true) ? rows.row.line : line;
    rows.row.line = begin;
    row_bytes += text.size();
    const size_t parsed = csv_parse(&parser, text.data(), text.size(), on_field, on_row, &rows);
    if (parsed != text.size() || row_bytes > limits::kTableRowBytes) {
      return {Code::invalid, Msg::csv_bad, {name, std::to_string(begin)}};
    }
    if (!rows.complete.empty()) {
      DAFTAR_RETURN_IF_ERROR(visit_complete(begin, line));
      // A row behind a bare carriage return has begun though it has no cell yet: only libcsv knows.
      in_row = parser.pstate != kBetweenRows;
      rows.row.line = line;
      row_bytes = 0;
    }
  }
  const uint64_t begin = rows.row.line;
  if (csv_fini(&parser, on_field, on_row, &rows) != 0) {
    return {Code::invalid, Msg::csv_bad, {name, std::to_string(begin)}};
  }
  return visit_complete(begin, begin);
}

void write_csv_row(std::string& out, const std::vector<std::string>& cells) {
  bool first = true;
  for (const std::string& cell : cells) {
    if (!std::exchange(first, false)) out += ',';
    // Bare, it would read as a blank line, or as the file's byte order mark.
    const bool reads_as_another =
        (cell.empty() && cells.size() == 1) || cell.starts_with(kByteOrderMark);
    if (!reads_as_another && cell.find_first_of(",\"\r\n") == std::string::npos) {
      out += cell;
      continue;
    }
    out += '"';
    for (const char c : cell) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += '\n';
}

}  // namespace daftar::client
