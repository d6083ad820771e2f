// SPDX-License-Identifier: GPL-2.0-only
//
// Rings no driver may write, in either layout. For each: the error eventfd is signalled once, the
// worker is idle afterwards whatever is kicked or sent, nothing outside of the guest's memory is
// written, the other queue goes on, and the file can be closed.
#include "support/bench.hpp"
#include "support/coal_bench.hpp"
#include "support/frames.hpp"
#include "support/ring_pen.hpp"
#include "support/worker.hpp"
#include "vcoal/error.hpp"

#include <cerrno>
#include <functional>
#include <sys/mman.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr std::uint16_t ring_size = 64;
constexpr std::uint32_t buffer_size = 2048;
constexpr std::uint64_t guard_seed = 7;
constexpr std::uint16_t next = VRING_DESC_F_NEXT;
constexpr std::uint16_t write_only = VRING_DESC_F_WRITE;
constexpr std::uint16_t indirect = VRING_DESC_F_INDIRECT;

NetDriverOptions hostile_options(std::uint64_t layout) {
    NetDriverOptions options;
    options.features |= layout;
    options.ring_size = ring_size;
    options.guard = 65536;
    return options;
}

class HostileRing : public EachLayout {
protected:
    HostileRing() : driver_(hostile_options(layout())), host_(up(driver_).tap().name()) {
        buffer_ = driver_.memory().allocate(buffer_size, 4096);
        table_ = driver_.memory().allocate(4096, 4096);
        fill_pattern(driver_.memory().guard_before(), guard_seed);
        fill_pattern(driver_.memory().guard_behind(), guard_seed);
        driver_.start();
    }

    static NetDriver& up(NetDriver& driver) {
        NetDev netdev = driver.tap().netdev();
        netdev.disable_ipv6();
        netdev.set_up(true);
        return driver;
    }

    Queue& queue() { return driver_.queue(index()); }
    static unsigned index() { return EachLayout::queue(); }
    static bool receives() { return index() == VHN_VRING_RX; }
    /// What a buffer of this queue is: written by the device, or read.
    static std::uint16_t kind() { return receives() ? write_only : 0; }

    void put_good(unsigned i, unsigned flags = 0, unsigned link = 0) {
        pen_.put(i, buffer_, buffer_size, kind() | flags, link);
    }
    void put_table(std::uint32_t length, unsigned flags = 0) {
        pen_.put(0, table_, length, indirect | flags, 1);
    }
    void put_entry(unsigned i, std::uint64_t address, std::uint32_t length, unsigned flags,
                   unsigned link = 0) {
        pen_.put_entry(driver_.memory().object<vring_desc>(table_, 256), i, address, length, flags,
                       link);
    }
    void put_good_entry(unsigned i, unsigned flags = 0, unsigned link = 0) {
        put_entry(i, buffer_, buffer_size, kind() | flags, link);
    }

    /// Makes what stands in the ring available from entry 0 on, and gives the device a
    /// reason to look at it.
    void offer() {
        pen_.offer();
        provoke();
    }

    void provoke() {
        queue().kick();
        if (receives()) {
            EXPECT_TRUE(eventually([&] { return host_.send(make_frame(0)); }));
        }
    }

    void expect_refused() {
        ASSERT_TRUE(eventually([&] { return queue().errors() >= 1; })) << "no error signalled";
        for (unsigned i = 0; i < 100; i++) {
            provoke();
        }
        EXPECT_TRUE(Worker::find().idle_for(std::chrono::milliseconds(500)));
        EXPECT_EQ(queue().errors(), 1U);
        EXPECT_FALSE(pattern_broken(driver_.memory().guard_before(), guard_seed));
        EXPECT_FALSE(pattern_broken(driver_.memory().guard_behind(), guard_seed));
    }

    void expect_nothing_used() { EXPECT_FALSE(pen_.anything_used()); }

    void expect_other_queue_works() {
        if (receives()) {
            ASSERT_TRUE(driver_.send(make_frame(1)));
            driver_.tx().publish();
            EXPECT_TRUE(eventually([&] { return driver_.tx().ring().returned() == 1; }));
            return;
        }
        driver_.post();
        EXPECT_TRUE(eventually([&] { return host_.send(make_frame(1)); }));
        EXPECT_TRUE(eventually([&] { return driver_.rx().ring().returned() == 1; }));
    }

    void expect_refused_and_harmless() {
        expect_refused();
        expect_nothing_used();
        expect_other_queue_works();
    }

    NetDriver driver_;
    PacketSocket host_;
    RingPen pen_{queue()};
    std::uint64_t buffer_;
    std::uint64_t table_;
};

