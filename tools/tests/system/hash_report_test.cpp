// SPDX-License-Identifier: GPL-2.0-only
//
// HASH_REPORT: a received packet's header has its hash and what was hashed (spec 5.3). What
// is hashed is decided in unit/flow_test.cpp.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/hash_reference.hpp"
#include "support/pairing.hpp"
#include "support/resized.hpp"
#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace vcoal::test {
namespace {

constexpr std::uint32_t all_types = VHN_HASH_TYPES;

/// Who writes the header: the socket all of it but its end, or vhost all of it.
enum class Header { from_socket, from_vhost };

NetDriverOptions options(Header header, std::uint32_t receive_buffer = 2048) {
    NetDriverOptions options;
    options.features |= feature(VIRTIO_NET_F_HASH_REPORT);
    if (header == Header::from_vhost) {
        options.features |= feature(VHOST_NET_F_VIRTIO_NET_HDR);
    }
    options.receive_buffer = receive_buffer;
    return options;
}

class Subject {
public:
    explicit Subject(const NetDriverOptions& options) : bench_(options) {
        bench_.vhost().enable_coalescing_ioctls();
    }

    Bench& bench() { return bench_; }
    VhostNet& vhost() { return bench_.vhost(); }

    /// What the guest sees of a frame sent to it.
    ReceivedFrame pass(const Bytes& frame) { return pass(frame, bench_.host()); }

