// SPDX-License-Identifier: GPL-2.0-only
//
// Our guest driver with real traffic, over our vhost node and over the in-tree one.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/loopback_stub.hpp"
#include "support/modules.hpp"
#include "support/nodes.hpp"
#include "support/pairing.hpp"
#include "support/traffic.hpp"
#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/packet_socket.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <net/if.h>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr const char* driver = "virtio_net_coal";
constexpr std::uint64_t megabyte = 1 << 20;

std::uint64_t counter(const Pairing& pairing, const std::string& name) {
    return counter_in(pairing.in_guest({"ethtool", "-S", pairing.interface()}).output, name);
}

class Driver : public EachNode {
protected:
    static void SetUpTestSuite() { load_our_driver(); }
    std::string vhost() const { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Nodes, Driver, both_nodes(), node_name);

TEST_P(Driver, SaysWhoItIs) {
    const bool ours = vhost() == vhost_node;
    std::vector<std::string> options{"--mac", "02:00:00:00:00:07"};
    if (ours) {
        options.insert(options.end(), {"--mtu", "1400"});
    }
    Pairing pairing(vhost(), options);
    EXPECT_EQ(pairing.up().at("driver"), driver);
    EXPECT_EQ(pairing.accepted("vq_notf_coal"), ours);
    const auto info = pairing.in_guest({"ethtool", "-i", pairing.interface()});
    EXPECT_NE(info.output.find(fmt::format("driver: {}\n", driver)), std::string::npos);
    const InNetNs inside(pairing.guest_ns());
    NetDev interface(pairing.interface());
    EXPECT_EQ(interface.mtu(), ours ? 1400U : 1500U);
    EXPECT_EQ(format_mac(interface.mac()), "02:00:00:00:00:07");
    if (ours) {
        EXPECT_THROW(interface.set_mtu(1401), Error); // CFG-G4
    }
}

TEST_P(Driver, CarriesEveryByteBothWays) {
    Pairing pairing(vhost());
    EXPECT_TRUE(pairing.ping());
    exchange_tcp(pairing.host(), pairing.guest(), 8 * megabyte);
    exchange_tcp(pairing.guest(), pairing.host(), megabyte);
    exchange_udp(pairing.host(), pairing.guest(), 2000);
    EXPECT_EQ(counter(pairing, "rx_queue_0_bad_header"), 0U);
    EXPECT_EQ(counter(pairing, "rx_queue_0_bad_length"), 0U);
    EXPECT_EQ(counter(pairing, "tx_queue_0_dropped"), 0U);
}

// Mergeable, big and small receive buffers; with and without tables of descriptors.
TEST_P(Driver, CarriesEveryByteWithoutOneFeatureOrAnother) {
    for (const char* features :
         {"-mrg_rxbuf", "-event_idx", "-indirect_desc", "-guest_csum", "-csum",
          "-mrg_rxbuf,-guest_csum", "-mrg_rxbuf,-indirect_desc",
          "-mrg_rxbuf,-event_idx,-indirect_desc,-guest_csum,-csum,-ctrl_vq"}) {
        SCOPED_TRACE(features);
        Pairing pairing(vhost(), {std::string("--features=") + features});
        exchange_tcp(pairing.host(), pairing.guest(), megabyte);
        exchange_udp(pairing.host(), pairing.guest(), 100);
    }
}

TEST_P(Driver, CarriesEveryByteOverRingsOfAllSizes) {
    for (const char* size : {"8", "16", "32", "64", "1024"}) {
        SCOPED_TRACE(size);
        Pairing pairing(vhost(), {"--ring-size", size});
        exchange_tcp(pairing.host(), pairing.guest(), megabyte);
        exchange_udp(pairing.host(), pairing.guest(), 100);
    }
}

// What is left on the queue has to take the largest packet, whatever came before: a
// device that needs more waits for buffers, and the driver for a packet. The in-tree
// driver stands still here, over either node.
TEST_P(Driver, AShortRingAlwaysTakesTheLargestPacket) {
    constexpr unsigned ring_size = 32;
    constexpr unsigned largest_mtu = 65521;
    constexpr std::size_t largest_frame = ETH_HLEN + largest_mtu;
    Pairing pairing(vhost(), {"--ring-size", std::to_string(ring_size)});
    NetDev(pairing.tap()).set_mtu(largest_mtu);
    PacketSocket tap(pairing.tap());
    const InNetNs inside(pairing.guest_ns());
    PacketSocket guest(pairing.interface());
    std::uint64_t sequence = 0;
    const auto carry = [&](std::size_t length) {
        EXPECT_TRUE(tap.send(make_frame(++sequence, length)));
        const auto frame = guest.receive(std::chrono::seconds(30));
        return frame && frame_sequence(*frame) == sequence;
    };
    for (unsigned before = 0; before < ring_size; before++) {
        for (unsigned i = 0; i < before; i++) {
            ASSERT_TRUE(carry(shortest_frame)) << before;
        }
        ASSERT_TRUE(carry(largest_frame)) << before;
    }
}

TEST_P(Driver, QueuesAreUsedAsAsked) {
    Pairing pairing(vhost(), {"--queues", "4"});
    for (const unsigned pairs : {4U, 1U, 3U}) {
        pairing.commands("MQ");
        pairing.ethtool("-L", {"combined", std::to_string(pairs)});
        EXPECT_EQ(pairing.commands("MQ"), Strings{"MQ_VQ_PAIRS_SET ok"});
        EXPECT_EQ(pairing.stats().at("active_pairs"), pairs);
        exchange_tcp(pairing.host(), pairing.guest(), megabyte / 4);
        exchange_udp(pairing.host(), pairing.guest(), 100);
    }
}

/// Processors that choose the transmit queue of a pair, in hexadecimal.
std::string processors_of(const Pairing& pairing, unsigned pair) {
    // The interface is in another network namespace, of which our /sys knows nothing.
    return pairing
        .in_guest({"unshare", "--mount", "sh", "-c",
                   fmt::format("mount -t sysfs sys /sys && cat /sys/class/net/{}/queues/tx-{}/"
                               "xps_cpus",
                               pairing.interface(), pair)})
        .output;
}

TEST_P(Driver, PairsFollowTheProcessors) {
    constexpr const char* online = "/sys/devices/system/cpu/cpu1/online";
    Pairing pairing(vhost(), {"--queues", "2"});
    const auto are = [&](const std::string& first, const std::string& second) {
        return eventually([&] {
            return processors_of(pairing, 0) == first && processors_of(pairing, 1) == second;
        });
    };
    EXPECT_TRUE(are("1\n", "2\n"));
    ASSERT_EQ(write_kernel_file(online, "0"), 0);
    EXPECT_TRUE(are("1\n", "1\n")) << processors_of(pairing, 1);
    exchange_udp(pairing.host(), pairing.guest(), 100);
    ASSERT_EQ(write_kernel_file(online, "1"), 0);
    EXPECT_TRUE(are("1\n", "2\n")) << processors_of(pairing, 1);
    exchange_udp(pairing.host(), pairing.guest(), 100);
}

TEST_P(Driver, TheLinkGoesDownAndUp) {
    Pairing pairing(vhost());
    for (int round = 0; round < 3; round++) {
        EXPECT_NO_THROW(pairing.toggle_link());
    }
    EXPECT_TRUE(pairing.ping());
}

TEST_P(Driver, TheInterfaceGoesDownAndUpUnderTraffic) {
    Pairing pairing(vhost());
    EXPECT_NO_THROW(pairing.toggle_interface_under_traffic(4 * megabyte));
    EXPECT_TRUE(pairing.ping());
}

TEST_P(Driver, IsUnboundAndBoundAgain) {
    Pairing pairing(vhost());
    for (int round = 0; round < 3; round++) {
        pairing.rebind();
        EXPECT_TRUE(pairing.ping());
        exchange_tcp(pairing.host(), pairing.guest(), megabyte / 4);
    }
}

// COAL-D5, COAL-D6: a queue that was reset has forgotten; the driver tells it again.
TEST_P(Driver, RingsAreResizedUnderTrafficAndParametersSurvive) {
    Pairing pairing(vhost());
    const bool ours = vhost() == vhost_node;
    const auto effective = [&](unsigned vq) {
        return pairing.stats().at("queues").at(vq).at("coalescing").at("effective");
    };
    if (ours) {
        pairing.ethtool("-C", {"rx-usecs", "300", "rx-frames", "8", "tx-usecs", "70"});
        const auto end = pairing.in_guest({"ethtool", "--per-queue", pairing.interface(),
                                           "queue_mask", "1", "--coalesce", "rx-usecs", "400"});
        ASSERT_EQ(end.status, 0) << end.output;
    }
    Traffic traffic(pairing);
    for (const char* size : {"64", "32", "128", "256"}) {
        SCOPED_TRACE(size);
        EXPECT_TRUE(traffic.moves());
        pairing.ethtool("-G", {"rx", size, "tx", size});
        EXPECT_TRUE(traffic.moves());
        if (ours) {
            EXPECT_EQ(effective(0), Json({{"max_packets", 8}, {"max_usecs", 400}}));
            EXPECT_EQ(effective(1), Json({{"max_packets", 0xffffffff}, {"max_usecs", 70}}));
        }
    }
    EXPECT_EQ(traffic.end(), "");
    exchange_udp(pairing.host(), pairing.guest(), 100);
    EXPECT_THROW(pairing.ethtool("-G", {"rx", "16"}), Error);
    EXPECT_THROW(pairing.ethtool("-G", {"tx", "48"}), Error);
    EXPECT_TRUE(pairing.ping());
}

// Counters count what passed: both sides agree.
TEST_P(Driver, CountersAreTrue) {
    Pairing pairing(vhost());
    pairing.in_guest({"ethtool", "-K", pairing.interface(), "gso", "off", "tso", "off"});
    const Json before = pairing.settled_stats();
    const std::uint64_t rx = counter(pairing, "rx_queue_0_packets");
    const std::uint64_t tx = counter(pairing, "tx_queue_0_packets");
    exchange_udp(pairing.host(), pairing.guest(), 500);
    const Json after = pairing.settled_stats();
    EXPECT_GE(counter(pairing, "rx_queue_0_packets") - rx, 500U);
    EXPECT_GE(counter(pairing, "tx_queue_0_packets") - tx, 500U);
    if (vhost() == vhost_node) {
        EXPECT_EQ(counter(pairing, "rx_queue_0_packets") - rx,
                  (counts_of(after, 0) - counts_of(before, 0)).packets);
        EXPECT_EQ(counter(pairing, "tx_queue_0_packets") - tx,
                  (counts_of(after, 1) - counts_of(before, 1)).packets);
    }
}

// The control queue's own way through the module's end: everything on its way comes back.
TEST_P(Driver, TheModuleGoesUnderTraffic) {
    Pairing pairing(vhost());
    bench::Child flood({"ping", "-f", "-q", "-w", "20", pairing.guest().address}, nullptr,
                       bench::Errors::output);
    EXPECT_TRUE(eventually([&] { return counter(pairing, "rx_queue_0_packets") > 100; }));
    EXPECT_EQ(run({"rmmod", driver}).status, 0);
    pairing.await_event("down");
    load_our_driver();
    pairing.await_up();
    EXPECT_TRUE(pairing.ping());
}

} // namespace
} // namespace vcoal::test
