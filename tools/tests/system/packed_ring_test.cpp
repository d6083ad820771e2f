// SPDX-License-Identifier: GPL-2.0-only
//
// Packed rings and IN_ORDER through our node: traffic in every layout the driver knows,
// the base with its wrap counters, and what is refused.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>
#include <random>

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr std::uint64_t packed = feature(VIRTIO_F_RING_PACKED);
constexpr std::uint64_t in_order = feature(VIRTIO_F_IN_ORDER);

NetDriverOptions with(std::uint64_t features, unsigned size = 256) {
    NetDriverOptions options;
    options.features = features;
    options.ring_size = static_cast<std::uint16_t>(size);
    return options;
}

void expect_no_errors(Bench& bench) {
    EXPECT_EQ(bench.rx().errors() + bench.tx().errors(), 0U);
}

void both_ways(Bench& bench, unsigned frames = 1000) {
    bench.deliver(frames);
    bench.drain();
    const unsigned burst = bench.driver().options().ring_size / 3U;
    for (unsigned i = 0; i < frames; i += burst) {
        bench.transmit(burst);
        bench.expect_on_host(burst);
    }
    EXPECT_GT(bench.rx().signals(), 0U);
    EXPECT_GT(bench.tx().signals(), 0U);
    expect_no_errors(bench);
}

void both_ways(const NetDriverOptions& options) {
    Bench bench(options);
    both_ways(bench);
}

constexpr std::uint64_t without(unsigned bit) {
    return (basic_features | packed) & ~feature(bit);
}

} // namespace

TEST(PackedRing, CarriesTraffic) {
    both_ways(with(basic_features | packed));
}

TEST(PackedRing, CarriesTrafficWithoutEventIdx) {
    both_ways(with(without(VIRTIO_RING_F_EVENT_IDX)));
}

TEST(PackedRing, CarriesTrafficWithoutIndirect) {
    both_ways(with(without(VIRTIO_RING_F_INDIRECT_DESC)));
}

TEST(PackedRing, CarriesTrafficWithoutMergeableBuffers) {
    both_ways(with(without(VIRTIO_NET_F_MRG_RXBUF)));
}

TEST(PackedRing, CarriesTrafficWithHeaderWrittenByVhost) {
    both_ways(with(basic_features | packed | feature(VHOST_NET_F_VIRTIO_NET_HDR)));
}

// The size need not be a power of two; chains of two go round its end.
TEST(PackedRing, HasAnySize) {
    for (const unsigned size : {3U, 7U, 100U, 255U, 1000U}) {
        SCOPED_TRACE(size);
        both_ways(with(without(VIRTIO_RING_F_INDIRECT_DESC), size));
    }
}

// HDR-D3: the driver takes all of them once it sees the first.
TEST(PackedRing, LargeFrameTakesSeveralMergedBuffersAtOnce) {
    NetDriverOptions options = with(basic_features | packed, 7);
    options.receive_buffer = 512;
    Bench bench(options);
    for (unsigned i = 0; i < 500; i++) {
        bench.inject(1400);
        // Not await_published(): the first buffer must be enough.
        ASSERT_TRUE(eventually([&] { return bench.rx().ring().returned() >= 1; }));
        const auto frame = bench.driver().receive();
        ASSERT_TRUE(frame);
        ASSERT_EQ(frame->buffers, 3U);
        ASSERT_EQ(frame_sequence(frame->data), i);
        bench.driver().post();
    }
}

