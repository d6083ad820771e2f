// SPDX-License-Identifier: GPL-2.0-only
//
// What of notify.c can be said without any chance: parameters and counters, resets, and
// when the clock starts.
#include "hunter/device.hpp"
#include "hunter/driver.hpp"

#include <gtest/gtest.h>

using namespace hunter;

namespace {

constexpr std::uint64_t us = 1000;

/// A receive queue with a driver that wants every notification.
class Notify : public testing::Test, public Observer {
protected:
    Notify() {
        device.start(driver.ring(), driver.ring().base());
        device.set_guest(true);
        driver.offer(setup.size);
        device.work();
    }

    void set(std::uint32_t packets, std::uint32_t usecs) {
        ASSERT_EQ(device.set(VHN_COAL_QUEUE, {packets, usecs}, false), 0);
        device.work();
    }

    void receive(unsigned packets) {
        for (; packets > 0; packets--) {
            device.backend().arrive(60);
        }
        device.work();
    }

    void advance(std::uint64_t time) {
        device.set_clock(device.now() + time);
        device.expire();
        device.callback();
        device.work();
    }

    void delivered(std::uint32_t bytes) override { driver.expect(bytes); }
    void published(std::uint32_t /*packets*/) override {
        device.set_clock(device.now() + copying);
        device.expire();
    }
    void evaluated(vhn_coal_reason reason, bool /*told*/) override { reasons.push_back(reason); }
    void signalled() override { signals++; }
    void yield() override {}

    hunter::Setup setup{.size = 64, .event_idx = false};
    vcoal::GuestMemory memory{1U << 19U};
    Driver driver{setup, memory};
    Device device{setup, memory, *this};
    std::uint64_t copying = 0; ///< what a batch takes from its first packet until it is published
    std::vector<vhn_coal_reason> reasons;
    unsigned signals = 0;
};

using Reasons = std::vector<vhn_coal_reason>;

} // namespace

TEST_F(Notify, COAL_O3_TheClockStartsAtTheFirstPacket) {
    set(32, 50);
    copying = 20 * us;
    receive(2);
    advance(30 * us - 1);
    EXPECT_EQ(signals, 0U);
    advance(1);
    EXPECT_EQ(reasons, Reasons{VHN_COAL_TIMER});
    EXPECT_EQ(signals, 1U);
}

// An expiry that finds the lock taken comes to nothing if the timer was started meanwhile.
TEST_F(Notify, COAL_O3_AnExpiryThatWaitedLeavesANewTimerAlone) {
    set(2, 20);
    receive(1);
    receive(1);
    set(2, 10);
    // The first packet's timer expires while the third is copied, later than the third's own
    // would; then that gets more time.
    const std::uint64_t start = device.now();
    copying = 30 * us;
    receive(1);
    ASSERT_EQ(device.set(VHN_COAL_QUEUE, {2, 1000}, false), 0);
    device.callback();
    EXPECT_EQ(device.expiry(), start + 10 * us);
    advance(0);
    EXPECT_EQ(device.expiry(), start + 1000 * us);
    EXPECT_EQ(reasons, Reasons{VHN_COAL_COUNT});
    advance(970 * us);
    EXPECT_EQ(reasons, (Reasons{VHN_COAL_COUNT, VHN_COAL_TIMER}));
}

TEST_F(Notify, COAL_O3_TheCountEndsABatch) {
    set(4, 1000);
    receive(9);
    EXPECT_EQ(reasons, (Reasons{VHN_COAL_COUNT, VHN_COAL_COUNT}));
    EXPECT_EQ(device.state().pending, 1U);
}

TEST_F(Notify, COAL_O5_EitherZeroIsOff) {
    set(4, 0);
    receive(1);
    set(0, 1000);
    receive(1);
    EXPECT_EQ(reasons, (Reasons{VHN_COAL_IMMEDIATE, VHN_COAL_IMMEDIATE}));
}

TEST_F(Notify, COAL_O8_NewParametersJudgeWhatIsPending) {
    set(32, 1000);
    receive(3);
    set(3, 1000);
    EXPECT_EQ(reasons, Reasons{VHN_COAL_COUNT});
}