/// What only one layout can have.
class HostileSplitRing : public HostileRing {
protected:
    RawRing& raw() { return queue().split().raw(); }
    void offer(std::uint16_t head, std::uint16_t avail_idx) {
        raw().avail_entry(0) = head;
        raw().avail_idx().store(avail_idx);
        provoke();
    }
};

class HostilePackedRing : public HostileRing {
protected:
    int start_at(unsigned base) {
        driver_.stop_queue(index());
        driver_.vhost().set_vring_base(index(), base);
        vhost_vring_file backend{index(), driver_.tap().get()};
        return driver_.vhost().try_ioctl(VHOST_NET_SET_BACKEND, &backend);
    }
};

} // namespace

TEST_P(HostileRing, ChainOfNumPlusOne) {
    for (unsigned i = 0; i < ring_size; i++) {
        pen_.put(i, buffer_, 16, kind() | next, (i + 1) % ring_size);
    }
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileSplitRing, SelfLoop) {
    put_good(0, next, 0);
    offer(0, 1);
    expect_refused_and_harmless();
}

TEST_P(HostileSplitRing, HeadOutsideTheRing) {
    put_good(0);
    offer(ring_size, 1);
    expect_refused_and_harmless();
}

TEST_P(HostileSplitRing, NextOutsideTheRing) {
    put_good(0, next, ring_size);
    offer(0, 1);
    expect_refused_and_harmless();
}

TEST_P(HostilePackedRing, ChainIntoSlotsThatAreNotAvailable) {
    put_good(0, next);
    offer();
    expect_refused_and_harmless();
}

