// SPDX-License-Identifier: GPL-2.0-only
//
// The control queue: drivers wait for its answers with rtnl held, some of them
// spinning. However the device behaves, the machine goes on.
#include "bench/thread_time.hpp"
#include "support/bench.hpp"
#include "support/loopback_selftest.hpp"
#include "support/loopback_stub.hpp"
#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <gtest/gtest.h>
#include <thread>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t set_mac_command = 0x0101; // class MAC, command ADDR_SET

class LoopbackControl : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }

    /// A driver that spins on the only CPU keeps the device's process from answering.
    static bool spinners_need_more_cpus() { return std::thread::hardware_concurrency() < 2; }

    static LoopbackOptions options_with(std::chrono::milliseconds control_timeout) {
        LoopbackOptions options = net_options();
        options.control_timeout = control_timeout;
        return options;
    }

    /// One control command, with rtnl held; false if the driver reports a failure.
    static bool set_mac(LoopbackStub& stub, std::uint8_t last) {
        bool done = true;
        in_first_namespace([&] {
            try {
                NetDev(stub.interface()).set_mac({0x02, 0, 0, 0, 1, last});
            } catch (const Error&) {
                done = false;
            }
        });
        return done;
    }
};

/// What a check of the selftest driver found, how long it took and how much of that
/// the processor was busy with it.
struct Finding {
    std::string result;
    Clock::duration duration;
    std::chrono::nanoseconds busy;
};

Finding timed(LoopbackSelftest& selftest, const std::string& check) {
    const auto begin = Clock::now();
    const auto busy = bench::thread_time();
    std::string result = selftest.run(check);
    return {std::move(result), Clock::now() - begin, bench::thread_time() - busy};
}

} // namespace

TEST_F(LoopbackControl, CommandsAreAnswered) {
    LoopbackStub stub(options_with(20s), net_roles());
    stub.start_and_wait();
    // With EVENT_IDX each needs its own kick, unless the device looks by itself.
    for (std::uint8_t i = 1; i <= 10; i++) {
        ASSERT_TRUE(set_mac(stub, i)) << "command " << int{i};
    }
    const auto commands = stub.commands();
    EXPECT_EQ(std::count(commands.begin(), commands.end(), set_mac_command), 10);
    // The device may find a command before the driver has kicked for it.
    EXPECT_GE(stub.loopback().statistics(2).kicks, 1U);
}

// The transport notices by itself.
TEST_F(LoopbackControl, AnswersWithoutSignalAreSeen) {
    LoopbackStub stub(options_with(20s), net_roles());
    stub.signal_control = false;
    stub.start_and_wait();
    const auto begin = Clock::now();
    ASSERT_TRUE(set_mac(stub, 1));
    EXPECT_LT(Clock::now() - begin, 10s);
    EXPECT_EQ(stub.loopback().statistics(2).signals, 0U);
}

// The driver waits with rtnl held; somebody else wants rtnl meanwhile.
TEST_F(LoopbackControl, SilenceBreaksTheDeviceAndFreesRtnl) {
    LoopbackStub stub(options_with(1s), net_roles());
    stub.start_and_wait();
    stub.answer_control = false;
    const auto begin = Clock::now();
    auto driver = std::async(std::launch::async, [&] { return set_mac(stub, 1); });
    ASSERT_TRUE(eventually([&] { return !stub.commands().empty(); }));
    auto other = std::async(std::launch::async, use_rtnl);
    ASSERT_EQ(other.wait_for(generous), std::future_status::ready);
    ASSERT_EQ(driver.wait_for(generous), std::future_status::ready);
    EXPECT_FALSE(driver.get());
    EXPECT_GE(Clock::now() - begin, 900ms);
    const auto death = stub.await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->result, VLB_DEATH_CONTROL);
    EXPECT_NE(stub.loopback().queue(2).flags & VLB_VQ_BROKEN, 0U);
}

TEST_F(LoopbackControl, SleepingDriverIsAnswered) {
    LoopbackSelftest selftest(20s);
    EXPECT_EQ(selftest.run("control_sleeping"), "ok");
}

TEST_F(LoopbackControl, SleepingDriverIsFreed) {
    LoopbackSelftest selftest(1s);
    selftest.stub().answer_control = false;
    const Finding finding = timed(selftest, "control_sleeping");
    EXPECT_EQ(finding.result, "broken");
    EXPECT_GE(finding.duration, 900ms);
    EXPECT_LT(finding.busy, 500ms) << "it did not sleep";
    EXPECT_EQ(selftest.loopback().info().death, std::uint32_t{VLB_DEATH_CONTROL});
}

TEST_F(LoopbackControl, SpinningDriverIsAnswered) {
    if (spinners_need_more_cpus()) {
        GTEST_SKIP() << "one CPU";
    }
    LoopbackSelftest selftest(20s);
    EXPECT_EQ(selftest.run("control_atomic"), "ok");
    EXPECT_EQ(selftest.loopback().info().death, std::uint32_t{VLB_DEATH_NONE});
}

