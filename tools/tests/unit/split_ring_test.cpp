// SPDX-License-Identifier: GPL-2.0-only
//
// The driver's side of a split ring against a device that keeps to the rules, and
// against one that does not.
#include "model_device.hpp"
#include "vcoal/error.hpp"

#include <deque>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace vcoal;

namespace {

constexpr std::size_t memory_bytes = 1 << 20;

struct Layout {
    bool event_idx;
    std::uint16_t indirect_entries;
};

class Ring : public testing::TestWithParam<Layout> {
protected:
    static RingOptions options() {
        RingOptions options;
        options.size = 8;
        options.event_idx = GetParam().event_idx;
        options.indirect_entries = GetParam().indirect_entries;
        options.first_index = 0xfff9;
        return options;
    }

    std::uint16_t add(unsigned readable, unsigned writable) {
        std::vector<Segment> out;
        std::vector<Segment> in;
        for (unsigned i = 0; i < readable + writable; i++) {
            const Segment segment{memory.base() + std::uint64_t{64} * i, 16 + i};
            (i < readable ? out : in).push_back(segment);
        }
        const auto head = ring.add(out, in);
        EXPECT_TRUE(head);
        return head.value_or(0);
    }

    GuestMemory memory{memory_bytes};
    SplitRing ring{memory, options()};
    ModelDevice device{memory, ring};
};

std::string layout_name(const testing::TestParamInfo<Layout>& info) {
    return std::string(info.param.event_idx ? "EventIdx" : "Flags") +
           (info.param.indirect_entries > 0 ? "Indirect" : "Direct");
}

} // namespace

TEST_P(Ring, DeviceFindsWhatWasAdded) {
    const std::uint16_t head = add(2, 1);
    EXPECT_FALSE(device.take());
    ring.publish();
    const auto buffer = device.take();
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer->head, head);
    ASSERT_EQ(buffer->readable.size(), 2U);
    ASSERT_EQ(buffer->writable.size(), 1U);
    EXPECT_EQ(buffer->readable[1].address, memory.base() + 64);
    EXPECT_EQ(buffer->writable[0].length, 18U);
    EXPECT_FALSE(device.take());
}

TEST_P(Ring, ReturnsBuffersInTheDevicesOrder) {
    const std::uint16_t first = add(1, 0);
    const std::uint16_t second = add(1, 0);
    ring.publish();
    device.give_back(second, 7);
    device.give_back(first, 9);
    const auto one = ring.take();
    const auto two = ring.take();
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->head, second);
    EXPECT_EQ(one->length, 7U);
    EXPECT_EQ(two->head, first);
    EXPECT_FALSE(ring.take());
}

TEST_P(Ring, RefusesMoreThanFits) {
    const unsigned chains = GetParam().indirect_entries > 0 ? 8 : 4;
    for (unsigned i = 0; i < chains; i++) {
        add(1, 1);
    }
    const Segment segments[] = {{memory.base(), 16}, {memory.base(), 16}};
    EXPECT_FALSE(ring.add(segments, {}));
    EXPECT_EQ(ring.free(), 0U);
}

TEST_P(Ring, RefusesABufferWithoutMemory) {
    const unsigned free = ring.free();
    EXPECT_THROW(ring.add({}, {}), Error);
    EXPECT_EQ(ring.free(), free);
}

TEST_P(Ring, KicksOnlyWhenAsked) {
    device.want_kicks(true);
    add(1, 0);
    EXPECT_TRUE(ring.publish());
    EXPECT_FALSE(ring.publish()) << "nothing new";
    device.want_kicks(false);
    add(1, 0);
    EXPECT_FALSE(ring.publish());
}

TEST_P(Ring, CallbacksDisabledStayDisabled) {
    ring.disable_callbacks();
    for (unsigned i = 0; i < 70'000; i++) {
        const std::uint16_t head = add(1, 0);
        ring.publish();
        device.take();
        ASSERT_FALSE(device.give_back(head, 0)) << "buffer " << i;
        ring.take();
    }
    EXPECT_TRUE(ring.enable_callbacks());
    const std::uint16_t head = add(1, 0);
    ring.publish();
    EXPECT_TRUE(device.give_back(head, 0));
}

TEST_P(Ring, EnablingTellsWhatHasComeAlready) {
    ring.disable_callbacks();
    const std::uint16_t head = add(1, 0);
    ring.publish();
    device.give_back(head, 0);
    EXPECT_FALSE(ring.enable_callbacks());
}

