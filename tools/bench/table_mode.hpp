// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/result.hpp"

#include <string>

namespace vcoal::bench {

/// Runs everything of plan(); tells its progress on standard output.
TablePart run_table(const std::string& driver);

} // namespace vcoal::bench
