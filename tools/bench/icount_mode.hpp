// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/result.hpp"

#include <string>

namespace vcoal::bench {

/// Measures what only a clock of instructions can tell; tells its progress on standard
/// output. Throws Error when a figure would mean nothing, such as after drops.
IcountPart run_icount(const std::string& driver);

} // namespace vcoal::bench
