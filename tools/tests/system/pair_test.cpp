// SPDX-License-Identifier: GPL-2.0-only
//
// `vcoal pair` as its users have it: this kernel's own driver, real traffic, over our
// vhost node and over the in-tree one.
#include "support/bench.hpp"
#include "support/loopback_stub.hpp"
#include "support/modules.hpp"
#include "support/nodes.hpp"
#include "support/pairing.hpp"
#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"

#include <csignal>
#include <fmt/format.h>
#include <future>
#include <gtest/gtest.h>
#include <net/if.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr std::uint64_t megabyte = 1 << 20;
constexpr unsigned iperf3_port = 5201;

bool exists(const std::string& interface) {
    return ::if_nametoindex(interface.c_str()) != 0;
}

class Pair : public EachNode {
protected:
    static void SetUpTestSuite() { load_loopback(); }
    std::string vhost() const { return GetParam(); }
    bool ours() const { return vhost() == vhost_node; }
};

INSTANTIATE_TEST_SUITE_P(Nodes, Pair, both_nodes(), node_name);

TEST_P(Pair, SaysWhoIsPairedWithWhom) {
    std::vector<std::string> options{"--mac", "02:00:00:00:00:07", "--tap", "tap7"};
    const unsigned mtu = ours() ? 1400 : 1500;
    if (ours()) {
        options.insert(options.end(), {"--mtu", "1400"});
    }
    Pairing pairing(vhost(), options);
    EXPECT_EQ(pairing.up().at("driver"), "virtio_net");
    EXPECT_EQ(pairing.up().at("vhost"), vhost());
    EXPECT_EQ(pairing.tap(), "tap7");
    EXPECT_EQ(NetDev("tap7").mtu(), mtu);
    EXPECT_EQ(pairing.accepted("notf_coal"), ours());
    EXPECT_EQ(pairing.accepted("vq_notf_coal"), ours() && in_tree_driver_knows_queues());
    const InNetNs inside(pairing.guest_ns());
    EXPECT_EQ(NetDev(pairing.interface()).mtu(), mtu);
    EXPECT_EQ(format_mac(NetDev(pairing.interface()).mac()), "02:00:00:00:00:07");
}

TEST_P(Pair, Pings) {
    EXPECT_TRUE(Pairing(vhost()).ping());
}

TEST_P(Pair, CarriesEveryByteOfTcpBothWays) {
    Pairing pairing(vhost());
    exchange_tcp(pairing.host(), pairing.guest(), 8 * megabyte);
    exchange_tcp(pairing.guest(), pairing.host(), megabyte);
}

TEST_P(Pair, CarriesEveryDatagramBothWays) {
    Pairing pairing(vhost());
    exchange_udp(pairing.host(), pairing.guest(), 2000);
}

TEST_P(Pair, CarriesEveryByteWithoutOneFeatureOrAnother) {
    for (const char* features :
         {"-mrg_rxbuf", "-event_idx", "-indirect_desc", "-guest_csum", "-csum",
          "-mrg_rxbuf,-event_idx,-indirect_desc,-guest_csum,-csum,-ctrl_vq"}) {
        SCOPED_TRACE(features);
        Pairing pairing(vhost(), {std::string("--features=") + features});
        EXPECT_FALSE(pairing.accepted(std::string(features + 1).substr(0, 9)));
        exchange_tcp(pairing.host(), pairing.guest(), megabyte);
        exchange_udp(pairing.host(), pairing.guest(), 100);
    }
}

// The in-tree driver leaves half of a short ring empty: where a packet needs more than
// the rest, device and driver wait for each other. So nothing long comes there.
TEST_P(Pair, CarriesEveryByteOverRingsOfAllSizes) {
    for (const Strings& options : {Strings{"--ring-size", "64", "--features=-guest_csum"},
                                   Strings{"--ring-size", "128"}, Strings{"--ring-size", "1024"}}) {
        SCOPED_TRACE(options[1]);
        Pairing pairing(vhost(), options);
        exchange_tcp(pairing.host(), pairing.guest(), megabyte);
        exchange_udp(pairing.host(), pairing.guest(), 100);
    }
}

