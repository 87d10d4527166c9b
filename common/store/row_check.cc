#include "common/store/row_check.h"

#include <zlib.h>

#include <array>

namespace daftar {
namespace {

uint32_t add(uint32_t check, std::string_view bytes) {
  if (bytes.empty()) return check;  // zlib takes a null pointer for "begin anew"
  return static_cast<uint32_t>(
      crc32_z(check, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace

uint32_t row_check(std::initializer_list<std::string_view> parts) {
  uint32_t check = 0;
  for (const std::string_view part : parts) check = add(check, part);
  return check;
}

uint32_t row_check(uint64_t first, uint64_t second, std::initializer_list<std::string_view> parts) {
  std::array<char, 16> key{};
  for (size_t i = 0; i < 8; ++i) {
    key[i] = static_cast<char>(first >> (8 * i));
    key[8 + i] = static_cast<char>(second >> (8 * i));
  }
  uint32_t check = add(0, {key.data(), key.size()});
  for (const std::string_view part : parts) check = add(check, part);
  return check;
}

}  // namespace daftar
