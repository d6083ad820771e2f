// SPDX-License-Identifier: GPL-2.0-only
//
// New parameters: which are in force (spec 3.6, design 3.8) and what they do to what
// is pending (spec 3.5 D).
#include "support/coal_bench.hpp"

#include <cerrno>
#include <thread>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

/// Spec 3.5 D: ten packets pending, with room for fifteen.
class ChangeWhilePending : public EachQueue {
protected:
    static unsigned queue() { return GetParam(); }

    /// Runs @p change with ten packets pending since @p first at the earliest; whether
    /// they still were.
    bool with_ten_pending(const std::function<void(Clock::time_point first)>& change) {
        bench.quiesce(queue());
        bench.set(queue(), {15, far_away});
        bench.mark();
        const auto first = Clock::now();
        bench.flow(queue(), 10);
        if (bench.sent(queue()) != Sent{}) {
            return false;
        }
        change(first);
        return true;
    }

    /// New parameters that the ten fulfil notify once, at once and for @p expected.
    void notifies_now(Parameters parameters, const Sent& expected) {
        undisturbed([&] {
            Sent sent;
            const bool pending = with_ten_pending([&](auto) {
                bench.set(queue(), parameters);
                sent = bench.await(queue(), 1);
            });
            if (!pending || sent.timer > expected.timer) {
                return false;
            }
            EXPECT_EQ(sent, expected);
            EXPECT_EQ(bench.pending(queue()), 0U);
            return true;
        });
    }

    CoalBench bench;
};

} // namespace

TEST_P(ChangeWhilePending, COAL_O8_FewerPacketsThanPendingNotifiesNow) {
    notifies_now({8, far_away}, {.count = 1, .signals = 1});
}

TEST_P(ChangeWhilePending, COAL_O8_AsManyPacketsAsPendingNotifiesNow) {
    notifies_now({10, far_away}, {.count = 1, .signals = 1});
}

TEST_P(ChangeWhilePending, COAL_O8_MorePacketsGoOnCountingFromTen) {
    undisturbed([&] {
        Sent at_once;
        Sent before;
        Sent after;
        const bool pending = with_ten_pending([&](auto) {
            bench.set(queue(), {30, far_away});
            at_once = bench.sent(queue());
            bench.flow(queue(), 19);
            before = bench.sent(queue());
            bench.flow(queue(), 1);
            after = bench.sent(queue());
        });
        if (!pending || after.timer > 0) {
            return false;
        }
        EXPECT_EQ(at_once, Sent{});
        EXPECT_EQ(before, Sent{});
        EXPECT_EQ(after, (Sent{.count = 1, .signals = 1}));
        return true;
    });
}

