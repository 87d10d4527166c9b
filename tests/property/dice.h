// The random numbers of schedules: the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace daftar::property {

/// splitmix64.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  /// 0 … count − 1.
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }
  bool chance(size_t percent) { return below(100) < percent; }

 private:
  uint64_t state_;
};

}  // namespace daftar::property
