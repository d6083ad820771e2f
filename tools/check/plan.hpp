// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "check/part.hpp"

#include <string>
#include <vector>

namespace vcoal::check {

enum class Scope {
    /// Everything but the following.
    all,
    /// The working loop: unit tests, and the fast system tests on the first kernel.
    quick,
    /// The system tests in kernels that look for errors, which are no choice.
    debug,
};

/// What a plan is made for.
struct Request {
    std::vector<std::string> kernels;
    /// With Scope::debug: the batches to run, such as "driver"; empty: all.
    std::vector<std::string> batches = {};
    Scope scope = Scope::all;
    /// Where logs and reports go.
    std::string directory;
    /// Build directory of the tools.
    std::string tools;
};

/// The parts of `make check`, or of `make check-debug`, in the order they run: cheap and telling
/// ones first.
std::vector<Part> plan(const Request& request);

} // namespace vcoal::check
