#include "hub/call_gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "tests/integration/sync_world.h"

namespace daftar::hub {
namespace {

constexpr CallLimits kLimits{2, {4, 1}, {1000, 100}, 60'000, 600'000};

class CallGateTest : public testing::Test {
 protected:
  // Lets a call of `device` in; nothing if it is denied.
  std::unique_ptr<CallGate::Call> enter(DeviceNumber device) {
    auto call = gate.enter(device, [this] { ++cancelled; });
    if (call.ok()) return *std::move(call);
    EXPECT_EQ(call.status().code(), Code::unavailable);
    EXPECT_EQ(call.status().message(), Msg::hub_asked_too_often);
    return nullptr;
  }

  FakeClock clock;
  CallGate gate{clock, kLimits};
  int cancelled = 0;
};

TEST_F(CallGateTest, ADeviceHasSomeCallsAtOnceAndTakesNobodyElses) {
  const auto first = enter(7);
  auto second = enter(7);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(enter(7));
  EXPECT_TRUE(enter(8)) << "another device";
  second.reset();
  EXPECT_TRUE(enter(7));
}

TEST_F(CallGateTest, CallsFillAgainWithTime) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(enter(7)) << i;
  EXPECT_FALSE(enter(7));
  clock.steady += 999;
  EXPECT_FALSE(enter(7));
  clock.steady += 1;
  EXPECT_TRUE(enter(7));
  EXPECT_FALSE(enter(7));
  clock.steady += 3'600'000;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(enter(7)) << "never more than the most: " << i;
  EXPECT_FALSE(enter(7));
}

TEST_F(CallGateTest, BytesAreTakenAsTheyComeAndPaidBefore) {
  const auto call = enter(7);
  EXPECT_TRUE(call->moved(999).ok());
  EXPECT_TRUE(call->moved(2001).ok()) << "what is here is taken";
  EXPECT_EQ(call->moved(1).message(), Msg::hub_asked_too_often);
  EXPECT_FALSE(enter(7)) << "not by another call either";
  clock.steady += 19'000;
  EXPECT_FALSE(call->moved(1).ok());
  clock.steady += 2'000;
  EXPECT_TRUE(call->moved(1).ok());
}

TEST_F(CallGateTest, SilentAndEndlessCallsAreEnded) {
  const auto silent = enter(7);
  const auto busy = enter(7);
  for (int minute = 0; minute < 9; ++minute) {
    clock.steady += 59'000;
    ASSERT_TRUE(busy->moved(1).ok());
  }
  EXPECT_EQ(gate.end_silent_calls(), 1U);
  EXPECT_EQ(cancelled, 1);
  clock.steady += 59'000;
  ASSERT_TRUE(busy->moved(1).ok());
  clock.steady += 10'000;
  EXPECT_EQ(gate.end_silent_calls(), 2U) << "ten minutes are the longest, however busy";
}

// gRPC may end a call on the thread that cancels it.
TEST_F(CallGateTest, ACallMayLeaveWhileItIsCancelled) {
  std::unique_ptr<CallGate::Call> first;
  std::unique_ptr<CallGate::Call> second;
  const auto end_both = [&] {
    ++cancelled;
    first.reset();
    second.reset();
  };
  first = *gate.enter(7, end_both);
  second = *gate.enter(7, end_both);
  clock.steady += 60'000;
  EXPECT_EQ(gate.end_silent_calls(), 1U);
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(gate.end_silent_calls(), 0U);
}

TEST_F(CallGateTest, ThreadsMayComeAndGo) {
  SystemClock real;
  CallGate busy(real, {4, {1e9, 1}, {1e9, 1}, 0, 0});
  std::vector<std::jthread> threads;
  for (DeviceNumber device = 1; device <= 3; ++device) {
    threads.emplace_back([&busy, device] {
      for (int i = 0; i < 2'000; ++i) {
        const auto call = busy.enter(device, [] {});
        ASSERT_TRUE(call.ok());
        ASSERT_TRUE((*call)->moved(1).ok());
      }
    });
  }
  for (int i = 0; i < 200; ++i) busy.end_silent_calls();
}

}  // namespace
}  // namespace daftar::hub
