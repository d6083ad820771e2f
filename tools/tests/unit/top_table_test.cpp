// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/top/view.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace vcoal {
namespace {

constexpr std::size_t wide = 200;

HostQueue queue(unsigned index, HostParams effective) {
    HostQueue made;
    made.index = index;
    made.flags = VHN_NL_QUEUE_F_RUNNING;
    made.effective = effective;
    return made;
}

HostFile file(std::uint32_t id, const std::string& interface) {
    HostFile made;
    made.id = id;
    made.pid = 100;
    made.ifindex = 7;
    made.ifname = interface;
    made.queues = {queue(VHN_VRING_RX, {32, 50}), queue(VHN_VRING_TX, {0, 0})};
    return made;
}

/// A device with two pairs: one busy, one not looked at before.
std::vector<TopRow> some_rows() {
    std::vector<HostDevice> devices = group_devices({file(3, "vnet0"), file(4, "vnet0")});
    devices[0].files[0].queues[0].pending = 12;
    devices[0].files[1].queues[1].counters.stalls = 2;
    HostActivities activities;
    activities[{3, VHN_VRING_RX}] = {2,
                                     {.packets = 162400,
                                      .bytes = 10393600,
                                      .notify_count = 5000,
                                      .notify_timer = 76,
                                      .suppressed = 157}};
    activities[{3, VHN_VRING_TX}] = {2, {.packets = 3, .notify_immediate = 3}};
    activities[{4, VHN_VRING_TX}] = {2, {}};
    return top_rows(devices, activities);
}

std::string lines(const std::vector<TopRow>& rows, std::size_t width) {
    const TopTable table(width);
    std::string text = "\n" + table.header() + "\n";
    for (const TopRow& row : rows) {
        text += table.line(row) + "\n";
    }
    return text;
}

/// A row that is told from others by its queue's number.
TopRow row(std::size_t pair, std::optional<HostActivity> activity, std::uint32_t pending = 0) {
    HostQueue made = queue(VHN_VRING_RX, {});
    made.pending = pending;
    made.counters.stalls = pending;
    return {file(1, "vnet0"), pair, made, std::move(activity)};
}

std::vector<std::size_t> sorted(std::vector<TopRow> rows, TopOrder order) {
    sort_rows(rows, order);
    std::vector<std::size_t> pairs;
    std::ranges::transform(rows, std::back_inserter(pairs), &TopRow::pair);
    return pairs;
}

TEST(TopTable, HasALinePerQueue) {
    EXPECT_EQ(lines(some_rows(), 105), R"(
DEVICE               ID QUEUE PKTS/S NOTIF/S P/NOTIF   C/T/I/F % SUPPR% USECS/FRAMES  PEND STALLS   STATE
vnet0                 3  rx 0  81.2k    2538    32.0    99/1/0/0      3        50/32    12      0    runs
vnet0                 3  tx 0    1.5     1.5     1.0   0/0/100/0      0          off     0      0    runs
vnet0                 4  rx 1      -       -       -           -      -        50/32     0      0    runs
vnet0                 4  tx 1      0       0       -           -      -          off     0      2    runs
)");
}

TEST(TopTable, LeavesOutWhatMattersLeastWhereThereIsLittleRoom) {
    EXPECT_EQ(lines(some_rows(), 80), R"(
DEVICE     ID QUEUE PKTS/S NOTIF/S P/NOTIF   C/T/I/F % SUPPR% USECS/FRAMES  PEND
vnet0       3  rx 0  81.2k    2538    32.0    99/1/0/0      3        50/32    12
vnet0       3  tx 0    1.5     1.5     1.0   0/0/100/0      0          off     0
vnet0       4  rx 1      -       -       -           -      -        50/32     0
vnet0       4  tx 1      0       0       -           -      -          off     0
)");
    EXPECT_EQ(lines({some_rows().front()}, 1), R"(
DEVICE     ID QUEUE PKTS/S NOTIF/S
vnet0       3  rx 0  81.2k    2538
)");
}

TEST(TopTable, IsNeverWiderThanItsRoom) {
    for (std::size_t width = 34; width < 130; width++) {
        EXPECT_LE(TopTable(width).header().size(), width);
        EXPECT_EQ(TopTable(width).line(some_rows().front()).size(),
                  TopTable(width).header().size());
    }
}

TEST(TopTable, CutsLongNamesAndShowsNoControlCharacters) {
    TopRow one = some_rows().front();
    one.file.ifname = "a-long-name";
    EXPECT_TRUE(TopTable(80).line(one).starts_with("a-long-~  "));
    one.file.ifname = "\033[2J";
    EXPECT_EQ(TopTable(wide).line(one).find('\033'), std::string::npos);
    one.file.ifindex.reset();
    EXPECT_TRUE(TopTable(80).line(one).starts_with("-  "));
}

TEST(TopTable, SaysWhatIsInForce) {
    TopRow one = some_rows().front();
    const auto hold = [&](HostParams params) {
        one.queue.effective = params;
        const std::string line = TopTable(80).line(one);
        return line.substr(62, 12);
    };
    EXPECT_EQ(hold({9999, 1000000}), "1000000/9999");
    EXPECT_EQ(hold({20000, 1000}), "  1000/20.0k");
    EXPECT_EQ(hold({std::numeric_limits<std::uint32_t>::max(), 50}), "      50/any");
    EXPECT_EQ(hold({0, 50}), "         off");
    EXPECT_EQ(hold({32, 0}), "         off");
}

TEST(TopTable, SaysInWhichStateAQueueIs) {
    TopRow one = some_rows().front();
    EXPECT_TRUE(TopTable(wide).line(one).ends_with("  runs"));
    one.queue.flags = VHN_NL_QUEUE_F_RUNNING | VHN_NL_QUEUE_F_BROKEN;
    EXPECT_TRUE(TopTable(wide).line(one).ends_with("broken"));
    one.queue.flags = 0;
    EXPECT_TRUE(TopTable(wide).line(one).ends_with("stopped"));
}

TEST(TopTable, NumbersHaveFiveCharactersAtMost) {
    EXPECT_EQ(format_rate(0), "0");
    EXPECT_EQ(format_rate(0.04), "0.0");
    EXPECT_EQ(format_rate(0.5), "0.5");
    EXPECT_EQ(format_rate(9.94), "9.9");
    EXPECT_EQ(format_rate(9.96), "10");
    EXPECT_EQ(format_rate(9999.4), "9999");
    EXPECT_EQ(format_rate(9999.6), "10.0k");
    EXPECT_EQ(format_rate(99949), "99.9k");
    EXPECT_EQ(format_rate(99951), "100k");
    EXPECT_EQ(format_rate(999'499), "999k");
    EXPECT_EQ(format_rate(999'501), "1.00M");
    EXPECT_EQ(format_rate(9'994'999), "9.99M");
    EXPECT_EQ(format_rate(9'995'001), "10.0M");
    EXPECT_EQ(format_rate(1e12), "1000G");
}

TEST(TopOrder, IsByWhatIsAskedForWithTheUnknownLast) {
    const std::vector<TopRow> rows{
        row(0, std::nullopt, 5),
        row(1, HostActivity{1, {.packets = 10, .notify_count = 1}}),
        row(2, HostActivity{1, {.packets = 20, .notify_count = 20, .suppressed = 1}}, 7),
        row(3, HostActivity{1, {.packets = 15, .suppressed = 2}}, 6),
    };
    using Pairs = std::vector<std::size_t>;
    EXPECT_EQ(sorted(rows, TopOrder::device), (Pairs{0, 1, 2, 3}));
    EXPECT_EQ(sorted(rows, TopOrder::packets), (Pairs{2, 3, 1, 0}));
    EXPECT_EQ(sorted(rows, TopOrder::notifications), (Pairs{2, 1, 3, 0}));
    EXPECT_EQ(sorted(rows, TopOrder::ratio), (Pairs{1, 2, 0, 3}));
    EXPECT_EQ(sorted(rows, TopOrder::suppressed), (Pairs{3, 2, 1, 0}));
    EXPECT_EQ(sorted(rows, TopOrder::pending), (Pairs{2, 3, 0, 1}));
    EXPECT_EQ(sorted(rows, TopOrder::stalls), (Pairs{2, 3, 0, 1}));
}

TEST(TopOrder, HasAKeyOfItsNameAndNoTwoTheSame) {
    std::string keys = "q";
    for (const TopOrderName& order : top_orders) {
        EXPECT_NE(std::string(order.name).find(order.key), std::string::npos) << order.name;
        EXPECT_EQ(keys.find(order.key), std::string::npos) << order.name;
        keys += order.key;
    }
}

TEST(TopSummary, IsOfAllQueues) {
    EXPECT_EQ(top_summary(some_rows()), "4 queues, 2 stalls: 81.2k packets/s, 2540 notifications/s "
                                        "(32.0 packets each), 3% suppressed");
    EXPECT_EQ(top_summary({some_rows()[2]}), "1 queue, 0 stalls");
    EXPECT_EQ(top_summary({some_rows()[3]}),
              "1 queue, 2 stalls: 0 packets/s, 0 notifications/s, 0% suppressed");
}

TEST(TopPicture, FillsATerminal) {
    TopPosition position{TopOrder::packets};
    const TopPicture picture = draw_top({5, 2.004, some_rows()}, position, 80, 10);
    std::string text = "\n";
    for (const std::string& line : picture.lines) {
        text += line + "\n";
    }
    EXPECT_EQ(text, R"(
vcoal top, 4 queues, 2 stalls: 81.2k packets/s, 2540 notifications/s (32.0 packe
2.00 s, by packets; C/T/I/F: notified by count, timer, immediately, flush
DEVICE     ID QUEUE PKTS/S NOTIF/S P/NOTIF   C/T/I/F % SUPPR% USECS/FRAMES  PEND
vnet0       3  rx 0  81.2k    2538    32.0    99/1/0/0      3        50/32    12
vnet0       3  tx 0    1.5     1.5     1.0   0/0/100/0      0          off     0
vnet0       4  tx 1      0       0       -           -      -          off     0
vnet0       4  rx 1      -       -       -           -      -        50/32     0


[q]uit  sort: [d]evice [p]ackets [n]otified [r]atio [s]uppressed [w]aiting s[t]a
)");
    EXPECT_EQ(picture.header, 2U);
}

TEST(TopPicture, ScrollsAndComesBackToWhereThereAreRows) {
    TopPosition position{TopOrder::device, 100};
    TopPicture picture = draw_top({5, 1, some_rows()}, position, 80, 7);
    EXPECT_EQ(position.first, 1U);
    EXPECT_NE(picture.lines[1].find("rows 2 to 4 of 4"), std::string::npos) << picture.lines[1];
    EXPECT_TRUE(picture.lines[3].starts_with("vnet0       3  tx 0"));
    EXPECT_TRUE(picture.lines[5].starts_with("vnet0       4  tx 1"));
    // Then there is room for all of them.
    picture = draw_top({5, 1, some_rows()}, position, 80, 20);
    EXPECT_EQ(position.first, 0U);
    EXPECT_EQ(picture.lines[1].find("rows"), std::string::npos);
}

TEST(TopPicture, FitsEveryTerminal) {
    for (std::size_t height = 0; height < 12; height++) {
        for (const std::size_t width : {std::size_t{0}, std::size_t{1}, std::size_t{20}, wide}) {
            TopPosition position{TopOrder::device, 2};
            const TopPicture picture = draw_top({5, 1, some_rows()}, position, width, height);
            EXPECT_EQ(picture.lines.size(), height);
            for (const std::string& line : picture.lines) {
                EXPECT_LE(line.size(), width);
            }
        }
    }
}

TEST(TopPicture, SaysThatThereIsNoDevice) {
    TopPosition position;
    const TopPicture picture = draw_top({5, 0, {}}, position, 80, 6);
    EXPECT_EQ(picture.lines[1].substr(0, 21), "first look, by device");
    EXPECT_TRUE(picture.lines[3].starts_with("there is no device")) << picture.lines[3];
}

TEST(TopJson, HasCountsAndRates) {
    const Json json = to_json(some_rows().front());
    EXPECT_EQ(json.at("interface").at("name"), "vnet0");
    EXPECT_EQ(json.at("owner").at("pid"), 100);
    EXPECT_EQ(json.at("id"), 3);
    EXPECT_EQ(json.at("queue"), 0);
    EXPECT_EQ(json.at("direction"), "rx");
    EXPECT_EQ(json.at("counted").at("packets"), 162400);
    EXPECT_EQ(json.at("counted").at("notifications").at("total"), 5076);
    EXPECT_EQ(json.at("counted").at("notifications").at("timer"), 76);
    EXPECT_EQ(json.at("per_second").at("packets"), 81200.0);
    EXPECT_EQ(json.at("per_second").at("bytes"), 5196800.0);
    EXPECT_DOUBLE_EQ(json.at("packets_per_notification"), 162400.0 / 5076);
    EXPECT_DOUBLE_EQ(json.at("suppressed_share"), 157.0 / (157 + 5076));
    EXPECT_EQ(json.at("effective").at("max_usecs"), 50);
    EXPECT_EQ(json.at("pending"), 12);
    EXPECT_EQ(json.at("running"), true);
    EXPECT_EQ(json.at("broken"), false);
}

TEST(TopJson, HasNullForWhatIsNotKnown) {
    const Json json = to_json(some_rows()[2]);
    EXPECT_TRUE(json.at("counted").is_null());
    EXPECT_TRUE(json.at("per_second").is_null());
    EXPECT_TRUE(json.at("packets_per_notification").is_null());
    EXPECT_TRUE(json.at("suppressed_share").is_null());
    EXPECT_EQ(json.at("stalls"), 0);
}

} // namespace
} // namespace vcoal
