// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bpf/hist.h"
#include "vcoal/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vcoal {

/// How often values of which size occurred, as tools/bpf/hist.bpf.c counts them.
class Histogram {
public:
    /// @param unit values that are one unit: width of the first bucket
    explicit Histogram(const hist_values& values = {}, std::uint64_t unit = 1);

    struct Bucket {
        /// First and last value that belong into it; the last bucket has no last one.
        std::uint64_t from;
        std::optional<std::uint64_t> to;
        std::uint64_t count;
    };

    /// From the first to the last in which there is something.
    const std::vector<Bucket>& buckets() const noexcept { return buckets_; }
    /// Values there were; least, most and mean are 0 where there were none.
    std::uint64_t count() const noexcept { return count_; }
    std::uint64_t sum() const noexcept { return sum_; }
    std::uint64_t least() const noexcept { return least_; }
    std::uint64_t most() const noexcept { return most_; }
    double mean() const noexcept;
    std::uint64_t unit() const noexcept { return unit_; }

private:
    std::vector<Bucket> buckets_;
    std::uint64_t unit_;
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t least_ = 0;
    std::uint64_t most_ = 0;
};

/// Values and not units.
Json to_json(const Histogram& histogram);

/// Lines of a table with bars, ends included.
/// @param units what the first column counts
std::string draw(const Histogram& histogram, const std::string& units);

} // namespace vcoal
