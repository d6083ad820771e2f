// SPDX-License-Identifier: GPL-2.0-only
//
// `ethtool -G` on the driver's interface: queues reset and enabled again, one by one,
// with another ring (VIRTIO_F_RING_RESET), under a `vcoal pair`.
#include "support/bench.hpp"
#include "support/loopback_stub.hpp"
#include "support/nodes.hpp"
#include "support/pairing.hpp"
#include "support/traffic.hpp"

#include <csignal>
#include <gtest/gtest.h>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr std::uint64_t megabyte = 1 << 20;
constexpr unsigned rx = 0;
constexpr unsigned tx = 1;

Json params(unsigned usecs, unsigned frames) {
    return {{"max_packets", frames}, {"max_usecs", usecs}};
}

/// The next event that says that a queue is back.
Json await_enabled(Pairing& pairing, unsigned vq) {
    for (;;) {
        Json event = pairing.await_event("queue");
        if (event.at("vq") == vq && event.at("enabled").get<bool>()) {
            return event;
        }
    }
}

void set_queue(const Pairing& pairing, const Strings& setting) {
    Strings arguments{"queue_mask", "1", "--coalesce"};
    arguments.insert(arguments.end(), setting.begin(), setting.end());
    pairing.ethtool("-Q", arguments);
}

class PairResize : public EachNode {
protected:
    static void SetUpTestSuite() { load_loopback(); }
    std::string vhost() const { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Nodes, PairResize, both_nodes(), node_name);

TEST_P(PairResize, CarriesEveryByteBeforeAndAfter) {
    Pairing pairing(vhost(), {"--queues", "2", "--ring-size", "512"});
    EXPECT_TRUE(pairing.accepted("ring_reset"));
    pairing.ethtool("-L", {"combined", "2"});
    exchange_tcp(pairing.host(), pairing.guest(), megabyte);
    for (const char* size : {"128", "256", "512"}) {
        SCOPED_TRACE(size);
        pairing.ethtool("-G", {"rx", size, "tx", size});
        for (const unsigned vq : {tx, rx, 2 + tx, 2 + rx}) {
            EXPECT_EQ(await_enabled(pairing, vq).at("ring_size"), std::stoi(size)) << vq;
        }
        exchange_tcp(pairing.host(), pairing.guest(), megabyte);
        exchange_udp(pairing.host(), pairing.guest(), 100);
    }
}

// Packets move before and after each of the resizes, and no byte of a stream is lost.
TEST_P(PairResize, UnderTraffic) {
    Pairing pairing(vhost(), {"--ring-size", "512"});
    Traffic traffic(pairing);
    for (const char* size : {"128", "256", "512", "256", "128", "512"}) {
        EXPECT_TRUE(traffic.moves());
        pairing.ethtool("-G", {"rx", size, "tx", size});
    }
    EXPECT_TRUE(traffic.moves());
    EXPECT_EQ(traffic.end(), "");
    EXPECT_TRUE(pairing.ping());
    exchange_udp(pairing.host(), pairing.guest(), 100);
}

TEST_P(PairResize, TheDriverIsUnboundAndBoundAgain) {
    Pairing pairing(vhost());
    for (int round = 0; round < 2; round++) {
        pairing.ethtool("-G", {"rx", "64", "tx", "64"});
        pairing.rebind();
        exchange_tcp(pairing.host(), pairing.guest(), megabyte / 4);
    }
}

// Whatever is on its way when the device is reset comes back, and the next life is whole.
TEST_P(PairResize, TheDriverIsUnboundAndBoundAgainUnderTraffic) {
    Pairing pairing(vhost());
    for (int round = 0; round < 3; round++) {
        pairing.rebind_under_traffic();
        exchange_tcp(pairing.host(), pairing.guest(), megabyte / 4);
    }
}

TEST_P(PairResize, CanBeLeftOut) {
    Pairing pairing(vhost(), {"--features=-ring_reset"});
    EXPECT_FALSE(pairing.accepted("ring_reset"));
    EXPECT_NE(pairing.in_guest({"ethtool", "-G", pairing.interface(), "tx", "64"}).status, 0);
    EXPECT_TRUE(pairing.ping());
    exchange_tcp(pairing.host(), pairing.guest(), megabyte / 4);
}

TEST_P(PairResize, AProcessThatDoesNotAnswerLosesTheDevice) {
    Pairing pairing(vhost());
    pairing.send_signal(SIGSTOP);
    EXPECT_NE(pairing.in_guest({"ethtool", "-G", pairing.interface(), "tx", "64"}).status, 0);
    pairing.send_signal(SIGCONT);
    EXPECT_EQ(pairing.await_end(), 3);
}

/// What the device makes of the parameters of one queue.
class PairResizeCoalescing : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }
    void SetUp() override {
        if (!in_tree_driver_knows_queues()) {
            GTEST_SKIP() << "this driver knows no parameters per queue";
        }
    }
};

// COAL-D5, COAL-D6. The driver sets what it thinks is lost anew, but only afterwards.
TEST_F(PairResizeCoalescing, ReturnsToWhatItsDirectionWasSetTo) {
    Pairing pairing;
    pairing.ethtool("-C",
                    {"rx-usecs", "70", "rx-frames", "9", "tx-usecs", "200", "tx-frames", "16"});
    set_queue(pairing, {"rx-usecs", "30", "rx-frames", "5", "tx-usecs", "40", "tx-frames", "6"});
    const Json before = pairing.stats().at("queues");
    ASSERT_EQ(before.at(rx).at("coalescing").at("effective"), params(30, 5));
    ASSERT_EQ(before.at(tx).at("coalescing").at("effective"), params(40, 6));
    pairing.ethtool("-G", {"rx", "128", "tx", "128"});
    const Json sent = await_enabled(pairing, tx).at("coalescing");
    EXPECT_EQ(sent.at("effective"), params(200, 16));
    EXPECT_EQ(sent.at("direction"), params(200, 16));
    EXPECT_EQ(await_enabled(pairing, rx).at("coalescing").at("effective"), params(70, 9));
    EXPECT_TRUE(pairing.ping());
}

TEST_F(PairResizeCoalescing, ReturnsToNothingWithoutSuchASetting) {
    Pairing pairing;
    set_queue(pairing, {"rx-usecs", "30", "rx-frames", "5", "tx-usecs", "40", "tx-frames", "6"});
    ASSERT_EQ(pairing.stats().at("queues").at(tx).at("coalescing").at("effective"), params(40, 6));
    pairing.ethtool("-G", {"rx", "128", "tx", "128"});
    EXPECT_EQ(await_enabled(pairing, tx).at("coalescing").at("effective"), params(0, 0));
    EXPECT_EQ(await_enabled(pairing, rx).at("coalescing").at("effective"), params(0, 0));
}

// The other queue of the pair keeps its own.
TEST_F(PairResizeCoalescing, ConcernsNoOtherQueue) {
    Pairing pairing;
    set_queue(pairing, {"rx-usecs", "30", "rx-frames", "5", "tx-usecs", "40", "tx-frames", "6"});
    pairing.ethtool("-G", {"tx", "128"});
    await_enabled(pairing, tx);
    const Json queues = pairing.stats().at("queues");
    EXPECT_EQ(queues.at(rx).at("coalescing").at("effective"), params(30, 5));
}

} // namespace
} // namespace vcoal::test
