// SPDX-License-Identifier: GPL-2.0-only
//
// The hunter itself: it is deterministic, its traces survive being written down, and its
// judge finds what a device gets wrong.
#include "hunter/finding.hpp"
#include "hunter/generate.hpp"
#include "hunter/hunt.hpp"
#include "hunter/judge.hpp"
#include "hunter/shrink.hpp"
#include "hunter/store_buffer.hpp"
#include "hunter/world.hpp"
#include "vcoal/error.hpp"

#include <gtest/gtest.h>

using namespace hunter;

namespace {

constexpr std::uint64_t us = 1000;
constexpr model::Parameters four_in_fifty_us{4, 50};

Trace made_up(std::uint64_t seed) {
    Generator generator(seed, 0);
    Trace trace{generator.setup(), {}};
    for (unsigned i = 0; i < 300; i++) {
        trace.steps.push_back(generator.step());
    }
    return trace;
}

/// A judge of a queue that coalesces.
Judge judge_of(bool exact) {
    Judge judge(exact);
    judge.acknowledge(true, 0);
    judge.set(model::Target::queue, four_in_fifty_us, false, 0);
    judge.step_done(0);
    return judge;
}

} // namespace

TEST(HunterTrace, SurvivesBeingWritten) {
    for (std::uint64_t seed = 0; seed < 50; seed++) {
        const Trace trace = made_up(seed);
        ASSERT_EQ(from_text(to_text(trace)), trace) << to_text(trace);
    }
}

TEST(HunterTrace, RefusesWhatIsNone) {
    const std::string world = to_text(Trace{});
    EXPECT_NO_THROW(from_text(world + "offer 3\nwork @2 poll 64\n"));
    for (const char* line : {"offer", "offer x", "offer -1", "offer 1 2", "jump", "work 2 poll 1",
                             "work @ poll 1", "work @2 jump", "work @2"}) {
        EXPECT_THROW(from_text(world + line + "\n"), vcoal::Error) << line;
    }
    EXPECT_THROW(from_text(""), vcoal::Error);
    EXPECT_THROW(from_text("offer 3\n"), vcoal::Error);
    EXPECT_THROW(from_text("world colour=3\n"), vcoal::Error);
    EXPECT_THROW(from_text("world size\n"), vcoal::Error);
}