// The second slot looks as it would one turn later.
TEST_P(HostilePackedRing, ChainIntoTheNextTurn) {
    put_good(0, next);
    put_good(1);
    queue().packed().raw().flags(1).store(
        static_cast<std::uint16_t>(kind() | PackedPlace(0).available()));
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostilePackedRing, IndirectTableOfOnlyNext) {
    put_table(48);
    for (unsigned i = 0; i < 3; i++) {
        put_good_entry(i, i == 2 ? indirect : next);
    }
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostilePackedRing, BaseOutsideTheRing) {
    EXPECT_EQ(start_at(0x8000'8000 | ring_size), EINVAL);
    EXPECT_EQ(start_at(0x8000'8000 | ring_size << 16U), EINVAL);
    EXPECT_EQ(start_at(0xffff'ffff), EINVAL);
    EXPECT_EQ(start_at(0x7fff), EINVAL);
    EXPECT_EQ(start_at(0x8000'8000 | (ring_size - 1) * 0x10001U), 0);
    EXPECT_EQ(queue().errors(), 0U);
}

TEST_P(HostileRing, NestedIndirect) {
    put_table(32);
    put_entry(0, table_, 16, indirect);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectLengthNoMultipleOf16) {
    put_table(24);
    put_good_entry(0);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectTableOfLengthZero) {
    put_table(0);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectTableFollowedByMore) {
    put_table(16, next);
    put_good(1);
    put_good_entry(0);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileSplitRing, IndirectLoop) {
    put_table(32);
    put_good_entry(0, next, 1);
    put_good_entry(1, next, 0);
    offer(0, 1);
    expect_refused_and_harmless();
}

TEST_P(HostileSplitRing, IndirectNextOutsideTheTable) {
    put_table(16);
    put_good_entry(0, next, 1);
    offer(0, 1);
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectTableOf4GiB) {
    put_table(0xfffffff0);
    put_good_entry(0);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, ZeroLength) {
    pen_.put(0, buffer_, 0, kind());
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, LengthOf4GiB) {
    pen_.put(0, buffer_, 0xffffffff, kind());
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, WrappedAddress) {
    pen_.put(0, ~std::uint64_t{0} - 15, buffer_size, kind());
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, BufferReachesBeyondTheTable) {
    const auto& memory = driver_.memory();
    pen_.put(0, memory.base() + memory.size() - 32, buffer_size, kind());
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, BufferBeforeTheTable) {
    pen_.put(0, driver_.memory().base() - 4096, buffer_size, kind());
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, ReadableAfterWritable) {
    pen_.put(0, buffer_, 1024, write_only | next, 1);
    pen_.put(1, buffer_ + 1024, 1024, 0);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileSplitRing, AvailableIndexJumpsBeyondNum) {
    put_good(0);
    offer(0, ring_size + 1);
    expect_refused_and_harmless();
}

TEST_P(HostileSplitRing, AvailableIndexGoesBack) {
    put_good(0);
    offer(0, 0xffff);
    expect_refused_and_harmless();
}

TEST_P(HostileRing, MemoryUnmappedUnderTraffic) {
    put_good(0);
    const auto bytes = driver_.memory().bytes();
    ASSERT_NE(::mmap(bytes.data(), bytes.size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                     -1, 0),
              MAP_FAILED);
    provoke();
    expect_refused();
}

/// Only the buffers are gone; the ring is there and says where they were.
TEST_P(HostileRing, BufferUnmappedUnderTraffic) {
    const auto gone = driver_.memory().at(buffer_, 2048);
    ASSERT_NE(::mmap(gone.data(), 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
              MAP_FAILED);
    put_good(0);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, RingOutsideUserSpace) {
    driver_.stop_queue(index());
    RingAddresses kernel = queue().ring().addresses();
    kernel.used = 0xffff'8000'0000'0000;
    driver_.vhost().set_vring_addresses(index(), kernel);
    vhost_vring_file backend{index(), driver_.tap().get()};
    EXPECT_EQ(driver_.vhost().try_ioctl(VHOST_NET_SET_BACKEND, &backend), EFAULT);
    EXPECT_TRUE(Worker::find().idle_for(std::chrono::milliseconds(500)));
}

TEST_P(HostileRing, RingWhereNothingIsMapped) {
    driver_.stop_queue(index());
    driver_.vhost().set_vring_addresses(index(), {4096, 8192, 12288});
    vhost_vring_file backend{index(), driver_.tap().get()};
    EXPECT_EQ(driver_.vhost().try_ioctl(VHOST_NET_SET_BACKEND, &backend), EFAULT);
    EXPECT_TRUE(Worker::find().idle_for(std::chrono::milliseconds(500)));
}

/// A broken queue works again once it gets a back end anew.
TEST_P(HostileRing, RecoversWhenSetUpAnew) {
    pen_.put(0, buffer_, 0, kind());
    offer();
    expect_refused();
    driver_.stop_queue(index());
    driver_.reset_queue(index());
    driver_.start_queue(index());
    if (receives()) {
        driver_.post();
        EXPECT_TRUE(eventually([&] { return host_.send(make_frame(1)); }));
    } else {
        ASSERT_TRUE(driver_.send(make_frame(1)));
        queue().publish();
    }
    EXPECT_TRUE(eventually([&] { return queue().ring().returned() >= 1; }));
    EXPECT_EQ(queue().errors(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Queue, HostileRing, both_layouts(), layout_name);
INSTANTIATE_TEST_SUITE_P(Queue, HostileSplitRing, queues_in(false), layout_name);
INSTANTIATE_TEST_SUITE_P(Queue, HostilePackedRing, queues_in(true), layout_name);

namespace {

/// What is a valid chain, but no packet: returned, counted, and no error.
class MalformedPacket : public testing::TestWithParam<std::uint64_t> {
protected:
    static NetDriverOptions options() {
        NetDriverOptions options;
        options.features |= GetParam();
        return options;
    }

    MalformedPacket() {
        bench_.vhost().enable_coalescing_ioctls();
        buffer_ = bench_.driver().memory().allocate(buffer_size, 4096);
    }

    void expect_dropped(std::uint32_t length, unsigned flags = 0) {
        RingPen pen(bench_.tx());
        pen.put(0, buffer_, length, flags);
        pen.offer();
        bench_.tx().kick();
        EXPECT_TRUE(eventually([&] { return pen.anything_used(); }));
        EXPECT_EQ(bench_.vhost().statistics(VHN_VRING_TX).drop_malformed, 1U);
        EXPECT_EQ(bench_.vhost().statistics(VHN_VRING_TX).packets, 0U);
        EXPECT_EQ(bench_.tx().errors(), 0U);
    }

    Bench bench_{options()};
    std::uint64_t buffer_;
};

} // namespace

TEST_P(MalformedPacket, TransmitBufferShorterThanTheHeader) {
    expect_dropped(8);
}

TEST_P(MalformedPacket, TransmitBufferOfNothingButTheHeader) {
    expect_dropped(sizeof(virtio_net_hdr_v1));
}

TEST_P(MalformedPacket, TransmitBufferThatIsWritable) {
    expect_dropped(buffer_size, write_only);
}

TEST_P(MalformedPacket, ChecksumBeyondTheEnd) {
    auto* header = bench_.driver().memory().object<virtio_net_hdr_v1>(buffer_);
    header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    header->csum_start = 0xfff0;
    header->csum_offset = 0xfff0;
    expect_dropped(128);
}

INSTANTIATE_TEST_SUITE_P(Layout, MalformedPacket,
                         testing::Values(std::uint64_t{0}, feature(VIRTIO_F_RING_PACKED)),
                         [](const auto& layout) {
                             return std::string(layout.param != 0 ? "packed" : "split");
                         });
