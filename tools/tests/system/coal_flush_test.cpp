// SPDX-License-Identifier: GPL-2.0-only
//
// Flushes, exactly where design 3.5 has them and nowhere else, and resets (COAL-D5,
// D6, D9, VQR-D1, RST-D1).
#include "support/coal_bench.hpp"

#include <thread>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t ring_size = 64;
constexpr Parameters hold_everything{1000, far_away};

NetDriverOptions small_ring(std::uint64_t features = coalescing_features) {
    NetDriverOptions options = coalescing_options(features);
    options.ring_size = ring_size;
    return options;
}

class EveryQueue : public EachLayout {
protected:
    /// Three packets pending, or false when the machine was too slow for that.
    bool three_pending() {
        bench.quiesce(queue());
        bench.set(queue(), hold_everything);
        bench.mark();
        bench.flow(queue(), 3);
        return bench.sent(queue()) == Sent{};
    }

    CoalBench bench{small_ring(coalescing_features | layout())};
};

/// With the feature bit of a layout.
class EveryLayout : public testing::TestWithParam<std::uint64_t> {
protected:
    static std::uint64_t features() { return coalescing_features | GetParam(); }
};

class FlushReceive : public EveryLayout {};
class FlushTransmit : public EveryLayout {};

auto layouts() {
    return testing::Values(std::uint64_t{0}, feature(VIRTIO_F_RING_PACKED));
}

std::string feature_name(const testing::TestParamInfo<std::uint64_t>& info) {
    return info.param != 0 ? "packed" : "split";
}

} // namespace

// --- receive ----------------------------------------------------------------------------

TEST_P(FlushReceive, NotBecauseTheRingIsEmpty) {
    CoalBench bench(small_ring(features()));
    bench.set(VHN_VRING_RX, hold_everything);
    undisturbed([&] {
        bench.drain();
        bench.mark();
        for (unsigned i = 0; i < ring_size; i++) {
            bench.inject();
        }
        bench.await_published(ring_size);
        bench.settle(VHN_VRING_RX);
        const Sent sent = bench.sent(VHN_VRING_RX);
        EXPECT_EQ(sent.flush, 0U);
        bench.drain();
        return sent == Sent{};
    });
}

TEST_P(FlushReceive, AMB_11_WhenAPacketWaitsThatTheRingHasNoRoomFor) {
    CoalBench bench(small_ring(features()));
    bench.set(VHN_VRING_RX, hold_everything);
    undisturbed([&] {
        bench.quiesce(VHN_VRING_RX);
        bench.set(VHN_VRING_RX, hold_everything);
        bench.drain();
        bench.mark();
        for (unsigned i = 0; i < ring_size + 1; i++) {
            bench.inject();
        }
        const Sent sent = bench.await(VHN_VRING_RX, 1);
        bench.drain();
        bench.await_published(1);
        bench.drain();
        if (sent.timer > 0) {
            return false;
        }
        EXPECT_EQ(sent, (Sent{.flush = 1, .signals = 1}));
        return true;
    });
}

TEST_P(FlushReceive, NotWithNothingPending) {
    CoalBench bench(small_ring(features()));
    undisturbed([&] {
        bench.set(VHN_VRING_RX, {ring_size, far_away});
        bench.mark();
        for (unsigned i = 0; i < ring_size + 1; i++) {
            bench.inject();
        }
        bench.await_published(ring_size);
        bench.await(VHN_VRING_RX, 1);
        std::this_thread::sleep_for(20ms); // the device finds the packet left over
        bench.settle(VHN_VRING_RX);
        const Sent sent = bench.sent(VHN_VRING_RX);
        bench.drain();
        bench.await_published(1);
        bench.drain();
        bench.quiesce(VHN_VRING_RX);
        if (sent.timer > 0) {
            return false;
        }
        EXPECT_EQ(sent, (Sent{.count = 1, .signals = 1}));
        return true;
    });
}

// More frames than the ring has entries, and a driver that looks at nothing before it
// is notified.
TEST_P(FlushReceive, AMB_11_FramesAboveTheRingSizeNeverStall) {
    constexpr unsigned packets = 200;
    CoalBench bench(small_ring(features()));
    undisturbed([&] {
        bench.quiesce(VHN_VRING_RX);
        bench.set(VHN_VRING_RX, hold_everything);
        bench.mark();
        for (unsigned i = 0; i < packets; i++) {
            bench.inject();
        }
        unsigned received = 0;
        for (unsigned signals = 1; received < packets; signals++) {
            bench.await(VHN_VRING_RX, signals);
            received += bench.drain();
        }
        const Sent sent = bench.sent(VHN_VRING_RX);
        EXPECT_EQ(sent.signals, sent.flush + sent.timer);
        // Three full rings, and eight packets for which there is time.
        return sent == Sent{.timer = 1, .flush = packets / ring_size, .signals = 4};
    });
}

// --- transmit ---------------------------------------------------------------------------

