// SPDX-License-Identifier: GPL-2.0-only
#include "support/hash_reference.hpp"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <span>

namespace vcoal::test {
namespace {

using View = std::span<const std::uint8_t>;

// The specification sets no bounds to what is looked at; the device does.
constexpr std::size_t most_bytes = 256;
constexpr unsigned most_tags = 2;
constexpr unsigned most_extensions = 8;
constexpr unsigned most_options = 16;

// Bits of the hash types without ports. With those of TCP it is the next bit, with those
// of UDP the one after it.
constexpr unsigned ipv4_bit = 0;
constexpr unsigned ipv6_bit = 3;
constexpr unsigned ip_ex_bit = 6;

constexpr std::uint8_t hop_by_hop = 0;
constexpr std::uint8_t routing = 43;
constexpr std::uint8_t fragmentation = 44;
constexpr std::uint8_t destination_header = 60;

/// One of the ways to hash a packet.
struct Way {
    unsigned bit;
    Bytes input;
};

/// Those that fit a packet, the one to be preferred first.
using Ways = std::vector<Way>;

Bytes copy(View bytes) {
    return {bytes.begin(), bytes.end()};
}

View from(View bytes, std::size_t offset) {
    return bytes.subspan(std::min(offset, bytes.size()));
}

unsigned number(View bytes, std::size_t offset) {
    return bytes[offset] * 256U + bytes[offset + 1];
}

/// Both ports of a TCP or UDP header; nothing where there are none.
Bytes ports_of(std::uint8_t protocol, View header) {
    const bool has_ports = (protocol == tcp || protocol == udp) && header.size() >= 4;
    return has_ports ? copy(header.first(4)) : Bytes{};
}

Ways ways(unsigned bit, const Bytes& addresses, std::uint8_t protocol, const Bytes& ports) {
    Ways ways;
    if (!ports.empty()) {
        ways.push_back({bit + (protocol == tcp ? 1 : 2), addresses + ports});
    }
    ways.push_back({bit, addresses});
    return ways;
}

Ways ways_of_ipv4(View ip) {
    if (ip.size() < 20 || ip[0] < 0x45 || ip[0] > 0x4f) {
        return {};
    }
    const unsigned length = (ip[0] - 0x40U) * 4;
    const bool more_fragments = (ip[6] & 0x20) != 0;
    const unsigned offset = number(ip, 6) % 0x2000;
    const View payload = more_fragments || offset != 0 ? View{} : from(ip, length);
    return ways(ipv4_bit, copy(ip.subspan(12, 8)), ip[9], ports_of(ip[9], payload));
}

/// The headers of an IPv6 packet, while they are gone through.
struct Ipv6 {
    Bytes source;
    Bytes destination;
    std::uint8_t next;
    View rest;
    bool extended = false;
    bool fragment = false;
};

bool is_extension(std::uint8_t type) {
    return type == hop_by_hop || type == routing || type == fragmentation ||
           type == destination_header;
}

/// The extension header in front of @p bytes; nothing when some of it is missing.
View extension(std::uint8_t type, View bytes) {
    if (bytes.size() < 8) {
        return {};
    }
    const std::size_t length = type == fragmentation ? 8 : (bytes[1] + 1U) * 8;
    return length <= bytes.size() ? bytes.first(length) : View{};
}

/// The home address (RFC 6275, 6.3) among options; nothing without one.
Bytes home_address(View options) {
    constexpr std::uint8_t pad1 = 0;
    constexpr std::uint8_t home = 201;
    for (unsigned i = 0; i < most_options && options.size() >= 2; i++) {
        const std::size_t length = options[0] == pad1 ? 1 : 2U + options[1];
        if (length > options.size()) {
            break;
        }
        if (options[0] == home && length == 2 + 16) {
            return copy(options.subspan(2, 16));
        }
        options = options.subspan(length);
    }
    return {};
}

void take(Ipv6& packet, View header) {
    if (packet.next == fragmentation) {
        packet.fragment = number(header, 2) >> 3 != 0 || (header[3] & 1) != 0;
    } else if (packet.next == routing && header[2] == 2 && header.size() >= 24) {
        packet.destination = copy(header.subspan(8, 16));
    } else if (packet.next == destination_header) {
        const Bytes home = home_address(header.subspan(2));
        packet.source = home.empty() ? packet.source : home;
    }
}

void go_through(Ipv6& packet) {
    for (unsigned i = 0; i < most_extensions && is_extension(packet.next); i++) {
        packet.extended = true;
        const View header = extension(packet.next, packet.rest);
        if (header.empty()) {
            return;
        }
        take(packet, header);
        packet.next = header[0];
        packet.rest = packet.rest.subspan(header.size());
        if (packet.fragment) {
            return; // the rest is not in each fragment, and data in all but the first
        }
    }
}

Ways ways_of_ipv6(View ip) {
    if (ip.size() < 40 || ip[0] / 16 != 6) {
        return {};
    }
    const Bytes own = copy(ip.subspan(8, 32));
    Ipv6 packet{copy(ip.subspan(8, 16)), copy(ip.subspan(24, 16)), ip[6], ip.subspan(40)};
    go_through(packet);
    const Bytes ports = packet.fragment ? Bytes{} : ports_of(packet.next, packet.rest);
    Ways all;
    if (packet.extended) {
        all = ways(ip_ex_bit, packet.source + packet.destination, packet.next, ports);
    }
    const Ways plain = ways(ipv6_bit, own, packet.next, ports);
    all.insert(all.end(), plain.begin(), plain.end());
    return all;
}

Ways ways_of(View frame) {
    frame = from(frame, 12);
    for (unsigned i = 0; i < most_tags && frame.size() >= 2; i++) {
        const unsigned type = number(frame, 0);
        frame = from(frame, type == 0x8100 || type == 0x88a8 ? 4 : 0);
    }
    const unsigned type = frame.size() < 2 ? 0 : number(frame, 0);
    const View payload = from(frame, 2);
    return type == 0x0800 ? ways_of_ipv4(payload) : type == 0x86dd ? ways_of_ipv6(payload) : Ways{};
}

} // namespace

HashConfig published_hash(std::uint32_t types) {
    return {types, {published_key.begin(), published_key.end()}};
}

std::ostream& operator<<(std::ostream& out, const Hashed& hashed) {
    return out << "report " << hashed.report << ", " << std::hex << hashed.value << std::dec;
}

std::uint32_t toeplitz_by_definition(const Bytes& key, const Bytes& input) {
    const auto bit_of = [](const Bytes& bytes, std::size_t bit) {
        return bit / 8 < bytes.size() ? bytes[bit / 8] >> (7 - bit % 8) & 1U : 0U;
    };
    std::uint32_t hash = 0;
    for (std::size_t bit = 0; bit < input.size() * 8; bit++) {
        for (std::size_t i = 0; i < 32; i++) {
            hash ^= (bit_of(input, bit) & bit_of(key, bit + i)) << (31 - i);
        }
    }
    return hash;
}

Hashed hashed(const Bytes& frame, const HashConfig& config) {
    for (const Way& way : ways_of(View(frame).first(std::min(frame.size(), most_bytes)))) {
        if ((config.types >> way.bit & 1U) != 0) {
            return {way.bit + 1, toeplitz_by_definition(config.key, way.input)};
        }
    }
    return {};
}

unsigned rss_pair(const Bytes& frame, const RssConfig& config) {
    const Hashed hash = hashed(frame, config.hash);
    return hash.report == 0 ? config.unclassified : config.table[hash.value % config.table.size()];
}

} // namespace vcoal::test