// A frame that finds too few buffers leaves them as they were.
TEST(PackedRing, BuffersGivenBackAreTakenAgain) {
    NetDriverOptions options = with(basic_features | packed, 10);
    options.receive_buffer = 512;
    NetDriver driver(options);
    NetDev netdev = driver.tap().netdev();
    netdev.disable_ipv6();
    netdev.set_up(true);
    driver.start();
    PacketSocket host(driver.tap().name());
    for (unsigned i = 0; i < 50; i++) {
        driver.post(2);
        const auto frame = make_frame(i, 1400);
        ASSERT_TRUE(eventually([&] { return host.send(frame); }));
        // The device wants a kick when it has found the two not to be enough.
        const std::uint64_t kicks = driver.rx().kicks();
        ASSERT_TRUE(eventually([&] {
            return driver.rx().ring().returned() > 0 ||
                   PackedEvent(driver.rx().packed().raw().device_event().load())
                       .wanted(driver.rx().packed().used(), driver.rx().packed().used().plus(3, 10),
                               10);
        }));
        EXPECT_EQ(driver.rx().ring().returned(), 0U);
        EXPECT_EQ(driver.rx().kicks(), kicks);
        driver.post(1);
        ASSERT_TRUE(eventually([&] { return driver.rx().ring().returned() == 3; }));
        const auto received = driver.receive();
        ASSERT_TRUE(received);
        ASSERT_EQ(frame_sequence(received->data), i);
    }
    EXPECT_EQ(driver.rx().errors(), 0U);
}

// The halves of the base: avail and used, each a slot and a wrap counter.
TEST(PackedRing, StopsAndStartsAnywhereInTheRing) {
    for (const unsigned size : {5U, 64U, 99U}) {
        SCOPED_TRACE(size);
        Bench bench(with(without(VIRTIO_RING_F_INDIRECT_DESC), size));
        PackedPlace place; // two slots for each frame transmitted
        for (unsigned i = 1; i <= 40; i++) {
            const unsigned frames = i % 2 + 1;
            bench.transmit(frames);
            bench.expect_on_host(frames);
            bench.deliver(frames);
            bench.drain();
            place = place.plus(2 * frames, size);
            bench.driver().stop();
            const unsigned base = bench.vhost().vring_base(VHN_VRING_TX);
            ASSERT_EQ(base, place.word() | unsigned{place.word()} << 16U) << "round " << i;
            bench.driver().start();
        }
        expect_no_errors(bench);
    }
}

TEST(PackedRing, BeginsInEitherTurn) {
    for (const unsigned first : {0U, 1U, 98U, 99U, 150U, 197U}) {
        NetDriverOptions options = with(basic_features | packed, 99);
        options.first_index = static_cast<std::uint16_t>(first);
        both_ways(options);
    }
}

TEST(PackedRing, SizeIsAnyOnlyWhenPackedWasAcknowledged) {
    const auto set_size = [](VhostNet& vhost, unsigned size) {
        vhost_vring_state state{0, size};
        return vhost.try_ioctl(VHOST_SET_VRING_NUM, &state);
    };
    VhostNet vhost;
    vhost.set_owner();
    vhost.set_features(basic_features);
    EXPECT_EQ(set_size(vhost, 99), EINVAL);
    vhost.set_features(basic_features | packed);
    EXPECT_EQ(set_size(vhost, 99), 0);
    EXPECT_EQ(set_size(vhost, 32768), 0);
    EXPECT_EQ(set_size(vhost, 32769), EINVAL);
    EXPECT_EQ(set_size(vhost, 0), EINVAL);
}

// A size that was right when it was set and is not any more.
TEST(PackedRing, SplitRingOfAnOddSizeDoesNotStart) {
    NetDriver driver(with(basic_features | packed, 99));
    driver.start();
    driver.stop();
    driver.vhost().set_features(basic_features);
    driver.vhost().set_vring_base(VHN_VRING_TX, 0);
    vhost_vring_file backend{VHN_VRING_TX, driver.tap().get()};
    EXPECT_EQ(driver.vhost().try_ioctl(VHOST_NET_SET_BACKEND, &backend), EINVAL);
}

TEST(PackedRing, LayoutOfARunningRingStays) {
    Bench bench(with(basic_features | packed));
    std::uint64_t features = basic_features;
    EXPECT_EQ(bench.vhost().try_ioctl(VHOST_SET_FEATURES, &features), EBUSY);
    both_ways(bench, 100);
    bench.driver().stop();
    EXPECT_EQ(bench.vhost().try_ioctl(VHOST_SET_FEATURES, &features), 0);
}

