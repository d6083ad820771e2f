// SPDX-License-Identifier: GPL-2.0-only
//
// Busy polling: a queue that looks for more by itself needs no kicks, and keeps nobody
// waiting.
#include "support/bench.hpp"
#include "support/nodes.hpp"

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr unsigned a_second = 1'000'000;

class BusyPoll : public EachNode {
protected:
    static NetDriverOptions options() {
        NetDriverOptions options;
        options.node = GetParam();
        return options;
    }
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Node, BusyPoll, both_nodes(), node_name);

TEST_P(BusyPoll, CarriesTrafficAndSaysHowLong) {
    Bench bench(options());
    for (const unsigned queue : {VHN_VRING_RX, VHN_VRING_TX}) {
        bench.vhost().set_busy_poll(queue, 50);
        EXPECT_EQ(bench.vhost().busy_poll(queue), 50U);
    }
    for (unsigned i = 0; i < 10; i++) {
        bench.deliver(100);
        bench.drain();
        bench.transmit(100);
        bench.expect_on_host(100);
    }
    EXPECT_EQ(bench.rx().errors() + bench.tx().errors(), 0U);
}

TEST_P(BusyPoll, AQueueThatLooksByItselfNeedsFewerKicks) {
    constexpr unsigned packets = 500;
    Bench bench(options());
    const std::uint64_t before = bench.tx().kicks();
    for (unsigned i = 0; i < packets; i++) {
        bench.transmit(1);
    }
    const std::uint64_t without = bench.tx().kicks() - before;
    bench.vhost().set_busy_poll(VHN_VRING_TX, a_second);
    for (unsigned i = 0; i < packets; i++) {
        bench.transmit(1);
    }
    EXPECT_LT(bench.tx().kicks() - before - without, without);
    bench.expect_on_host(2 * packets);
}

// The longest time there is, and yet it gives way.
TEST_P(BusyPoll, WhoeverHasSomethingToSayIsHeard) {
    Bench bench(options());
    bench.vhost().set_busy_poll(VHN_VRING_TX, a_second);
    bench.vhost().set_busy_poll(VHN_VRING_RX, a_second);
    for (unsigned i = 0; i < 20; i++) {
        bench.transmit(1);
        bench.deliver(1);
        bench.driver().stop();
        bench.driver().start();
    }
    bench.drain();
    bench.expect_on_host(20);
}
