// When to sync: nightly, and again after a failure. Pure: the clock and chance are passed in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace daftar::client {

/// A number within [0, below).
using Random = std::function<uint64_t(uint64_t below)>;

struct Nightly {
  int minute_of_day = 120;    ///< local time, 0–1439
  uint64_t offset_ms = 0;     ///< this device's own, so that not all call at once
  int64_t utc_offset_ms = 0;  ///< local time minus UTC
};

/// The newest nightly moment not after `now_ms`, and the one after it; wall-clock milliseconds.
uint64_t last_nightly(const Nightly& nightly, uint64_t now_ms);
uint64_t next_nightly(const Nightly& nightly, uint64_t now_ms);

/// How long to wait after the `failures`-th failure in a row (from 1): 30 s, doubling up to an
/// hour, of which a random half at most is taken off, so that devices which lost the line together
/// do not come back together.
uint64_t backoff_ms(int failures, const Random& random);

/// When to sync next, as wall-clock milliseconds: now, if the last nightly moment was missed; after
/// the backoff, if the last attempt failed; else at the next nightly moment. `last_success_ms`:
/// nothing if there was none. A success "in the future" (the clock was set back) counts as none.
uint64_t next_sync(const Nightly& nightly, uint64_t now_ms, std::optional<uint64_t> last_success_ms,
                   int failures, const Random& random);

}  // namespace daftar::client
