// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/hist/histogram.hpp"

#include <gtest/gtest.h>
#include <initializer_list>
#include <limits>
#include <utility>

namespace vcoal {
namespace {

constexpr std::uint64_t microsecond = 1000;

/// Numbers of values by bucket.
hist_values values(std::initializer_list<std::pair<unsigned, std::uint64_t>> counts,
                   std::uint64_t sum, std::uint64_t least, std::uint64_t most) {
    hist_values made{.sum = sum, .least = least, .most = most, .buckets = {}};
    for (const auto& [bucket, count] : counts) {
        made.buckets[bucket] = count;
    }
    return made;
}

/// As the BPF program leaves it before it sees anything.
hist_values nothing() {
    return values({}, 0, std::numeric_limits<std::uint64_t>::max(), 0);
}

TEST(Histogram, OfNothingHasNoBucketsAndNoLeast) {
    const Histogram histogram(nothing());
    EXPECT_TRUE(histogram.buckets().empty());
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.least(), 0U);
    EXPECT_EQ(histogram.mean(), 0);
    EXPECT_EQ(draw(histogram, "packets"), "");
    EXPECT_EQ(to_json(histogram).dump(),
              R"({"count":0,"sum":0,"min":0,"mean":0.0,"max":0,"buckets":[]})");
}

TEST(Histogram, BucketsBeginAtPowersOfTwoAndMeet) {
    const Histogram histogram(values({{0, 1}, {31, 1}}, 1, 0, 1));
    ASSERT_EQ(histogram.buckets().size(), std::size_t{HIST_BUCKETS});
    EXPECT_EQ(histogram.buckets()[0].from, 0U);
    EXPECT_EQ(histogram.buckets()[0].to, 0U);
    std::uint64_t next = 1;
    for (std::size_t i = 1; i + 1 < HIST_BUCKETS; i++) {
        EXPECT_EQ(histogram.buckets()[i].from, next);
        EXPECT_EQ(histogram.buckets()[i].to, 2 * next - 1);
        next *= 2;
    }
    EXPECT_EQ(histogram.buckets().back().from, next);
    EXPECT_EQ(histogram.buckets().back().to, std::nullopt);
}

TEST(Histogram, BeginsAndEndsWithWhatThereIs) {
    const Histogram histogram(values({{3, 2}, {5, 1}}, 30, 5, 20));
    ASSERT_EQ(histogram.buckets().size(), 3U);
    EXPECT_EQ(histogram.buckets()[0].from, 4U);
    EXPECT_EQ(histogram.buckets()[1].count, 0U);
    EXPECT_EQ(histogram.buckets()[2].to, 31U);
    EXPECT_EQ(histogram.count(), 3U);
    EXPECT_EQ(histogram.mean(), 10);
}

TEST(Histogram, InJsonHasValuesAndNotUnits) {
    const Histogram histogram(values({{0, 1}, {2, 3}, {31, 1}}, 5'000, 400, 2'999), microsecond);
    const Json json = to_json(histogram);
    EXPECT_EQ(json.at("count"), 5);
    EXPECT_EQ(json.at("sum"), 5000);
    EXPECT_EQ(json.at("min"), 400);
    EXPECT_EQ(json.at("mean"), 1000.0);
    EXPECT_EQ(json.at("max"), 2999);
    const Json& buckets = json.at("buckets");
    EXPECT_EQ(buckets.at(0).dump(), R"({"from":0,"to":999,"count":1})");
    EXPECT_EQ(buckets.at(2).dump(), R"({"from":2000,"to":3999,"count":3})");
    EXPECT_EQ(buckets.at(31).dump(), R"({"from":1073741824000,"to":null,"count":1})");
}

TEST(Histogram, IsDrawnInUnitsWithBarsAsLongAsCounts) {
    const Histogram histogram(values({{0, 1}, {1, 20}, {3, 40}, {5, 39}}, 1'000'000, 100, 31'000),
                              microsecond);
    EXPECT_EQ("\n" + draw(histogram, "microseconds"), R"(
  microseconds           : count      distribution
         0               : 1          |*                                       |
         1               : 20         |********************                    |
         2 -> 3          : 0          |                                        |
         4 -> 7          : 40         |****************************************|
         8 -> 15         : 0          |                                        |
        16 -> 31         : 39         |*************************************** |
)");
}

TEST(Histogram, DrawsTheLastBucketWithoutAnEnd) {
    EXPECT_EQ("\n" + draw(Histogram(values({{31, 1}}, 1, 1, 1)), "packets"), R"(
       packets           : count      distribution
1073741824 ->            : 1          |****************************************|
)");
}

TEST(Histogram, DrawsManyWithoutOverflow) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max() / 4;
    const std::string lines = draw(Histogram(values({{0, most}, {1, most / 2}}, 1, 0, 1)), "x");
    EXPECT_NE(lines.find("|" + std::string(40, '*') + "|"), std::string::npos);
    EXPECT_NE(lines.find("|" + std::string(20, '*') + std::string(20, ' ') + "|"),
              std::string::npos);
}

} // namespace
} // namespace vcoal