TEST_F(Notify, VQR_D1_AQueueResetDropsWhatIsPending) {
    ASSERT_EQ(device.set(VHN_COAL_DIRECTION, {8, 2000}, false), 0);
    set(32, 1000);
    receive(3);
    device.reset(VHN_RESET_QUEUE);
    EXPECT_EQ(device.state().pending, 0U);
    EXPECT_EQ(device.state().effective.max_packets, 8U) << "COAL-D6";
    advance(3000 * us);
    EXPECT_EQ(signals, 0U);
}

TEST_F(Notify, COAL_D9_ADeviceResetClearsParametersAndCounters) {
    ASSERT_EQ(device.set(VHN_COAL_DIRECTION, {2, 2000}, false), 0);
    receive(4);
    EXPECT_EQ(device.stats().notify_count, 2U);
    device.reset(VHN_RESET_DEVICE);
    const vhn_coal_state state = device.state();
    EXPECT_EQ(state.effective.max_packets, 0U);
    EXPECT_EQ(state.direction.max_usecs, 0U);
    EXPECT_EQ(device.stats().notify_count, 0U) << "AMB-16";
    EXPECT_EQ(device.stats().packets, 0U);
}

TEST_F(Notify, AMB_8_WhatIsRefusedIsCountedAndChangesNothing) {
    set(4, 100);
    ASSERT_EQ(device.set(VHN_COAL_LIMIT, {8, 200}, true), 0);
    EXPECT_EQ(device.set(VHN_COAL_QUEUE, {2, 50}, false), -EPERM);
    ASSERT_EQ(device.set(VHN_COAL_LIMIT, {8, 200}, false), 0);
    EXPECT_EQ(device.set(VHN_COAL_QUEUE, {9, 50}, false), -ERANGE);
    EXPECT_EQ(device.set(VHN_COAL_QUEUE, {9, 50}, true), -EINVAL);
    EXPECT_EQ(device.stats().refused, 2U) << "an argument that means nothing is no refusal";
    EXPECT_EQ(device.state().effective.max_packets, 4U);
}

TEST_F(Notify, StateTellsWhoDecides) {
    EXPECT_EQ(device.state().flags, VHN_COAL_F_GUEST);
    ASSERT_EQ(device.set(VHN_COAL_HOST, {16, 300}, false), 0);
    ASSERT_EQ(device.set(VHN_COAL_LIMIT, {0, 200}, true), 0);
    device.set_guest(false);
    const vhn_coal_state state = device.state();
    EXPECT_EQ(state.flags, VHN_COAL_F_LOCKED);
    EXPECT_EQ(state.host.max_usecs, 300U);
    EXPECT_EQ(state.limit.max_usecs, 200U);
    EXPECT_EQ(state.effective.max_packets, 16U);
    EXPECT_EQ(state.effective.max_usecs, 200U);
}

TEST_F(Notify, COAL_D8_WhatIsSuppressedIsCountedAndSpent) {
    set(2, 1000);
    driver.disable();
    receive(2);
    EXPECT_EQ(signals, 0U);
    EXPECT_EQ(device.stats().suppressed, 1U);
    driver.enable(0);
    advance(1000 * us);
    EXPECT_EQ(signals, 0U) << "AMB-4";
    receive(2);
    EXPECT_EQ(signals, 1U);
}

TEST_F(Notify, RST_D1_AStoppedQueueHasNotifiedAndIsSilent) {
    set(32, 1000);
    receive(3);
    device.stop();
    EXPECT_EQ(reasons, Reasons{VHN_COAL_FLUSH});
    EXPECT_EQ(device.expiry(), std::nullopt);
    set(1, 1);
    advance(2000 * us);
    EXPECT_EQ(signals, 1U);
}

TEST_F(Notify, TheReasonThatWasDueOutlivesAFlush) {
    set(32, 50);
    receive(3);
    device.set_clock(device.now() + 50 * us);
    device.expire();
    device.callback();
    device.swap_call();
    EXPECT_EQ(reasons, Reasons{VHN_COAL_TIMER});
}
