// SPDX-License-Identifier: GPL-2.0-only
//
// What the demo reads from other programs: texts as they were printed.
#include "bench/pair.hpp"
#include "bench/parse.hpp"
#include "bench/percentile.hpp"
#include "vcoal/error.hpp"

#include <gtest/gtest.h>
#include <string>

using namespace vcoal;
using namespace vcoal::bench;

namespace {

// iperf3 3.12 --json, without what nobody reads.
constexpr const char* iperf = R"({
	"start":	{"version":	"iperf 3.12", "connected":	[{"socket":	5}]},
	"intervals":	[],
	"end":	{
		"streams":	[],
		"sum_sent":	{
			"start":	0,
			"end":	1.002711,
			"seconds":	1.002711,
			"bytes":	1578106880,
			"bits_per_second":	12590721593.759319,
			"retransmits":	3,
			"sender":	true
		},
		"sum_received":	{
			"start":	0,
			"end":	1.010144,
			"seconds":	1.010144,
			"bytes":	1576796160,
			"bits_per_second":	12487694110.938639,
			"sender":	true
		}
	}
})";

// sockperf 3.7 ping-pong --full-rtt, colours included.
constexpr const char* sockperf =
    "sockperf: \x1b[2;35m== version #3.7-no.git == \x1b[0m\n"
    "sockperf[CLIENT] send on:sockperf: using recvfrom() to block on socket(s)\n"
    "\n"
    "[ 0] IP = 127.0.0.1       PORT = 11111 # UDP\n"
    "sockperf: Warmup stage (sending a few dummy messages)...\n"
    "sockperf: Starting test...\n"
    "sockperf: Test end (interrupted by timer)\n"
    "sockperf: Test ended\n"
    "sockperf: [Total Run] RunTime=1.000 sec; Warm up time=400 msec; SentMessages=32769; "
    "ReceivedMessages=32768\n"
    "sockperf: ========= Printing statistics for Server No: 0\n"
    "sockperf: [Valid Duration] RunTime=0.549 sec; SentMessages=23029; ReceivedMessages=23029\n"
    "sockperf: \x1b[2;35m====> avg-rtt=23.815 (std-dev=221.291)\x1b[0m\n"
    "sockperf: # dropped messages = 2; # duplicated messages = 0; # out-of-order messages = 0\n"
    "sockperf: Summary: Round trip is 23.815 usec\n"
    "sockperf: \x1b[2;35mTotal 23029 observations\x1b[0m; each percentile contains 230.29 "
    "observations\n"
    "sockperf: ---> <MAX> observation = 4788.559\n"
    "sockperf: ---> percentile 99.999 = 4788.559\n"
    "sockperf: ---> percentile 99.990 = 4717.604\n"
    "sockperf: ---> percentile 99.900 = 4650.985\n"
    "sockperf: ---> percentile 99.000 =   15.913\n"
    "sockperf: ---> percentile 90.000 =   11.987\n"
    "sockperf: ---> percentile 50.000 =   11.236\n"
    "sockperf: ---> <MIN> observation =   10.976\n";

std::string trace(const std::string& events, const char* counts = "21/21") {
    return std::string("# tracer: nop\n#\n# entries-in-buffer/entries-written: ") + counts +
           "   #P:2\n#\n"
           "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n"
           "#              | |         |   |||||     |         |\n" +
           events;
}

constexpr const char* fired =
    "          <idle>-0       [000] d.h2.    18.600777: vhn_timer_fire: dev=2 vq=0 pending=1 "
    "due=1\n";
constexpr const char* notified =
    "       vhost-144-146     [000] .....    18.600924: vhn_notify: dev=2 vq=0 reason=timer\n";
constexpr const char* other_queue =
    "       vhost-144-146     [000] .....    18.600800: vhn_notify: dev=2 vq=1 "
    "reason=immediate\n";

// vcoal pair --json, without what nobody reads.
Json statistics() {
    return Json::parse(R"({"stats":{"time_ns":19106360080,"queues":[
      {"vq":0,"direction":"rx","loopback":{"kicks":1,"signals":10},
       "vhost":{"packets":11,"bytes":958,"kicks":1,
                "notifications":{"total":10,"count":1,"timer":7,"immediate":2,"flush":0},
                "suppressed":4},
       "coalescing":{"effective":{"max_packets":32,"max_usecs":50},"pending":3}},
      {"vq":1,"direction":"tx","loopback":{"kicks":9,"signals":9},
       "vhost":{"packets":8,"bytes":798,"kicks":9,
                "notifications":{"total":9,"count":0,"timer":0,"immediate":9,"flush":0},
                "suppressed":0},
       "coalescing":{"effective":{"max_packets":1,"max_usecs":0},"pending":0}}]}})");
}

} // namespace

TEST(DemoIperf, ReportsWhatTheReceiverGot) {
    const IperfResult result = parse_iperf(iperf);
    EXPECT_NEAR(result.mbit_s, 12487.694, 0.001);
    EXPECT_EQ(result.retransmits, 3U);
}

