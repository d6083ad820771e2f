// SPDX-License-Identifier: GPL-2.0-only
//
// The counters of VHN_GET_STATS against what the driver did and saw.
#include "support/coal_bench.hpp"
#include "support/frames.hpp"

#include <cstring>

using namespace vcoal;
using namespace vcoal::test;

namespace {

class Statistics : public EachQueue {
protected:
    static unsigned queue() { return GetParam(); }
    vhn_vring_stats stats() { return bench.vhost().statistics(queue()); }

    CoalBench bench;
};

} // namespace

TEST_P(Statistics, StartAtZero) {
    VhostNet vhost;
    vhost.enable_coalescing_ioctls();
    const vhn_vring_stats stats = vhost.statistics(queue());
    vhn_vring_stats zero{};
    zero.index = queue();
    EXPECT_EQ(std::memcmp(&stats, &zero, sizeof(stats)), 0);
}

TEST_P(Statistics, PacketsAndBytesWithoutTheHeader) {
    bench.flow(queue(), 100);
    const vhn_vring_stats now = stats();
    EXPECT_EQ(now.packets, 100U);
    EXPECT_EQ(now.bytes, 100U * shortest_frame);
    EXPECT_EQ(now.drop_malformed + now.drop_truncated + now.drop_backend + now.drop_unicast +
                  now.drop_multicast + now.drop_broadcast + now.drop_vlan + now.drop_oversize,
              0U);
}

TEST_P(Statistics, QueuesCountForThemselves) {
    bench.flow(queue(), 10);
    EXPECT_EQ(bench.vhost().statistics(1 - queue()).packets, 0U);
}

// Every signal has a reason, and every reason sent a signal.
TEST_P(Statistics, ReasonsAddUpToTheSignals) {
    for (const Parameters parameters :
         {Parameters{0, 0}, {7, far_away}, {1000, 1000}, {1, 1}, {3, 100}}) {
        bench.set(queue(), parameters);
        bench.flow(queue(), 300);
    }
    bench.quiesce(queue());
    EXPECT_EQ(notifications(stats()), bench.driver().queue(queue()).signals());
    EXPECT_EQ(stats().packets, 1500U);
}

// An eventfd adds kicks up: what arrives is at most what was sent, and each write that
// finds the eventfd empty is one.
TEST_P(Statistics, Kicks) {
    bench.settle(queue());
    const std::uint64_t before = stats().kicks;
    for (unsigned i = 1; i <= 5; i++) {
        bench.driver().queue(queue()).kick();
        ASSERT_TRUE(eventually([&] { return stats().kicks == before + i; })) << i;
        bench.settle(queue());
    }
}

TEST_P(Statistics, KicksForNothingAreSpurious) {
    bench.flow(queue(), 5);
    const vhn_vring_stats before = stats();
    for (unsigned i = 1; i <= 3; i++) {
        bench.driver().queue(queue()).kick();
        ASSERT_TRUE(
            eventually([&] { return stats().spurious_kicks == before.spurious_kicks + i; }));
    }
    EXPECT_EQ(stats().packets, 5U);
}

INSTANTIATE_TEST_SUITE_P(Queue, Statistics, both_queues(), queue_name);

TEST(Drops, AFrameLongerThanTheOnlyBufferIsTruncated) {
    NetDriverOptions options =
        coalescing_options(coalescing_features & ~feature(VIRTIO_NET_F_MRG_RXBUF));
    options.receive_buffer = 512;
    CoalBench bench(options);
    bench.inject(1000);
    EXPECT_TRUE(
        eventually([&] { return bench.vhost().statistics(VHN_VRING_RX).drop_truncated == 1; }));
    EXPECT_EQ(bench.vhost().statistics(VHN_VRING_RX).packets, 0U);
    EXPECT_EQ(bench.rx().ring().returned(), 0U);
    EXPECT_EQ(bench.rx().errors(), 0U);
    // The buffer was not used up: the next frame takes it.
    bench.inject(400);
    bench.await_published(1);
    EXPECT_EQ(bench.vhost().statistics(VHN_VRING_RX).packets, 1U);
}

// A tap whose interface is down takes no packet that comes by itself, as large ones
// do. Their buffers come back all the same.
TEST(Drops, WhatTheBackEndRefuses) {
    NetDriverOptions options = coalescing_options();
    options.transmit_buffer = 8192;
    CoalBench bench(options);
    bench.driver().tap().netdev().set_up(false);
    for (unsigned i = 0; i < 3; i++) {
        bench.transmit_one(5000);
        bench.await_sent(i + 1);
    }
    bench.settle(VHN_VRING_TX);
    const vhn_vring_stats stats = bench.vhost().statistics(VHN_VRING_TX);
    EXPECT_EQ(stats.drop_backend, 3U);
    EXPECT_EQ(stats.packets, 0U);
    EXPECT_EQ(bench.tx().errors(), 0U);
}
