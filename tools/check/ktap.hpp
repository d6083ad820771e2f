// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "check/tally.hpp"

#include <string>

namespace vcoal::check {

/// Reads what KUnit suites print (KTAP, Documentation/dev-tools/ktap.rst of the kernel),
/// in the middle of whatever else a console shows. Counts the tests that have no subtests.
/// A suite that planned more tests than it ran, or did not end, is a failure of its own.
/// Throws std::runtime_error if there is no KTAP at all.
Report read_ktap(const std::string& console);

} // namespace vcoal::check
