// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "hunter/step.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace hunter {

/// What a hunt has seen.
struct Report {
    std::uint64_t packets = 0;
    std::uint64_t worlds = 0;
    std::uint64_t steps = 0;
    std::uint64_t told = 0;       ///< notifications sent
    std::uint64_t suppressed = 0; ///< and those the driver did not want

    /// What was found first, how it came to that, and in which world.
    std::optional<std::string> finding;
    Trace trace;
};

/// Goes on through the worlds of @p seed until @p packets were published or something is
/// found; @p progress is called after each.
Report hunt(std::uint64_t seed, std::uint64_t packets,
            const std::function<void(const Report&)>& progress = {});

} // namespace hunter
