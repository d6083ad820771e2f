// SPDX-License-Identifier: GPL-2.0-only
#include "conformance/offload_socket.hpp"

#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace vcoal::test {
namespace {

constexpr std::size_t ip_at = 14;
constexpr std::size_t addresses_at = ip_at + 12;
constexpr std::size_t sum_at = tcp_start + tcp_sum_offset;

void put(std::span<std::byte> bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::byte>(value >> 8);
    bytes[at + 1] = static_cast<std::byte>(value);
}

/// The Internet checksum's sum, not inverted.
unsigned sum_of(std::span<const std::byte> bytes, unsigned begin = 0) {
    std::uint64_t sum = begin;
    for (std::size_t i = 0; i < bytes.size(); i++) {
        sum += std::to_integer<std::uint64_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<unsigned>(sum);
}

unsigned pseudo_header(std::span<const std::byte> frame, std::size_t tcp_length) {
    return sum_of(frame.subspan(addresses_at, 8), static_cast<unsigned>(6 + tcp_length));
}

} // namespace

std::vector<std::byte> unfinished_tcp(std::size_t payload, bool congestion) {
    constexpr std::array<unsigned, 20> ip{0x45, 0, 0,   0, 0, 1, 0x40, 0, 64, 6,
                                          0,    0, 192, 0, 2, 1, 192,  0, 2,  2};
    std::vector<std::byte> frame(tcp_headers + payload);
    std::fill_n(frame.begin(), 6, std::byte{0xff});
    frame[6] = std::byte{2};
    put(frame, 12, 0x0800);
    std::ranges::transform(ip, frame.begin() + ip_at,
                           [](unsigned byte) { return static_cast<std::byte>(byte); });
    put(frame, ip_at + 2, static_cast<unsigned>(frame.size() - ip_at));
    put(frame, ip_at + 10, ~sum_of(std::span(frame).subspan(ip_at, 20)));
    put(frame, tcp_start, 1000);
    put(frame, tcp_start + 2, 9);
    put(frame, tcp_start + 12, 0x5010U | (congestion ? 0x80U : 0U));
    for (std::size_t i = tcp_headers; i < frame.size(); i++) {
        frame[i] = static_cast<std::byte>(i * 7);
    }
    put(frame, sum_at, pseudo_header(frame, frame.size() - tcp_start));
    return frame;
}

virtio_net_hdr checksum_left() {
    virtio_net_hdr header{};
    header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    header.csum_start = tcp_start;
    header.csum_offset = tcp_sum_offset;
    return header;
}

virtio_net_hdr segments_left(std::uint16_t size, std::uint8_t type) {
    virtio_net_hdr header = checksum_left();
    header.gso_type = type;
    header.gso_size = size;
    header.hdr_len = tcp_headers;
    return header;
}

bool tcp_sum_is_right(std::span<const std::byte> frame) {
    const auto tcp = frame.subspan(tcp_start);
    return sum_of(tcp, pseudo_header(frame, tcp.size())) == 0xffff;
}

std::vector<std::byte> finished(std::vector<std::byte> frame, std::uint16_t start,
                                std::uint16_t offset) {
    const unsigned sum = ~sum_of(std::span(frame).subspan(start));
    put(frame, std::size_t{start} + offset, sum);
    return frame;
}

OffloadSocket::OffloadSocket(const std::string& interface)
    : interface_(interface), fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = NetDev(interface).index();
    if (!fd_ || ::setsockopt(fd_.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) != 0 ||
        ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw Error("packet socket on " + interface, "open with headers", errno);
    }
}

void OffloadSocket::send(const virtio_net_hdr& header, std::span<const std::byte> frame) {
    virtio_net_hdr copy = header;
    const std::array<iovec, 2> parts{iovec{&copy, sizeof(copy)},
                                     iovec{const_cast<std::byte*>(frame.data()), frame.size()}};
    if (::writev(fd_.get(), parts.data(), 2) != static_cast<ssize_t>(sizeof(copy) + frame.size())) {
        throw Error("packet socket on " + interface_, "send with a header", errno);
    }
}

} // namespace vcoal::test
