// SPDX-License-Identifier: GPL-2.0-only
//
// Who decides (design 3.8) and what survives which reset (COAL-O6, O7, D5, D6, D9).
#include "pure.hpp"

#include <cerrno>
#include <gtest/gtest.h>

namespace {

constexpr std::uint32_t limit = VHN_HOLD_LIMIT_USECS;
constexpr std::uint32_t no_limit = 0xffffffff;

struct Values {
    std::uint32_t packets;
    std::uint32_t usecs;
    bool operator==(const Values&) const = default;
};

constexpr Values a{1, 11};
constexpr Values b{2, 12};
constexpr Values c{3, 13};
constexpr Values d{4, 14};
constexpr Values e{5, 15};
constexpr Values zero{0, 0};

class Queue {
public:
    explicit Queue(Values host = zero, bool guest = true) {
        vhn_policy_init(&policy_, {host.packets, host.usecs}, limit);
        policy_.guest = guest;
    }

    int set(unsigned target, Values values, unsigned flags = 0, unsigned reserved = 0) {
        vhn_coal_set set{};
        set.target = target;
        set.params = {values.packets, values.usecs};
        set.flags = flags;
        set.reserved = reserved;
        return vhn_policy_set(&policy_, &set, limit);
    }

    Values effective() const {
        const auto values = vhn_policy_effective(&policy_);
        return {values.max_packets, values.max_usecs};
    }
    Values requested() const {
        return {policy_.requested.max_packets, policy_.requested.max_usecs};
    }
    void reset(vhn_coal_scope scope) { vhn_policy_reset(&policy_, scope); }
    void acknowledge(bool guest) { policy_.guest = guest; }

private:
    vhn_policy policy_{};
};

/// Queues 0 and 2 receive, 1 and 3 transmit; a direction is set queue by queue.
class TwoPairs : public testing::Test {
protected:
    void set_direction(unsigned first, Values values) {
        EXPECT_EQ(queues[first].set(VHN_COAL_DIRECTION, values), 0);
        EXPECT_EQ(queues[first + 2].set(VHN_COAL_DIRECTION, values), 0);
    }
    void expect(Values q0, Values q2, Values q1, Values q3) {
        EXPECT_EQ(queues[0].effective(), q0);
        EXPECT_EQ(queues[2].effective(), q2);
        EXPECT_EQ(queues[1].effective(), q1);
        EXPECT_EQ(queues[3].effective(), q3);
    }
    Queue queues[4];
};

} // namespace

TEST_F(TwoPairs, COAL_O6_O7_O10_SequenceOfSpec36) {
    set_direction(0, a);
    expect(a, a, zero, zero);
    EXPECT_EQ(queues[0].set(VHN_COAL_QUEUE, b), 0);
    expect(b, a, zero, zero);
    EXPECT_EQ(queues[1].set(VHN_COAL_QUEUE, c), 0);
    expect(b, a, c, zero);
    set_direction(1, d);
    expect(b, a, d, d);
    queues[0].reset(VHN_RESET_QUEUE);
    expect(a, a, d, d);
    EXPECT_EQ(queues[3].set(VHN_COAL_QUEUE, e), 0);
    expect(a, a, d, e);
    queues[3].reset(VHN_RESET_QUEUE);
    expect(a, a, d, d);
    for (Queue& queue : queues) {
        queue.reset(VHN_RESET_DEVICE);
    }
    expect(zero, zero, zero, zero);
}

TEST(Policy, COAL_D5_D6_QueueResetReturnsToTheDirectionsValues) {
    Queue queue;
    queue.set(VHN_COAL_DIRECTION, a);
    queue.set(VHN_COAL_QUEUE, b);
    queue.reset(VHN_RESET_QUEUE);
    EXPECT_EQ(queue.effective(), a);
}

TEST(Policy, COAL_D5_D6_QueueResetReturnsToZeroWithoutADirectionsValues) {
    Queue queue;
    queue.set(VHN_COAL_QUEUE, b);
    queue.reset(VHN_RESET_QUEUE);
    EXPECT_EQ(queue.effective(), zero);
}

TEST(Policy, COAL_D9_DeviceResetForgetsTheDirectionToo) {
    Queue queue;
    queue.set(VHN_COAL_DIRECTION, a);
    queue.reset(VHN_RESET_DEVICE);
    EXPECT_EQ(queue.effective(), zero);
    queue.reset(VHN_RESET_QUEUE);
    EXPECT_EQ(queue.effective(), zero);
}

TEST(Policy, HostDecidesWhileTheGuestDoesNotKnowTheFeature) {
    Queue queue(a, false);
    EXPECT_EQ(queue.effective(), a);
    EXPECT_EQ(queue.set(VHN_COAL_HOST, b), 0);
    EXPECT_EQ(queue.effective(), b);
    EXPECT_EQ(queue.set(VHN_COAL_QUEUE, c), 0);
    EXPECT_EQ(queue.effective(), b);
    EXPECT_EQ(queue.requested(), c);
}

TEST(Policy, HostDefaultDoesNotApplyToAGuestThatKnowsTheFeature) {
    Queue queue(a, true);
    EXPECT_EQ(queue.effective(), zero);
    EXPECT_EQ(queue.set(VHN_COAL_HOST, b), 0);
    EXPECT_EQ(queue.effective(), zero);
    queue.acknowledge(false);
    EXPECT_EQ(queue.effective(), b);
}

