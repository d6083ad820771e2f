// SPDX-License-Identifier: GPL-2.0-only
//
// `vcoal top`: in a terminal and without one, of traffic whose parameters are known.
#include "support/coal_bench.hpp"
#include "support/host_command.hpp"
#include "support/terminal.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <set>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

using Strings = std::vector<std::string>;

constexpr unsigned width = 80;
constexpr unsigned height = 12;

Strings argv(const Strings& arguments, const std::string& interval = "0.1") {
    Strings all{vcoal_program(), "top", "--interval", interval};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

bench::Child start(const Strings& arguments) {
    return {argv(arguments), &first_netns(), bench::Errors::output};
}

bench::Child::End run_top(const Strings& arguments) {
    return run(argv(arguments), &first_netns());
}

Terminal open_terminal(const Strings& arguments = {}, const std::string& interval = "0.1") {
    return {argv(arguments, interval), first_netns(), width, height};
}

/// The next sample of a running `vcoal top --json`.
Json next(bench::Child& top) {
    const auto line = top.read_line(generous);
    if (!line) {
        throw Error("vcoal top", "read", ENODATA, "it ended");
    }
    return Json::parse(*line);
}

/// A vring in a sample; null: it is not there.
Json find(const Json& sample, unsigned queue, std::uint32_t id) {
    for (const Json& one : sample.at("queues")) {
        if (one.at("id") == id && one.at("direction") == (queue == VHN_VRING_RX ? "rx" : "tx")) {
            return one;
        }
    }
    return nullptr;
}

/// Ids of the devices there are.
std::set<std::uint32_t> ids(const Json& sample) {
    std::set<std::uint32_t> found;
    for (const Json& one : sample.at("queues")) {
        found.insert(one.at("id").get<std::uint32_t>());
    }
    return found;
}

} // namespace

TEST(Top, CountsEveryPacketAndNotification) {
    constexpr unsigned frames = 32;
    constexpr unsigned packets = 20 * frames;
    CoalBench bench;
    bench::Child top = start({"--json"});
    const std::uint32_t id = *ids(next(top)).begin();
    undisturbed([&] {
        bench.quiesce(VHN_VRING_RX);
        bench.set(VHN_VRING_RX, {frames, far_away});
        bench.mark();
        bench.flow(VHN_VRING_RX, packets);
        const Sent sent = bench.sent(VHN_VRING_RX);
        std::uint64_t seen = 0;
        std::uint64_t by_count = 0;
        eventually([&] {
            const Json sample = next(top);
            const Json rx = find(sample, VHN_VRING_RX, id);
            const std::uint64_t now = rx.at("counted").at("packets");
            seen += now;
            by_count += rx.at("counted").at("notifications").at("count").get<std::uint64_t>();
            EXPECT_DOUBLE_EQ(rx.at("per_second").at("packets").get<double>() *
                                 sample.at("seconds").get<double>(),
                             static_cast<double>(now));
            return seen >= packets;
        });
        EXPECT_EQ(seen, packets);
        return sent.timer == 0 && by_count == packets / frames;
    });
}

TEST(Top, ADeviceHasNoRatesUntilItWasLookedAtTwiceAndGoesWithItsOwner) {
    bench::Child top = start({"--json"});
    EXPECT_TRUE(next(top).at("queues").empty());
    auto bench = std::make_unique<CoalBench>();
    Json sample;
    ASSERT_TRUE(eventually([&] { return !(sample = next(top)).at("queues").empty(); }));
    ASSERT_EQ(ids(sample).size(), 1U);
    const std::uint32_t id = *ids(sample).begin();
    const Json rx = find(sample, VHN_VRING_RX, id);
    EXPECT_TRUE(rx.at("counted").is_null()) << rx;
    EXPECT_TRUE(rx.at("per_second").is_null()) << rx;
    EXPECT_FALSE(find(sample, VHN_VRING_TX, id).is_null());
    sample = next(top);
    EXPECT_FALSE(find(sample, VHN_VRING_RX, id).at("counted").is_null()) << sample;
    bench.reset();
    EXPECT_TRUE(eventually([&] { return next(top).at("queues").empty(); }));
}

