// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/vhost_states.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace vcoal::test {

/// What a call gave: an errno, and what a successful one returned.
struct Answer {
    int code = 0;
    std::uint64_t value = 0;
    bool operator==(const Answer&) const = default;
};

/// An ioctl of linux/vhost.h with some argument, good or bad.
struct VhostCall {
    std::string name;
    std::function<Answer(VhostSetup&)> call;
    /// Several calls: though the last one fails, something may have changed.
    bool compound = false;
};

/// Every ioctl of vhost-net with every argument that somebody might try.
std::vector<VhostCall> all_vhost_calls();

} // namespace vcoal::test
