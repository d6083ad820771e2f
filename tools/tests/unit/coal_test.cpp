// SPDX-License-Identifier: GPL-2.0-only
//
// Every row and example of the specification that shows at the coalescer itself.
// Times are microseconds unless they say otherwise.
#include "coal_subject.hpp"

#include <gtest/gtest.h>

using model::Notification;
using model::Reason;

namespace {

constexpr std::uint64_t us = 1000;
using Sent = std::vector<Notification>;

/// A queue whose parameters are p packets and u microseconds.
Subject coalescing(std::uint32_t p, std::uint32_t u) {
    Subject queue;
    queue.change(p, u);
    return queue;
}

void packet_at(Subject& queue, std::uint64_t microseconds) {
    queue.advance_to(microseconds * us);
    queue.packets(1);
}

} // namespace

TEST(Coal, COAL_O1_NotifiesWhenTheConditionIsMet) {
    Subject queue = coalescing(1, 1000);
    queue.packets(1);
    EXPECT_EQ(queue.notifications(), (Sent{{0, Reason::count, 1}}));
}

TEST(Coal, COAL_O2_QueuesCountForThemselves) {
    Subject first = coalescing(4, 1000);
    Subject second = coalescing(4, 1000);
    first.packets(3);
    second.packets(1);
    EXPECT_TRUE(first.notifications().empty());
    EXPECT_TRUE(second.notifications().empty());
}

TEST(Coal, COAL_O3_ClockStartsAtTheFirstPacketNotAtTheLast) {
    Subject queue = coalescing(100, 50);
    packet_at(queue, 10);
    packet_at(queue, 30);
    packet_at(queue, 59);
    queue.advance_to(1000 * us);
    EXPECT_EQ(queue.notifications(), (Sent{{60 * us, Reason::timer, 3}}));
}

TEST(Coal, COAL_O3_WhicheverComesFirst) {
    Subject queue = coalescing(2, 50);
    packet_at(queue, 0);
    packet_at(queue, 49);
    packet_at(queue, 100);
    queue.advance_to(1000 * us);
    EXPECT_EQ(queue.notifications(),
              (Sent{{49 * us, Reason::count, 2}, {150 * us, Reason::timer, 1}}));
}

TEST(Coal, COAL_O4_IdleAfterTheConditionUntilTheNextPacket) {
    Subject queue = coalescing(4, 50);
    queue.packets(4);
    queue.advance_to(500 * us);
    EXPECT_EQ(queue.notifications().size(), 1U);
    EXPECT_EQ(queue.armed(), Subject::never);
    EXPECT_LE(queue.expiries(), 1U);
}

TEST(Coal, COAL_O4_NoTimerWithNothingPending) {
    Subject queue = coalescing(4, 50);
    queue.stray_timer();
    EXPECT_TRUE(queue.notifications().empty());
    EXPECT_EQ(queue.armed(), Subject::never);
}

TEST(Coal, COAL_O5_ZeroInEitherFieldNotifiesEveryBatch) {
    for (const auto& [p, u] : {std::pair{0U, 0U}, {0U, 1000U}, {32U, 0U}}) {
        Subject queue = coalescing(p, u);
        packet_at(queue, 1);
        packet_at(queue, 2);
        EXPECT_EQ(queue.notifications(),
                  (Sent{{1 * us, Reason::immediate, 1}, {2 * us, Reason::immediate, 1}}))
            << p << " packets, " << u << " us";
        EXPECT_EQ(queue.armed(), Subject::never);
    }
}

TEST(Coal, COAL_O8_ParametersAreJudgedAtOnceNotAtTheNextEvent) {
    Subject queue = coalescing(10, 1000);
    queue.packets(5);
    queue.advance_to(7 * us);
    queue.change(5, 1000);
    EXPECT_EQ(queue.notifications(), (Sent{{7 * us, Reason::count, 5}}));
}

