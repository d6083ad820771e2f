// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/hist/histogram.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

namespace vcoal {
namespace {

constexpr std::size_t bar_width = 40;

/// First value of a bucket, in units.
constexpr std::uint64_t begin_of(std::size_t bucket) {
    return bucket == 0 ? 0 : std::uint64_t{1} << (bucket - 1);
}

std::string range(const Histogram::Bucket& bucket, std::uint64_t unit) {
    const std::uint64_t from = bucket.from / unit;
    if (!bucket.to) {
        return fmt::format("{:>10} ->           ", from);
    }
    const std::uint64_t to = *bucket.to / unit;
    return from == to ? fmt::format("{:>10}              ", from)
                      : fmt::format("{:>10} -> {:<10}", from, to);
}

} // namespace

Histogram::Histogram(const hist_values& values, std::uint64_t unit) : unit_(unit) {
    const std::span all(values.buckets);
    const auto filled = [](std::uint64_t count) { return count > 0; };
    const auto first = std::ranges::find_if(all, filled);
    const auto end = std::find_if(all.rbegin(), all.rend(), filled).base();
    for (auto at = first; at < end; ++at) {
        const auto n = static_cast<std::size_t>(at - all.begin());
        Bucket bucket{begin_of(n) * unit, begin_of(n + 1) * unit - 1, *at};
        if (n + 1 == all.size()) {
            bucket.to.reset();
        }
        buckets_.push_back(bucket);
        count_ += *at;
    }
    if (count_ > 0) {
        sum_ = values.sum;
        least_ = values.least;
        most_ = values.most;
    }
}

double Histogram::mean() const noexcept {
    return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

Json to_json(const Histogram& histogram) {
    Json buckets = Json::array();
    for (const Histogram::Bucket& bucket : histogram.buckets()) {
        buckets.push_back({{"from", bucket.from},
                           {"to", bucket.to ? Json(*bucket.to) : Json(nullptr)},
                           {"count", bucket.count}});
    }
    return {{"count", histogram.count()}, {"sum", histogram.sum()},  {"min", histogram.least()},
            {"mean", histogram.mean()},   {"max", histogram.most()}, {"buckets", buckets}};
}

std::string draw(const Histogram& histogram, const std::string& units) {
    if (histogram.count() == 0) {
        return "";
    }
    const auto longest = std::ranges::max(histogram.buckets(), {}, &Histogram::Bucket::count).count;
    std::string text = fmt::format("{:>14}{:<10} : {:<10} distribution\n", units, "", "count");
    for (const Histogram::Bucket& bucket : histogram.buckets()) {
        const auto stars = static_cast<std::size_t>(static_cast<double>(bucket.count) /
                                                    static_cast<double>(longest) * bar_width);
        text += fmt::format("{} : {:<10} |{:<{}}|\n", range(bucket, histogram.unit()), bucket.count,
                            std::string(stars, '*'), bar_width);
    }
    return text;
}

} // namespace vcoal
