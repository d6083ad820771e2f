// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "check/part.hpp"
#include "check/plan.hpp"

#include <string>
#include <vector>

namespace vcoal::check {

/// The system tests in kernels that look for errors: all of them in one that looks for errors
/// in the use of memory and locks, those in which threads meet in one that looks for races.
std::vector<Part> debug_plan(const Request& request);

/// The tests that are not among them, with reasons.
std::vector<std::string> left_out_of_debug_plan();

} // namespace vcoal::check
