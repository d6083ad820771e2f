// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/top/activity.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace vcoal {
namespace {

using namespace std::chrono_literals;

HostFile file(std::uint32_t id, const HostCounters& rx, const HostCounters& tx = {}) {
    HostFile made;
    made.id = id;
    made.queues.resize(2);
    made.queues[VHN_VRING_RX].index = VHN_VRING_RX;
    made.queues[VHN_VRING_RX].counters = rx;
    made.queues[VHN_VRING_TX].index = VHN_VRING_TX;
    made.queues[VHN_VRING_TX].counters = tx;
    return made;
}

HostSnapshot at(std::chrono::milliseconds time, std::vector<HostFile> files) {
    return {HostSnapshot::Clock::time_point(time), std::move(files)};
}

TEST(HostActivity, IsWhatWasCountedInBetween) {
    const HostActivities all = activities(at(1000ms, {file(3,
                                                           {.packets = 100,
                                                            .bytes = 6400,
                                                            .notify_count = 1,
                                                            .notify_timer = 2,
                                                            .notify_immediate = 3,
                                                            .notify_flush = 4,
                                                            .suppressed = 5,
                                                            .stalls = 6},
                                                           {.packets = 7})}),
                                          at(3000ms, {file(3,
                                                           {.packets = 1100,
                                                            .bytes = 70400,
                                                            .notify_count = 11,
                                                            .notify_timer = 22,
                                                            .notify_immediate = 33,
                                                            .notify_flush = 44,
                                                            .suppressed = 55,
                                                            .stalls = 7},
                                                           {.packets = 7})}));
    ASSERT_EQ(all.size(), 2U);
    const HostActivity& rx = all.at({3, VHN_VRING_RX});
    EXPECT_EQ(rx.seconds, 2);
    EXPECT_EQ(rx.per_second(rx.counted.packets), 500);
    EXPECT_EQ(rx.per_second(rx.counted.bytes), 32000);
    EXPECT_EQ(rx.counted.notifications(), 100U);
    EXPECT_EQ(rx.packets_per_notification(), 10);
    EXPECT_EQ(rx.share(rx.counted.notify_count), 0.1);
    EXPECT_EQ(rx.share(rx.counted.notify_flush), 0.4);
    EXPECT_EQ(rx.counted.suppressed, 50U);
    EXPECT_DOUBLE_EQ(rx.suppressed_share().value(), 1.0 / 3);
    EXPECT_EQ(rx.counted.stalls, 1U);
    const HostActivity& tx = all.at({3, VHN_VRING_TX});
    EXPECT_EQ(tx.counted.packets, 0U);
}

TEST(HostActivity, HasNoRatiosWhereNothingHappened) {
    const HostActivities all = activities(at(0ms, {file(1, {})}), at(1000ms, {file(1, {})}));
    const HostActivity& rx = all.at({1, VHN_VRING_RX});
    EXPECT_EQ(rx.per_second(rx.counted.packets), 0);
    EXPECT_EQ(rx.packets_per_notification(), std::nullopt);
    EXPECT_EQ(rx.share(0), std::nullopt);
    EXPECT_EQ(rx.suppressed_share(), std::nullopt);
}

TEST(HostActivity, OfAQueueThatDidNothingButSuppressIsAllSuppressed) {
    const HostActivities all =
        activities(at(0ms, {file(1, {})}), at(1000ms, {file(1, {.packets = 8, .suppressed = 2})}));
    EXPECT_EQ(all.at({1, VHN_VRING_RX}).suppressed_share(), 1);
    EXPECT_EQ(all.at({1, VHN_VRING_RX}).packets_per_notification(), std::nullopt);
}

// More packets than before the reset, fewer notifications: nothing before it counts.
TEST(HostActivity, OfADeviceThatWasResetIsWhatCameSince) {
    const HostActivities all =
        activities(at(0ms, {file(1, {.packets = 100, .notify_count = 50, .stalls = 2})}),
                   at(1000ms, {file(1, {.packets = 120, .notify_count = 4})}));
    const HostActivity& rx = all.at({1, VHN_VRING_RX});
    EXPECT_EQ(rx.counted.packets, 120U);
    EXPECT_EQ(rx.counted.notify_count, 4U);
    EXPECT_EQ(rx.counted.stalls, 0U);
}

TEST(HostActivity, OfAQueueThatWasResetLeavesTheOtherAlone) {
    const HostActivities all = activities(at(0ms, {file(1, {.packets = 100}, {.packets = 100})}),
                                          at(1000ms, {file(1, {.packets = 3}, {.packets = 101})}));
    EXPECT_EQ(all.at({1, VHN_VRING_RX}).counted.packets, 3U);
    EXPECT_EQ(all.at({1, VHN_VRING_TX}).counted.packets, 1U);
}

TEST(HostActivity, IsKnownOfFilesOnlyThatWereThereBefore) {
    const HostActivities all = activities(at(0ms, {file(1, {}), file(2, {.packets = 5})}),
                                          at(500ms, {file(2, {.packets = 10}), file(3, {})}));
    EXPECT_EQ(all.size(), 2U);
    EXPECT_EQ(all.at({2, VHN_VRING_RX}).per_second(5), 10);
    EXPECT_FALSE(all.contains({1, VHN_VRING_RX}));
    EXPECT_FALSE(all.contains({3, VHN_VRING_RX}));
}

TEST(HostActivity, IsKnownOfVringsOnlyThatWereThereBefore) {
    HostFile before = file(1, {});
    before.queues.pop_back();
    const HostActivities all = activities(at(0ms, {before}), at(1000ms, {file(1, {})}));
    EXPECT_TRUE(all.contains({1, VHN_VRING_RX}));
    EXPECT_FALSE(all.contains({1, VHN_VRING_TX}));
}

TEST(HostActivity, WithoutTimeIsNotKnown) {
    EXPECT_TRUE(activities(at(5ms, {file(1, {})}), at(5ms, {file(1, {})})).empty());
}

TEST(HostActivity, OfCountersNearTheirEndIsExact) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    const HostActivities all = activities(at(0ms, {file(1, {.packets = most - 10})}),
                                          at(1000ms, {file(1, {.packets = most - 3})}));
    EXPECT_EQ(all.at({1, VHN_VRING_RX}).counted.packets, 7U);
}

TEST(HostActivity, OfSeveralQueuesIsTheirSumInTheSameTime) {
    HostActivity sum;
    sum += {2, {.packets = 10, .notify_timer = 1}};
    sum += {2, {.packets = 30, .notify_count = 3, .suppressed = 4}};
    EXPECT_EQ(sum.seconds, 2);
    EXPECT_EQ(sum.per_second(sum.counted.packets), 20);
    EXPECT_EQ(sum.packets_per_notification(), 10);
    EXPECT_EQ(sum.suppressed_share(), 0.5);
}

} // namespace
} // namespace vcoal
