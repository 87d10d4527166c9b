// A checksum for rows that SQLite itself keeps none for: a bit that turned round on the disk must
// not be shown as somebody's value. Against accidents, not against people: those are the ledger's
// roots' affair.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace daftar {

/// CRC-32 (ISO-HDLC) over the parts, one after another.
uint32_t row_check(std::initializer_list<std::string_view> parts);

/// The same, with two numbers of the row's key before them.
uint32_t row_check(uint64_t first, uint64_t second, std::initializer_list<std::string_view> parts);

}  // namespace daftar
