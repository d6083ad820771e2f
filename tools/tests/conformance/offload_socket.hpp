// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/virtio_net.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vcoal::test {

/// Where a TCP checksum over IPv4 begins and stands, and how long the headers are.
constexpr std::uint16_t tcp_start = 34;
constexpr std::uint16_t tcp_sum_offset = 16;
constexpr std::uint16_t tcp_headers = 54;

/// A TCP segment over IPv4 with @p payload bytes, whose checksum is the one of the pseudo
/// header: the rest is left to whoever sends it.
/// @param congestion the CWR flag is set, as the first of several segments has it
std::vector<std::byte> unfinished_tcp(std::size_t payload, bool congestion = false);

/// What the kernel has to be told of it.
virtio_net_hdr checksum_left();
/// The same, and that it is to be cut into segments of @p size.
virtio_net_hdr segments_left(std::uint16_t size, std::uint8_t type = VIRTIO_NET_HDR_GSO_TCPV4);

/// Whether the TCP checksum of a frame over IPv4 is right.
bool tcp_sum_is_right(std::span<const std::byte> frame);
/// A frame whose checksum was left, finished as its header says.
std::vector<std::byte> finished(std::vector<std::byte> frame, std::uint16_t start,
                                std::uint16_t offset);

/// Sends frames on an interface with work left to it, as another virtual machine would.
class OffloadSocket {
public:
    explicit OffloadSocket(const std::string& interface);

    /// Throws Error.
    void send(const virtio_net_hdr& header, std::span<const std::byte> frame);

private:
    std::string interface_;
    Fd fd_;
};

} // namespace vcoal::test
