// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/netns.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace vcoal::test {

/// A party of a transfer: where its socket is, and its IPv4 address.
struct Party {
    const NetNs* netns;
    std::string address;
};

/// Bytes that nothing but their place in a stream determines: whatever is lost, doubled,
/// exchanged or damaged shows.
void fill_pattern(std::span<std::byte> bytes, std::uint64_t stream, std::uint64_t offset);

/// Sends the first @p bytes of a stream on a connected socket, in pieces of all sizes; or
/// receives and checks them. Both throw Error.
void send_stream(int socket, std::uint64_t stream, std::uint64_t bytes);
void receive_stream(int socket, std::uint64_t stream, std::uint64_t bytes);

/// Sends @p bytes over one TCP connection in each direction at the same time and checks
/// every byte. Throws Error at the first that is wrong or when nothing moves any more.
void exchange_tcp(const Party& a, const Party& b, std::uint64_t bytes);

/// Sends @p count datagrams of all sizes up to @p longest in each direction, a few at a
/// time so that none need be lost, and checks them. Throws Error for one that is wrong,
/// missing or doubled.
void exchange_udp(const Party& a, const Party& b, unsigned count, std::size_t longest = 1472);

/// Sends @p count small datagrams from @p a to @p b, each when the one before has come.
void step_udp(const Party& a, const Party& b, unsigned count);

/// Sends @p count small datagrams from @p a to @p b, @p interval apart, and checks them.
void trickle_udp(const Party& a, const Party& b, unsigned count,
                 std::chrono::microseconds interval);

} // namespace vcoal::test