TEST(Hunter, FindsNothingAndSeesTheSameEachTime) {
    const Report first = hunt(7, 100'000);
    const Report second = hunt(7, 100'000);
    EXPECT_EQ(first.finding, std::nullopt);
    EXPECT_GE(first.packets, 100'000U);
    EXPECT_GT(first.told, 0U);
    EXPECT_GT(first.suppressed, 0U);
    EXPECT_EQ(first.packets, second.packets);
    EXPECT_EQ(first.told, second.told);
    EXPECT_EQ(to_text(first.trace), to_text(second.trace));
    EXPECT_NE(to_text(first.trace), to_text(hunt(8, 100'000).trace));
}

TEST(Hunter, LeavesATraceAloneThatFindsNothing) {
    const Trace trace = made_up(3);
    EXPECT_EQ(run(trace).finding, std::nullopt);
    EXPECT_EQ(shrink(trace), trace);
}

TEST(HunterJudge, NTF_G3_ADueConditionThatNobodyEvaluates) {
    for (const bool exact : {false, true}) {
        Judge judge = judge_of(exact);
        judge.published(4, {.now = 0});
        EXPECT_THROW(judge.at_rest({.now = 0}), Finding);
    }
}

TEST(HunterJudge, COAL_O3_APacketThatWaitsTooLong) {
    for (const bool exact : {false, true}) {
        Judge judge = judge_of(exact);
        judge.published(3, {.now = 0});
        EXPECT_NO_THROW(judge.at_rest({.now = 50 * us - 1}));
        judge.time_passed(50 * us);
        EXPECT_THROW(judge.at_rest({.now = 50 * us}), Finding);
    }
}

TEST(HunterJudge, COAL_O4_ANotificationOfNothing) {
    for (const bool exact : {false, true}) {
        Judge judge = judge_of(exact);
        EXPECT_THROW(judge.evaluated(model::Reason::timer, true, true, {.now = 60 * us}), Finding);
    }
}

TEST(HunterJudge, COAL_O1_AnotherReasonOrAnotherTime) {
    Judge early = judge_of(true);
    early.published(3, {.now = 0});
    EXPECT_THROW(early.evaluated(model::Reason::timer, true, true, {.now = 49 * us}), Finding);
    Judge other = judge_of(true);
    other.published(4, {.now = 0});
    EXPECT_THROW(other.evaluated(model::Reason::timer, true, true, {.now = 0}), Finding);
    Judge right = judge_of(true);
    right.published(4, {.now = 0});
    EXPECT_NO_THROW(right.evaluated(model::Reason::count, true, true, {.now = 0}));
    right.signalled();
    EXPECT_NO_THROW(right.at_rest({.now = 0}));
}

TEST(HunterJudge, COAL_D8_AnAnswerThatTheRingDoesNotGive) {
    for (const bool told : {false, true}) {
        Judge judge = judge_of(true);
        judge.published(4, {.now = 0});
        EXPECT_THROW(judge.evaluated(model::Reason::count, told, !told, {.now = 0}), Finding);
    }
}

TEST(HunterJudge, AMB_11_AFlushThatNobodyNeedsAndOneThatIsMissing) {
    Judge needless = judge_of(true);
    needless.published(1, {.now = 0});
    EXPECT_THROW(needless.evaluated(model::Reason::flush, true, true, {.now = 0}), Finding);
    Judge missing = judge_of(false);
    missing.published(1, {.now = 0});
    EXPECT_THROW(missing.at_rest({.now = 0, .starved = true}), Finding);
}

TEST(HunterJudge, RST_D1_AStoppedQueueThatNotifies) {
    Judge judge = judge_of(false);
    judge.published(1, {.now = 0});
    EXPECT_THROW(judge.at_rest({.now = 0, .running = false}), Finding);
    EXPECT_THROW(judge.evaluated(model::Reason::timer, true, true, {.now = 0, .running = false}),
                 Finding);
    EXPECT_THROW(judge.published(1, {.now = 0, .running = false}), Finding);
}

TEST(HunterJudge, ACountedNotificationThatIsNotSent) {
    Judge judge = judge_of(false);
    judge.published(4, {.now = 0});
    judge.evaluated(model::Reason::count, true, true, {.now = 0});
    EXPECT_THROW(judge.at_rest({.now = 0}), Finding);
}

TEST(HunterStoreBuffer, StoresAreSeenLateAndOutOfOrder) {
    StoreBuffer buffer;
    std::uint16_t memory[3]{};
    const std::uint16_t one = 1;
    buffer.store(&memory[0], &one, sizeof(one));
    buffer.store(&memory[1], &one, sizeof(one));
    EXPECT_EQ(memory[0], 0);
    buffer.drain_one(1);
    EXPECT_EQ(memory[0], 0);
    EXPECT_EQ(memory[1], 1);
    buffer.write_barrier();
    buffer.store(&memory[2], &one, sizeof(one));
    buffer.drain_one(1);
    EXPECT_EQ(memory[2], 0) << "it overtook a write barrier";
    EXPECT_EQ(memory[0], 1);
    buffer.drain();
    EXPECT_EQ(memory[2], 1);
}

TEST(HunterStoreBuffer, OnePlaceHasOneOrder) {
    StoreBuffer buffer;
    std::uint32_t memory = 0;
    const std::uint32_t word = 0x00010001;
    const std::uint16_t half = 2;
    buffer.store(&memory, &word, sizeof(word));
    buffer.store(&memory, &half, sizeof(half));
    buffer.drain_one(1);
    EXPECT_EQ(memory, 0x00010002U);
    buffer.store(&memory, &word, sizeof(word));
    buffer.before_load(&memory, sizeof(half));
    EXPECT_EQ(memory, word) << "its own stores are seen by the CPU itself";
}