TEST_P(ChangeWhilePending, COAL_O8_ATimeThatHasPassedNotifiesNow) {
    undisturbed([&] {
        bool in_time = false;
        const bool pending = with_ten_pending([&](auto first) {
            std::this_thread::sleep_for(100ms);
            const Sent before = bench.sent(queue());
            bench.set(queue(), {15, 50'000});
            const Sent sent = bench.await(queue(), 1);
            EXPECT_EQ(sent, (Sent{.timer = 1, .signals = 1}));
            // Sooner than the old timer would have been.
            in_time = before == Sent{} && Clock::now() - first < far_away * 1us;
        });
        return pending && in_time;
    });
}

TEST_P(ChangeWhilePending, COAL_O8_AShorterTimeCountsFromTheFirstPacket) {
    undisturbed([&] {
        bool in_time = false;
        const bool pending = with_ten_pending([&](auto first) {
            constexpr auto hold = 400ms;
            std::this_thread::sleep_for(200ms);
            const Sent before = bench.sent(queue());
            const auto changed = Clock::now();
            bench.set(queue(), {15, hold / 1us});
            const Sent sent = bench.await(queue(), 1);
            const auto notified = Clock::now();
            EXPECT_EQ(sent, (Sent{.timer = 1, .signals = 1}));
            EXPECT_GE(notified - first, hold);
            // Counted from the change it would have come later.
            in_time = before == Sent{} && notified - changed < hold;
        });
        return pending && in_time;
    });
}

TEST_P(ChangeWhilePending, COAL_O8_ZeroPacketsNotifiesNow) {
    notifies_now({0, far_away}, {.immediate = 1, .signals = 1});
}

TEST_P(ChangeWhilePending, COAL_O8_ZeroMicrosecondsNotifiesNow) {
    notifies_now({15, 0}, {.immediate = 1, .signals = 1});
}

TEST_P(ChangeWhilePending, COAL_O8_NothingPendingNeverNotifies) {
    bench.quiesce(queue());
    bench.mark();
    for (const Parameters parameters :
         {Parameters{15, far_away}, {8, far_away}, {0, 0}, {1, 1}, {32, 1000}, {0, far_away}}) {
        bench.set(queue(), parameters);
    }
    std::this_thread::sleep_for(50ms);
    bench.settle(queue());
    EXPECT_EQ(bench.sent(queue()), Sent{});
}

// Design 3.8: a limit below what runs judges what is pending, too.
TEST_P(ChangeWhilePending, ALoweredLimitNotifiesNow) {
    undisturbed([&] {
        Sent sent;
        const bool pending = with_ten_pending([&](auto) {
            EXPECT_EQ(bench.try_set(queue(), VHN_COAL_LIMIT, {8, far_away}), 0);
            sent = bench.await(queue(), 1);
        });
        const Parameters limited = bench.effective(queue());
        EXPECT_EQ(bench.try_set(queue(), VHN_COAL_LIMIT, {0, 0}), 0);
        if (!pending || sent.timer > 0) {
            return false;
        }
        EXPECT_EQ(sent, (Sent{.count = 1, .signals = 1}));
        EXPECT_EQ(limited, (Parameters{8, far_away}));
        EXPECT_EQ(bench.effective(queue()), (Parameters{15, far_away}));
        return true;
    });
}

INSTANTIATE_TEST_SUITE_P(Queue, ChangeWhilePending, both_queues(), queue_name);

// --- which parameters are in force -----------------------------------------------------

namespace {

constexpr Parameters a{1, 11};
constexpr Parameters b{2, 12};
constexpr Parameters c{3, 13};
constexpr Parameters d{4, 14};
constexpr Parameters e{5, 15};
constexpr Parameters zero{};

} // namespace

// The sequence of spec 3.6 as far as one pair of queues goes; every step also shows
// that the other queue keeps its parameters (COAL-O10) and what VQ_GET answers
// (COAL-O7).
TEST(Parameters, COAL_O6_O7_O10_SequenceOfSpec36) {
    CoalBench bench;
    const auto expect = [&](Parameters rx, Parameters tx) {
        EXPECT_EQ(bench.effective(VHN_VRING_RX), rx);
        EXPECT_EQ(bench.effective(VHN_VRING_TX), tx);
    };
    expect(zero, zero);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_DIRECTION, a), 0);
    expect(a, zero);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_QUEUE, b), 0);
    expect(b, zero);
    EXPECT_EQ(bench.try_set(VHN_VRING_TX, VHN_COAL_QUEUE, c), 0);
    expect(b, c);
    EXPECT_EQ(bench.try_set(VHN_VRING_TX, VHN_COAL_DIRECTION, d), 0);
    expect(b, d);
    bench.vhost().reset_coalescing(VHN_VRING_RX, VHN_RESET_QUEUE);
    expect(a, d);
    EXPECT_EQ(bench.try_set(VHN_VRING_TX, VHN_COAL_QUEUE, e), 0);
    expect(a, e);
    bench.vhost().reset_coalescing(VHN_VRING_TX, VHN_RESET_QUEUE);
    expect(a, d);
    bench.vhost().reset_coalescing(VHN_VRING_RX, VHN_RESET_DEVICE);
    bench.vhost().reset_coalescing(VHN_VRING_TX, VHN_RESET_DEVICE);
    expect(zero, zero);
}

TEST(Parameters, GetTellsWhoDecidesAndWhatEachWanted) {
    CoalBench bench;
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_DIRECTION, {10, 100}), 0);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_QUEUE, {20, 200}), 0);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_HOST, {30, 300}), 0);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_LIMIT, {5, 500}, VHN_COAL_F_LOCKED), 0);
    const vhn_coal_state state = bench.vhost().coalescing(VHN_VRING_RX);
    EXPECT_EQ(state.flags, VHN_COAL_F_LOCKED | VHN_COAL_F_GUEST);
    EXPECT_EQ(state.effective.max_packets, 5U);
    EXPECT_EQ(state.effective.max_usecs, 200U);
    EXPECT_EQ(state.requested.max_packets, 20U);
    EXPECT_EQ(state.direction.max_packets, 10U);
    EXPECT_EQ(state.host.max_usecs, 300U);
    EXPECT_EQ(state.limit.max_packets, 5U);
    EXPECT_EQ(state.limit.max_usecs, 500U);
    EXPECT_EQ(state.reserved, 0U);
}

