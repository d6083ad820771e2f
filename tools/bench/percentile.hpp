// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/result.hpp"

#include <optional>
#include <vector>

namespace vcoal::bench {

/// The smallest of the values that @p share of them (0 to 1) do not exceed: nearest
/// rank, no interpolation. Nothing when there are no values.
std::optional<double> percentile(std::vector<double> values, double share);

/// Both percentiles a report shows.
std::optional<Latency> latency(const std::vector<double>& microseconds);

} // namespace vcoal::bench