namespace {

/// Sends single frames until descriptors enough are used to stop a driver whose next
/// packet may need 18 of them.
void expect_flush_after(unsigned packets, std::uint64_t features) {
    CoalBench bench(small_ring(features));
    bench.set(VHN_VRING_TX, hold_everything);
    undisturbed([&] {
        bench.quiesce(VHN_VRING_TX);
        bench.set(VHN_VRING_TX, hold_everything);
        bench.mark();
        for (unsigned i = 0; i < packets - 1; i++) {
            bench.transmit_one();
            bench.await_sent(i + 1);
        }
        bench.settle(VHN_VRING_TX);
        const Sent before = bench.sent(VHN_VRING_TX);
        const unsigned pending = bench.pending(VHN_VRING_TX);
        bench.transmit_one();
        bench.await_sent(packets);
        bench.settle(VHN_VRING_TX);
        const Sent after = bench.sent(VHN_VRING_TX);
        bench.driver().reclaim();
        if (after.timer > 0) {
            return false;
        }
        EXPECT_EQ(before, Sent{});
        EXPECT_EQ(pending, packets - 1);
        EXPECT_EQ(after, (Sent{.flush = 1, .signals = 1}));
        return true;
    });
}

} // namespace

TEST_P(FlushTransmit, AMB_11_WhenTheDescriptorsRunOut_OnePerFrame) {
    expect_flush_after(ring_size - 18, features());
}

TEST_P(FlushTransmit, AMB_11_WhenTheDescriptorsRunOut_TwoPerFrame) {
    expect_flush_after((ring_size - 18) / 2, features() & ~feature(VIRTIO_RING_F_INDIRECT_DESC));
}

TEST_P(FlushTransmit, NotBecauseTheRingIsEmpty) {
    CoalBench bench(small_ring(features()));
    bench.set(VHN_VRING_TX, hold_everything);
    undisturbed([&] {
        bench.mark();
        for (unsigned i = 0; i < 10; i++) {
            bench.flow(VHN_VRING_TX, 1);
        }
        const Sent sent = bench.sent(VHN_VRING_TX);
        EXPECT_EQ(sent.flush, 0U);
        if (sent.timer > 0) {
            return false;
        }
        EXPECT_EQ(bench.pending(VHN_VRING_TX), 10U);
        return true;
    });
}

// A driver that transmits and never receives, and reclaims only when it is notified.
TEST_P(FlushTransmit, AMB_11_FramesAboveTheRingSizeNeverStall) {
    constexpr unsigned packets = 300;
    CoalBench bench(small_ring(features()));
    undisturbed([&] {
        bench.quiesce(VHN_VRING_TX);
        bench.set(VHN_VRING_TX, hold_everything);
        bench.driver().reclaim();
        bench.mark();
        unsigned sent_frames = 0;
        unsigned returned = 0;
        for (unsigned signals = 1; returned < packets; signals++) {
            for (; sent_frames < packets && bench.tx().ring().free() > 0; sent_frames++) {
                bench.transmit_one();
            }
            bench.await(VHN_VRING_TX, signals);
            bench.settle(VHN_VRING_TX);
            returned += bench.driver().reclaim();
        }
        const Sent sent = bench.sent(VHN_VRING_TX);
        EXPECT_EQ(sent.signals, sent.flush + sent.timer);
        EXPECT_GE(sent.flush, packets / ring_size);
        return sent.timer <= 1;
    });
}

INSTANTIATE_TEST_SUITE_P(Layout, FlushReceive, layouts(), feature_name);
INSTANTIATE_TEST_SUITE_P(Layout, FlushTransmit, layouts(), feature_name);

// --- stop, swap, export -----------------------------------------------------------------

TEST_P(EveryQueue, StopNotifiesWhatIsPendingBeforeItReturns) {
    undisturbed([&] {
        if (!three_pending()) {
            return false;
        }
        bench.driver().stop_queue(queue());
        const Sent sent = bench.sent(queue());
        bench.driver().start_queue(queue());
        if (sent.timer > 0) {
            return false;
        }
        EXPECT_EQ(sent, (Sent{.flush = 1, .signals = 1}));
        return true;
    });
}

TEST_P(EveryQueue, StopOfAQueueWithNothingPendingNotifiesNothing) {
    bench.mark();
    bench.driver().stop_queue(queue());
    EXPECT_EQ(bench.sent(queue()), Sent{});
}

TEST_P(EveryQueue, SuppressedFlushCountsAsSuppressed) {
    undisturbed([&] {
        bench.driver().queue(queue()).ring().enable_callbacks();
        if (!three_pending()) {
            return false;
        }
        bench.driver().queue(queue()).ring().disable_callbacks();
        bench.driver().stop_queue(queue());
        const Sent sent = bench.sent(queue());
        bench.driver().start_queue(queue());
        EXPECT_EQ(sent, (Sent{.suppressed = 1}));
        return true;
    });
}

TEST_P(EveryQueue, AnotherCallEventfdLeavesWhatIsPendingToTheOldOne) {
    undisturbed([&] {
        if (!three_pending()) {
            return false;
        }
        EventFd other;
        bench.vhost().set_call(queue(), other.get());
        const Sent sent = bench.sent(queue());
        const std::uint64_t on_the_other = other.take();
        bench.vhost().set_call(queue(), bench.driver().queue(queue()).call_fd().get());
        if (sent.timer > 0) {
            return false;
        }
        EXPECT_EQ(sent, (Sent{.flush = 1, .signals = 1}));
        EXPECT_EQ(on_the_other, 0U);
        return true;
    });
}

