// SPDX-License-Identifier: GPL-2.0-only
//
// What a packed ring's driver side refuses, and IN_ORDER in either layout, against a
// device that writes used entries by hand. What it does right is in vring_test.cpp.
#include "vcoal/error.hpp"
#include "vcoal/packed_ring.hpp"
#include "vcoal/split_ring.hpp"

#include <gtest/gtest.h>

using namespace vcoal;

namespace {

constexpr std::size_t memory_bytes = 1 << 20;

RingOptions options_of(bool packed, std::uint16_t size, bool in_order = false) {
    RingOptions options;
    options.packed = packed;
    options.size = size;
    options.in_order = in_order;
    return options;
}

class PackedDriver : public testing::Test {
protected:
    std::uint16_t add(unsigned slots = 1) {
        const std::vector<Segment> segments(slots, Segment{memory.base(), 16});
        const auto id = ring.add(segments, {});
        EXPECT_TRUE(id);
        return id.value_or(0);
    }

    /// A used descriptor @p slot slots from the beginning.
    void use(unsigned slot, std::uint16_t id, std::uint32_t length = 0) {
        const PackedPlace place = PackedPlace::at(slot, 5);
        ring.raw().desc(place.slot()).id = id;
        ring.raw().desc(place.slot()).len = length;
        ring.raw().flags(place.slot()).store(place.used());
    }

    GuestMemory memory{memory_bytes};
    PackedRing ring{memory, options_of(true, 5)};
};

} // namespace

TEST_F(PackedDriver, ReturnsBuffersInTheDevicesOrder) {
    const std::uint16_t first = add();
    const std::uint16_t second = add();
    ring.publish();
    use(0, second, 7);
    use(1, first, 9);
    EXPECT_EQ(ring.returned(), 2U);
    EXPECT_EQ(ring.take().value().head, second);
    EXPECT_EQ(ring.take().value().length, 9U);
    EXPECT_FALSE(ring.take());
    EXPECT_EQ(ring.free(), 5U);
}

TEST_F(PackedDriver, PassesOverTheSlotsOfABuffer) {
    const std::uint16_t large = add(3);
    const std::uint16_t small = add();
    ring.publish();
    use(0, large);
    use(3, small);
    EXPECT_EQ(ring.returned(), 2U);
    EXPECT_EQ(ring.take().value().head, large);
    EXPECT_EQ(ring.take().value().head, small);
}

TEST_F(PackedDriver, NothingIsVisibleBeforeItIsPublished) {
    const auto visible = [&](unsigned slot) {
        return PackedPlace().is_available(ring.raw().flags(slot).load());
    };
    add(2);
    add();
    EXPECT_FALSE(visible(0));
    ring.publish();
    EXPECT_TRUE(visible(0) && visible(1) && visible(2));
    EXPECT_FALSE(visible(3));
}

TEST_F(PackedDriver, RefusesMoreThanFits) {
    add(4);
    const Segment segments[] = {{memory.base(), 16}, {memory.base(), 16}};
    EXPECT_FALSE(ring.add(segments, {}));
    EXPECT_EQ(ring.free(), 1U);
}

TEST_F(PackedDriver, RefusesABufferWithoutMemory) {
    EXPECT_THROW(ring.add({}, {}), Error);
    EXPECT_EQ(ring.free(), 5U);
}

TEST_F(PackedDriver, RefusesAUsedDescriptorForNoBuffer) {
    const std::uint16_t id = add();
    ring.publish();
    use(0, static_cast<std::uint16_t>(id + 1));
    EXPECT_THROW(ring.take(), Error);
}

TEST_F(PackedDriver, RefusesAnIdOutsideTheRing) {
    add();
    ring.publish();
    use(0, 5);
    EXPECT_THROW(ring.take(), Error);
    use(0, 0xffff);
    EXPECT_THROW(ring.take(), Error);
}

TEST_F(PackedDriver, RefusesABufferReturnedTwice) {
    const std::uint16_t id = add();
    add();
    ring.publish();
    use(0, id);
    use(1, id);
    EXPECT_TRUE(ring.take());
    EXPECT_THROW(ring.take(), Error);
}

