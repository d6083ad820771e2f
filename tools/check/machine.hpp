// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "check/part.hpp"
#include "check/plan.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace vcoal::check {

/// The virtual machine that a part runs in.
struct Machine {
    std::string kernel;
    /// For the runner, beside the usual ones.
    std::vector<std::string> options = {};
    std::chrono::minutes limit{14};
    /// How much random tests do: NAME=NUMBER.
    std::vector<std::string> environment = {};
};

/// A part that runs @p command in a machine of its own, with "KERNEL: @p name" for a name.
/// @param report what the command leaves in $VCOAL_OUT; empty: all reports there together
Part vm_part(const Request& request, const Machine& machine, const std::string& name,
             const std::string& report, const std::vector<std::string>& command);

} // namespace vcoal::check
