// SHA-256 and 32-byte hashes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace daftar {

using Hash = std::array<uint8_t, 32>;

inline std::string_view hash_bytes(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}
/// Precondition: `bytes` has 32 bytes.
Hash hash_from_bytes(std::string_view bytes);

std::string to_hex(std::string_view bytes);
inline std::string to_hex(const Hash& hash) { return to_hex(hash_bytes(hash)); }
/// The bytes that `hex` writes; "" if it is not pairs of hexadecimal digits.
std::string from_hex(std::string_view hex);

Hash sha256(std::string_view bytes);

/// SHA-256 of what is added piece by piece. One owner; not for use by two threads at once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  /// The hash of all that was added; the object is then empty and can be used again.
  Hash finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace daftar