TEST(PackedRing, PartsAreAligned) {
    NetDriver driver(with(basic_features | packed));
    driver.vhost().set_features(basic_features | packed);
    const RingAddresses good = driver.tx().ring().addresses();
    const auto set = [&](RingAddresses a) {
        try {
            driver.vhost().set_vring_addresses(VHN_VRING_TX, a);
            return 0;
        } catch (const Error& error) {
            return error.code();
        }
    };
    EXPECT_EQ(set(good), 0);
    EXPECT_EQ(set({good.desc + 8, good.avail, good.used}), EINVAL);
    EXPECT_EQ(set({good.desc, good.avail + 2, good.used}), EINVAL);
    EXPECT_EQ(set({good.desc, good.avail, good.used + 2}), EINVAL);
}

// --- the same traffic in both layouts ---------------------------------------------------

namespace {

using Bytes = std::vector<std::byte>;

/// 0 to @p count - 1.
unsigned any(std::mt19937& random, unsigned count) {
    return static_cast<unsigned>(random()) % count;
}

/// Cuts @p total bytes at @p address into up to @p most pieces.
std::vector<Segment> cut(std::mt19937& random, std::uint64_t address, std::uint32_t total,
                         unsigned most) {
    std::vector<Segment> segments;
    for (std::uint32_t done = 0; done < total;) {
        const std::uint32_t left = total - done;
        const bool last = segments.size() + 1 == most;
        const std::uint32_t length = last ? left : 1 + any(random, left);
        segments.push_back({address + done, length});
        done += length;
    }
    return segments;
}

/// What arrives on either side when frames of random sizes go through chains of random
/// shapes.
class RandomChains {
public:
    RandomChains(std::uint64_t features, unsigned size, unsigned seed)
        : driver_(with(features, size)), host_(up(driver_).tap().name()), random_(seed) {
        area_ = driver_.memory().allocate(area_size, 4096);
        driver_.start();
    }

    /// One frame out of the guest, as the host has it.
    Bytes transmit(std::uint64_t number) {
        const auto frame = make_frame(number, 60 + any(random_, 1400));
        const virtio_net_hdr_v1 header{};
        Bytes packet(sizeof(header));
        packet.insert(packet.end(), frame.begin(), frame.end());
        std::ranges::copy(packet, driver_.memory().at(area_, packet.size()).begin());
        const auto segments =
            cut(random_, area_, static_cast<std::uint32_t>(packet.size()), 1 + any(random_, 6));
        EXPECT_TRUE(driver_.tx().ring().add(segments, {}));
        driver_.tx().publish();
        const auto received = host_.receive(generous);
        EXPECT_TRUE(eventually([&] { return driver_.tx().ring().take().has_value(); }));
        EXPECT_EQ(received.value_or(Bytes{}), frame);
        return received.value_or(Bytes{});
    }

    /// One frame into the guest, as its buffers have it: header and all.
    Bytes receive(std::uint64_t number) {
        const auto frame = make_frame(number, 60 + any(random_, 1400));
        const auto total = static_cast<std::uint32_t>(sizeof(virtio_net_hdr_v1) + frame.size()) +
                           any(random_, 100);
        std::ranges::fill(driver_.memory().at(area_, total), std::byte{0x55});
        // Up to three buffers, each of up to four pieces.
        unsigned buffers = 0;
        for (const Segment& part : cut(random_, area_, total, 1 + any(random_, 3))) {
            const auto pieces = cut(random_, part.address, part.length, 1 + any(random_, 4));
            EXPECT_TRUE(driver_.rx().ring().add({}, pieces));
            buffers++;
        }
        driver_.rx().publish();
        EXPECT_TRUE(eventually([&] { return host_.send(frame); }));
        // The last may not be needed: it is taken by the next frame.
        Bytes whole;
        EXPECT_TRUE(eventually([&] { return driver_.rx().ring().returned() > 0; }));
        std::uint32_t length = 0;
        while (const auto used = driver_.rx().ring().take()) {
            length += used->length;
            buffers--;
        }
        const auto bytes = driver_.memory().at(area_, length);
        whole.assign(bytes.begin(), bytes.end());
        left_ = buffers;
        EXPECT_TRUE(std::ranges::equal(std::span(whole).subspan(sizeof(virtio_net_hdr_v1)), frame));
        return whole;
    }

