// SPDX-License-Identifier: GPL-2.0-only
#include "support/packets.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstddef>
#include <iterator>

namespace vcoal::test {
namespace {

constexpr std::uint8_t hop_by_hop = 0;
constexpr std::uint8_t routing = 43;
constexpr std::uint8_t fragmentation = 44;
constexpr std::uint8_t destination_header = 60;

Bytes address(const std::string& text) {
    const bool six = text.find(':') != std::string::npos;
    Bytes bytes(six ? 16 : 4);
    if (::inet_pton(six ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) != 1) {
        throw Error("address " + text, "read", EINVAL);
    }
    return bytes;
}

} // namespace

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Bytes be16(unsigned value) {
    return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

Bytes ethernet(unsigned type) {
    return Bytes{2, 0, 0, 0, 0, 0x55, 2, 0, 0, 0, 0, 1} + be16(type);
}

Bytes tagged(const Bytes& frame, unsigned type, unsigned vlan) {
    const auto at = frame.begin() + 12;
    return Bytes(frame.begin(), at) + be16(type) + be16(vlan) + Bytes(at, frame.end());
}

Bytes ipv4(const std::string& source, const std::string& destination, const Ipv4& how) {
    Bytes ip{static_cast<std::uint8_t>(0x45 + how.options), 0, 0, 0, 0, 0};
    ip = ip + be16(how.fragment) + Bytes{64, how.protocol, 0, 0};
    return ethernet(0x0800) + ip + address(source) + address(destination) +
           Bytes(std::size_t{4} * how.options);
}

Bytes ipv6(const std::string& source, const std::string& destination, std::uint8_t next) {
    return ethernet(0x86dd) + Bytes{0x60, 0, 0, 0, 0, 0, next, 64} + address(source) +
           address(destination);
}

Bytes ports(unsigned source, unsigned destination) {
    return be16(source) + be16(destination) + Bytes(16);
}

Bytes destination_options(std::uint8_t next, const std::string& home) {
    return Bytes{next, 2, 0, 1, 0, 0, 201, 16} + address(home);
}

Bytes routing_type_2(std::uint8_t next, const std::string& to) {
    return Bytes{next, 2, 2, 1, 0, 0, 0, 0} + address(to);
}

Bytes fragment(std::uint8_t next, unsigned offset_and_more) {
    return Bytes{next, 0} + be16(offset_and_more) + Bytes(4);
}

Bytes RandomPackets::noise(std::size_t length) {
    Bytes bytes(length);
    std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(dice_()); });
    return bytes;
}

std::uint8_t RandomPackets::protocol() {
    constexpr std::uint8_t protocols[] = {tcp, tcp, udp, udp, 1, 58, 132};
    return protocols[roll(std::size(protocols))];
}

Bytes RandomPackets::random_ipv4() {
    const unsigned options = roll(4) == 0 ? roll(11) : 0;
    constexpr unsigned fragments[] = {0, 0, 0, 0x4000, 0x2000, 0x0010};
    const unsigned version = roll(50) == 0 ? roll(256) : 0x45 + options;
    Bytes ip{static_cast<std::uint8_t>(version), 0, 0, 0, 0, 0};
    ip = ip + be16(fragments[roll(std::size(fragments))]) + Bytes{64, protocol(), 0, 0};
    return ethernet(0x0800) + ip + noise(8 + std::size_t{4} * options);
}

Bytes RandomPackets::extension(std::uint8_t type, std::uint8_t next) {
    if (type == fragmentation) {
        return fragment(next, roll(2) == 0 ? 0 : roll(0x10000));
    }
    if (type == routing && roll(2) == 0) {
        return Bytes{next, 2, 2, 1, 0, 0, 0, 0} + noise(16);
    }
    if (type == destination_header && roll(2) == 0) {
        Bytes header{next, 2, 0, 1, 0, 0, 201, 16};
        return header + noise(16);
    }
    const unsigned words = roll(4);
    return Bytes{next, static_cast<std::uint8_t>(words)} + noise(6 + std::size_t{8} * words);
}

Bytes RandomPackets::random_ipv6() {
    constexpr std::uint8_t types[] = {hop_by_hop, routing, fragmentation, destination_header};
    const unsigned count = roll(2) == 0 ? 0 : roll(11);
    std::uint8_t next = protocol();
    Bytes headers;
    for (unsigned i = 0; i < count; i++) {
        const std::uint8_t type = types[roll(std::size(types))];
        headers = extension(type, next) + headers;
        next = type;
    }
    return ethernet(0x86dd) + Bytes{0x60, 0, 0, 0, 0, 0, next, 64} + noise(32) + headers;
}

Bytes RandomPackets::next() {
    const unsigned kind = roll(20);
    Bytes frame = kind == 0       ? ethernet(0x0806) + noise(46)
                  : kind % 2 == 0 ? random_ipv4()
                                  : random_ipv6();
    frame = frame + noise(4 + roll(40));
    constexpr unsigned tags[] = {0x8100, 0x88a8};
    for (unsigned i = roll(3) == 0 ? roll(4) : 0; i > 0; i--) {
        frame = tagged(frame, tags[roll(2)], roll(4096));
    }
    if (roll(10) == 0) {
        frame.resize(14 + roll(static_cast<unsigned>(frame.size()) - 13));
    }
    return frame;
}

} // namespace vcoal::test
