// SPDX-License-Identifier: GPL-2.0-only
//
// What the driver does not want to hear of (COAL-D8, NTF-D1, NTF-D2, AMB-4, AMB-9).
#include "support/coal_bench.hpp"

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr unsigned frames = 4;

class Suppression : public EachLayout {
protected:
    /// Enough for an index to come round: 2^16, or two turns of a packed ring.
    static unsigned many() { return packed() ? 5'000 : 70'000; }

    /// Passes batches of @p frames packets and tells what was sent for all of them.
    static Sent batches(CoalBench& bench, unsigned count) {
        bench.mark();
        bench.flow(queue(), count * frames);
        return bench.sent(queue());
    }
};

class SuppressionByFlag : public Suppression {
protected:
    CoalBench bench{coalescing_options(coalescing_features | layout())};
    DriverRing& ring = bench.driver().queue(queue()).ring();
};

class SuppressionByEventIndex : public Suppression {
protected:
    SuppressionByEventIndex() {
        // The first evaluation after a start notifies whatever the event index says.
        bench.flow(queue(), 1);
        bench.set(queue(), {frames, far_away});
    }

    void want(int ahead) { want_entry(bench.driver().queue(queue()), ahead); }

    CoalBench bench{
        coalescing_options(coalescing_features | feature(VIRTIO_RING_F_EVENT_IDX) | layout())};
    DriverRing& ring = bench.driver().queue(queue()).ring();
};

class SplitEventIndex : public SuppressionByEventIndex {};
class PackedEventIndex : public SuppressionByEventIndex {};

} // namespace

// COAL-D8, NTF-D1: the condition is met, and nothing is sent.
TEST_P(SuppressionByFlag, COAL_D8_NTF_D1_NoNotificationWhileTheFlagIsSet) {
    bench.set(queue(), {frames, far_away});
    undisturbed([&] {
        ring.disable_callbacks();
        const Sent sent = batches(bench, 3);
        EXPECT_EQ(sent.signals, 0U);
        return sent == Sent{.suppressed = 3};
    });
}

// Spec 3.5 B, AMB-4: the batch is spent; clearing the flag brings nothing back, and the
// next one starts anew.
TEST_P(SuppressionByFlag, AMB_4_ABatchSuppressedIsSpent) {
    bench.set(queue(), {frames, far_away});
    undisturbed([&] {
        bench.quiesce(queue());
        bench.set(queue(), {frames, far_away});
        ring.disable_callbacks();
        const Sent suppressed = batches(bench, 1);
        ring.enable_callbacks();
        bench.mark();
        bench.flow(queue(), frames - 1);
        const Sent after = bench.sent(queue());
        bench.flow(queue(), 1);
        const Sent then = bench.sent(queue());
        EXPECT_EQ(suppressed.signals, 0U);
        if (suppressed.suppressed != 1 || then.timer > 0) {
            return false;
        }
        EXPECT_EQ(after, Sent{});
        EXPECT_EQ(then, (Sent{.count = 1, .signals = 1}));
        return true;
    });
}

TEST_P(SuppressionByFlag, AnyBatchIsSuppressedWhileOff) {
    ring.disable_callbacks();
    bench.mark();
    for (unsigned i = 0; i < 5; i++) {
        bench.flow(queue(), 1);
    }
    EXPECT_EQ(bench.sent(queue()), (Sent{.suppressed = 5}));
    ring.enable_callbacks();
    bench.flow(queue(), 1);
    EXPECT_EQ(bench.sent(queue()), (Sent{.immediate = 1, .suppressed = 5, .signals = 1}));
}

// NTF-D1, NTF-P: without EVENT_IDX the event index means nothing.
TEST_P(SuppressionByFlag, NTF_D1_TheEventIndexIsIgnored) {
    want_entry(bench.driver().queue(queue()), 300);
    bench.mark();
    bench.flow(queue(), 1);
    EXPECT_EQ(bench.sent(queue()), (Sent{.immediate = 1, .signals = 1}));
}

INSTANTIATE_TEST_SUITE_P(Queue, SuppressionByFlag, both_layouts(), layout_name);

