// SPDX-License-Identifier: GPL-2.0-only
//
// What of a packet is hashed, and the hash (spec 5.3), with the vectors that everybody
// uses.
#include "pure.hpp"
#include "support/hash_reference.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace {

using namespace vcoal::test;

constexpr auto& key = published_key;
constexpr std::uint32_t all_types = VHN_HASH_TYPES;

constexpr std::uint32_t all_types_but(std::uint32_t types) {
    return all_types & ~types;
}

/// What the device makes of a frame.
Hashed hashed(const Bytes& frame, std::uint32_t types = all_types) {
    const auto length =
        static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), VHN_FLOW_LOOK));
    vhn_flow flow{};
    vhn_flow_parse(frame.data(), length, types, &flow);
    vhn_toeplitz toeplitz;
    vhn_toeplitz_prepare(&toeplitz, key.data());
    return {flow.report, vhn_toeplitz_hash(&toeplitz, flow.input, flow.len)};
}

constexpr Hashed nothing{};

constexpr auto& four = published_ipv4;
constexpr auto& six = published_ipv6;

TEST(Flow, RSS_D1_PublishedVectorsOfIpv4) {
    for (const HashVector& v : four) {
        const Bytes end = ports(v.source_port, v.destination_port);
        EXPECT_EQ(hashed(ipv4(v.source, v.destination) + end),
                  (Hashed{VIRTIO_NET_HASH_REPORT_TCPv4, v.with_ports}));
        EXPECT_EQ(hashed(ipv4(v.source, v.destination, {.protocol = udp}) + end),
                  (Hashed{VIRTIO_NET_HASH_REPORT_UDPv4, v.with_ports}));
        EXPECT_EQ(hashed(ipv4(v.source, v.destination, {.protocol = 1}) + end),
                  (Hashed{VIRTIO_NET_HASH_REPORT_IPv4, v.addresses}));
    }
}

TEST(Flow, RSS_D1_PublishedVectorsOfIpv6) {
    const Bytes end = ports(six.source_port, six.destination_port);
    EXPECT_EQ(hashed(ipv6(six.source, six.destination) + end),
              (Hashed{VIRTIO_NET_HASH_REPORT_TCPv6, six.with_ports}));
    EXPECT_EQ(hashed(ipv6(six.source, six.destination, udp) + end),
              (Hashed{VIRTIO_NET_HASH_REPORT_UDPv6, six.with_ports}));
    EXPECT_EQ(hashed(ipv6(six.source, six.destination, 58) + end),
              (Hashed{VIRTIO_NET_HASH_REPORT_IPv6, six.addresses}));
}

// RSS-D3: a type that is not enabled is not computed, and what none fits is not hashed.
TEST(Flow, RSS_D3_OnlyTypesThatAreEnabled) {
    const HashVector& v = four[0];
    const Bytes frame = ipv4(v.source, v.destination) + ports(v.source_port, v.destination_port);
    EXPECT_EQ(hashed(frame, 0), nothing);
    EXPECT_EQ(hashed(frame, VIRTIO_NET_RSS_HASH_TYPE_UDPv4), nothing);
    EXPECT_EQ(hashed(frame,
                     all_types_but(VIRTIO_NET_RSS_HASH_TYPE_IPv4 | VIRTIO_NET_RSS_HASH_TYPE_TCPv4)),
              nothing);
    EXPECT_EQ(hashed(frame, VIRTIO_NET_RSS_HASH_TYPE_IPv4 | VIRTIO_NET_RSS_HASH_TYPE_UDPv4),
              (Hashed{VIRTIO_NET_HASH_REPORT_IPv4, v.addresses}));
    EXPECT_EQ(hashed(ethernet(0x0806) + Bytes(46)), nothing);
}

