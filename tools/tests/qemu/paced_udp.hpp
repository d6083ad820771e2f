// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>

namespace vcoal::test {

/// Sends frames of 64 bytes (checksum not counted) to a UDP port, evenly.
/// @param rate frames per second; one that is late goes at once
void send_paced_udp(const std::string& address, std::uint16_t port, unsigned count, unsigned rate);

} // namespace vcoal::test
