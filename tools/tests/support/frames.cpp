// SPDX-License-Identifier: GPL-2.0-only
#include "support/frames.hpp"

#include "vcoal/packet_socket.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace vcoal::test {
namespace {

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t payload_offset = ethernet_header + sizeof(std::uint64_t);

std::byte pattern_byte(std::size_t offset, std::uint64_t seed) {
    std::uint64_t mixed = (offset + 1) * 0x9e3779b97f4a7c15 + seed * 0xff51afd7ed558ccd;
    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93;
    return static_cast<std::byte>(mixed >> 56);
}

} // namespace

void fill_pattern(std::span<std::byte> bytes, std::uint64_t seed) {
    for (std::size_t i = 0; i < bytes.size(); i++) {
        bytes[i] = pattern_byte(i, seed);
    }
}

std::optional<std::size_t> pattern_broken(std::span<const std::byte> bytes, std::uint64_t seed) {
    for (std::size_t i = 0; i < bytes.size(); i++) {
        if (bytes[i] != pattern_byte(i, seed)) {
            return i;
        }
    }
    return std::nullopt;
}

std::vector<std::byte> make_frame(std::uint64_t sequence, std::size_t length) {
    constexpr std::array<std::uint8_t, ethernet_header> header = {0xff,
                                                                  0xff,
                                                                  0xff,
                                                                  0xff,
                                                                  0xff,
                                                                  0xff, // to everybody
                                                                  0x02,
                                                                  0,
                                                                  0,
                                                                  0,
                                                                  0,
                                                                  1, // locally administered
                                                                  test_ethertype >> 8,
                                                                  test_ethertype & 0xff};
    std::vector<std::byte> frame(std::max(length, payload_offset));
    std::memcpy(frame.data(), header.data(), header.size());
    std::memcpy(frame.data() + ethernet_header, &sequence, sizeof(sequence));
    fill_pattern(std::span(frame).subspan(payload_offset), sequence);
    return frame;
}

std::vector<std::byte> frame_to(const MacAddress& mac, std::optional<std::uint16_t> tag,
                                std::size_t length) {
    std::vector<std::byte> frame = make_frame(1, length);
    std::memcpy(frame.data(), mac.data(), mac.size());
    if (tag) {
        const std::array<std::byte, 4> bytes{std::byte{0x81}, std::byte{0x00},
                                             static_cast<std::byte>(*tag >> 8),
                                             static_cast<std::byte>(*tag & 0xff)};
        frame.insert(frame.begin() + 12, bytes.begin(), bytes.end());
    }
    return frame;
}

std::optional<std::uint64_t> frame_sequence(std::span<const std::byte> frame) {
    if (frame.size() < payload_offset) {
        return std::nullopt;
    }
    std::uint64_t sequence = 0;
    std::memcpy(&sequence, frame.data() + ethernet_header, sizeof(sequence));
    const auto expected = make_frame(sequence, frame.size());
    if (!std::equal(frame.begin(), frame.end(), expected.begin(), expected.end())) {
        return std::nullopt;
    }
    return sequence;
}

} // namespace vcoal::test
