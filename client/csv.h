// Tables in CSV (RFC 4180, UTF-8, with or without a byte order mark).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace daftar::client {

struct CsvRow {
  uint64_t line = 0;  ///< where it begins, from 1
  std::vector<std::string> cells;
};

/// Reads `content` row by row, the header row too; blank lines are passed over. Code::invalid with
/// the line for a quote that is not closed or stands inside a field; stops at the first failure of
/// `visit`.
Status read_csv(std::string_view content, const std::string& name,
                const std::function<Status(CsvRow row)>& visit);

/// Appends a row, quoting what needs it.
void write_csv_row(std::string& out, const std::vector<std::string>& cells);

}  // namespace daftar::client
