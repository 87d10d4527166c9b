// Reading and writing the integers and byte strings of FORMAT.md §1.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace daftar {

inline void put_n(std::string& out, uint64_t value) {
  if (value <= 240) {
    out += static_cast<char>(value);
  } else if (value <= 2287) {
    out += static_cast<char>(241 + ((value - 240) >> 8));
    out += static_cast<char>((value - 240) & 0xFF);
  } else if (value <= 67823) {
    out += static_cast<char>(249);
    out += static_cast<char>((value - 2288) >> 8);
    out += static_cast<char>((value - 2288) & 0xFF);
  } else {
    int length = 3;
    while (length < 8 && (value >> (8 * length)) != 0) ++length;
    out += static_cast<char>(247 + length);
    for (int i = length - 1; i >= 0; --i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
  }
}

inline void put_bytes(std::string& out, std::string_view bytes) {
  put_n(out, bytes.size());
  out += bytes;
}

constexpr uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

/// Reads from bytes that anyone may have made. Every read checks; after the first thing that is
/// missing or not canonical, `ok()` is false and all reads return zeros. Holds no memory itself.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return position_ == bytes_.size(); }
  [[nodiscard]] size_t position() const { return position_; }
  [[nodiscard]] size_t left() const { return bytes_.size() - position_; }
  void fail() { ok_ = false; }
  /// The bytes from `begin` (an earlier position()) up to here.
  [[nodiscard]] std::string_view since(size_t begin) const {
    return bytes_.substr(begin, position_ - begin);
  }

  uint8_t u8() {
    if (!require(1)) return 0;
    return static_cast<uint8_t>(bytes_[position_++]);
  }

  uint64_t n() {
    const uint64_t first = u8();
    if (first <= 240) return first;
    if (first <= 248) {
      const uint64_t value = 240 + 256 * (first - 241) + u8();
      if (value == 240) ok_ = false;
      return ok_ ? value : 0;
    }
    if (first == 249) {
      const uint64_t high = u8();
      const uint64_t low = u8();
      return ok_ ? 2288 + 256 * high + low : 0;
    }
    const size_t length = first - 247;
    if (!require(length)) return 0;
    uint64_t value = 0;
    for (size_t i = 0; i < length; ++i) {
      value = value << 8 | static_cast<uint8_t>(bytes_[position_ + i]);
    }
    const bool shortest = length == 3 ? value > 67823 : bytes_[position_] != 0;
    if (!shortest) ok_ = false;
    position_ += length;
    return ok_ ? value : 0;
  }

  /// An `n` that must be within [low, high].
  uint64_t n_within(uint64_t low, uint64_t high) {
    const uint64_t value = n();
    if (value < low || value > high) ok_ = false;
    return ok_ ? value : low;
  }

  std::string_view raw(size_t length) {
    if (!require(length)) return {};
    const std::string_view result = bytes_.substr(position_, length);
    position_ += length;
    return result;
  }

  /// `bytes` of at most `most`; a view into the input.
  std::string_view bytes(size_t most) {
    const uint64_t length = n();
    if (length > most) ok_ = false;
    return ok_ ? raw(static_cast<size_t>(length)) : std::string_view();
  }

 private:
  bool require(size_t length) {
    if (bytes_.size() - position_ < length) ok_ = false;
    return ok_;
  }

  std::string_view bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace daftar
