// Time, as it is passed to whatever needs it. Only `main` makes the real ones.
#pragma once

#include <chrono>
#include <cstdint>

namespace daftar {

/// Wall-clock time, which people and other machines share and which may jump, and a time that only
/// moves forward, for deadlines.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since 1970-01-01T00:00Z; 0 when the system's clock is before that.
  virtual uint64_t wall_ms() = 0;
  /// Milliseconds since some fixed moment of this process.
  virtual uint64_t steady_ms() = 0;
};

class SystemClock : public Clock {
 public:
  uint64_t wall_ms() override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    return ms < 0 ? 0 : static_cast<uint64_t>(ms);
  }
  uint64_t steady_ms() override {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
  }
};

}  // namespace daftar
