// SPDX-License-Identifier: GPL-2.0-only
//
// Rings no driver may write. For each: the error eventfd is signalled once, the worker
// is idle afterwards whatever is kicked or sent, nothing outside of the guest's memory
// is written, the other queue goes on, and the file can be closed.
#include "support/bench.hpp"
#include "support/coal_bench.hpp"
#include "support/frames.hpp"
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

NetDriverOptions hostile_options() {
    NetDriverOptions options;
    options.ring_size = ring_size;
    options.guard = 65536;
    return options;
}

class HostileRing : public EachQueue {
protected:
    HostileRing() : driver_(hostile_options()), host_(up(driver_).tap().name()) {
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

    RawRing& raw() { return queue().ring().raw(); }
    Queue& queue() { return driver_.queue(GetParam()); }
    /// What a buffer of this queue is: written by the device, or read.
    std::uint16_t kind() const { return GetParam() == VHN_VRING_RX ? write_only : 0; }
    vring_desc* table() { return driver_.memory().object<vring_desc>(table_, 256); }

    vring_desc good(std::uint16_t flags = 0, std::uint16_t link = 0) const {
        return {buffer_, buffer_size, static_cast<std::uint16_t>(kind() | flags), link};
    }

    /// Makes what stands in the ring available from entry 0 on, and gives the device a
    /// reason to look at it.
    void offer(std::uint16_t head = 0, std::uint16_t avail_idx = 1) {
        raw().avail_entry(0) = head;
        raw().avail_idx().store(avail_idx);
        provoke();
    }

    void provoke() {
        queue().kick();
        if (GetParam() == VHN_VRING_RX) {
            EXPECT_TRUE(eventually([&] { return host_.send(make_frame(0)); }));
        }
    }

    void expect_refused() {
        ASSERT_TRUE(eventually([&] { return queue().errors() >= 1; })) << "no error signalled";
        for (unsigned i = 0; i < 100; i++) {
            provoke();
        }
        EXPECT_TRUE(Worker::find().idle_for(std::chrono::seconds(1)));
        EXPECT_EQ(queue().errors(), 1U);
        EXPECT_FALSE(pattern_broken(driver_.memory().guard_before(), guard_seed));
        EXPECT_FALSE(pattern_broken(driver_.memory().guard_behind(), guard_seed));
    }

    void expect_nothing_used() { EXPECT_EQ(raw().used_idx().load(), 0U); }

    void expect_other_queue_works() {
        if (GetParam() == VHN_VRING_RX) {
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
    std::uint64_t buffer_;
    std::uint64_t table_;
};

} // namespace

TEST_P(HostileRing, ChainOfNumPlusOne) {
    for (std::uint16_t i = 0; i < ring_size; i++) {
        raw().desc(i) = {buffer_, 16, static_cast<std::uint16_t>(kind() | next),
                         static_cast<std::uint16_t>((i + 1) % ring_size)};
    }
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, SelfLoop) {
    raw().desc(0) = good(next, 0);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, HeadOutsideTheRing) {
    raw().desc(0) = good();
    offer(ring_size);
    expect_refused_and_harmless();
}

TEST_P(HostileRing, NextOutsideTheRing) {
    raw().desc(0) = good(next, ring_size);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, NestedIndirect) {
    raw().desc(0) = {table_, 32, indirect, 0};
    table()[0] = {table_, 16, indirect, 0};
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectLengthNoMultipleOf16) {
    raw().desc(0) = {table_, 24, indirect, 0};
    table()[0] = good();
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectTableOfLengthZero) {
    raw().desc(0) = {table_, 0, indirect, 0};
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectTableFollowedByMore) {
    raw().desc(0) = {table_, 16, static_cast<std::uint16_t>(indirect | next), 1};
    raw().desc(1) = good();
    table()[0] = good();
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectLoop) {
    raw().desc(0) = {table_, 32, indirect, 0};
    table()[0] = good(next, 1);
    table()[1] = good(next, 0);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectNextOutsideTheTable) {
    raw().desc(0) = {table_, 16, indirect, 0};
    table()[0] = good(next, 1);
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, IndirectTableOf4GiB) {
    raw().desc(0) = {table_, 0xfffffff0, indirect, 0};
    table()[0] = good();
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, ZeroLength) {
    raw().desc(0) = {buffer_, 0, kind(), 0};
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, LengthOf4GiB) {
    raw().desc(0) = {buffer_, 0xffffffff, kind(), 0};
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, WrappedAddress) {
    raw().desc(0) = {~std::uint64_t{0} - 15, buffer_size, kind(), 0};
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, BufferReachesBeyondTheTable) {
    const auto& memory = driver_.memory();
    raw().desc(0) = {memory.base() + memory.size() - 32, buffer_size, kind(), 0};
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, BufferBeforeTheTable) {
    raw().desc(0) = {driver_.memory().base() - 4096, buffer_size, kind(), 0};
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, ReadableAfterWritable) {
    raw().desc(0) = {buffer_, 1024, static_cast<std::uint16_t>(write_only | next), 1};
    raw().desc(1) = {buffer_ + 1024, 1024, 0, 0};
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, AvailableIndexJumpsBeyondNum) {
    raw().desc(0) = good();
    offer(0, ring_size + 1);
    expect_refused_and_harmless();
}

TEST_P(HostileRing, AvailableIndexGoesBack) {
    raw().desc(0) = good();
    offer(0, 0xffff);
    expect_refused_and_harmless();
}

TEST_P(HostileRing, MemoryUnmappedUnderTraffic) {
    raw().desc(0) = good();
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
    raw().desc(0) = good();
    offer();
    expect_refused_and_harmless();
}

TEST_P(HostileRing, RingOutsideUserSpace) {
    driver_.stop_queue(GetParam());
    RingAddresses kernel = raw().addresses();
    kernel.used = 0xffff'8000'0000'0000;
    driver_.vhost().set_vring_addresses(GetParam(), kernel);
    vhost_vring_file backend{GetParam(), driver_.tap().get()};
    EXPECT_EQ(driver_.vhost().try_ioctl(VHOST_NET_SET_BACKEND, &backend), EFAULT);
    EXPECT_TRUE(Worker::find().idle_for(std::chrono::seconds(1)));
}

TEST_P(HostileRing, RingWhereNothingIsMapped) {
    driver_.stop_queue(GetParam());
    driver_.vhost().set_vring_addresses(GetParam(), {4096, 8192, 12288});
    vhost_vring_file backend{GetParam(), driver_.tap().get()};
    EXPECT_EQ(driver_.vhost().try_ioctl(VHOST_NET_SET_BACKEND, &backend), EFAULT);
    EXPECT_TRUE(Worker::find().idle_for(std::chrono::seconds(1)));
}

/// A broken queue works again once it gets a back end anew.
TEST_P(HostileRing, RecoversWhenSetUpAnew) {
    raw().desc(0) = good(next, 0);
    offer();
    expect_refused();
    driver_.stop_queue(GetParam());
    driver_.reset_queue(GetParam());
    driver_.start_queue(GetParam());
    if (GetParam() == VHN_VRING_RX) {
        driver_.post();
        EXPECT_TRUE(eventually([&] { return host_.send(make_frame(1)); }));
    } else {
        ASSERT_TRUE(driver_.send(make_frame(1)));
        queue().publish();
    }
    EXPECT_TRUE(eventually([&] { return queue().ring().returned() >= 1; }));
    EXPECT_EQ(queue().errors(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Queue, HostileRing, both_queues(), queue_name);

namespace {

/// What is a valid chain, but no packet: returned, counted, and no error.
class MalformedPacket : public testing::Test {
protected:
    MalformedPacket() {
        bench_.vhost().enable_coalescing_ioctls();
        buffer_ = bench_.driver().memory().allocate(buffer_size, 4096);
    }

    void expect_dropped(const vring_desc& desc) {
        RawRing& raw = bench_.tx().ring().raw();
        raw.desc(0) = desc;
        raw.avail_entry(0) = 0;
        raw.avail_idx().store(1);
        bench_.tx().kick();
        EXPECT_TRUE(eventually([&] { return raw.used_idx().load() == 1; }));
        EXPECT_EQ(bench_.vhost().statistics(VHN_VRING_TX).drop_malformed, 1U);
        EXPECT_EQ(bench_.vhost().statistics(VHN_VRING_TX).packets, 0U);
        EXPECT_EQ(bench_.tx().errors(), 0U);
    }

    Bench bench_;
    std::uint64_t buffer_;
};

} // namespace

TEST_F(MalformedPacket, TransmitBufferShorterThanTheHeader) {
    expect_dropped({buffer_, 8, 0, 0});
}

TEST_F(MalformedPacket, TransmitBufferOfNothingButTheHeader) {
    expect_dropped({buffer_, sizeof(virtio_net_hdr_v1), 0, 0});
}

TEST_F(MalformedPacket, TransmitBufferThatIsWritable) {
    expect_dropped({buffer_, buffer_size, write_only, 0});
}

TEST_F(MalformedPacket, ChecksumBeyondTheEnd) {
    auto* header = bench_.driver().memory().object<virtio_net_hdr_v1>(buffer_);
    header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    header->csum_start = 0xfff0;
    header->csum_offset = 0xfff0;
    expect_dropped({buffer_, 128, 0, 0});
}