// NTF-G1
TEST_P(Ring, FlagsStayZeroWithEventIdx) {
    ring.disable_callbacks();
    EXPECT_EQ(ring.raw().avail_flags().load(), GetParam().event_idx ? 0 : 1);
    ring.enable_callbacks();
    EXPECT_EQ(ring.raw().avail_flags().load(), 0);
}

TEST_P(Ring, ResetForgetsEverything) {
    add(1, 1);
    ring.publish();
    ring.reset();
    EXPECT_EQ(ring.free(), 8U);
    EXPECT_EQ(ring.returned(), 0U);
    EXPECT_EQ(ring.raw().avail_idx().load(), options().first_index);
}

TEST_P(Ring, RefusesAUsedEntryForNoBuffer) {
    add(1, 0);
    ring.publish();
    device.give_back(5, 0);
    EXPECT_THROW(ring.take(), Error);
}

TEST_P(Ring, RefusesAUsedEntryOutsideTheRing) {
    device.give_back(8, 0);
    EXPECT_THROW(ring.take(), Error);
}

TEST_P(Ring, RefusesABufferReturnedTwice) {
    const std::uint16_t head = add(1, 0);
    ring.publish();
    device.give_back(head, 0);
    device.give_back(head, 0);
    EXPECT_TRUE(ring.take());
    EXPECT_THROW(ring.take(), Error);
}

TEST_P(Ring, RefusesAUsedIndexThatJumps) {
    add(1, 0);
    ring.publish();
    ring.raw().used_idx().store(static_cast<std::uint16_t>(ring.taken() + 9));
    EXPECT_THROW(ring.take(), Error);
}

INSTANTIATE_TEST_SUITE_P(Layout, Ring,
                         testing::Values(Layout{true, 0}, Layout{true, 4}, Layout{false, 0},
                                         Layout{false, 4}),
                         layout_name);

TEST(RingEventIdx, CallbackAfterSoManyMore) {
    GuestMemory memory(memory_bytes);
    SplitRing ring(memory, {.size = 8, .event_idx = true});
    ModelDevice device(memory, ring);
    const Segment segment{memory.base(), 16};
    EXPECT_TRUE(ring.enable_callbacks(2));
    for (unsigned i = 0; i < 3; i++) {
        const auto head = ring.add({&segment, 1}, {});
        ring.publish();
        EXPECT_EQ(device.give_back(*head, 0), i == 2);
    }
}

TEST(RingOptions, SizeIsAPowerOfTwo) {
    GuestMemory memory(memory_bytes);
    EXPECT_THROW(SplitRing(memory, {.size = 0}), Error);
    EXPECT_THROW(SplitRing(memory, {.size = 12}), Error);
}

// Any mix of buffers, returned in any order: none is lost, none comes twice, and every
// descriptor is free at the end.
RC_GTEST_PROP(RingProperty, BuffersSurviveAnyOrder, ()) {
    const bool event_idx = *rc::gen::arbitrary<bool>();
    const auto indirect = *rc::gen::element<std::uint16_t>(0, 4);
    const auto first = *rc::gen::arbitrary<std::uint16_t>();
    GuestMemory memory(memory_bytes);
    SplitRing ring(memory, {16, event_idx, indirect, first});
    ModelDevice device(memory, ring);
    std::deque<std::uint16_t> held;
    unsigned added = 0;
    unsigned taken = 0;

    const auto steps =
        *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::inRange<std::uint8_t>(0, 255));
    for (const std::uint8_t step : steps) {
        const std::vector<Segment> segments(1 + step / 8 % 6, Segment{memory.base(), 16});
        switch (step % 4) {
        case 0:
            added += ring.add(segments, {}).has_value();
            break;
        case 1:
            ring.publish();
            while (const auto buffer = device.take()) {
                held.push_back(buffer->head);
            }
            break;
        case 2:
            if (!held.empty()) {
                const auto at = held.begin() + step % static_cast<int>(held.size());
                device.give_back(*at, 0);
                held.erase(at);
            }
            break;
        default:
            taken += ring.take().has_value();
        }
    }
    ring.publish();
    while (const auto buffer = device.take()) {
        held.push_back(buffer->head);
    }
    for (const std::uint16_t head : held) {
        device.give_back(head, 0);
    }
    while (ring.take()) {
        taken++;
    }
    RC_ASSERT(taken == added);
    RC_ASSERT(ring.free() == 16U);
}
