// SPDX-License-Identifier: GPL-2.0-only
//
// What our guest driver makes of packets whose header or length lies: dropped and
// counted, and the next good one is received.
#include "support/bench.hpp"
#include "support/loopback_stub.hpp"
#include "support/pairing.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/netns.hpp"
#include "vcoal/virtio_net.hpp"

#include <cstring>
#include <gtest/gtest.h>

namespace vcoal::test {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint64_t guest_csum = feature(VIRTIO_NET_F_GUEST_CSUM);
constexpr std::uint64_t guest_tso4 = guest_csum | feature(VIRTIO_NET_F_GUEST_TSO4);
constexpr std::uint64_t every_offload = guest_tso4 | feature(VIRTIO_NET_F_GUEST_TSO6) |
                                        feature(VIRTIO_NET_F_GUEST_ECN) |
                                        feature(VIRTIO_NET_F_GUEST_UFO);

struct Counters {
    std::uint64_t packets = 0;
    std::uint64_t bad_header = 0;
    std::uint64_t bad_length = 0;
    bool operator==(const Counters&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Counters& counters) {
    return out << counters.packets << " packets, " << counters.bad_header << " bad headers, "
               << counters.bad_length << " bad lengths";
}

virtio_net_hdr_v1 plain() {
    virtio_net_hdr_v1 header{};
    header.num_buffers = 1;
    return header;
}

/// TCP over IPv4 with 1000 bytes, as far as a header's checker looks.
virtio_net_hdr_v1 segments() {
    virtio_net_hdr_v1 header = plain();
    header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    header.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
    header.gso_size = 500;
    header.hdr_len = 54;
    header.csum_start = 34;
    header.csum_offset = 16;
    return header;
}

class DriverReceive : public testing::Test {
protected:
    static void SetUpTestSuite() { load_our_driver(); }

    void start(std::uint64_t features, std::uint64_t without = 0) {
        LoopbackOptions options = net_options(features);
        options.features &= ~without;
        stub_.emplace(options, net_roles());
        stub_->start_and_wait();
        in_first_namespace([&] { bring_up(stub_->interface()); });
    }

    LoopbackStub& stub() { return *stub_; }

    static Bytes packet(const virtio_net_hdr_v1& header, std::size_t length = 1054) {
        Bytes bytes(sizeof(header) + length);
        std::memcpy(bytes.data(), &header, sizeof(header));
        const std::size_t frame = sizeof(header);
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(frame), 6, std::byte{0xff});
        bytes[frame + 6] = std::byte{2};
        bytes[frame + 12] = std::byte{8}; // IPv4
        if (length > 24) {
            bytes[frame + 14] = std::byte{0x45};
            bytes[frame + 23] = std::byte{6}; // TCP
        }
        return bytes;
    }

    void inject(const Bytes& bytes, std::uint32_t claimed) {
        ASSERT_TRUE(eventually([&] { return stub().inject_raw(bytes, claimed); }));
    }
    void inject(const Bytes& bytes) { inject(bytes, static_cast<std::uint32_t>(bytes.size())); }

    Counters counters() {
        const NetNs first = NetNs::open("/proc/1/ns/net");
        const std::string all = run({"ethtool", "-S", stub_->interface()}, &first).output;
        return {counter_in(all, "rx_queue_0_packets"), counter_in(all, "rx_queue_0_bad_header"),
                counter_in(all, "rx_queue_0_bad_length")};
    }