TEST_P(Pair, Iperf3BothWays) {
    Pairing pairing(vhost());
    for (const bool reverse : {false, true}) {
        bench::Child server({"iperf3", "--server", "--one-off"}, nullptr, bench::Errors::output);
        await_listener(NetNs::current(), iperf3_port);
        Strings client{"iperf3", "--client", pairing.host().address, "--bytes", "16M", "--json"};
        if (reverse) {
            client.emplace_back("--reverse");
        }
        const auto end = pairing.in_guest(client);
        ASSERT_EQ(end.status, 0) << end.output;
        EXPECT_GE(Json::parse(end.output).at("end").at("sum_sent").at("bytes"), 16 * megabyte);
    }
}

TEST_P(Pair, QueuesAreUsedAsTheDriverAsks) {
    Pairing pairing(vhost(), {"--queues", "2"});
    pairing.ethtool("-L", {"combined", "2"});
    EXPECT_EQ(pairing.stats().at("active_pairs"), 2);
    Json before = pairing.settled_stats();
    // Each connection has a hash of its own: 2^-15 that none takes the other queue.
    for (int connection = 0; connection < 16; connection++) {
        exchange_tcp(pairing.host(), pairing.guest(), megabyte / 16);
    }
    Json after = pairing.settled_stats();
    EXPECT_GT((counts_of(after, 0) - counts_of(before, 0)).signals, 0U);
    EXPECT_GT((counts_of(after, 2) - counts_of(before, 2)).signals, 0U);

    pairing.commands("MQ");
    pairing.ethtool("-L", {"combined", "1"}); // CTRL-D9
    EXPECT_EQ(pairing.commands("MQ"), Strings{"MQ_VQ_PAIRS_SET ok"});
    EXPECT_EQ(pairing.stats().at("active_pairs"), 1);
    before = pairing.settled_stats();
    for (int connection = 0; connection < 16; connection++) {
        exchange_tcp(pairing.host(), pairing.guest(), megabyte / 16);
    }
    after = pairing.settled_stats();
    EXPECT_GT((counts_of(after, 0) - counts_of(before, 0)).signals, 0U);
    EXPECT_EQ((counts_of(after, 2) - counts_of(before, 2)).signals, 0U);
    exchange_udp(pairing.host(), pairing.guest(), 100);
}

TEST_P(Pair, MoreQueuesThanMqAllows) {
    Pairing pairing(vhost(), {"--queues", "2", "--features=-mq"});
    EXPECT_FALSE(pairing.accepted("mq"));
    exchange_tcp(pairing.host(), pairing.guest(), megabyte);
}

TEST_P(Pair, TheLinkGoesDownAndUp) {
    Pairing pairing(vhost());
    for (int round = 0; round < 3; round++) {
        EXPECT_NO_THROW(pairing.toggle_link());
    }
    EXPECT_TRUE(pairing.ping());
}

TEST_P(Pair, TheInterfaceGoesDownAndUpUnderTraffic) {
    Pairing pairing(vhost());
    EXPECT_NO_THROW(pairing.toggle_interface_under_traffic(4 * megabyte));
    EXPECT_TRUE(pairing.ping());
}

TEST_P(Pair, TheDriverIsUnboundAndBoundAgain) {
    Pairing pairing(vhost());
    for (int round = 0; round < 3; round++) {
        if (ours()) {
            pairing.ethtool("-C", {"rx-usecs", "500", "rx-frames", "32", "tx-frames", "1"});
        }
        pairing.rebind();
        const Json stats = pairing.stats();
        if (ours()) { // COAL-D9
            for (const Json& queue : stats.at("queues")) {
                const Json zero{{"max_packets", 0}, {"max_usecs", 0}};
                EXPECT_EQ(queue.at("coalescing").at("effective"), zero);
                EXPECT_EQ(queue.at("coalescing").at("direction"), zero);
            }
        }
        EXPECT_TRUE(pairing.ping());
        exchange_tcp(pairing.host(), pairing.guest(), megabyte / 4);
    }
}

TEST_P(Pair, ASecondPairHasNamesOfItsOwn) {
    Pairing first(vhost());
    const std::string same = fmt::format("/proc/{}/fd/{}", ::getpid(), first.guest_ns().get());
    bench::Child second({vcoal_program(), "pair", "--json", "--vhost", vhost(), "--netns", same},
                        nullptr, bench::Errors::ours);
    Json up = Json::object();
    while (up.value("event", "") != "up") {
        up = Json::parse(second.read_line(generous).value());
    }
    EXPECT_NE(up.at("tap"), first.tap());
    EXPECT_NE(up.at("netdev"), first.interface());
    EXPECT_TRUE(first.ping());
}