TEST_F(PackedDriver, CallbackAfterSoManyMore) {
    add(2);
    add();
    add();
    ring.publish();
    EXPECT_TRUE(ring.enable_callbacks(2));
    // The third buffer's slot: behind one of two and one of one.
    EXPECT_EQ(ring.raw().driver_event().load(), PackedEvent::only_at(PackedPlace::at(3, 5)).word());
}

TEST(PackedDriverSize, IsAnythingUpTo32768) {
    GuestMemory memory(4 * memory_bytes);
    EXPECT_THROW(PackedRing(memory, options_of(true, 0)), Error);
    EXPECT_THROW(PackedRing(memory, options_of(true, 32769)), Error);
    EXPECT_NO_THROW(PackedRing(memory, options_of(true, 1)));
    EXPECT_NO_THROW(PackedRing(memory, options_of(true, 32768)));
}

namespace {

/// Three buffers under way, of which the second is written by the device: 100 bytes.
class InOrderDriver : public testing::TestWithParam<bool> {
protected:
    InOrderDriver() {
        const Segment readable{memory.base(), 16};
        const Segment writable{memory.base(), 100};
        heads[0] = ring().add({&readable, 1}, {}).value();
        heads[1] = ring().add({}, {&writable, 1}).value();
        heads[2] = ring().add({&readable, 1}, {}).value();
        ring().publish();
    }

    DriverRing& ring() {
        return GetParam() ? static_cast<DriverRing&>(packed) : static_cast<DriverRing&>(split);
    }
    std::uint64_t skipped() const { return GetParam() ? packed.skipped() : split.skipped(); }

    /// A used entry at @p entry, and of a split ring the index behind it.
    void use(unsigned entry, std::uint16_t head, std::uint32_t length, std::uint16_t index) {
        if (!GetParam()) {
            split.raw().used_entry(entry) = {head, length};
            split.raw().used_idx().store(index);
            return;
        }
        packed.raw().desc(entry).id = head;
        packed.raw().desc(entry).len = length;
        packed.raw().flags(entry).store(PackedPlace().used());
    }

    GuestMemory memory{memory_bytes};
    SplitRing split{memory, options_of(false, 8, true)};
    PackedRing packed{memory, options_of(true, 7, true)};
    std::uint16_t heads[3]{};
};

} // namespace

TEST_P(InOrderDriver, OneEntryStandsForABatch) {
    use(0, heads[2], 3, 3);
    EXPECT_EQ(ring().returned(), 3U);
    const std::uint32_t lengths[] = {0, 100, 3};
    for (unsigned i = 0; i < 3; i++) {
        const auto used = ring().take();
        ASSERT_TRUE(used);
        EXPECT_EQ(used->head, heads[i]);
        EXPECT_EQ(used->length, lengths[i]);
        EXPECT_EQ(ring().returned(), 2 - i);
    }
    EXPECT_FALSE(ring().take());
    EXPECT_EQ(skipped(), 2U);
}

TEST_P(InOrderDriver, TheNextEntryStandsBehindTheBatch) {
    use(0, heads[1], 40, 2);
    use(2, heads[2], 0, 3);
    EXPECT_EQ(ring().returned(), 3U);
    for (const std::uint16_t head : heads) {
        EXPECT_EQ(ring().take().value().head, head);
    }
    EXPECT_EQ(skipped(), 1U);
}

TEST_P(InOrderDriver, RefusesABufferThatIsNotUnderWay) {
    use(0, heads[0], 0, 1);
    EXPECT_TRUE(ring().take());
    use(1, heads[0], 0, 2);
    EXPECT_THROW(ring().take(), Error);
}

// An index that has gone on by less than the buffers up to the entry's.
TEST(InOrderSplit, RefusesABufferOutOfOrder) {
    GuestMemory memory(memory_bytes);
    SplitRing ring(memory, options_of(false, 8, true));
    const Segment segment{memory.base(), 16};
    ring.add({&segment, 1}, {});
    const auto second = ring.add({&segment, 1}, {});
    ring.publish();
    ring.raw().used_entry(0) = {second.value(), 0};
    ring.raw().used_idx().store(1);
    EXPECT_THROW(ring.take(), Error);
}

INSTANTIATE_TEST_SUITE_P(Layout, InOrderDriver, testing::Bool(), [](const auto& layout) {
    return std::string(layout.param ? "packed" : "split");
});
