// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vcoal {

/// An ethertype which IEEE 802 leaves to experiments: no other traffic has it.
constexpr std::uint16_t test_ethertype = 0x88b5;

/// Raw Ethernet frames on a network interface. What is sent goes out of the
/// interface (into the guest behind a tap); what comes in is received, whatever its
/// destination address.
class PacketSocket {
public:
    /// Receives only frames of @p ethertype.
    explicit PacketSocket(const std::string& interface, std::uint16_t ethertype = test_ethertype);

    int get() const noexcept { return fd_.get(); }
    /// False when the interface has no room now; throws Error otherwise.
    bool send(std::span<const std::byte> frame);
    /// The next frame, or nothing when @p timeout passes first.
    std::optional<std::vector<std::byte>> receive(std::chrono::milliseconds timeout);

private:
    std::string interface_;
    Fd fd_;
};

} // namespace vcoal