    ReceivedFrame pass(const Bytes& frame, PacketSocket& from) {
        const unsigned before = bench_.rx().ring().returned();
        EXPECT_TRUE(eventually([&] { return from.send(std::as_bytes(std::span(frame))); }));
        EXPECT_TRUE(eventually([&] { return bench_.rx().ring().returned() > before; }));
        auto received = bench_.driver().receive();
        bench_.driver().post();
        EXPECT_TRUE(received.has_value());
        return received.value_or(ReceivedFrame{});
    }

private:
    Bench bench_;
};

Hashed reported(const ReceivedFrame& frame) {
    EXPECT_EQ(frame.padding, 0);
    return {frame.hash_report, frame.hash_value};
}

bool same_bytes(const Bytes& frame, const ReceivedFrame& received) {
    return std::ranges::equal(std::as_bytes(std::span(frame)), received.data);
}

constexpr Hashed nothing{};

class HashReport : public testing::TestWithParam<Header> {
protected:
    Subject subject_{options(GetParam())};
};

INSTANTIATE_TEST_SUITE_P(Headers, HashReport,
                         testing::Values(Header::from_socket, Header::from_vhost),
                         [](const testing::TestParamInfo<Header>& which) {
                             return which.param == Header::from_socket ? "FromSocket" : "FromVhost";
                         });

TEST_P(HashReport, RSS_D1_PublishedVectorsOfIpv4) {
    subject_.vhost().set_hash(published_hash(all_types));
    for (const HashVector& v : published_ipv4) {
        const Bytes end = ports(v.source_port, v.destination_port);
        const auto hash = [&](std::uint8_t protocol) {
            return reported(
                subject_.pass(ipv4(v.source, v.destination, {.protocol = protocol}) + end));
        };
        EXPECT_EQ(hash(tcp), (Hashed{VIRTIO_NET_HASH_REPORT_TCPv4, v.with_ports}));
        EXPECT_EQ(hash(udp), (Hashed{VIRTIO_NET_HASH_REPORT_UDPv4, v.with_ports}));
        EXPECT_EQ(hash(1), (Hashed{VIRTIO_NET_HASH_REPORT_IPv4, v.addresses}));
    }
}

TEST_P(HashReport, RSS_D1_PublishedVectorsOfIpv6) {
    subject_.vhost().set_hash(published_hash(all_types));
    const HashVector& v = published_ipv6;
    const Bytes end = ports(v.source_port, v.destination_port);
    const auto hash = [&](std::uint8_t protocol) {
        return reported(subject_.pass(ipv6(v.source, v.destination, protocol) + end));
    };
    EXPECT_EQ(hash(tcp), (Hashed{VIRTIO_NET_HASH_REPORT_TCPv6, v.with_ports}));
    EXPECT_EQ(hash(udp), (Hashed{VIRTIO_NET_HASH_REPORT_UDPv6, v.with_ports}));
    EXPECT_EQ(hash(58), (Hashed{VIRTIO_NET_HASH_REPORT_IPv6, v.addresses}));
    const Bytes mobile = ipv6("2001:db8::1", "2001:db8::2", 60) +
                         destination_options(43, v.source) + routing_type_2(tcp, v.destination) +
                         end;
    EXPECT_EQ(reported(subject_.pass(mobile)),
              (Hashed{VIRTIO_NET_HASH_REPORT_TCPv6_EX, v.with_ports}));
}

TEST_P(HashReport, RandomPacketsAreReportedAsComputed) {
    RandomPackets packets(3);
    for (const std::uint32_t types : {all_types, 0x3fU, 0x1c0U, 0x09U}) {
        const HashConfig config = published_hash(types);
        subject_.vhost().set_hash(config);
        for (int i = 0; i < 500; i++) {
            const Bytes frame = packets.next();
            const ReceivedFrame received = subject_.pass(frame);
            ASSERT_EQ(reported(received), hashed(frame, config)) << i;
            ASSERT_TRUE(same_bytes(frame, received)) << i;
        }
    }
}

Bytes vector_frame() {
    const HashVector& v = published_ipv4[0];
    return ipv4(v.source, v.destination) + ports(v.source_port, v.destination_port);
}

constexpr Hashed vector_hash{VIRTIO_NET_HASH_REPORT_TCPv4, published_ipv4[0].with_ports};

TEST_P(HashReport, RSS_D3_NothingIsReportedBeforeConfigurationNorAfterReset) {
    EXPECT_EQ(reported(subject_.pass(vector_frame())), nothing);
    subject_.vhost().set_hash(published_hash(all_types));
    EXPECT_EQ(reported(subject_.pass(vector_frame())), vector_hash);
    subject_.vhost().reset_coalescing(VHN_VRING_RX, VHN_RESET_QUEUE);
    EXPECT_EQ(reported(subject_.pass(vector_frame())), vector_hash);
    subject_.vhost().reset_coalescing(VHN_VRING_RX, VHN_RESET_DEVICE);
    EXPECT_EQ(reported(subject_.pass(vector_frame())), nothing);
}

TEST_P(HashReport, RSS_D3_WhatNoTypeFitsIsNotReported) {
    subject_.vhost().set_hash(published_hash(VIRTIO_NET_RSS_HASH_TYPE_UDPv4));
    EXPECT_EQ(reported(subject_.pass(vector_frame())), nothing);
    subject_.vhost().set_hash(published_hash(all_types));
    EXPECT_EQ(reported(subject_.pass(ethernet(0x0806) + Bytes(46))), nothing);
    EXPECT_EQ(reported(subject_.pass(vector_frame())), vector_hash);
    subject_.vhost().set_hash(published_hash(0));
    EXPECT_EQ(reported(subject_.pass(vector_frame())), nothing);
}

TEST_P(HashReport, ATagInThePacketOrBesideItIsSteppedOver) {
    subject_.vhost().set_hash(published_hash(all_types));
    EXPECT_EQ(reported(subject_.pass(tagged(vector_frame(), 0x8100, 5))), vector_hash);

    // The kernel keeps the tag beside the packet when a VLAN device sends.
    const std::string tap = subject_.bench().driver().tap().name();
    const std::string vlan = tap + ".5";
    ASSERT_EQ(
        run({"ip", "link", "add", "link", tap, "name", vlan, "type", "vlan", "id", "5"}).status, 0);
    NetDev device(vlan);
    device.disable_ipv6();
    device.set_up(true);
    PacketSocket socket(vlan);
    const ReceivedFrame received = subject_.pass(vector_frame(), socket);
    EXPECT_EQ(reported(received), vector_hash);
    EXPECT_TRUE(same_bytes(tagged(vector_frame(), 0x8100, 5), received));
}

// The packet is not in one piece then, and neither is the guest's buffer.
TEST_P(HashReport, APacketOfManyBuffersIsReportedInTheFirst) {
    subject_.vhost().set_hash(published_hash(all_types));
    Bytes frame = vector_frame();
    frame.resize(1400, 0x77);
    Subject small(options(GetParam(), 256));
    small.vhost().set_hash(published_hash(all_types));
    const ReceivedFrame received = small.pass(frame);
    EXPECT_EQ(received.header.num_buffers, 6);
    EXPECT_EQ(reported(received), vector_hash);
    EXPECT_TRUE(same_bytes(frame, received));
    EXPECT_EQ(subject_.pass(frame).header.num_buffers, 1);
}

TEST_P(HashReport, ATransmittedFrameArrivesByteByByte) {
    Bench& bench = subject_.bench();
    for (const std::size_t length : {64U, 65U, 1000U, 1514U}) {
        bench.transmit(20, length);
        bench.expect_on_host(20);
    }
    // Batches are sent where the send buffer has no bound; else one by one.
    bench.driver().tap().set_send_buffer(1 << 20);
    bench.transmit(20, 300);
    bench.expect_on_host(20);
}

// Each packet is judged by one configuration or by the other.
TEST_P(HashReport, IsReplacedUnderTraffic) {
    const HashConfig configs[] = {published_hash(all_types), published_hash(0)};
    std::atomic<bool> enough{false};
    std::thread changes([&] {
        for (unsigned i = 0; !enough; i++) {
            subject_.vhost().set_hash(configs[i % 2]);
        }
    });
    for (unsigned i = 0; i < 1000; i++) {
        const Hashed hash = reported(subject_.pass(vector_frame()));
        EXPECT_TRUE(hash == nothing || hash == vector_hash) << hash;
    }
    enough = true;
    changes.join();
}

class HashIoctl : public testing::Test {
protected:
    HashIoctl() {
        vhost.enable_coalescing_ioctls();
        argument.types = VHN_HASH_TYPES;
    }