    /// Waits until @p n packets more have been looked at, and says what they were.
    Counters verdict(unsigned n) {
        Counters now;
        EXPECT_TRUE(eventually([&] {
            now = counters();
            return now.packets + now.bad_length == before_.packets + before_.bad_length + n;
        })) << now;
        const Counters result{now.packets - before_.packets, now.bad_header - before_.bad_header,
                              now.bad_length - before_.bad_length};
        before_ = now;
        return result;
    }

private:
    std::optional<LoopbackStub> stub_;
    Counters before_;
};

constexpr Counters good{1, 0, 0};
constexpr Counters bad_header{1, 1, 0};
constexpr Counters bad_length{0, 0, 1};

TEST_F(DriverReceive, GoodPacketsOfAllLengths) {
    start(guest_tso4);
    for (const std::size_t length : {14, 60, 127, 128, 129, 1514, 4084}) {
        inject(packet(plain(), length));
        EXPECT_EQ(verdict(1), good) << length;
    }
    inject(packet(segments()));
    EXPECT_EQ(verdict(1), good);
}

TEST_F(DriverReceive, HDR_D4_KindsThatWereNotNegotiated) {
    start(guest_csum);
    inject(packet(segments()));
    EXPECT_EQ(verdict(1), bad_header);
    for (const unsigned type : {VIRTIO_NET_HDR_GSO_UDP, VIRTIO_NET_HDR_GSO_TCPV6, 5, 7, 0x80}) {
        virtio_net_hdr_v1 header = segments();
        header.gso_type = static_cast<std::uint8_t>(type);
        inject(packet(header));
        EXPECT_EQ(verdict(1), bad_header) << type;
    }
    inject(packet(plain()));
    EXPECT_EQ(verdict(1), good);
}

TEST_F(DriverReceive, HDR_D4_EcnNeedsItsFeature) {
    start(guest_tso4);
    virtio_net_hdr_v1 header = segments();
    header.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
    inject(packet(header));
    EXPECT_EQ(verdict(1), bad_header);
}

TEST_F(DriverReceive, HDR_D4_SegmentsNeedAChecksumAndASize) {
    start(every_offload);
    virtio_net_hdr_v1 header = segments();
    header.flags = 0;
    inject(packet(header));
    EXPECT_EQ(verdict(1), bad_header);
    header = segments();
    header.gso_size = 0;
    inject(packet(header));
    EXPECT_EQ(verdict(1), bad_header);
}

TEST_F(DriverReceive, HDR_G9_UnknownFlagsAreIgnored) {
    start(every_offload);
    virtio_net_hdr_v1 header = plain();
    header.flags = 0xf8;
    inject(packet(header));
    EXPECT_EQ(verdict(1), good);
    header.hdr_len = 0xffff;
    header.csum_start = 0xffff;
    inject(packet(header));
    EXPECT_EQ(verdict(1), good);
}

TEST_F(DriverReceive, HDR_G9_NothingIsSaidWithoutGuestCsum) {
    start(0);
    virtio_net_hdr_v1 header = plain();
    header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    header.csum_start = 0xffff;
    inject(packet(header));
    EXPECT_EQ(verdict(1), good);
}

TEST_F(DriverReceive, ChecksumsOutsideOfThePacket) {
    start(every_offload);
    for (const auto& [begin, offset] : {std::pair{1054, 0}, {0xffff, 0}, {34, 0xffff}, {1053, 1}}) {
        virtio_net_hdr_v1 header = plain();
        header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        header.csum_start = static_cast<__virtio16>(begin);
        header.csum_offset = static_cast<__virtio16>(offset);
        inject(packet(header));
        EXPECT_EQ(verdict(1), bad_header) << begin << " " << offset;
    }
}

TEST_F(DriverReceive, LengthsThatCannotBe) {
    start(every_offload);
    const Bytes bytes = packet(plain());
    for (const std::uint32_t claimed : {0U, 1U, 11U, 12U, 25U, 4097U, 65536U, 0xffffffffU}) {
        inject(bytes, claimed);
        EXPECT_EQ(verdict(1), bad_length) << claimed;
    }
    inject(bytes);
    EXPECT_EQ(verdict(1), good);
}

TEST_F(DriverReceive, NumbersOfBuffersThatCannotBe) {
    start(every_offload);
    for (const unsigned buffers : {0U, 18U, 0xffffU, 2U}) {
        virtio_net_hdr_v1 header = plain();
        header.num_buffers = static_cast<__virtio16>(buffers);
        inject(packet(header));
        EXPECT_EQ(verdict(1), bad_length) << buffers;
    }
    inject(packet(plain()));
    EXPECT_EQ(verdict(1), good);
}

// Without MRG_RXBUF the number says nothing, and a buffer takes 64 KiB.
TEST_F(DriverReceive, BigBuffers) {
    start(every_offload, feature(VIRTIO_NET_F_MRG_RXBUF));
    for (const std::size_t length : {14, 128, 4084, 4085, 9000, 65549}) {
        inject(packet(plain(), length));
        EXPECT_EQ(verdict(1), good) << length;
    }
    for (const std::uint32_t claimed : {0U, 12U, 17U * 4096 + 1, 0xffffffffU}) {
        inject(packet(plain()), claimed);
        EXPECT_EQ(verdict(1), bad_length) << claimed;
    }
    inject(packet(plain()));
    EXPECT_EQ(verdict(1), good);
}

// Thousands of lies: no page is lost, so the queue never runs dry.
TEST_F(DriverReceive, LiesCostNoBuffers) {
    start(every_offload);
    const Bytes bytes = packet(segments());
    for (unsigned i = 0; i < 3000; i++) {
        inject(bytes, i % 3 == 0 ? 0xffffffff : static_cast<std::uint32_t>(i % 1100));
    }
    verdict(3000);
    inject(packet(plain()));
    EXPECT_EQ(verdict(1), good);
}

} // namespace
} // namespace vcoal::test