    /// Receive buffers that the last frame had no need of.
    unsigned left() const noexcept { return left_; }
    void forget_receive_buffers() {
        driver_.stop_queue(VHN_VRING_RX);
        driver_.reset_queue(VHN_VRING_RX);
        driver_.start_queue(VHN_VRING_RX);
    }
    std::uint64_t errors() { return driver_.rx().errors() + driver_.tx().errors(); }

private:
    static constexpr std::size_t area_size = 4096;

    static NetDriver& up(NetDriver& driver) {
        NetDev netdev = driver.tap().netdev();
        netdev.disable_ipv6();
        netdev.set_up(true);
        return driver;
    }

    NetDriver driver_;
    PacketSocket host_;
    std::mt19937 random_;
    std::uint64_t area_;
    unsigned left_ = 0;
};

} // namespace

TEST(EitherLayout, DeliversTheSameBytesUnderRandomChains) {
    for (const std::uint64_t common : {basic_features, basic_features | in_order}) {
        RandomChains split(common, 32, 1);
        RandomChains other(common | packed, 27, 1);
        for (std::uint64_t i = 0; i < 400; i++) {
            ASSERT_EQ(split.transmit(i), other.transmit(i)) << "frame " << i;
            ASSERT_EQ(split.receive(i), other.receive(i)) << "frame " << i;
            ASSERT_EQ(split.left(), other.left());
            if (split.left() > 0) {
                split.forget_receive_buffers();
                other.forget_receive_buffers();
            }
            ASSERT_FALSE(HasFailure()) << "frame " << i;
        }
        EXPECT_EQ(split.errors() + other.errors(), 0U);
    }
}

// --- IN_ORDER ---------------------------------------------------------------------------

namespace {

class InOrder : public testing::TestWithParam<std::uint64_t> {
protected:
    static std::uint64_t features() { return basic_features | in_order | GetParam(); }
    static std::uint64_t skipped(Queue& queue) {
        return queue.ring().options().packed ? queue.packed().skipped() : queue.split().skipped();
    }
};

} // namespace

// The ring takes a used entry out of order for one that stands for several buffers.
TEST_P(InOrder, BuffersAreUsedInTheirOrder) {
    Bench bench(with(features()));
    both_ways(bench);
    EXPECT_EQ(skipped(bench.rx()) + skipped(bench.tx()), 0U);
}

TEST_P(InOrder, AlsoThoseOfFramesThatAreDropped) {
    Bench bench(with(features()));
    bench.vhost().enable_coalescing_ioctls();
    const std::uint64_t junk = bench.driver().memory().allocate(64);
    const Segment shorter_than_a_header{junk, 4};
    DriverRing& ring = bench.tx().ring();
    for (unsigned i = 0; i < 300; i++) {
        const auto dropped = ring.add({&shorter_than_a_header, 1}, {});
        bench.tx().publish();
        ASSERT_TRUE(eventually([&] { return ring.returned() == 1; }));
        ASSERT_EQ(ring.take().value().head, dropped);
        bench.transmit(2);
        bench.expect_on_host(2);
    }
    EXPECT_EQ(bench.vhost().statistics(VHN_VRING_TX).drop_malformed, 300U);
    EXPECT_EQ(skipped(bench.tx()), 0U);
    expect_no_errors(bench);
}

TEST_P(InOrder, AlsoThoseOfMergedFrames) {
    NetDriverOptions options = with(features(), 16);
    options.receive_buffer = 512;
    Bench bench(options);
    bench.deliver(300, 1400);
    bench.drain();
    EXPECT_EQ(skipped(bench.rx()), 0U);
    expect_no_errors(bench);
}

INSTANTIATE_TEST_SUITE_P(Layout, InOrder, testing::Values(std::uint64_t{0}, packed),
                         [](const auto& layout) {
                             return std::string(layout.param != 0 ? "packed" : "split");
                         });
