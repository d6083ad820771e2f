// SPDX-License-Identifier: GPL-2.0-only
//
// When notifications are sent, counted one by one: spec 3.2 and 3.5, design 3.1 to
// 3.6. Counts are exact; times are only ever "not before", for this may run on a slow
// machine.
#include "support/coal_bench.hpp"

#include <thread>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

class Exact : public EachLayout {
protected:
    CoalBench bench{coalescing_options(coalescing_features | layout())};
};

} // namespace

TEST_P(Exact, COAL_O1_CountNotificationsAreFloorOfPacketsByFrames) {
    constexpr unsigned packets = 1000;
    for (const unsigned frames : {1U, 2U, 3U, 7U, 32U, 63U, 64U, 65U, 100U}) {
        undisturbed([&] {
            bench.quiesce(queue());
            bench.set(queue(), {frames, far_away});
            bench.mark();
            bench.flow(queue(), packets);
            const Sent sent = bench.sent(queue());
            if (sent.timer > 0) {
                return false;
            }
            EXPECT_EQ(sent, (Sent{.count = packets / frames, .signals = packets / frames}))
                << frames << " frames";
            EXPECT_EQ(bench.pending(queue()), packets % frames);
            return true;
        });
    }
}

TEST_P(Exact, COAL_O3_TheRestComesByTimerAndNeverBeforeItsTime) {
    for (const unsigned milliseconds : {1U, 20U, 300U}) {
        bench.set(queue(), {1000, milliseconds * 1000});
        bench.mark();
        const auto before = Clock::now();
        bench.flow(queue(), 3);
        const Sent sent = bench.await(queue(), 1);
        EXPECT_GE(Clock::now() - before, std::chrono::milliseconds(milliseconds));
        // A slow machine may find the three in more batches than one.
        EXPECT_GE(sent.timer, 1U);
        EXPECT_EQ(sent.timer, sent.signals);
        EXPECT_EQ(sent.count + sent.immediate + sent.flush, 0U);
    }
}

TEST_P(Exact, COAL_O3_TheClockStartsAtTheFirstPacketNotAtTheLast) {
    constexpr auto hold = 400ms;
    bench.set(queue(), {1000, hold / 1us});
    undisturbed([&] {
        bench.mark();
        const auto first = Clock::now();
        bench.flow(queue(), 1);
        std::this_thread::sleep_for(hold / 2);
        const auto second = Clock::now();
        bench.flow(queue(), 1);
        const bool together = bench.sent(queue()).signals == 0;
        bench.await(queue(), 1);
        const auto signalled = Clock::now();
        EXPECT_GE(signalled - first, hold);
        if (!together) {
            bench.await(queue(), 2);
        }
        return together && signalled - second < hold;
    });
}