TEST(Policy, DeviceResetLeavesWhatIsTheHosts) {
    Queue queue(a, false);
    queue.set(VHN_COAL_LIMIT, {10, 5}, VHN_COAL_F_LOCKED);
    queue.reset(VHN_RESET_DEVICE);
    EXPECT_EQ(queue.effective(), (Values{1, 5}));
    EXPECT_EQ(queue.set(VHN_COAL_QUEUE, zero), -EPERM);
}

TEST(Policy, AboveTheLimitIsRefusedAndChangesNothing) {
    Queue queue;
    queue.set(VHN_COAL_QUEUE, a);
    queue.set(VHN_COAL_LIMIT, {10, 20});
    for (const Values above : {Values{11, 1}, Values{1, 21}, Values{11, 21}}) {
        EXPECT_EQ(queue.set(VHN_COAL_QUEUE, above), -ERANGE);
        EXPECT_EQ(queue.set(VHN_COAL_DIRECTION, above), -ERANGE);
    }
    EXPECT_EQ(queue.effective(), a);
    queue.reset(VHN_RESET_QUEUE);
    EXPECT_EQ(queue.effective(), zero);
    EXPECT_EQ(queue.set(VHN_COAL_QUEUE, {10, 20}), 0);
}

TEST(Policy, AboveTheBuiltInLimitIsRefusedToEverybody) {
    Queue queue;
    for (const unsigned target :
         {VHN_COAL_QUEUE, VHN_COAL_DIRECTION, VHN_COAL_HOST, VHN_COAL_LIMIT}) {
        EXPECT_EQ(queue.set(target, {1, limit + 1}), -ERANGE) << target;
        EXPECT_EQ(queue.set(target, {1, 0xffffffff}), -ERANGE) << target;
        EXPECT_EQ(queue.set(target, {1, limit}), 0) << target;
    }
}

TEST(Policy, ALimitLoweredBoundsWhatRunsAndRaisedRestoresIt) {
    Queue queue;
    queue.set(VHN_COAL_QUEUE, {64, 500});
    EXPECT_EQ(queue.set(VHN_COAL_LIMIT, {32, 100}), 0);
    EXPECT_EQ(queue.effective(), (Values{32, 100}));
    EXPECT_EQ(queue.requested(), (Values{64, 500}));
    EXPECT_EQ(queue.set(VHN_COAL_LIMIT, {0, 0}), 0);
    EXPECT_EQ(queue.effective(), (Values{64, 500}));
}

TEST(Policy, ALimitBoundsTheHostsDefaultToo) {
    Queue queue({64, 500}, false);
    queue.set(VHN_COAL_LIMIT, {0, 100});
    EXPECT_EQ(queue.effective(), (Values{64, 100}));
}

TEST(Policy, ZeroAsALimitMeansTheBuiltInOne) {
    Queue queue;
    EXPECT_EQ(queue.set(VHN_COAL_LIMIT, {0, 0}), 0);
    EXPECT_EQ(queue.set(VHN_COAL_QUEUE, {no_limit, limit}), 0);
    EXPECT_EQ(queue.effective(), (Values{no_limit, limit}));
}

TEST(Policy, LockedRefusesTheGuestAndNotTheHost) {
    Queue queue;
    queue.set(VHN_COAL_QUEUE, a);
    EXPECT_EQ(queue.set(VHN_COAL_LIMIT, zero, VHN_COAL_F_LOCKED), 0);
    EXPECT_EQ(queue.set(VHN_COAL_QUEUE, b), -EPERM);
    EXPECT_EQ(queue.set(VHN_COAL_DIRECTION, b), -EPERM);
    EXPECT_EQ(queue.effective(), a);
    EXPECT_EQ(queue.set(VHN_COAL_HOST, b), 0);
    EXPECT_EQ(queue.set(VHN_COAL_LIMIT, zero), 0);
    EXPECT_EQ(queue.set(VHN_COAL_QUEUE, b), 0);
    EXPECT_EQ(queue.effective(), b);
}

TEST(Policy, WhatIsNotDefinedIsRefused) {
    Queue queue;
    queue.set(VHN_COAL_QUEUE, a);
    EXPECT_EQ(queue.set(4, b), -EINVAL);
    EXPECT_EQ(queue.set(0xffffffff, b), -EINVAL);
    EXPECT_EQ(queue.set(VHN_COAL_QUEUE, b, VHN_COAL_F_LOCKED), -EINVAL);
    EXPECT_EQ(queue.set(VHN_COAL_HOST, b, VHN_COAL_F_LOCKED), -EINVAL);
    EXPECT_EQ(queue.set(VHN_COAL_LIMIT, b, VHN_COAL_F_GUEST), -EINVAL);
    EXPECT_EQ(queue.set(VHN_COAL_LIMIT, b, 0x80000000), -EINVAL);
    for (const unsigned target :
         {VHN_COAL_QUEUE, VHN_COAL_DIRECTION, VHN_COAL_HOST, VHN_COAL_LIMIT}) {
        EXPECT_EQ(queue.set(target, b, 0, 1), -EINVAL) << target;
    }
    EXPECT_EQ(queue.effective(), a);
}
