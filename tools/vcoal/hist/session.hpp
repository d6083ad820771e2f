// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/command.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace vcoal {

struct HistOptions {
    /// Nothing: all.
    std::optional<std::string> device;
    /// Nothing: until SIGINT or SIGTERM.
    std::optional<std::chrono::duration<double>> duration;
    bool json = false;
};

/// `vcoal hist`: watches for a time, and says what it has seen.
ExitCode run_hist(const HistOptions& options);

} // namespace vcoal
