// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "check/part.hpp"

#include <string>
#include <vector>

namespace vcoal::check {

/// What a plan is made for.
struct Request {
    std::vector<std::string> kernels;
    /// The working loop: unit tests, and the fast system tests on the first kernel.
    bool quick = false;
    /// Where logs and reports go.
    std::string directory;
    /// Build directory of the tools.
    std::string tools;
};

/// The parts of `make check` in the order they run: cheap and telling ones first.
std::vector<Part> plan(const Request& request);

} // namespace vcoal::check
