// SPDX-License-Identifier: GPL-2.0-only
#include "bench/result.hpp"

#include <fmt/format.h>

namespace vcoal::bench {

double Run::per_1000_packets() const noexcept {
    if (packets == 0) {
        return 0;
    }
    return 1000.0 * static_cast<double>(notifications.total) / static_cast<double>(packets);
}

const char* name(Direction direction) noexcept {
    return direction == Direction::rx ? "rx" : "tx";
}

const char* name(Load load) noexcept {
    switch (load) {
    case Load::udp64:
        return "udp64";
    case Load::tcp:
        return "tcp";
    case Load::rr:
        return "rr";
    }
    return "?";
}

std::string name(const Setting& setting) {
    if (setting.off()) {
        return "off";
    }
    if (setting.usecs >= 1000 && setting.usecs % 1000 == 0) {
        return fmt::format("{} ms/{}", setting.usecs / 1000, setting.frames);
    }
    return fmt::format("{} us/{}", setting.usecs, setting.frames);
}

std::vector<Step> plan() {
    constexpr std::array settings{Setting{0, 0}, Setting{50, 32}, Setting{200, 128},
                                  Setting{5000, 32}};
    std::vector<Step> steps;
    for (const Direction direction : {Direction::rx, Direction::tx}) {
        for (const Load load : {Load::udp64, Load::tcp, Load::rr}) {
            for (const Setting& setting : settings) {
                steps.push_back({direction, setting, load});
            }
        }
    }
    return steps;
}

} // namespace vcoal::bench
