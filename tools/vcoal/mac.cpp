// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/mac.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdio>

namespace vcoal {

MacAddress parse_mac(const std::string& text) {
    MacAddress mac{};
    int used = 0;
    const int fields = std::sscanf(text.c_str(), "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0],
                                   &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &used);
    if (fields != 6 || static_cast<std::size_t>(used) != text.size() || (mac[0] & 1U) != 0) {
        throw Error("MAC address \"" + text + "\"", "read", EINVAL,
                    "give a unicast address like 02:00:00:00:00:01");
    }
    return mac;
}

std::string format_mac(const MacAddress& mac) {
    std::array<char, 18> text{};
    std::snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                  mac[3], mac[4], mac[5]);
    return text.data();
}

bool is_unicast(const MacAddress& mac) {
    return (mac[0] & 1U) == 0 && mac != MacAddress{};
}

} // namespace vcoal