// RSS-D4: no tunnel type is ever enabled here.
TEST(Flow, RSS_D4_OfATunnelTheOuterHeaderIsHashed) {
    constexpr unsigned gre = 47;
    constexpr unsigned vxlan_port = 4789;
    const HashVector& v = four[0];
    const Bytes inner = ipv4(four[1].source, four[1].destination) +
                        ports(four[1].source_port, four[1].destination_port);
    EXPECT_EQ(
        hashed(ipv4(v.source, v.destination, {.protocol = gre}) + Bytes{0, 0, 0x65, 0x58} + inner),
        (Hashed{VIRTIO_NET_HASH_REPORT_IPv4, v.addresses}));
    const Bytes outer = ipv4(v.source, v.destination, {.protocol = udp});
    const Bytes udp_header = be16(v.source_port) + be16(vxlan_port) + Bytes(4);
    EXPECT_EQ(hashed(outer + udp_header + Bytes(8) + inner), hashed(outer + udp_header));
    EXPECT_EQ(hashed(outer + udp_header).report, VIRTIO_NET_HASH_REPORT_UDPv4);
}

TEST(Flow, OptionsAndTagsAreSteppedOver) {
    const HashVector& v = four[0];
    const Bytes end = ports(v.source_port, v.destination_port);
    const Hashed expected{VIRTIO_NET_HASH_REPORT_TCPv4, v.with_ports};
    for (unsigned words = 0; words <= 10; words++) {
        EXPECT_EQ(hashed(ipv4(v.source, v.destination, {.options = words}) + end), expected)
            << words;
    }
    const Bytes frame = ipv4(v.source, v.destination) + end;
    const Bytes rest(frame.begin() + 12, frame.end());
    EXPECT_EQ(hashed(Bytes(12) + be16(0x8100) + be16(5) + rest), expected);
    EXPECT_EQ(hashed(Bytes(12) + be16(0x88a8) + be16(6) + be16(0x8100) + be16(5) + rest), expected);
}

TEST(Flow, FragmentsHaveNoPorts) {
    const HashVector& v = four[0];
    const Bytes end = ports(v.source_port, v.destination_port);
    const Hashed four_only{VIRTIO_NET_HASH_REPORT_IPv4, v.addresses};
    for (const unsigned bits : {0x2000U, 0x0001U, 0x1fffU}) {
        EXPECT_EQ(hashed(ipv4(v.source, v.destination, {.fragment = bits}) + end), four_only);
    }
    // "Do not fragment" makes none.
    EXPECT_EQ(hashed(ipv4(v.source, v.destination, {.fragment = 0x4000}) + end).report,
              unsigned{VIRTIO_NET_HASH_REPORT_TCPv4});
    const Bytes base = ipv6(six.source, six.destination, 44);
    const std::uint32_t plain = 0x3f;
    EXPECT_EQ(hashed(base + fragment(tcp, 1) + end, plain),
              (Hashed{VIRTIO_NET_HASH_REPORT_IPv6, six.addresses}));
    EXPECT_EQ(hashed(base + fragment(tcp, 0x0010) + end, plain).report,
              unsigned{VIRTIO_NET_HASH_REPORT_IPv6});
    EXPECT_EQ(hashed(base + fragment(tcp, 0) + end, plain),
              (Hashed{VIRTIO_NET_HASH_REPORT_TCPv6, six.with_ports}));
}

// All fragments of a packet have one hash, whatever the data of one may look like.
TEST(Flow, AFragmentEndsTheExtensionHeaders) {
    const Bytes base = ipv6(six.source, six.destination, 44);
    const Bytes behind = destination_options(tcp, "2001:db8::1") + ports(1, 2);
    const Hashed expected{VIRTIO_NET_HASH_REPORT_IPv6_EX, six.addresses};
    EXPECT_EQ(hashed(base + fragment(60, 0x0001) + behind), expected);
    EXPECT_EQ(hashed(base + fragment(60, 0x0010) + behind), expected);
    EXPECT_EQ(hashed(base + fragment(44, 0x0001) + fragment(tcp, 0) + ports(1, 2)), expected);
    EXPECT_NE(hashed(base + fragment(60, 0) + behind), expected);
}