    int set() { return vhost.try_ioctl(VHN_SET_HASH, &argument); }
    int get() { return vhost.try_ioctl(VHN_GET_HASH, &argument); }

    VhostNet vhost;
    vhn_hash argument{};
};

TEST_F(HashIoctl, OnlyOfTheVringThatReceives) {
    EXPECT_EQ(set(), 0);
    EXPECT_EQ(get(), 0);
    argument.index = VHN_VRING_TX;
    EXPECT_EQ(set(), EINVAL);
    EXPECT_EQ(get(), EINVAL);
    for (const unsigned index : {2U, 0x80000000U, 0xffffffffU}) {
        argument.index = index;
        EXPECT_EQ(set(), ENOBUFS) << index;
        EXPECT_EQ(get(), ENOBUFS) << index;
    }
}

TEST_F(HashIoctl, NotSupportedUntilAcknowledged) {
    vhost.set_backend_features(0);
    EXPECT_EQ(set(), EOPNOTSUPP);
    EXPECT_EQ(get(), EOPNOTSUPP);
}

TEST_F(HashIoctl, WhatWasSetIsReadBack) {
    for (std::uint32_t types = 1; types <= all_types; types++) {
        const HashConfig config = published_hash(types);
        vhost.set_hash(config);
        ASSERT_EQ(vhost.hash().types, types);
        ASSERT_EQ(vhost.hash().key, config.key);
    }
    // Also the last bit, which no hash depends on, and what was not given.
    vhost.set_hash({1, std::vector<std::uint8_t>(VHN_HASH_KEY_LEN, 0xff)});
    EXPECT_EQ(vhost.hash().key, std::vector<std::uint8_t>(VHN_HASH_KEY_LEN, 0xff));
    vhost.set_hash({1, {7, 8}});
    std::vector<std::uint8_t> key{7, 8};
    key.resize(VHN_HASH_KEY_LEN);
    EXPECT_EQ(vhost.hash().key, key);
}

TEST_F(HashIoctl, WhileNothingIsHashedTypesAndKeyAreZero) {
    const auto expect_nothing = [&] {
        argument.types = 0xffffffff;
        std::ranges::fill(argument.key, 0x55);
        EXPECT_EQ(get(), 0);
        EXPECT_EQ(argument.index, unsigned{VHN_VRING_RX});
        EXPECT_EQ(argument.types, 0U);
        EXPECT_TRUE(std::ranges::all_of(argument.key, [](auto byte) { return byte == 0; }));
        EXPECT_EQ(set(), 0);
    };
    expect_nothing();
    vhost.set_hash(published_hash(0));
    expect_nothing();
    vhost.set_hash(published_hash(all_types));
    vhost.reset_coalescing(VHN_VRING_RX, VHN_RESET_QUEUE);
    EXPECT_EQ(vhost.hash().types, all_types);
    vhost.reset_coalescing(VHN_VRING_RX, VHN_RESET_DEVICE);
    expect_nothing();
}

TEST_F(HashIoctl, BadPointer) {
    for (const unsigned long request : {VHN_SET_HASH, VHN_GET_HASH}) {
        EXPECT_EQ(vhost.try_ioctl(request, std::uintptr_t{0}), EFAULT);
        EXPECT_EQ(vhost.try_ioctl(request, std::uintptr_t{0xffff'8880'0000'0000}), EFAULT);
    }
}

TEST_F(HashIoctl, AnArgumentOfAnotherSizeIsFilledAsFarAsBothGo) {
    const HashConfig config = published_hash(all_types);
    vhost.set_hash(config);
    constexpr std::size_t known = offsetof(vhn_hash, key);
    std::ranges::fill(argument.key, 0x55);
    ASSERT_EQ(vhost.try_ioctl(resized(VHN_GET_HASH, known), &argument), 0);
    EXPECT_EQ(argument.types, all_types);
    EXPECT_TRUE(std::ranges::all_of(argument.key, [](auto byte) { return byte == 0x55; }));
    EXPECT_EQ(vhost.try_ioctl(resized(VHN_GET_HASH, 3), &argument), EINVAL);

    struct {
        vhn_hash hash;
        std::uint8_t unknown[8];
    } larger{};
    ASSERT_EQ(vhost.try_ioctl(resized(VHN_GET_HASH, sizeof(larger)), &larger), 0);
    EXPECT_TRUE(std::ranges::equal(larger.hash.key, config.key));
    EXPECT_TRUE(std::ranges::all_of(larger.unknown, [](auto byte) { return byte == 0; }));
    larger.unknown[7] = 1;
    EXPECT_EQ(vhost.try_ioctl(resized(VHN_GET_HASH, sizeof(larger)), &larger), E2BIG);
}

TEST_F(HashIoctl, UnknownTypesAreRefusedAndChangeNothing) {
    Subject subject(options(Header::from_socket));
    subject.vhost().set_hash(published_hash(all_types));
    for (unsigned bit = 9; bit < 32; bit++) {
        argument.types = all_types | 1U << bit;
        EXPECT_EQ(subject.vhost().try_ioctl(VHN_SET_HASH, &argument), EINVAL) << bit;
    }
    EXPECT_EQ(subject.vhost().hash().types, all_types);
    EXPECT_EQ(reported(subject.pass(vector_frame())), vector_hash);
}

TEST_F(HashIoctl, AShorterKeyIsFollowedByZeros) {
    Subject subject(options(Header::from_socket));
    HashConfig config = published_hash(all_types);
    for (const std::size_t length : {0U, 1U, 16U, 39U}) {
        config.key.resize(length);
        subject.vhost().set_hash(config);
        EXPECT_EQ(reported(subject.pass(vector_frame())), hashed(vector_frame(), config));
        config = published_hash(all_types);
    }
    config.key.resize(41);
    EXPECT_THROW(subject.vhost().set_hash(config), Error);
}

TEST_F(HashIoctl, NotNegotiatedTheHeaderIsAsLongAsEver) {
    Subject subject((NetDriverOptions()));
    subject.vhost().set_hash(published_hash(all_types));
    const ReceivedFrame received = subject.pass(vector_frame());
    EXPECT_TRUE(same_bytes(vector_frame(), received));
    EXPECT_EQ(reported(received), nothing);
}

} // namespace
} // namespace vcoal::test