TEST_P(Exact, COAL_O4_NothingFollowsTheNotification) {
    bench.set(queue(), {1000, 20'000});
    undisturbed([&] {
        bench.mark();
        bench.flow(queue(), 5);
        bench.await(queue(), 1);
        std::this_thread::sleep_for(200ms);
        const Sent sent = bench.sent(queue());
        EXPECT_EQ(bench.pending(queue()), 0U);
        EXPECT_EQ(sent.timer, sent.signals);
        return sent.timer == 1; // more: the five came in several batches
    });
}

TEST_P(Exact, COAL_O5_ZeroInEitherFieldNotifiesEveryBatch) {
    constexpr unsigned packets = 20;
    for (const Parameters parameters : {Parameters{0, 0}, {0, far_away}, {32, 0}}) {
        bench.set(queue(), parameters);
        bench.mark();
        for (unsigned i = 0; i < packets; i++) {
            bench.flow(queue(), 1);
        }
        EXPECT_EQ(bench.sent(queue()), (Sent{.immediate = packets, .signals = packets}))
            << parameters;
    }
}

TEST_P(Exact, COAL_O4_ATimerLeftOverFromACountNotifiesNothing) {
    bench.set(queue(), {4, 50'000});
    undisturbed([&] {
        bench.mark();
        bench.flow(queue(), 4);
        std::this_thread::sleep_for(150ms);
        const Sent sent = bench.sent(queue());
        EXPECT_EQ(sent.signals, sent.count + sent.timer);
        return sent == Sent{.count = 1, .signals = 1};
    });
}

TEST_P(Exact, COAL_D7_FramesCountWhileTheDriverPolls) {
    // Used entries are published at once whatever is held: flow() sees each of them.
    bench.set(queue(), {0xffffffff, far_away});
    undisturbed([&] {
        bench.mark();
        bench.flow(queue(), 30);
        const bool quick = bench.sent(queue()).signals == 0;
        EXPECT_TRUE(!quick || bench.pending(queue()) == 30U);
        bench.await(queue(), 1);
        return quick;
    });
}

INSTANTIATE_TEST_SUITE_P(Queue, Exact, both_layouts(), layout_name);

TEST(ExactQueues, COAL_O2_EachCountsForItself) {
    constexpr unsigned frames = 10;
    CoalBench bench;
    undisturbed([&] {
        bench.quiesce(VHN_VRING_RX);
        bench.quiesce(VHN_VRING_TX);
        bench.set(VHN_VRING_RX, {frames, far_away});
        bench.set(VHN_VRING_TX, {frames, far_away});
        bench.mark();
        bench.flow(VHN_VRING_RX, frames - 1);
        bench.flow(VHN_VRING_TX, 1);
        const Sent rx = bench.sent(VHN_VRING_RX);
        const Sent tx = bench.sent(VHN_VRING_TX);
        bench.flow(VHN_VRING_RX, 1);
        const Sent rx_then = bench.sent(VHN_VRING_RX);
        const Sent tx_then = bench.sent(VHN_VRING_TX);
        if (rx_then.timer + tx_then.timer > 0) {
            return false;
        }
        EXPECT_EQ(rx, Sent{});
        EXPECT_EQ(tx, Sent{});
        EXPECT_EQ(rx_then, (Sent{.count = 1, .signals = 1}));
        EXPECT_EQ(tx_then, Sent{});
        EXPECT_EQ(bench.pending(VHN_VRING_TX), 1U);
        return true;
    });
}

TEST(ExactQueues, COAL_O2_EachHasItsOwnTimer) {
    CoalBench bench;
    bench.set(VHN_VRING_RX, {1000, 50'000});
    bench.set(VHN_VRING_TX, {1000, far_away});
    undisturbed([&] {
        bench.mark();
        bench.flow(VHN_VRING_TX, 1);
        bench.flow(VHN_VRING_RX, 1);
        const Sent rx = bench.await(VHN_VRING_RX, 1);
        const Sent tx = bench.sent(VHN_VRING_TX);
        EXPECT_EQ(rx, (Sent{.timer = 1, .signals = 1}));
        bench.await(VHN_VRING_TX, 1);
        return tx.signals == 0;
    });
}

namespace {

class ExactRing : public testing::TestWithParam<std::uint64_t> {};

std::string ring_name(const testing::TestParamInfo<std::uint64_t>& info) {
    return info.param != 0 ? "packed" : "split";
}

} // namespace

// COAL-O9: a packet in four merged buffers is one.
TEST_P(ExactRing, COAL_O9_AMB_10_PacketsCountNotBuffers) {
    NetDriverOptions options = coalescing_options(coalescing_features | GetParam());
    options.receive_buffer = 384;
    CoalBench bench(options);
    bench.set(VHN_VRING_RX, {4, far_away});
    undisturbed([&] {
        bench.mark();
        for (unsigned i = 0; i < 3; i++) {
            bench.inject(1400);
        }
        bench.await_published(12);
        bench.settle(VHN_VRING_RX);
        const Sent before = bench.sent(VHN_VRING_RX);
        const unsigned pending = bench.pending(VHN_VRING_RX);
        bench.inject(1400);
        bench.await_published(16);
        bench.settle(VHN_VRING_RX);
        const Sent after = bench.sent(VHN_VRING_RX);
        EXPECT_EQ(bench.drain(), 4U);
        if (after.timer > 0) {
            bench.await(VHN_VRING_RX, after.signals + 1);
            return false;
        }
        EXPECT_EQ(before, Sent{});
        EXPECT_EQ(pending, 3U);
        EXPECT_EQ(after, (Sent{.count = 1, .signals = 1}));
        return true;
    });
}

// COAL-O9: neither kicks nor descriptors.
TEST_P(ExactRing, COAL_O9_AMB_10_TransmitCountsPacketsNotKicksAndNotDescriptors) {
    NetDriverOptions options = coalescing_options(
        (coalescing_features & ~feature(VIRTIO_RING_F_INDIRECT_DESC)) | GetParam());
    CoalBench bench(options);
    bench.set(VHN_VRING_TX, {8, far_away});
    undisturbed([&] {
        bench.mark();
        bench.flow(VHN_VRING_TX, 7); // 14 descriptors, one kick
        const unsigned pending = bench.pending(VHN_VRING_TX);
        for (unsigned i = 0; i < 3; i++) {
            bench.tx().kick();
        }
        bench.settle(VHN_VRING_TX);
        const Sent before = bench.sent(VHN_VRING_TX);
        bench.flow(VHN_VRING_TX, 1);
        const Sent after = bench.sent(VHN_VRING_TX);
        if (after.timer > 0) {
            bench.await(VHN_VRING_TX, after.signals + 1);
            return false;
        }
        EXPECT_EQ(pending, 7U);
        EXPECT_EQ(before, Sent{});
        EXPECT_EQ(after, (Sent{.count = 1, .signals = 1}));
        return true;
    });
}

INSTANTIATE_TEST_SUITE_P(Layout, ExactRing,
                         testing::Values(std::uint64_t{0}, feature(VIRTIO_F_RING_PACKED)),
                         ring_name);