// Spec 3.5 C: the whole range is tested. Each batch is four entries.
TEST_P(SuppressionByEventIndex, NTF_D2_AMB_9_TheWholeRangeCountsNotItsLastEntry) {
    undisturbed([&] {
        bench.quiesce(queue());
        bench.set(queue(), {frames, far_away});
        bench.settle(queue());
        want(300);
        const Sent far_ahead = batches(bench, 1); // entries 0 to 3
        want(1);
        const Sent second_of_the_batch = batches(bench, 1); // 4 to 7
        want(4);
        const Sent next_batch = batches(bench, 1);         // 8 to 11
        const Sent first_of_the_batch = batches(bench, 1); // 12 to 15
        want(3);
        const Sent last_of_the_batch = batches(bench, 1); // 16 to 19
        want(-1);
        const Sent behind = batches(bench, 1); // 20 to 23
        for (const Sent& sent : {far_ahead, second_of_the_batch, next_batch, first_of_the_batch,
                                 last_of_the_batch, behind}) {
            if (sent.timer > 0) {
                return false;
            }
        }
        const Sent silent{.suppressed = 1};
        const Sent heard{.count = 1, .signals = 1};
        EXPECT_EQ(far_ahead, silent);
        EXPECT_EQ(second_of_the_batch, heard);
        EXPECT_EQ(next_batch, silent);
        EXPECT_EQ(first_of_the_batch, heard);
        EXPECT_EQ(last_of_the_batch, heard);
        EXPECT_EQ(behind, silent);
        return true;
    });
}

// NTF-D2: with EVENT_IDX the flag means nothing.
TEST_P(SplitEventIndex, NTF_D2_TheFlagIsIgnored) {
    bench.driver().queue(queue()).split().raw().avail_flags().store(1);
    undisturbed([&] {
        want(0);
        const Sent sent = batches(bench, 1);
        return sent == Sent{.count = 1, .signals = 1};
    });
}

// NTF-P: a driver may have every notification with EVENT_IDX, too; a slot that is not
// there is never used.
TEST_P(PackedEventIndex, NTF_P_EnabledWantsEveryOne) {
    auto event = bench.driver().queue(queue()).packed().raw().driver_event();
    bench.set(queue(), {0, 0});
    bench.mark();
    event.store(PackedEvent::enable().word());
    bench.flow(queue(), 1);
    bench.flow(queue(), 1);
    event.store(PackedEvent::only_at(PackedPlace(0xffff)).word());
    bench.flow(queue(), 1);
    EXPECT_EQ(bench.sent(queue()), (Sent{.immediate = 2, .suppressed = 1, .signals = 2}));
}

// An evaluation whose answer was no also ends its range: else the index would be out
// of reach after 2^16 entries, or a notification would come twice.
TEST_P(SuppressionByEventIndex, TurnsOfTheIndexSuppressedThenExactlyOne) {
    ring.disable_callbacks();
    bench.mark();
    for (unsigned left = many(); left > 0; left -= 1000) {
        bench.flow(queue(), 1000);
        if (queue() == VHN_VRING_RX) {
            bench.drain();
        }
    }
    const Sent silent = bench.sent(queue());
    EXPECT_EQ(silent.signals, 0U);
    EXPECT_GE(silent.suppressed, many() / frames);

    bench.quiesce(queue());
    bench.set(queue(), {frames, far_away});
    bench.mark();
    want(1);
    bench.flow(queue(), 3 * frames);
    const Sent then = bench.sent(queue());
    EXPECT_EQ(then.signals, 1U);
    EXPECT_EQ(then.count + then.timer, 1U);
}

// The same while it is off, where every batch is evaluated.
TEST_P(SuppressionByEventIndex, TurnsOfTheIndexSuppressedWhileOff) {
    bench.quiesce(queue());
    ring.disable_callbacks();
    bench.mark();
    for (unsigned left = many(); left > 0; left -= 1000) {
        bench.flow(queue(), 1000);
        if (queue() == VHN_VRING_RX) {
            bench.drain();
        }
    }
    EXPECT_EQ(bench.sent(queue()).signals, 0U);
    bench.mark();
    want(0);
    bench.flow(queue(), 1);
    bench.flow(queue(), 5);
    const Sent then = bench.sent(queue());
    EXPECT_EQ(then.signals, 1U);
    EXPECT_EQ(then.immediate, 1U);
}

INSTANTIATE_TEST_SUITE_P(Queue, SuppressionByEventIndex, both_layouts(), layout_name);
INSTANTIATE_TEST_SUITE_P(Queue, SplitEventIndex, queues_in(false), layout_name);
INSTANTIATE_TEST_SUITE_P(Queue, PackedEventIndex, queues_in(true), layout_name);
