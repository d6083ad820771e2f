// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/hist/report.hpp"

#include <gtest/gtest.h>

namespace vcoal {
namespace {

HostFile file(std::uint32_t id, const std::string& interface) {
    HostFile made;
    made.id = id;
    made.pid = 1234;
    made.ifindex = 7;
    made.ifname = interface;
    return made;
}

QueueHistograms queue(std::uint32_t file, std::uint32_t vring) {
    hist_values packets{.sum = 65, .least = 1, .most = 32, .buckets = {}};
    packets.buckets[1] = 1;
    packets.buckets[6] = 2;
    hist_values hold{.sum = 60'300, .least = 300, .most = 50'000, .buckets = {}};
    hold.buckets[0] = 1;
    hold.buckets[4] = 1;
    hold.buckets[6] = 1;
    return {file, vring, 4, Histogram(hold, HIST_HOLD_UNIT), Histogram(packets)};
}

TEST(HistReport, IsDrawnQueueByQueue) {
    const HistReport report{
        10.002, 0, {queue(4, VHN_VRING_TX)}, {{{file(3, "vnet0"), file(4, "vnet0")}}}};
    EXPECT_EQ("\n" + draw(report), R"(
vnet0 (id 4), queue 1, tx: 3 notifications of 65 packets, 4 suppressed by the guest

  packets per notification: 1 to 32, 21.7 on average
       packets           : count      distribution
         1               : 1          |********************                    |
         2 -> 3          : 0          |                                        |
         4 -> 7          : 0          |                                        |
         8 -> 15         : 0          |                                        |
        16 -> 31         : 0          |                                        |
        32 -> 63         : 2          |****************************************|

  hold of the first of them: 0.3 to 50.0 us, 20.1 us on average
  microseconds           : count      distribution
         0               : 1          |****************************************|
         1               : 0          |                                        |
         2 -> 3          : 0          |                                        |
         4 -> 7          : 0          |                                        |
         8 -> 15         : 1          |****************************************|
        16 -> 31         : 0          |                                        |
        32 -> 63         : 1          |****************************************|

10.00 s
)");
}

TEST(HistReport, CallsByItsNumberWhatIsNotKnown) {
    const std::string text = draw({1, 0, {queue(9, VHN_VRING_RX)}, {{{file(3, "vnet0")}}}});
    EXPECT_TRUE(text.starts_with("id 9, rx: 3 notifications of 65 packets")) << text;
}

TEST(HistReport, OfAQueueThatWasNotNotifiedHasNoTables) {
    const HistReport report{
        1, 0, {{3, VHN_VRING_RX, 5, Histogram(), Histogram()}}, {{{file(3, "vnet0")}}}};
    EXPECT_EQ(draw(report),
              "vnet0 (id 3), queue 0, rx: 0 notifications of 0 packets, 5 suppressed by the guest\n"
              "\n"
              "1.00 s\n");
}

TEST(HistReport, SaysThatNothingPassedAndWhatWasMissed) {
    EXPECT_EQ(draw({2, 0, {}, {}}), "no packets passed\n\n2.00 s\n");
    EXPECT_EQ(draw({2, 7, {}, {}}), "no packets passed\n\n"
                                    "not counted: 7 batches of queues beyond the first 4096\n\n"
                                    "2.00 s\n");
}

// A name from another program goes to a terminal.
TEST(HistReport, ShowsNoControlCharactersOfOthers) {
    const std::string text = draw({1, 0, {queue(3, 0)}, {{{file(3, "a\033[2J")}}}});
    EXPECT_EQ(text.find('\033'), std::string::npos) << text;
}

TEST(HistReport, InJsonHasAllOfIt) {
    const Json json = to_json(HistReport{1.5,
                                         2,
                                         {queue(4, VHN_VRING_TX), queue(9, VHN_VRING_RX)},
                                         {{{file(3, "vnet0"), file(4, "vnet0")}}}});
    EXPECT_EQ(json.at("event"), "histograms");
    EXPECT_EQ(json.at("seconds"), 1.5);
    EXPECT_EQ(json.at("missed_batches"), 2);
    const Json& known = json.at("queues").at(0);
    EXPECT_EQ(known.at("interface").at("name"), "vnet0");
    EXPECT_EQ(known.at("owner").at("pid"), 1234);
    EXPECT_EQ(known.at("id"), 4);
    EXPECT_EQ(known.at("queue"), 1);
    EXPECT_EQ(known.at("direction"), "tx");
    EXPECT_EQ(known.at("suppressed"), 4);
    EXPECT_EQ(known.at("hold_ns").at("max"), 50'000);
    EXPECT_EQ(known.at("hold_ns").at("buckets").at(4).at("to"), 15'999);
    EXPECT_EQ(known.at("packets").at("sum"), 65);
    const Json& unknown = json.at("queues").at(1);
    EXPECT_EQ(unknown.at("id"), 9);
    EXPECT_TRUE(unknown.at("owner").is_null());
    EXPECT_TRUE(unknown.at("interface").is_null());
    EXPECT_TRUE(unknown.at("queue").is_null());
    EXPECT_EQ(unknown.at("direction"), "rx");
}

} // namespace
} // namespace vcoal
