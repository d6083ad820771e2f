// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/bar.hpp"
#include "bench/result.hpp"

#include <string>
#include <vector>

namespace vcoal::bench {

/// Escape sequences, or none of them.
enum class Colour { no, yes };

/// All runs as a table of at most 120 columns.
std::string format_table(const TablePart& table);
/// One line for each claim, its failures on lines of their own.
std::string format_claims(const std::vector<Claim>& claims, Colour colour);

} // namespace vcoal::bench
