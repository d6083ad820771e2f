// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/printable.hpp"

#include <fmt/format.h>

namespace vcoal {

std::string printable(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c >= ' ' && c <= '~') {
            result += c;
        } else {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return result;
}

} // namespace vcoal
