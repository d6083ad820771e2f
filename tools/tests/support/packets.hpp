// SPDX-License-Identifier: GPL-2.0-only
//
// Packets whose contents matter, and what is published of their hashes (spec 5.3).
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace vcoal::test {

using Bytes = std::vector<std::uint8_t>;

Bytes operator+(Bytes a, const Bytes& b);
Bytes be16(unsigned value);

constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;

/// An Ethernet header.
Bytes ethernet(unsigned type);
/// The frame with an 802.1Q or 802.1ad tag in front of its type.
Bytes tagged(const Bytes& frame, unsigned type, unsigned vlan);

struct Ipv4 {
    std::uint8_t protocol = tcp;
    unsigned fragment = 0;
    unsigned options = 0; // words
};

/// Ethernet and IP headers.
Bytes ipv4(const std::string& source, const std::string& destination, const Ipv4& how = {});
Bytes ipv6(const std::string& source, const std::string& destination, std::uint8_t next = tcp);
/// Ports, and room for the rest of a TCP header.
Bytes ports(unsigned source, unsigned destination);

/// Extension headers; padded so that nothing is where it would be without padding.
Bytes destination_options(std::uint8_t next, const std::string& home);
Bytes routing_type_2(std::uint8_t next, const std::string& to);
Bytes fragment(std::uint8_t next, unsigned offset_and_more);

/// The key that everybody uses for vectors.
constexpr std::array<std::uint8_t, 40> published_key{
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

struct HashVector {
    const char* source;
    unsigned source_port;
    const char* destination;
    unsigned destination_port;
    std::uint32_t addresses;
    std::uint32_t with_ports;
};

constexpr HashVector published_ipv4[] = {
    {"66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e8fc2, 0x51ccc178},
    {"199.92.111.2", 14230, "65.69.140.83", 4739, 0xd718262a, 0xc626b0ea},
};
constexpr HashVector published_ipv6{
    "3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2cc18cd5, 0x40207d3d};

/// Packets of all kinds: TCP, UDP and others over IPv4 and IPv6, with options, tags,
/// fragments and extension headers, some cut off, some no IP at all.
class RandomPackets {
public:
    explicit RandomPackets(unsigned seed) : dice_(seed) {}

    /// Not shorter than an Ethernet header.
    Bytes next();

private:
    unsigned roll(unsigned sides) { return static_cast<unsigned>(dice_() % sides); }
    Bytes noise(std::size_t length);
    std::uint8_t protocol();
    Bytes random_ipv4();
    Bytes random_ipv6();
    Bytes extension(std::uint8_t type, std::uint8_t next);

    std::mt19937 dice_;
};

} // namespace vcoal::test
