// What each device may ask of the hub: calls at once, calls and bytes over time; and the end of
// calls whose device says nothing more. Without gRPC: a call is entered with what cancels it.
//
// A device with a good certificate may be stolen, or its program wrong. What it is denied here it
// may ask again later; its work waits on its disk. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/ledger/changeset.h"

namespace daftar::hub {

/// An allowance that fills again while time passes.
struct Allowance {
  double most = 0;
  double per_s = 0;
};

struct CallLimits {
  /// A sync has one call at a time; a line that broke may leave some behind until they are ended.
  size_t at_once = 8;
  /// A sync takes three or four. Tens of syncs a second are a test, or a loop.
  Allowance calls{600, 50};
  /// Of messages as they come over the line: a national register's first push is 5 MB.
  Allowance bytes{1024.0 * 1024 * 1024, 1024 * 1024};
  /// Between two messages. One of a batch's usual size (1 MB) takes nine minutes at the 2 kB a
  /// second for which the device waits too: longer than its own deadline.
  uint64_t silent_ms = 15ULL * 60 * 1000;
  /// A whole stream: the largest join over the slowest line of an office.
  uint64_t longest_ms = 3ULL * 3600 * 1000;
};

class CallGate {
 public:
  explicit CallGate(Clock& clock, const CallLimits& limits = {}) : clock_(clock), limits_(limits) {}

  /// A call that was let in; it leaves with this object.
  class Call {
   public:
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    /// A message of that size has come or gone: Code::unavailable when the device has used its
    /// bytes up.
    Status moved(size_t bytes);

   private:
    friend class CallGate;
    Call(CallGate& gate, DeviceNumber device, std::function<void()> cancel, uint64_t now_ms)
        : gate_(gate),
          device_(device),
          cancel_(std::move(cancel)),
          began_(now_ms),
          moved_(now_ms) {}
    CallGate& gate_;
    DeviceNumber device_;
    std::function<void()> cancel_;
    uint64_t began_;
    uint64_t moved_;
  };

  /// Code::unavailable when the device has too many calls, or makes them too fast. `cancel` ends
  /// the call from outside; it may be called until the Call is gone.
  Result<std::unique_ptr<Call>> enter(DeviceNumber device, std::function<void()> cancel);

  /// Cancels the calls in which nothing has moved for too long, or that last too long. Returns how
  /// many.
  size_t end_silent_calls();

 private:
  struct Device {
    size_t calls = 0;
    double calls_left = 0;
    double bytes_left = 0;
    uint64_t filled_ms = 0;
  };
  Device& fill(DeviceNumber number, uint64_t now_ms);

  Clock& clock_;
  const CallLimits limits_;
  // A cancelled call may leave on the thread that cancels it.
  std::recursive_mutex mutex_;
  std::map<DeviceNumber, Device> devices_;
  std::map<Call*, DeviceNumber> calls_;
};

}  // namespace daftar::hub