TEST(DemoIperf, TellsItsOwnError) {
    try {
        parse_iperf(R"({"start":{},"end":{},"error":"unable to connect to server"})");
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.hint(), "unable to connect to server");
    }
}

TEST(DemoIperf, RejectsOtherText) {
    for (const char* text : {"", "iperf3: error", "{}", R"({"end":{"sum_received":{}}})",
                             R"({"end":{"sum_received":{"bits_per_second":"fast"}}})"}) {
        EXPECT_THROW(parse_iperf(text), Error) << text;
    }
}

TEST(DemoSockperf, ReadsRoundTripTimes) {
    const SockperfResult result = parse_sockperf(sockperf);
    EXPECT_EQ(result.observations, 23029U);
    EXPECT_EQ(result.dropped, 2U);
    EXPECT_DOUBLE_EQ(result.seconds, 0.549);
    EXPECT_DOUBLE_EQ(result.latency.p50, 11.236);
    EXPECT_DOUBLE_EQ(result.latency.p99, 15.913);
}

// Without --full-rtt sockperf prints half of the time, under the same names.
TEST(DemoSockperf, RejectsOneWayTimes) {
    std::string text = sockperf;
    text.replace(text.find("Round trip is"), 13, "Latency is   ");
    EXPECT_THROW(parse_sockperf(text), Error);
}

TEST(DemoSockperf, RejectsAReportCutShort) {
    const std::string text = sockperf;
    for (const char* end : {"percentile 50.000", "percentile 99.000", "Total 23029", "sockperf"}) {
        EXPECT_THROW(parse_sockperf(text.substr(0, text.find(end))), Error) << end;
    }
}

TEST(DemoTrace, MeasuresFromTimerToNotification) {
    const auto wakes = parse_wakes(trace(std::string(fired) + other_queue + notified));
    ASSERT_EQ(wakes.size(), 1U);
    EXPECT_EQ(wakes[0].dev, 2U);
    EXPECT_EQ(wakes[0].vq, 0U);
    EXPECT_NEAR(wakes[0].microseconds, 147, 0.01);
}

TEST(DemoTrace, NotificationNeedsATimer) {
    EXPECT_TRUE(parse_wakes(trace(notified)).empty());
    EXPECT_TRUE(parse_wakes(trace(std::string(fired) + other_queue)).empty());
}

TEST(DemoTrace, ExpiryWithoutPacketsStartsNothing) {
    std::string idle = fired;
    idle.replace(idle.find("due=1"), 5, "due=0");
    EXPECT_TRUE(parse_wakes(trace(idle + notified)).empty());
}

// The next notification by timer belongs to another expiry.
TEST(DemoTrace, SuppressionEndsTheWait) {
    std::string suppressed = notified;
    suppressed.replace(suppressed.find("vhn_notify"), 10, "vhn_suppress");
    EXPECT_TRUE(parse_wakes(trace(fired + suppressed + notified)).empty());
}

TEST(DemoTrace, RejectsABufferThatLostEvents) {
    EXPECT_THROW(parse_wakes(trace(fired, "100/101")), Error);
    EXPECT_THROW(parse_wakes(trace("CPU:0 [LOST 17 EVENTS]\n")), Error);
}

TEST(DemoTrace, RejectsAnEventWithoutQueue) {
    EXPECT_THROW(parse_wakes(trace(" x-1 [000] ..... 1.0: vhn_notify: queue=1\n")), Error);
}

TEST(DemoPair, ReadsTheQueueOfTheDirection) {
    const Reading rx = parse_reading(statistics(), Direction::rx);
    EXPECT_EQ(rx.packets, 11U);
    EXPECT_EQ(rx.signals, 10U);
    EXPECT_EQ(rx.pending, 3U);
    EXPECT_EQ(rx.setting, (Setting{50, 32}));
    EXPECT_EQ(rx.notifications, (Notifications{10, 1, 7, 2, 0, 4}));
    EXPECT_EQ(parse_reading(statistics(), Direction::tx).packets, 8U);
}

TEST(DemoPair, InTreeVhostCountsNothing) {
    Json answer = statistics();
    answer["stats"]["queues"][0]["vhost"] = nullptr;
    EXPECT_THROW(parse_reading(answer, Direction::rx), Error);
}

TEST(DemoPercentile, IsAValueThatOccurred) {
    EXPECT_EQ(percentile({}, 0.5), std::nullopt);
    EXPECT_EQ(percentile({7}, 0.99), 7);
    EXPECT_EQ(percentile({4, 1, 3, 2}, 0.5), 2);
    std::vector<double> hundred;
    for (int i = 100; i > 0; i--) {
        hundred.push_back(i);
    }
    EXPECT_EQ(percentile(hundred, 0.99), 99);
    EXPECT_EQ(percentile(hundred, 1), 100);
    EXPECT_EQ(percentile(hundred, 0), 1);
}
