#include "hub/call_gate.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace daftar::hub {
namespace {

double filled(double left, const Allowance& allowance, uint64_t passed_ms) {
  return std::min(allowance.most, left + allowance.per_s * static_cast<double>(passed_ms) / 1000.0);
}

Status denied(DeviceNumber device) {
  return {Code::unavailable, Msg::hub_asked_too_often, {std::to_string(device)}};
}

}  // namespace

CallGate::Device& CallGate::fill(DeviceNumber number, uint64_t now_ms) {
  const auto [found, is_new] = devices_.try_emplace(number);
  Device& device = found->second;
  if (is_new) {
    device = {0, limits_.calls.most, limits_.bytes.most, now_ms};
  } else {
    const uint64_t passed = now_ms - std::exchange(device.filled_ms, now_ms);
    device.calls_left = filled(device.calls_left, limits_.calls, passed);
    device.bytes_left = filled(device.bytes_left, limits_.bytes, passed);
  }
  return device;
}

Result<std::unique_ptr<CallGate::Call>> CallGate::enter(DeviceNumber number,
                                                        std::function<void()> cancel) {
  const std::lock_guard lock(mutex_);
  const uint64_t now = clock_.steady_ms();
  Device& device = fill(number, now);
  if (device.calls >= limits_.at_once || device.calls_left < 1 || device.bytes_left <= 0) {
    return denied(number);
  }
  std::unique_ptr<Call> call(new Call(*this, number, std::move(cancel), now));
  ++device.calls;
  device.calls_left -= 1;
  calls_.emplace(call.get(), number);
  return call;
}

CallGate::Call::~Call() {
  const std::lock_guard lock(gate_.mutex_);
  gate_.calls_.erase(this);
  --gate_.devices_.at(device_).calls;
}

Status CallGate::Call::moved(size_t bytes) {
  const std::lock_guard lock(gate_.mutex_);
  moved_ = gate_.clock_.steady_ms();
  Device& device = gate_.fill(device_, moved_);
  // What is here already is taken, whole: the next message waits until this one is paid for.
  if (device.bytes_left <= 0) return denied(device_);
  device.bytes_left -= static_cast<double>(bytes);
  return {};
}

size_t CallGate::end_silent_calls() {
  const std::lock_guard lock(mutex_);
  const uint64_t now = clock_.steady_ms();
  std::vector<Call*> over;
  for (const auto& [call, device] : calls_) {
    const bool is_silent = now - call->moved_ >= limits_.silent_ms;
    if (is_silent || now - call->began_ >= limits_.longest_ms) over.push_back(call);
  }
  size_t ended = 0;
  for (Call* const call : over) {
    if (!calls_.contains(call)) continue;  // it left when another one was cancelled
    // A copy: the call may leave, and take its own with it, while that runs.
    const std::function<void()> cancel = call->cancel_;
    cancel();
    ++ended;
  }
  return ended;
}

}  // namespace daftar::hub