TEST(Coal, COAL_D7_CountNotificationsAreExactWithBatchesAsTheRoomAllows) {
    constexpr std::uint32_t total = 10'000;
    for (const std::uint32_t frames : {1U, 2U, 3U, 31U, 32U, 63U, 64U, 65U, 200U, 9'999U}) {
        Subject queue = coalescing(frames, 1'000'000);
        for (std::uint32_t left = total; left > 0;) {
            const std::uint32_t batch = queue.room(std::min(left, 64U));
            ASSERT_GE(batch, 1U);
            queue.packets(batch);
            left -= batch;
        }
        EXPECT_EQ(queue.notifications().size(), total / frames) << frames << " frames";
        for (const auto& sent : queue.notifications()) {
            EXPECT_EQ(sent.packets, frames);
        }
    }
}

TEST(Coal, RoomIsNotBoundedWhileOff) {
    EXPECT_EQ(coalescing(0, 1000).room(64), 64U);
    EXPECT_EQ(coalescing(3, 0).room(64), 64U);
}

TEST(Coal, RoomIsNeverZero) {
    Subject queue = coalescing(8, 1000);
    queue.set_worker_free(false);
    queue.packets(7);
    EXPECT_EQ(queue.room(64), 1U);
    queue.change(4, 1000); // due, and nobody has taken it yet
    EXPECT_EQ(queue.room(64), 64U);
}

// --- spec 3.5, examples ---------------------------------------------------------------

TEST(CoalExample, COAL_O3_A_CountThenTimer) {
    Subject queue = coalescing(4, 50);
    for (const unsigned at : {0U, 10U, 20U, 30U, 100U, 120U}) {
        packet_at(queue, at);
    }
    queue.advance_to(1000 * us);
    EXPECT_EQ(queue.notifications(),
              (Sent{{30 * us, Reason::count, 4}, {150 * us, Reason::timer, 2}}));
}

// The batch is spent at 30 whether or not the driver wanted to hear of it.
TEST(CoalExample, AMB_4_B_ABatchSuppressedIsSpent) {
    Subject queue = coalescing(4, 50);
    for (const unsigned at : {0U, 10U, 20U, 30U, 60U}) {
        packet_at(queue, at);
    }
    queue.advance_to(1000 * us);
    EXPECT_EQ(queue.notifications(),
              (Sent{{30 * us, Reason::count, 4}, {110 * us, Reason::timer, 1}}));
}

class CoalExampleD : public testing::Test {
protected:
    CoalExampleD() {
        queue.packets(10);
        queue.advance_to(40 * us);
    }
    Subject queue = coalescing(15, 100);
};

TEST_F(CoalExampleD, COAL_O8_1_FewerPacketsThanPendingNotifiesNow) {
    queue.change(8, 100);
    EXPECT_EQ(queue.notifications(), (Sent{{40 * us, Reason::count, 10}}));
}

TEST_F(CoalExampleD, COAL_O8_2_AsManyPacketsAsPendingNotifiesNow) {
    queue.change(10, 100);
    EXPECT_EQ(queue.notifications(), (Sent{{40 * us, Reason::count, 10}}));
}

TEST_F(CoalExampleD, COAL_O8_3_MorePacketsGoOnCountingFromTen) {
    queue.change(30, 100);
    EXPECT_TRUE(queue.notifications().empty());
    queue.packets(19);
    EXPECT_TRUE(queue.notifications().empty());
    queue.packets(1);
    EXPECT_EQ(queue.notifications(), (Sent{{40 * us, Reason::count, 30}}));
}

TEST_F(CoalExampleD, COAL_O8_4_ATimeThatHasPassedNotifiesNow) {
    queue.change(15, 30);
    EXPECT_EQ(queue.notifications(), (Sent{{40 * us, Reason::timer, 10}}));
}

TEST_F(CoalExampleD, COAL_O8_5_AShorterTimeCountsFromTheFirstPacket) {
    queue.change(15, 60);
    EXPECT_TRUE(queue.notifications().empty());
    queue.advance_to(1000 * us);
    EXPECT_EQ(queue.notifications(), (Sent{{60 * us, Reason::timer, 10}}));
}

TEST_F(CoalExampleD, COAL_O8_6_ZeroInEitherFieldNotifiesNow) {
    for (const auto& [p, u] : {std::pair{0U, 100U}, {15U, 0U}, {0U, 0U}}) {
        Subject copy = queue;
        copy.change(p, u);
        EXPECT_EQ(copy.notifications(), (Sent{{40 * us, Reason::immediate, 10}}));
    }
}

TEST(CoalExample, COAL_O8_D_NothingPendingNeverNotifies) {
    Subject queue = coalescing(15, 100);
    for (const auto& [p, u] : {std::pair{8U, 100U}, {0U, 0U}, {15U, 1U}, {1U, 1U}}) {
        queue.change(p, u);
        queue.advance_to(queue.now() + 1000 * us);
    }
    EXPECT_TRUE(queue.notifications().empty());
    EXPECT_EQ(queue.expiries(), 0U);
}

TEST(CoalExample, COAL_D9_E_ResetForgetsWhatIsPending) {
    Subject queue = coalescing(4, 50);
    queue.packets(3);
    queue.reset(VHN_RESET_DEVICE);
    queue.advance_to(1000 * us);
    EXPECT_TRUE(queue.notifications().empty());
    queue.packets(1); // 0/0 now
    EXPECT_EQ(queue.notifications(), (Sent{{1000 * us, Reason::immediate, 1}}));
}

TEST(CoalExample, RST_D1_E_AFlushBeforeTheResetGoesOut) {
    Subject queue = coalescing(4, 50);
    queue.packets(3);
    queue.flush();
    queue.reset(VHN_RESET_DEVICE);
    EXPECT_EQ(queue.notifications(), (Sent{{0, Reason::flush, 3}}));
}

// --- the timer ------------------------------------------------------------------------

TEST(CoalTimer, IsLeftAloneByFurtherPacketsAndByTheCount) {
    Subject queue = coalescing(4, 50);
    packet_at(queue, 0);
    const std::uint64_t armed = queue.armed();
    packet_at(queue, 10);
    packet_at(queue, 20);
    packet_at(queue, 30);
    packet_at(queue, 40);
    EXPECT_EQ(queue.armed(), armed);
    queue.advance_to(1000 * us);
    EXPECT_EQ(queue.notifications(),
              (Sent{{30 * us, Reason::count, 4}, {90 * us, Reason::timer, 1}}));
    EXPECT_EQ(queue.expiries(), 2U);
}

// Design 3.3: no timer work per packet.
TEST(CoalTimer, OnlyTheFirstPacketOfABatchAsksForIt) {
    vhn_coal coal{};
    vhn_coal_change(&coal, 10, 50, 0);
    EXPECT_EQ(vhn_coal_packets(&coal, 1, 0).verb, VHN_COAL_ARM);
    EXPECT_EQ(vhn_coal_packets(&coal, 1, 1).verb, VHN_COAL_NOTHING);
    EXPECT_EQ(vhn_coal_packets(&coal, 1, 2).verb, VHN_COAL_NOTHING);
}

TEST(CoalTimer, AnEarlyExpiryNotifiesNothing) {
    Subject queue = coalescing(4, 50);
    queue.packets(1);
    queue.advance_to(49 * us + 999);
    queue.stray_timer();
    EXPECT_TRUE(queue.notifications().empty());
}

TEST(CoalTimer, ALateOneFindsItsPacketsNotified) {
    Subject queue = coalescing(2, 50);
    queue.packets(2);
    queue.advance_to(60 * us);
    EXPECT_EQ(queue.notifications(), (Sent{{0, Reason::count, 2}}));
}

TEST(CoalTimer, APacketAfterTheDeadlineNeedsNoExpiry) {
    vhn_coal coal{};
    vhn_coal_change(&coal, 10, 50, 0);
    vhn_coal_packets(&coal, 1, 0);
    const vhn_coal_action action = vhn_coal_packets(&coal, 1, 50 * us);
    EXPECT_EQ(action.verb, VHN_COAL_NOTIFY);
    EXPECT_EQ(action.reason, VHN_COAL_TIMER);
}

// --- due, taken by the worker ---------------------------------------------------------

TEST(CoalDue, IsTakenOnce) {
    Subject queue = coalescing(10, 50);
    queue.set_worker_free(false);
    queue.packets(3);
    queue.advance_to(60 * us);
    queue.stray_timer();
    queue.change(1, 1);
    EXPECT_TRUE(queue.notifications().empty());
    queue.set_worker_free(true);
    EXPECT_EQ(queue.notifications(), (Sent{{60 * us, Reason::timer, 3}}));
}

TEST(CoalDue, GoesWithTheNextBatchAndIsNotSentTwice) {
    Subject queue = coalescing(10, 50);
    queue.set_worker_free(false);
    queue.packets(3);
    queue.advance_to(60 * us);
    queue.packets(1);
    queue.set_worker_free(true);
    EXPECT_EQ(queue.notifications(), (Sent{{60 * us, Reason::timer, 4}}));
}

TEST(CoalDue, KeepsItsReasonWhenFlushed) {
    Subject queue = coalescing(10, 50);
    queue.set_worker_free(false);
    queue.packets(3);
    queue.advance_to(60 * us);
    queue.flush();
    queue.set_worker_free(true);
    EXPECT_EQ(queue.notifications(), (Sent{{60 * us, Reason::timer, 3}}));
}

TEST(CoalDue, IsForgottenByReset) {
    Subject queue = coalescing(10, 50);
    queue.set_worker_free(false);
    queue.packets(3);
    queue.advance_to(60 * us);
    queue.reset(VHN_RESET_QUEUE);
    queue.set_worker_free(true);
    EXPECT_TRUE(queue.notifications().empty());
}

TEST(CoalFlush, OfNothingIsNothing) {
    Subject queue = coalescing(10, 50);
    queue.flush();
    EXPECT_TRUE(queue.notifications().empty());
}

TEST(CoalFlush, EndsTheBatch) {
    Subject queue = coalescing(4, 50);
    queue.packets(3);
    queue.flush();
    queue.advance_to(10 * us);
    queue.packets(3);
    queue.advance_to(1000 * us);
    EXPECT_EQ(queue.notifications(), (Sent{{0, Reason::flush, 3}, {60 * us, Reason::timer, 3}}));
}

// --- limits of the numbers ------------------------------------------------------------

TEST(CoalNumbers, TheLongestTimeDoesNotWrap) {
    constexpr std::uint32_t longest = 0xffffffff;
    constexpr std::uint64_t end = std::uint64_t{longest} * us;
    Subject queue = coalescing(1000, longest);
    queue.packets(1);
    EXPECT_EQ(queue.armed(), end);
    queue.advance_to(end - 1);
    EXPECT_TRUE(queue.notifications().empty());
    queue.advance_to(end);
    EXPECT_EQ(queue.notifications().size(), 1U);
}

TEST(CoalNumbers, LateInTheLifeOfTheClock) {
    constexpr std::uint64_t start = 0x7fff'0000'0000'0000;
    Subject queue(start);
    queue.change(1000, 0xffffffff);
    queue.packets(1);
    EXPECT_EQ(queue.armed(), start + 0xffffffff * std::uint64_t{1000});
    queue.advance_to(queue.armed());
    EXPECT_EQ(queue.notifications().size(), 1U);
}

TEST(CoalNumbers, TheCountSaturates) {
    Subject queue = coalescing(0xffffffff, 1000);
    queue.packets(0xfffffffe);
    EXPECT_TRUE(queue.notifications().empty());
    queue.packets(0x80000000);
    ASSERT_EQ(queue.notifications().size(), 1U);
    EXPECT_EQ(queue.notifications()[0].reason, Reason::count);
}

TEST(CoalNumbers, NoPacketsAreNoEvent) {
    for (const auto& [p, u] : {std::pair{0U, 0U}, {4U, 50U}}) {
        Subject queue = coalescing(p, u);
        queue.packets(0);
        EXPECT_TRUE(queue.notifications().empty());
        EXPECT_EQ(queue.armed(), Subject::never);
    }
}
