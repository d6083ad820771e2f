// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/netdev.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vcoal::test {

constexpr std::size_t shortest_frame = 64;

/// An Ethernet frame that carries @p sequence and, up to @p length bytes, a pattern
/// that follows from it.
std::vector<std::byte> make_frame(std::uint64_t sequence, std::size_t length = shortest_frame);

/// A frame of make_frame() to an address, with a VLAN tag in it or without.
std::vector<std::byte> frame_to(const MacAddress& mac,
                                std::optional<std::uint16_t> tag = std::nullopt,
                                std::size_t length = shortest_frame);

/// The sequence number of a frame of make_frame(), or nothing when a byte of it is
/// not what it was.
std::optional<std::uint64_t> frame_sequence(std::span<const std::byte> frame);

/// Fills memory with bytes that depend on where they are.
void fill_pattern(std::span<std::byte> bytes, std::uint64_t seed);
/// Offset of the first byte that is not as fill_pattern() left it.
std::optional<std::size_t> pattern_broken(std::span<const std::byte> bytes, std::uint64_t seed);

} // namespace vcoal::test
