// Tables in CSV, against a second reader of thirty lines, and written back.
#include <optional>

#include "client/csv.h"
#include "tests/fuzz/fuzz.h"

namespace daftar::fuzz {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::optional<Rows> read_rows(std::string_view content) {
  Rows rows;
  uint64_t line = 1;
  const Status read = client::read_csv(content, "file.csv", [&](client::CsvRow row) -> Status {
    require(row.line >= line, "rows are numbered in their order");
    line = row.line;
    rows.push_back(std::move(row.cells));
    return {};
  });
  require(line <= content.size() + 1, "a row begins on a line that there is");
  if (!read.ok()) {
    require(read.code() == Code::invalid, "a bad table is invalid");
    return std::nullopt;
  }
  return rows;
}

// RFC 4180 with lines that end in CR, LF or both, and nothing but quotes that are where they
// belong. Slow and plain on purpose: no state but where it stands.
std::optional<Rows> read_plainly(std::string_view content) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  Rows rows;
  size_t at = 0;
  const auto ends_row = [&] {
    return at == content.size() || content[at] == '\r' || content[at] == '\n';
  };
  while (at < content.size()) {
    if (ends_row()) {
      ++at;  // the second half of a line's end, or a blank line
      continue;
    }
    std::vector<std::string>& cells = rows.emplace_back();
    while (true) {
      std::string& cell = cells.emplace_back();
      if (at < content.size() && content[at] == '"') {
        for (++at;; ++at) {
          if (at == content.size()) return std::nullopt;
          if (content[at] == '"' && (++at == content.size() || content[at] != '"')) break;
          cell += content[at];
        }
        if (!ends_row() && content[at] != ',') return std::nullopt;
      } else {
        for (; !ends_row() && content[at] != ','; ++at) {
          if (content[at] == '"') return std::nullopt;
          cell += content[at];
        }
      }
      if (ends_row()) break;
      ++at;
    }
  }
  return rows;
}

}  // namespace

void judge(std::string_view input, Verdicts* /*verdicts*/) {
  const std::optional<Rows> rows =
      within_memory(256 * input.size() + 8192, [&] { return read_rows(input); });
  require(rows == read_plainly(input), "a table is read as a second reader reads it");
  if (!rows) return;
  std::string written;
  for (const std::vector<std::string>& cells : *rows) client::write_csv_row(written, cells);
  require(read_rows(written) == rows, "a table that is written back reads as the same");
}

}  // namespace daftar::fuzz
