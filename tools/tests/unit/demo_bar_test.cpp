// SPDX-License-Identifier: GPL-2.0-only
//
// What the demo claims: every claim holds on its limit and fails beyond it.
#include "bench/bar.hpp"
#include "bench/result_json.hpp"
#include "bench/table.hpp"
#include "vcoal/error.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <sstream>

using namespace vcoal;
using namespace vcoal::bench;

namespace {

/// 3200 packets in 10 ms, as many notifications as parameters allow.
Run run_of(const Step& step) {
    Run run;
    run.direction = step.direction;
    run.setting = step.setting;
    run.load = step.load;
    run.packets = 3200;
    run.elapsed_us = 10000;
    if (step.setting.off()) {
        run.notifications.immediate = 3200;
    } else {
        run.notifications.count = 3200 / step.setting.frames;
        run.notifications.timer = 10000 / step.setting.usecs;
    }
    run.notifications.flush = 1;
    run.notifications.total = run.notifications.by_reason();
    run.signals = run.notifications.total;
    run.mbit_s = 12.5;
    run.lost = 2;
    if (step.load != Load::tcp) {
        run.latency = Latency{100.5, 250.25};
    }
    return run;
}

TablePart good_table() {
    TablePart table{"6.1.0-1-amd64", "tcg", "virtio_net", "vhost_net_coal", {}};
    for (const Step& step : plan()) {
        table.runs.push_back(run_of(step));
        // 2 % of the total must be at least one flush.
        if (table.runs.back().notifications.total < 50) {
            table.runs.back().notifications.flush = 0;
            table.runs.back().notifications.total--;
            table.runs.back().signals--;
        }
    }
    return table;
}

IcountPart good_icount() {
    IcountPart part;
    part.kernel = "6.1.0-1-amd64";
    part.rtt_p99_off_us = 140;
    part.rtt_p99_on50_us = 195;
    part.wake_p99_us = 5;
    part.rx = {1100, 1000};
    part.tx = {1100, 1000};
    part.udp64_5ms_32_per_1000 = 33;
    part.udp64_5ms_32_rate = 20000;
    return part;
}

std::vector<Claim> failed(const std::vector<Claim>& claims) {
    std::vector<Claim> bad;
    for (const Claim& claim : claims) {
        if (!claim.holds) {
            bad.push_back(claim);
        }
    }
    return bad;
}

/// The only claim that fails once @p spoil has changed a good result.
Claim only_failure(const std::function<void(TablePart&)>& spoil) {
    TablePart table = good_table();
    spoil(table);
    const auto bad = failed(judge(table));
    EXPECT_EQ(bad.size(), 1U);
    return bad.empty() ? Claim{} : bad.front();
}

Claim only_failure(const std::function<void(IcountPart&)>& spoil) {
    IcountPart part = good_icount();
    spoil(part);
    const auto bad = failed(judge(part));
    EXPECT_EQ(bad.size(), 1U);
    return bad.empty() ? Claim{} : bad.front();
}

bool says(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

} // namespace

TEST(DemoBar, HoldsOnItsLimits) {
    EXPECT_TRUE(failed(judge(good_table())).empty());
    EXPECT_TRUE(failed(judge(good_icount())).empty());
}

TEST(DemoBar, BoundOfNotifications) {
    auto run = run_of({Direction::rx, {50, 32}, Load::udp64});
    EXPECT_DOUBLE_EQ(most_notifications(run), 100 + 200 + 1 + 1);
    run.packets = 16;
    EXPECT_DOUBLE_EQ(most_notifications(run), 0.5 + 200 + 1 + 1);
}

TEST(DemoBar, SaysWhichRunHadTooManyNotifications) {
    // Run 1 is rx 50 us/32 udp64: 302 are allowed.
    const Claim claim = only_failure([](TablePart& table) {
        bench::Run& run = table.runs[1];
        run.notifications.timer += 3;
        run.notifications.total += 3;
        run.signals += 3;
    });
    EXPECT_TRUE(says(claim.figure, "rx 50 us/32 udp64: 304, 302 allowed, 2 too many"))
        << claim.figure;
}

TEST(DemoBar, FlushesAreFew) {
    const Claim claim = only_failure([](TablePart& table) {
        bench::Run& run = table.runs[0];
        run.notifications.flush = 66;
        run.notifications.total = run.notifications.by_reason();
        run.signals = run.notifications.total;
    });
    EXPECT_TRUE(says(claim.figure, "rx off udp64: 66, 65 allowed")) << claim.figure;
}

TEST(DemoBar, ReasonsAddUp) {
    const Claim claim =
        only_failure([](TablePart& table) { table.runs[0].notifications.immediate--; });
    EXPECT_TRUE(says(claim.figure, "rx off udp64: 3201 sent, 3200 by reason")) << claim.figure;
}

TEST(DemoBar, EveryNotificationArrives) {
    const Claim claim = only_failure([](TablePart& table) { table.runs[23].signals--; });
    EXPECT_TRUE(says(claim.figure, "tx 5 ms/32 rr")) << claim.figure;
}

TEST(DemoBar, EveryRunTookPlace) {
    const Claim missing = only_failure([](TablePart& table) { table.runs.pop_back(); });
    EXPECT_TRUE(says(missing.figure, "tx 5 ms/32 rr")) << missing.figure;
    EXPECT_FALSE(failed(judge(TablePart{})).empty());
}

TEST(DemoBar, ARunWithoutPacketsIsNone) {
    TablePart table = good_table();
    table.runs[0] = bench::Run{};
    EXPECT_FALSE(failed(judge(table)).empty());
}

TEST(DemoBar, ExactFigures) {
    only_failure([](IcountPart& part) { part.udp64_5ms_32_per_1000 = 33.01; });
    only_failure([](IcountPart& part) { part.udp64_5ms_32_rate = 19999; });
    only_failure([](IcountPart& part) { part.rtt_p99_on50_us = 195.01; });
    only_failure([](IcountPart& part) { part.wake_p99_us = 20.01; });
    only_failure([](IcountPart& part) { part.rx.ours = 1101; });
    const Claim claim = only_failure([](IcountPart& part) { part.tx.ours = 1200; });
    EXPECT_TRUE(says(claim.what, "tx")) << claim.what;
    EXPECT_TRUE(says(claim.figure, "0.10 too much")) << claim.figure;
}

TEST(DemoBar, NothingMeasuredIsNoSuccess) {
    only_failure([](IcountPart& part) { part.rx = {}; });
}

TEST(DemoPlan, OffAndThreeSettingsBothWays) {
    EXPECT_EQ(plan().size(), 24U);
    EXPECT_EQ(name(Setting{0, 0}), "off");
    EXPECT_EQ(name(Setting{50, 32}), "50 us/32");
    EXPECT_EQ(name(Setting{5000, 32}), "5 ms/32");
}

TEST(DemoJson, PartsSurvive) {
    const TablePart table = table_from_json(to_json(good_table()), "table");
    EXPECT_EQ(table.runs, good_table().runs);
    EXPECT_EQ(icount_from_json(to_json(good_icount()), "icount"), good_icount());
}

// The schema others read: names and nesting.
TEST(DemoJson, HasTheDocumentedKeys) {
    const Json json = to_json(good_table(), good_icount());
    for (const char* key : {"kernel", "accel", "driver", "device", "runs", "icount"}) {
        EXPECT_TRUE(json.contains(key)) << key;
    }
    const Json& run = json["runs"][0];
    for (const char* key : {"direction", "usecs", "frames", "load", "packets", "elapsed_us",
                            "notifications", "per_1000_packets", "mbit_s", "latency_us"}) {
        EXPECT_TRUE(run.contains(key)) << key;
    }
    for (const char* key : {"total", "count", "timer", "immediate", "flush", "suppressed"}) {
        EXPECT_TRUE(run["notifications"][key].is_number_unsigned()) << key;
    }
    EXPECT_TRUE(run["latency_us"]["p50"].is_number());
    EXPECT_TRUE(json["runs"][4]["latency_us"]["p99"].is_null());
    const Json& icount = json["icount"];
    EXPECT_DOUBLE_EQ(icount["rtt_p99_us"]["off"], 140);
    EXPECT_DOUBLE_EQ(icount["rtt_p99_us"]["on50"], 195);
    EXPECT_DOUBLE_EQ(icount["wake_p99_us"], 5);
    EXPECT_DOUBLE_EQ(icount["worker_insn_per_packet"]["ours"], 1100);
    EXPECT_DOUBLE_EQ(icount["worker_insn_per_packet"]["intree"], 1000);
    EXPECT_DOUBLE_EQ(icount["udp64_5ms_32"]["per_1000_packets"], 33);
}

TEST(DemoJson, RejectsOtherText) {
    Json json = to_json(good_table());
    json["runs"][3]["load"] = "sctp";
    EXPECT_THROW(table_from_json(json, "table"), Error);
    EXPECT_THROW(table_from_json(Json::object(), "table"), Error);
    EXPECT_THROW(icount_from_json(Json::array(), "icount"), Error);
    EXPECT_THROW(read_json("/nonexistent"), Error);
}

TEST(DemoTable, FitsIntoALine) {
    TablePart table = good_table();
    table.runs[2].packets = 999999999;
    table.runs[2].notifications = {99999999, 9999999, 9999999, 99999999, 9999999, 9999999};
    table.runs[2].mbit_s = 99999.99;
    table.runs[2].latency = Latency{9999999, 9999999};
    std::istringstream lines(format_table(table));
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 120U) << line;
    }
}

TEST(DemoTable, ColoursOnlyWhereAsked) {
    const std::vector<Claim> claims{{"a", true, "1"}, {"b", false, "2"}};
    EXPECT_EQ(format_claims(claims, Colour::no), "ok      a: 1\nFAILED  b: 2\n");
    EXPECT_TRUE(says(format_claims(claims, Colour::yes), "\033["));
}