TEST(Top, OfADeviceThatIsResetCountsWhatCameSince) {
    CoalBench bench;
    bench.flow(VHN_VRING_RX, 100);
    bench::Child top = start({"--json"});
    const std::uint32_t id = *ids(next(top)).begin();
    bench.vhost().reset_coalescing(VHN_VRING_RX, VHN_RESET_DEVICE);
    bench.flow(VHN_VRING_RX, 3);
    std::uint64_t seen = 0;
    EXPECT_TRUE(eventually([&] {
        seen += find(next(top), VHN_VRING_RX, id).at("counted").at("packets").get<std::uint64_t>();
        return seen >= 3;
    }));
    EXPECT_EQ(seen, 3U);
}

TEST(Top, ShowsWhatIsInForceAndWhatIsPending) {
    CoalBench bench;
    bench.set(VHN_VRING_TX, {1000, far_away});
    bench::Child top = start({"--json"});
    undisturbed([&] {
        bench.flow(VHN_VRING_TX, 5);
        Json tx;
        const bool pending = eventually(
            [&] {
                const Json sample = next(top);
                tx = find(sample, VHN_VRING_TX, *ids(sample).begin());
                return tx.at("pending") == 5;
            },
            1s);
        EXPECT_EQ(tx.at("effective").dump(), R"({"max_packets":1000,"max_usecs":1000000})");
        EXPECT_EQ(tx.at("running"), true);
        return pending;
    });
}

TEST(Top, ShowsTheDeviceAskedForAlone) {
    const CoalBench one;
    const CoalBench other;
    const auto [output, status] = run_top({"--json", "--count", "1"});
    ASSERT_EQ(status, 0) << output;
    const std::set<std::uint32_t> both = ids(Json::parse(output));
    ASSERT_EQ(both.size(), 2U) << output;
    for (const std::uint32_t id : both) {
        const auto [alone, ended] = run_top({"--json", "--count", "1", std::to_string(id)});
        EXPECT_EQ(ended, 0) << alone;
        EXPECT_EQ(ids(Json::parse(alone)), std::set{id}) << alone;
    }
}

TEST(Top, OfADeviceThatIsNotThereIsWrongUsage) {
    const auto [output, status] = run_top({"nothing"});
    EXPECT_EQ(status, 2) << output;
    EXPECT_TRUE(output.starts_with("vcoal: device \"nothing\": ")) << output;
    EXPECT_EQ(occurrences(output, "\n"), 1U) << output;
}

TEST(Top, WithoutATerminalPrintsOneTableAfterTheOther) {
    const CoalBench bench;
    const auto [output, status] = run_top({"--count", "2"});
    EXPECT_EQ(status, 0) << output;
    EXPECT_EQ(occurrences(output, "DEVICE "), 2U) << output;
    EXPECT_EQ(occurrences(output, " s, 2 queues, 0 stalls: "), 2U) << output;
    EXPECT_EQ(occurrences(output, "  rx 0 "), 2U) << output;
    EXPECT_EQ(output.find('\033'), std::string::npos) << output;
}

TEST(Top, EndsWhenItIsToldTo) {
    bench::Child top = start({"--json"});
    next(top);
    ASSERT_EQ(::kill(top.pid(), SIGTERM), 0);
    EXPECT_EQ(top.finish(generous).status, 0);
}

TEST(Top, WhenNobodyReadsItFails) {
    const auto [output, status] = run(
        {"sh", "-c", fmt::format("exec {} top --json --interval 0.1 >/dev/full", vcoal_program())},
        &first_netns());
    EXPECT_EQ(status, 1) << output;
    EXPECT_NE(output.find("standard output: write: No space left"), std::string::npos) << output;
}