TEST_P(EveryQueue, ReadingTheBaseNotifiesWhatIsPending) {
    undisturbed([&] {
        if (!three_pending()) {
            return false;
        }
        bench.vhost().vring_base(queue());
        const Sent sent = bench.sent(queue());
        if (sent.timer > 0) {
            return false;
        }
        EXPECT_EQ(sent, (Sent{.flush = 1, .signals = 1}));
        return true;
    });
}

// Spec 3.5: "last signalled" says nothing after SET_VRING_CALL, so the next evaluation
// notifies even if the event index lies elsewhere.
TEST_P(EveryQueue, AfterANewCallEventfdTheNextEvaluationNotifies) {
    CoalBench other(small_ring(coalescing_features | feature(VIRTIO_RING_F_EVENT_IDX) | layout()));
    want_entry(other.driver().queue(queue()), 100);
    other.flow(queue(), 1);
    other.mark();
    other.flow(queue(), 1);
    EXPECT_EQ(other.sent(queue()), (Sent{.suppressed = 1}));
    other.vhost().set_call(queue(), other.driver().queue(queue()).call_fd().get());
    other.mark();
    other.flow(queue(), 1);
    EXPECT_EQ(other.sent(queue()), (Sent{.immediate = 1, .signals = 1}));
    other.flow(queue(), 1);
    EXPECT_EQ(other.sent(queue()), (Sent{.immediate = 1, .suppressed = 1, .signals = 1}));
}

// --- resets -----------------------------------------------------------------------------

TEST_P(EveryQueue, VQR_D1_QueueResetDropsWhatIsPendingAndItsTimer) {
    undisturbed([&] {
        bench.quiesce(queue());
        bench.set(queue(), {1000, 200'000});
        bench.mark();
        bench.flow(queue(), 3);
        const bool pending = bench.sent(queue()) == Sent{};
        bench.vhost().reset_coalescing(queue(), VHN_RESET_QUEUE);
        bench.driver().stop_queue(queue());
        const Sent before = bench.sent(queue());
        std::this_thread::sleep_for(400ms);
        EXPECT_EQ(bench.sent(queue()), before);
        EXPECT_EQ(bench.pending(queue()), 0U);
        bench.driver().start_queue(queue());
        return pending && before == Sent{};
    });
}

TEST_P(EveryQueue, COAL_D5_D6_QueueResetReturnsToTheDirectionsParameters) {
    EXPECT_EQ(bench.try_set(queue(), VHN_COAL_DIRECTION, {8, 800}), 0);
    bench.set(queue(), {4, 400});
    bench.vhost().reset_coalescing(queue(), VHN_RESET_QUEUE);
    EXPECT_EQ(bench.effective(queue()), (Parameters{8, 800}));
}

TEST_P(EveryQueue, COAL_D5_D6_QueueResetReturnsToZeroWithoutADirections) {
    bench.set(queue(), {4, 400});
    bench.vhost().reset_coalescing(queue(), VHN_RESET_QUEUE);
    EXPECT_EQ(bench.effective(queue()), (Parameters{0, 0}));
}

TEST_P(EveryQueue, AMB_16_CountersSurviveQueueResetAndNotDeviceReset) {
    bench.flow(queue(), 5);
    bench.vhost().reset_coalescing(queue(), VHN_RESET_QUEUE);
    EXPECT_EQ(bench.vhost().statistics(queue()).packets, 5U);
    bench.vhost().reset_coalescing(queue(), VHN_RESET_DEVICE);
    const vhn_vring_stats stats = bench.vhost().statistics(queue());
    EXPECT_EQ(stats.packets + stats.bytes + stats.kicks + notifications(stats), 0U);
}

// Spec 3.5 E: what is flushed goes out before the reset completes, nothing after, and
// the device comes back at 0/0.
TEST_P(EveryQueue, COAL_D9_RST_D1_DeviceReset) {
    bench.set(queue(), {1000, 200'000});
    EXPECT_EQ(bench.try_set(queue(), VHN_COAL_DIRECTION, {1000, 200'000}), 0);
    bench.flow(queue(), 3);
    bench.driver().stop();
    const std::uint64_t signals = bench.driver().queue(queue()).signals();
    bench.vhost().reset_coalescing(queue(), VHN_RESET_DEVICE);
    std::this_thread::sleep_for(400ms);
    EXPECT_EQ(bench.driver().queue(queue()).signals(), signals);
    EXPECT_EQ(bench.effective(queue()), (Parameters{0, 0}));

    bench.driver().start();
    bench.mark();
    for (unsigned i = 0; i < 3; i++) {
        bench.flow(queue(), 1);
    }
    EXPECT_EQ(bench.sent(queue()), (Sent{.immediate = 3, .signals = 3}));
}

INSTANTIATE_TEST_SUITE_P(Queue, EveryQueue, both_layouts(), layout_name);