TEST_P(Pair, EndsOnASignal) {
    for (const int signal : {SIGTERM, SIGINT}) {
        Pairing pairing(vhost());
        const std::string tap = pairing.tap();
        pairing.send_signal(signal);
        EXPECT_EQ(pairing.await_end(), 0);
        EXPECT_FALSE(exists(tap));
        const InNetNs inside(pairing.guest_ns());
        EXPECT_FALSE(exists(pairing.interface()));
    }
}

TEST_P(Pair, DiesUnderTrafficWithoutATrace) {
    Pairing pairing(vhost(), {"--queues", "2"});
    const std::string tap = pairing.tap();
    bench::Child server({"iperf3", "--server", "--one-off"}, &pairing.guest_ns(),
                        bench::Errors::output);
    await_listener(pairing.guest_ns(), iperf3_port);
    bench::Child client({"iperf3", "--client", pairing.guest().address, "--bidir", "--time", "60"},
                        nullptr, bench::Errors::output);
    EXPECT_TRUE(eventually([&] {
        const Json stats = pairing.stats();
        return counts_of(stats, 0).signals + counts_of(stats, 2).signals > 100;
    }));
    pairing.send_signal(SIGKILL);
    EXPECT_EQ(pairing.await_end(), 128 + SIGKILL);
    EXPECT_TRUE(eventually([&] { return !exists(tap); }));
    const InNetNs inside(pairing.guest_ns());
    EXPECT_TRUE(eventually([&] { return !exists(pairing.interface()); }));
}

TEST_P(Pair, ComesAndIsKilledThirtyTimes) {
    for (int cycle = 0; cycle < 30; cycle++) {
        Pairing pairing(vhost(), {"--queues", std::to_string(1 + cycle % 2)});
        if (cycle % 10 == 0) {
            EXPECT_TRUE(pairing.ping());
        }
        pairing.send_signal(SIGKILL);
        pairing.await_end();
    }
}

TEST_P(Pair, RefusesWhatItCannotOffer) {
    const auto end =
        run({vcoal_program(), "pair", "--features=+notf_coal,-ctrl_vq", "--vhost", vhost()});
    EXPECT_EQ(end.status, 1);
    EXPECT_EQ(end.output.find("vcoal: " + vhost() + ": offer feature notf_coal"), 0U) << end.output;
}

// CFG-D1, FEAT-D1: only a device that drops what is longer has an MTU.
TEST_P(Pair, CFG_D1_AnMtuNeedsADeviceThatEnforcesIt) {
    if (ours()) {
        EXPECT_TRUE(Pairing(vhost(), {"--mtu", "1400"}).accepted("mtu"));
        return;
    }
    const auto end = run({vcoal_program(), "pair", "--mtu", "1400", "--vhost", vhost()});
    EXPECT_EQ(end.status, 1);
    EXPECT_NE(end.output.find("offer feature mtu"), std::string::npos) << end.output;
}

TEST_P(Pair, NeedsTheNamespaceToExist) {
    const auto end =
        run({vcoal_program(), "pair", "--netns", "nowhere", "--json", "--vhost", vhost()});
    EXPECT_EQ(end.status, 1);
    const Json error = Json::parse(end.output).at("error");
    EXPECT_EQ(error.at("errno"), "ENOENT");
    EXPECT_EQ(error.at("hint"), "`ip netns add nowhere` makes one");
}

TEST_P(Pair, WhatIsNoRequestIsAnswered) {
    Pairing pairing(vhost());
    for (const char* line :
         {"", "nonsense", "{}", R"({"get":"everything"})", "[1,2", R"({"set":"link","up":1})"}) {
        EXPECT_EQ(pairing.request(line, "error").at("errno"), "EINVAL") << line;
    }
    EXPECT_TRUE(pairing.ping());
}

TEST_P(Pair, ModulesGoWhenNobodyUsesThem) {
    { Pairing pairing(vhost()); }
    const auto unloaded = [](const char* module) {
        return eventually([module] {
            try {
                unload_module(module);
                return true;
            } catch (const Error&) {
                return false;
            }
        });
    };
    EXPECT_TRUE(unloaded("virtio_loopback_selftest"));
    EXPECT_TRUE(unloaded("virtio_loopback"));
    EXPECT_TRUE(unloaded("vhost_net_coal"));
    EXPECT_TRUE(unloaded("vhost_net"));
    load_our_module("drivers/vhost/vhost_net_coal.ko");
    load_system_module("vhost_net");
    load_loopback();
}

} // namespace
} // namespace vcoal::test
