#include "client/sync_schedule.h"

#include <algorithm>

namespace daftar::client {
namespace {

constexpr uint64_t kDayMs = 24ULL * 60 * 60 * 1000;
constexpr uint64_t kMinuteMs = 60ULL * 1000;
constexpr uint64_t kFirstBackoffMs = 30ULL * 1000;
constexpr uint64_t kLongestBackoffMs = 60 * kMinuteMs;

}  // namespace

uint64_t last_nightly(const Nightly& nightly, uint64_t now_ms) {
  const uint64_t next = next_nightly(nightly, now_ms);
  return next >= kDayMs ? next - kDayMs : 0;
}

uint64_t next_nightly(const Nightly& nightly, uint64_t now_ms) {
  // The moment within a UTC day, in [0, kDayMs).
  const auto day = static_cast<int64_t>(kDayMs);
  int64_t moment = static_cast<int64_t>(static_cast<uint64_t>(nightly.minute_of_day) * kMinuteMs +
                                        nightly.offset_ms % kDayMs) -
                   nightly.utc_offset_ms;
  moment = ((moment % day) + day) % day;
  const uint64_t today = now_ms - now_ms % kDayMs + static_cast<uint64_t>(moment);
  return today > now_ms ? today : today + kDayMs;
}

uint64_t backoff_ms(int failures, const Random& random) {
  const int doublings = std::clamp(failures - 1, 0, 20);
  const uint64_t whole = std::min(kFirstBackoffMs << doublings, kLongestBackoffMs);
  return whole - random(whole / 2 + 1);
}

uint64_t next_sync(const Nightly& nightly, uint64_t now_ms, std::optional<uint64_t> last_success_ms,
                   int failures, const Random& random) {
  if (failures > 0) return now_ms + backoff_ms(failures, random);
  const bool is_missed = !last_success_ms || *last_success_ms > now_ms ||
                         *last_success_ms < last_nightly(nightly, now_ms);
  return is_missed ? now_ms : next_nightly(nightly, now_ms);
}

}  // namespace daftar::client
