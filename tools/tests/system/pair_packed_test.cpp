// SPDX-License-Identifier: GPL-2.0-only
//
// `vcoal pair --features=+ring_packed`: packed rings of the kernel's drivers, the in-tree
// one and ours, with our vhost node behind all queues and the process behind the control
// queue.
#include "support/bench.hpp"
#include "support/drivers.hpp"
#include "support/pairing.hpp"
#include "support/traffic.hpp"

#include <gtest/gtest.h>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr std::uint64_t megabyte = 1 << 20;

class PairPacked : public EachDriver {
protected:
    static Strings options(Strings more = {}) {
        more.emplace_back("--features=+ring_packed");
        return with_driver(std::move(more));
    }
};

INSTANTIATE_TEST_SUITE_P(Drivers, PairPacked, both_drivers(), driver_name);

TEST_P(PairPacked, CarriesEveryByteBothWays) {
    Pairing pairing(vhost_node, options());
    ASSERT_TRUE(pairing.accepted("ring_packed"));
    EXPECT_TRUE(pairing.ping());
    exchange_tcp(pairing.host(), pairing.guest(), 4 * megabyte);
    exchange_tcp(pairing.guest(), pairing.host(), megabyte);
    exchange_udp(pairing.host(), pairing.guest(), 1000);
}

TEST_P(PairPacked, CarriesEveryByteWithoutOneFeatureOrAnother) {
    for (const char* left_out : {"-event_idx", "-indirect_desc", "-mrg_rxbuf"}) {
        SCOPED_TRACE(left_out);
        Pairing pairing(vhost_node,
                        with_driver({std::string("--features=+ring_packed,") + left_out}));
        ASSERT_TRUE(pairing.accepted("ring_packed"));
        exchange_tcp(pairing.host(), pairing.guest(), megabyte);
        exchange_udp(pairing.guest(), pairing.host(), 200);
    }
}

TEST_P(PairPacked, CommandsAreAnswered) {
    Pairing pairing(vhost_node, options({"--queues", "2"}));
    for (unsigned i = 0; i < 70; i++) { // more than the control ring has slots
        pairing.ethtool("-L", {"combined", i % 2 == 0 ? "1" : "2"});
    }
    pairing.ethtool("-C", {"rx-usecs", "500", "rx-frames", "32", "tx-frames", "1"});
    exchange_tcp(pairing.host(), pairing.guest(), megabyte);
}

TEST_P(PairPacked, QueuesAreResetAndResized) {
    Pairing pairing(vhost_node, options({"--ring-size", "512"}));
    for (const char* size : {"128", "512", "256"}) {
        SCOPED_TRACE(size);
        pairing.ethtool("-G", {"rx", size, "tx", size});
        exchange_tcp(pairing.host(), pairing.guest(), megabyte);
        exchange_tcp(pairing.guest(), pairing.host(), megabyte / 4);
    }
}

TEST_P(PairPacked, QueuesAreResizedUnderTraffic) {
    Pairing pairing(vhost_node, options({"--ring-size", "512"}));
    Traffic traffic(pairing);
    for (const char* size : {"128", "256", "512", "256", "128", "512"}) {
        EXPECT_TRUE(traffic.moves());
        pairing.ethtool("-G", {"rx", size, "tx", size});
    }
    EXPECT_TRUE(traffic.moves());
    EXPECT_EQ(traffic.end(), "");
}

TEST_P(PairPacked, TheInterfaceGoesDownAndUpUnderTraffic) {
    Pairing pairing(vhost_node, options());
    EXPECT_NO_THROW(pairing.toggle_interface_under_traffic(4 * megabyte));
    EXPECT_TRUE(pairing.ping());
}

// Whatever is on its way when the device is reset comes back, and the next life is whole.
TEST_P(PairPacked, TheDriverIsUnboundAndBoundAgainUnderTraffic) {
    Pairing pairing(vhost_node, options());
    for (int round = 0; round < 3; round++) {
        pairing.rebind_under_traffic();
        exchange_tcp(pairing.host(), pairing.guest(), megabyte / 4);
    }
}

TEST_P(PairPacked, TheDriverIsUnboundAndBoundAgain) {
    Pairing pairing(vhost_node, options());
    for (int round = 0; round < 2; round++) {
        exchange_udp(pairing.host(), pairing.guest(), 77);
        pairing.rebind();
        EXPECT_TRUE(pairing.accepted("ring_packed"));
        EXPECT_TRUE(pairing.ping());
    }
}

TEST_P(PairPacked, OfferedOnlyWhenAskedFor) {
    Pairing pairing(vhost_node, with_driver());
    EXPECT_FALSE(pairing.accepted("ring_packed"));
    EXPECT_FALSE(pairing.accepted("in_order"));
}

// No driver of these kernels takes it, and none minds.
TEST_P(PairPacked, InOrderMayBeOffered) {
    Pairing pairing(vhost_node, with_driver({"--features=+in_order,+ring_packed"}));
    EXPECT_TRUE(pairing.accepted("ring_packed"));
    EXPECT_TRUE(pairing.ping());
}

// The in-tree vhost has split rings alone.
TEST_P(PairPacked, CannotBeOfferedForTheInTreeVhost) {
    const auto end =
        run({vcoal_program(), "pair", "--features=+ring_packed", "--vhost", vhost_node_in_tree});
    EXPECT_EQ(end.status, 1);
    EXPECT_NE(end.output.find("offer feature ring_packed"), std::string::npos) << end.output;
}

} // namespace
} // namespace vcoal::test
