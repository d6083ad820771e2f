// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace vcoal {

using MacAddress = std::array<std::uint8_t, 6>;

/// Reads "02:00:00:00:00:01"; throws Error.
MacAddress parse_mac(const std::string& text);
std::string format_mac(const MacAddress& mac);
/// A single station's: neither a group's nor all zeroes.
bool is_unicast(const MacAddress& mac);

} // namespace vcoal