// It spins with preemption off: only the timer's interrupt gets through.
TEST_F(LoopbackControl, SpinningDriverIsFreed) {
    LoopbackSelftest selftest(1s);
    selftest.stub().answer_control = false;
    const Finding finding = timed(selftest, "control_atomic");
    EXPECT_EQ(finding.result, "broken");
    EXPECT_GE(finding.duration, 900ms);
    EXPECT_LT(finding.duration, 10s);
    const auto death = selftest.stub().await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->result, VLB_DEATH_CONTROL);
}

// However patient the device's process asked the driver to be.
TEST_F(LoopbackControl, SpinningIsBoundedInAnyCase) {
    LoopbackSelftest selftest(60s);
    selftest.stub().answer_control = false;
    const Finding finding = timed(selftest, "control_atomic");
    EXPECT_EQ(finding.result, "broken");
    EXPECT_LT(finding.duration, 15s);
}

// A device may say that it needs no kick, and look no more.
TEST_F(LoopbackControl, SpinningWithoutAKickIsFreed) {
    LoopbackSelftest selftest(1s);
    const Finding finding = timed(selftest, "control_unkicked");
    EXPECT_EQ(finding.result, "broken");
    EXPECT_LT(finding.duration, 15s);
    const auto death = selftest.stub().await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->result, VLB_DEATH_CONTROL);
}

// The watchdog looks several times meanwhile.
TEST_F(LoopbackControl, IdleControlQueueIsNotStuck) {
    LoopbackStub stub(options_with(200ms), net_roles());
    stub.start_and_wait();
    std::this_thread::sleep_for(2s);
    EXPECT_EQ(stub.loopback().info().death, std::uint32_t{VLB_DEATH_NONE});
    EXPECT_TRUE(set_mac(stub, 1));
}

// A timer that was started for a command that has been answered does no harm.
TEST_F(LoopbackControl, TimerAfterTheAnswerIsHarmless) {
    if (spinners_need_more_cpus()) {
        GTEST_SKIP() << "one CPU";
    }
    LoopbackSelftest selftest(300ms);
    for (unsigned i = 0; i < 5; i++) {
        ASSERT_EQ(selftest.run("control_atomic"), "ok");
        std::this_thread::sleep_for(150ms);
    }
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(selftest.loopback().info().death, std::uint32_t{VLB_DEATH_NONE});
    EXPECT_EQ(selftest.run("control_sleeping"), "ok");
}

// Linux 6.1 sends these with a spinlock held, newer kernels from a worker.
TEST_F(LoopbackControl, ReceiveModeIsAnswered) {
    if (spinners_need_more_cpus()) {
        GTEST_SKIP() << "one CPU";
    }
    LoopbackOptions options = options_with(20s);
    options.features |= 1ULL << VIRTIO_NET_F_CTRL_RX;
    LoopbackStub stub(options, net_roles());
    stub.start_and_wait();
    in_first_namespace([&] {
        NetDev interface(stub.interface());
        interface.set_up(true);
        interface.set_up(false);
    });
    const auto is_receive_mode = [](std::uint16_t command) { return (command & 0xff) == 0; };
    const auto came = [&] {
        const auto commands = stub.commands();
        return std::any_of(commands.begin(), commands.end(), is_receive_mode);
    };
    EXPECT_TRUE(eventually(came));
    EXPECT_EQ(stub.loopback().info().death, std::uint32_t{VLB_DEATH_NONE});
}

// A back end whose every call takes rtnl, as a tap's do. The thread that serves the
// control queue makes none of them.
TEST_F(LoopbackControl, BackEndThatTakesRtnl) {
    LoopbackStub stub(options_with(20s), net_roles());
    stub.start_and_wait();
    std::atomic<bool> stop{false};
    std::atomic<unsigned> calls{0};
    std::thread back_end([&] {
        for (; !stop; calls++) {
            use_rtnl();
        }
    });
    for (std::uint8_t i = 1; i <= 20; i++) {
        EXPECT_TRUE(set_mac(stub, i));
        in_first_namespace([&] {
            NetDev interface(stub.interface());
            interface.set_up(i % 2 != 0);
            interface.set_mtu(1400U + i);
        });
    }
    stop = true;
    back_end.join();
    EXPECT_GT(calls, 0U);
    EXPECT_EQ(stub.loopback().info().death, std::uint32_t{VLB_DEATH_NONE});
}

// If it makes one nevertheless, both sides wait for each other, and the time limit
// parts them.
TEST_F(LoopbackControl, ServerThatTakesRtnlCostsItsDeviceOnly) {
    LoopbackStub stub(options_with(1s), net_roles());
    stub.start_and_wait();
    stub.answer_control = false;
    stub.on_command = [&] {
        use_rtnl();
        stub.answer_control = true;
    };
    EXPECT_FALSE(set_mac(stub, 1));
    use_rtnl();
    EXPECT_EQ(stub.loopback().info().death, std::uint32_t{VLB_DEATH_CONTROL});
}