TEST(Policy, TheHostDecidesForAGuestThatDoesNotKnowCoalescing) {
    constexpr unsigned packets = 80;
    constexpr unsigned frames = 8;
    const std::uint64_t features = coalescing_features & ~feature(VIRTIO_NET_F_NOTF_COAL) &
                                   ~feature(VIRTIO_NET_F_VQ_NOTF_COAL);
    CoalBench bench(coalescing_options(features));
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_HOST, {frames, far_away}), 0);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_QUEUE, {1, 1}), 0);
    EXPECT_EQ(bench.effective(VHN_VRING_RX), (Parameters{frames, far_away}));
    EXPECT_EQ(bench.vhost().coalescing(VHN_VRING_RX).flags, 0U);
    undisturbed([&] {
        bench.mark();
        bench.flow(VHN_VRING_RX, packets);
        const Sent sent = bench.sent(VHN_VRING_RX);
        if (sent.timer > 0) {
            return false;
        }
        EXPECT_EQ(sent, (Sent{.count = packets / frames, .signals = packets / frames}));
        return true;
    });
}

TEST(Policy, TheHostsDefaultDoesNotApplyToAGuestThatKnows) {
    for (const unsigned bit : {VIRTIO_NET_F_NOTF_COAL, VIRTIO_NET_F_VQ_NOTF_COAL}) {
        const std::uint64_t others = coalescing_features & ~feature(VIRTIO_NET_F_NOTF_COAL) &
                                     ~feature(VIRTIO_NET_F_VQ_NOTF_COAL);
        CoalBench bench(coalescing_options(others | feature(bit)));
        EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_HOST, {8, far_away}), 0);
        EXPECT_EQ(bench.effective(VHN_VRING_RX), zero) << "feature " << bit;
        bench.mark();
        bench.flow(VHN_VRING_RX, 1);
        EXPECT_EQ(bench.sent(VHN_VRING_RX), (Sent{.immediate = 1, .signals = 1}));
    }
}

TEST(Policy, ASetAboveTheLimitIsRefusedCountedAndChangesNothing) {
    CoalBench bench;
    bench.set(VHN_VRING_TX, {10, 100});
    EXPECT_EQ(bench.try_set(VHN_VRING_TX, VHN_COAL_LIMIT, {32, 1000}), 0);
    EXPECT_EQ(bench.try_set(VHN_VRING_TX, VHN_COAL_QUEUE, {33, 100}), ERANGE);
    EXPECT_EQ(bench.try_set(VHN_VRING_TX, VHN_COAL_DIRECTION, {32, 1001}), ERANGE);
    EXPECT_EQ(bench.effective(VHN_VRING_TX), (Parameters{10, 100}));
    EXPECT_EQ(bench.vhost().coalescing(VHN_VRING_TX).direction.max_packets, 0U);
    EXPECT_EQ(bench.vhost().statistics(VHN_VRING_TX).refused, 2U);
    EXPECT_EQ(bench.vhost().statistics(VHN_VRING_RX).refused, 0U);
    EXPECT_EQ(bench.try_set(VHN_VRING_TX, VHN_COAL_QUEUE, {32, 1000}), 0);
}

TEST(Policy, NobodyMayExceedTheBuiltInLimit) {
    CoalBench bench;
    for (const auto target : {VHN_COAL_QUEUE, VHN_COAL_DIRECTION, VHN_COAL_HOST, VHN_COAL_LIMIT}) {
        EXPECT_EQ(bench.try_set(VHN_VRING_RX, target, {1, far_away + 1}), ERANGE) << target;
        EXPECT_EQ(bench.try_set(VHN_VRING_RX, target, {1, 0xffffffff}), ERANGE) << target;
    }
    EXPECT_EQ(bench.effective(VHN_VRING_RX), zero);
}

TEST(Policy, LockedRefusesTheGuestAndNotTheHost) {
    CoalBench bench;
    bench.set(VHN_VRING_RX, {10, 100});
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_LIMIT, {0, 0}, VHN_COAL_F_LOCKED), 0);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_QUEUE, {1, 1}), EPERM);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_DIRECTION, {1, 1}), EPERM);
    EXPECT_EQ(bench.effective(VHN_VRING_RX), (Parameters{10, 100}));
    EXPECT_EQ(bench.vhost().statistics(VHN_VRING_RX).refused, 2U);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_HOST, {1, 1}), 0);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_LIMIT, {0, 0}), 0);
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_QUEUE, {1, 1}), 0);
}