TEST(TopOnATerminal, ShowsATableUntilQ) {
    const CoalBench bench;
    Terminal terminal = open_terminal();
    EXPECT_TRUE(terminal.shows("C/T/I/F: notified by count")) << terminal.screen();
    EXPECT_TRUE(terminal.shows(" tx 0      0       0       -           -      - "))
        << terminal.screen();
    const std::string screen = terminal.screen();
    EXPECT_TRUE(screen.starts_with("vcoal top, 2 queues, 0 stalls")) << screen;
    EXPECT_NE(screen.find("\nDEVICE     ID QUEUE PKTS/S "), std::string::npos) << screen;
    EXPECT_NE(screen.find("\n[q]uit  sort: [d]evice "), std::string::npos) << screen;
    EXPECT_FALSE(terminal.is_as_before());
    terminal.type("q");
    EXPECT_EQ(terminal.await_end(), 0);
    EXPECT_TRUE(terminal.is_as_before());
}

TEST(TopOnATerminal, SortsByTheKeyThatIsTyped) {
    const CoalBench bench;
    Terminal terminal = open_terminal();
    EXPECT_TRUE(terminal.shows(", by device;")) << terminal.screen();
    terminal.type("p");
    EXPECT_TRUE(terminal.shows(", by packets;")) << terminal.screen();
    terminal.type("x");
    terminal.type("t");
    EXPECT_TRUE(terminal.shows(", by stalls;")) << terminal.screen();
}

TEST(TopOnATerminal, ScrollsWhereThereAreMoreRowsThanRoom) {
    std::vector<std::unique_ptr<CoalBench>> benches(5);
    std::ranges::generate(benches, [] { return std::make_unique<CoalBench>(); });
    Terminal terminal = open_terminal();
    EXPECT_TRUE(terminal.shows("rows 1 to 8 of 10")) << terminal.screen();
    terminal.type("\033OB");
    EXPECT_TRUE(terminal.shows("rows 2 to 9 of 10")) << terminal.screen();
    terminal.type("\033OB\033OB\033OB");
    EXPECT_TRUE(terminal.shows("rows 3 to 10 of 10")) << terminal.screen();
    terminal.type("\033OA");
    EXPECT_TRUE(terminal.shows("rows 2 to 9 of 10")) << terminal.screen();
}

TEST(TopOnATerminal, FollowsItsSize) {
    const CoalBench bench;
    Terminal terminal = open_terminal({}, "3600");
    EXPECT_TRUE(terminal.shows("PEND\n")) << terminal.screen();
    terminal.resize(120, 8);
    EXPECT_TRUE(terminal.shows("PEND STALLS   STATE\n")) << terminal.screen();
    EXPECT_TRUE(terminal.shows("s[t]alls\n")) << terminal.screen();
    terminal.resize(40, 6);
    EXPECT_TRUE(terminal.shows("NOTIF/S\n")) << terminal.screen();
    terminal.resize(1, 1);
    terminal.type("q");
    EXPECT_EQ(terminal.await_end(), 0);
}

// What has not changed is not written anew.
TEST(TopOnATerminal, DoesNotFlicker) {
    const CoalBench bench;
    Terminal terminal = open_terminal({"--count", "10"});
    EXPECT_TRUE(terminal.shows("first look"));
    const std::size_t whole = terminal.written();
    EXPECT_EQ(terminal.await_end(), 0);
    EXPECT_EQ(terminal.cleared(), 1U);
    EXPECT_LT(terminal.written() - whole, 10 * whole / 2);
}

TEST(TopOnATerminal, IsAsBeforeAfterCtrlC) {
    Terminal terminal = open_terminal();
    EXPECT_TRUE(terminal.shows("there is no device")) << terminal.screen();
    terminal.type("\003");
    EXPECT_EQ(terminal.await_end(), 0);
    EXPECT_TRUE(terminal.is_as_before());
}

TEST(TopOnATerminal, WithPlainIsLeftAlone) {
    const CoalBench bench;
    Terminal terminal = open_terminal({"--plain", "--count", "1"});
    EXPECT_EQ(terminal.await_end(), 0);
    EXPECT_NE(terminal.screen().find("\nDEVICE     ID QUEUE"), std::string::npos)
        << terminal.screen();
    EXPECT_EQ(terminal.cleared(), 0U);
    EXPECT_TRUE(terminal.is_as_before());
}
