// SPDX-License-Identifier: GPL-2.0-only
//
// `vcoal pair --features=+ring_packed`: packed rings of the kernel's drivers, the in-tree
// one and ours, with our vhost node behind all queues and the process behind the control
// queue.
#include "support/bench.hpp"
#include "support/loopback_stub.hpp"
#include "support/modules.hpp"
#include "support/pairing.hpp"

#include <gtest/gtest.h>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr std::uint64_t megabyte = 1 << 20;

class PairPacked : public testing::TestWithParam<const char*> {
protected:
    static void SetUpTestSuite() { load_loopback(); }
    void SetUp() override {
        if (ours()) {
            load_our_module("drivers/net/virtio_net_coal/virtio_net_coal.ko");
        }
    }
    void TearDown() override {
        if (ours()) {
            unload_module("virtio_net_coal");
        }
    }

    static bool ours() { return std::string(GetParam()) == "virtio_net_coal"; }
    static Strings options(Strings more = {}) {
        Strings all{"--driver", GetParam(), "--features=+ring_packed"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
};

INSTANTIATE_TEST_SUITE_P(Driver, PairPacked, testing::Values("virtio_net", "virtio_net_coal"),
                         [](const auto& driver) { return std::string(driver.param); });

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
        Pairing pairing(vhost_node, {"--driver", GetParam(),
                                     std::string("--features=+ring_packed,") + left_out});
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

TEST_P(PairPacked, TheDriverIsUnboundAndBoundAgain) {
    Pairing pairing(vhost_node, options());
    for (int round = 0; round < 2; round++) {
        exchange_udp(pairing.host(), pairing.guest(), 77);
        EXPECT_EQ(unbind_driver(pairing.virtio_index(), GetParam()), 0);
        pairing.await_event("down");
        EXPECT_EQ(bind_driver(pairing.virtio_index(), GetParam()), 0);
        pairing.await_up();
        EXPECT_TRUE(pairing.accepted("ring_packed"));
        EXPECT_TRUE(pairing.ping());
    }
}

TEST_P(PairPacked, OfferedOnlyWhenAskedFor) {
    Pairing pairing(vhost_node, {"--driver", GetParam()});
    EXPECT_FALSE(pairing.accepted("ring_packed"));
    EXPECT_FALSE(pairing.accepted("in_order"));
}

// No driver of these kernels takes it, and none minds.
TEST_P(PairPacked, InOrderMayBeOffered) {
    Pairing pairing(vhost_node, {"--driver", GetParam(), "--features=+in_order,+ring_packed"});
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