TEST(Flow, AddressesOfExtensionHeadersAreForTheExTypes) {
    const Bytes end = ports(six.source_port, six.destination_port);
    // The vector's addresses, in the headers.
    const Bytes mobile = ipv6("2001:db8::1", "2001:db8::2", 60) +
                         destination_options(43, six.source) +
                         routing_type_2(tcp, six.destination) + end;
    EXPECT_EQ(hashed(mobile), (Hashed{VIRTIO_NET_HASH_REPORT_TCPv6_EX, six.with_ports}));
    EXPECT_EQ(hashed(mobile, all_types_but(VIRTIO_NET_RSS_HASH_TYPE_TCP_EX)),
              (Hashed{VIRTIO_NET_HASH_REPORT_IPv6_EX, six.addresses}));
    // Without them it is as without extension headers.
    const Bytes plain = ipv6("2001:db8::1", "2001:db8::2") + end;
    EXPECT_EQ(hashed(mobile, 0x3f), hashed(plain, 0x3f));
    // What the headers do not bring is the packet's own.
    const Bytes hop = ipv6(six.source, six.destination, 0) + Bytes{udp, 0, 1, 4, 0, 0, 0, 0} + end;
    EXPECT_EQ(hashed(hop), (Hashed{VIRTIO_NET_HASH_REPORT_UDPv6_EX, six.with_ports}));
    // Without extension headers no EX type fits.
    EXPECT_EQ(hashed(plain, 0x1c0), nothing);
}

// Each packet in memory of its own size, so that a sanitizer sees what is read beyond it.
TEST(Flow, CutOffAnywhere) {
    const Bytes end = ports(1, 2);
    const Bytes frames[] = {ipv4("10.0.0.1", "10.0.0.2", {.options = 3}) + end,
                            ipv6("::1", "::2") + end,
                            ipv6("::1", "::2", 60) + destination_options(43, "::3") +
                                routing_type_2(44, "::4") + fragment(udp, 0) + end};
    for (const Bytes& frame : frames) {
        for (std::size_t length = 0; length <= frame.size(); length++) {
            const Bytes part(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
            const Hashed some = hashed(part);
            EXPECT_LE(some.report, unsigned{VIRTIO_NET_HASH_REPORT_UDPv6_EX});
            if (length < 34) {
                EXPECT_EQ(some, nothing) << length;
            }
        }
    }
}

TEST(Flow, NoiseIsHarmless) {
    std::mt19937 dice(1);
    for (int i = 0; i < 200000; i++) {
        Bytes frame(dice() % VHN_FLOW_LOOK);
        std::ranges::generate(frame, [&] { return static_cast<std::uint8_t>(dice()); });
        // So that most get beyond their type.
        if (frame.size() > 21) {
            const bool is_six = i % 2 != 0;
            frame[12] = is_six ? 0x86 : 0x08;
            frame[13] = is_six ? 0xdd : 0x00;
            frame[14] = static_cast<std::uint8_t>((is_six ? 0x60 : 0x40) | (frame[14] & 0xf));
            constexpr std::uint8_t next[] = {0, 6, 17, 43, 44, 60};
            frame[20] = next[dice() % std::size(next)];
        }
        vhn_flow flow{};
        vhn_flow_parse(frame.data(), static_cast<std::uint32_t>(frame.size()), all_types, &flow);
        ASSERT_LE(flow.len, VHN_FLOW_INPUT_MAX);
        ASSERT_EQ(flow.report == 0, flow.len == 0);
    }
}

TEST(Flow, RSS_D1_PacketsOfAllKindsHaveTheHashOfTheReference) {
    RandomPackets packets(3);
    std::mt19937 dice(4);
    for (int i = 0; i < 100000; i++) {
        const Bytes frame = packets.next();
        const auto types = static_cast<std::uint32_t>(dice() & all_types);
        ASSERT_EQ(hashed(frame, types), vcoal::test::hashed(frame, published_hash(types))) << i;
    }
}

TEST(Toeplitz, IsWhatItIsDefinedToBe) {
    vhn_toeplitz toeplitz;
    vhn_toeplitz_prepare(&toeplitz, key.data());
    std::mt19937 dice(2);
    for (std::uint32_t length = 0; length <= VHN_FLOW_INPUT_MAX; length++) {
        for (int i = 0; i < 50; i++) {
            Bytes input(length);
            std::ranges::generate(input, [&] { return static_cast<std::uint8_t>(dice()); });
            ASSERT_EQ(vhn_toeplitz_hash(&toeplitz, input.data(), length),
                      toeplitz_by_definition({key.begin(), key.end()}, input));
        }
    }
}

} // namespace
