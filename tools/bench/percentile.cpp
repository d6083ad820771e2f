// SPDX-License-Identifier: GPL-2.0-only
#include "bench/percentile.hpp"

#include <algorithm>
#include <cmath>

namespace vcoal::bench {

std::optional<double> percentile(std::vector<double> values, double share) {
    if (values.empty()) {
        return std::nullopt;
    }
    const double last = static_cast<double>(values.size()) - 1;
    const double rank = std::ceil(share * static_cast<double>(values.size())) - 1;
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(std::clamp(rank, 0.0, last));
    std::nth_element(values.begin(), nth, values.end());
    return *nth;
}

std::optional<Latency> latency(const std::vector<double>& microseconds) {
    const auto p50 = percentile(microseconds, 0.50);
    if (!p50) {
        return std::nullopt;
    }
    return Latency{*p50, *percentile(microseconds, 0.99)};
}

} // namespace vcoal::bench
