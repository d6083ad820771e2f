// SPDX-License-Identifier: GPL-2.0-only
//
// What `ethtool -C` on the driver's interface does to the notifications of our device.
#include "support/bench.hpp"
#include "support/ethtool_call.hpp"
#include "support/loopback_stub.hpp"
#include "support/pairing.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>
#include <linux/ethtool.h>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr std::uint64_t megabyte = 1 << 20;
constexpr unsigned rx = 0;
constexpr unsigned tx = 1;

struct Setting {
    unsigned usecs;
    unsigned frames;
};

Json params(const Setting& setting) {
    return {{"max_packets", setting.frames}, {"max_usecs", setting.usecs}};
}

/// `ethtool -C` without the program: 0 or the errno value.
int set_receive_coalescing(const Pairing& pairing, const Setting& setting) {
    const InNetNs inside(pairing.guest_ns());
    ethtool_coalesce coalesce{};
    coalesce.cmd = ETHTOOL_SCOALESCE;
    coalesce.rx_coalesce_usecs = setting.usecs;
    coalesce.rx_max_coalesced_frames = setting.frames;
    coalesce.tx_max_coalesced_frames = 1;
    return ethtool_call(pairing.interface(), &coalesce);
}

class PairCoalescing : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }

    /// 6.1 wants tx-frames 1 with every change: 0 would switch its transmit NAPI off.
    static Strings rx_setting(const Setting& setting) {
        return {"rx-usecs",  std::to_string(setting.usecs),
                "rx-frames", std::to_string(setting.frames),
                "tx-frames", "1"};
    }

    static Json in_force(const Json& stats, unsigned vq) {
        return stats.at("queues").at(vq).at("coalescing").at("effective");
    }

    /// The bar of every run: nothing notified that was not due.
    static void expect_within_bounds(const QueueCounts& run, const Setting& setting) {
        EXPECT_GT(run.packets, 0U);
        EXPECT_EQ(run.total, run.count + run.timer + run.immediate + run.flush);
        EXPECT_EQ(run.total, run.signals);
        EXPECT_LE(run.callbacks, run.signals);
        if (setting.usecs != 0 && setting.frames != 0) {
            EXPECT_EQ(run.immediate, 0U);
            EXPECT_LE(run.total, run.packets / setting.frames + run.elapsed_us / setting.usecs +
                                     run.flush + 1);
            EXPECT_LE(run.flush, run.total / 50);
        } else {
            EXPECT_EQ(run.count + run.timer, 0U);
        }
    }

    template <typename Load>
    static QueueCounts measure(Pairing& pairing, unsigned vq, Load load) {
        const QueueCounts before = counts_of(pairing.settled_stats(), vq);
        load();
        return counts_of(pairing.settled_stats(), vq) - before;
    }
};

TEST_F(PairCoalescing, WhatEthtoolSetsIsInForce) {
    Pairing pairing;
    pairing.commands("NOTF_COAL");
    pairing.ethtool("-C", rx_setting({50, 32}));
    EXPECT_EQ(pairing.commands("NOTF_COAL"),
              (Strings{"NOTF_COAL_TX_SET ok", "NOTF_COAL_RX_SET ok"}));
    const Json stats = pairing.stats();
    EXPECT_EQ(in_force(stats, rx), params({50, 32}));
    EXPECT_EQ(in_force(stats, tx), params({0, 1}));
    pairing.ethtool("-C",
                    {"rx-usecs", "0", "rx-frames", "0", "tx-usecs", "200", "tx-frames", "16"});
    EXPECT_EQ(in_force(pairing.stats(), rx), params({0, 0}));
    EXPECT_EQ(in_force(pairing.stats(), tx), params({200, 16}));
}

TEST_F(PairCoalescing, AllPairsGetIt) {
    Pairing pairing(vhost_node, {"--queues", "2"});
    pairing.ethtool("-C", rx_setting({70, 9}));
    const Json stats = pairing.stats();
    EXPECT_EQ(in_force(stats, 0), params({70, 9}));
    EXPECT_EQ(in_force(stats, 2), params({70, 9}));
}

TEST_F(PairCoalescing, OneQueueGetsIt) {
    if (!in_tree_driver_knows_queues()) {
        GTEST_SKIP() << "this kernel's driver has no parameters per queue";
    }
    Pairing pairing(vhost_node, {"--queues", "2"});
    ASSERT_TRUE(pairing.accepted("vq_notf_coal"));
    pairing.ethtool("-C", rx_setting({70, 9}));
    pairing.commands("NOTF_COAL");
    pairing.ethtool("--per-queue", {"queue_mask", "0x2", "--coalesce", "rx-usecs", "300",
                                    "rx-frames", "5", "tx-usecs", "40", "tx-frames", "4"});
    for (const std::string& command : pairing.commands("NOTF_COAL")) {
        EXPECT_EQ(command, "NOTF_COAL_VQ_SET ok");
    }
    const Json stats = pairing.stats();
    EXPECT_EQ(in_force(stats, 0), params({70, 9}));
    EXPECT_EQ(in_force(stats, 1), params({0, 1}));
    EXPECT_EQ(in_force(stats, 2), params({300, 5}));
    EXPECT_EQ(in_force(stats, 3), params({40, 4}));
}

TEST_F(PairCoalescing, AboveTheLimitNothingChanges) {
    Pairing pairing;
    pairing.ethtool("-C", rx_setting({50, 32}));
    pairing.commands("NOTF_COAL");
    EXPECT_THROW(pairing.ethtool("-C", rx_setting({1000001, 32})), Error);
    EXPECT_EQ(pairing.commands("NOTF_COAL").back(), "NOTF_COAL_RX_SET err");
    EXPECT_EQ(in_force(pairing.stats(), rx), params({50, 32}));
    EXPECT_TRUE(pairing.ping());
}

// Of the filter there may be no other event: this one waits for its reader.
TEST_F(PairCoalescing, AReaderThatDidNotReadIsToldThatTheFilterChanged) {
    // No other changes than the one below.
    Pairing pairing(vhost_node, {"--features=-ctrl_rx"});
    pairing.request(R"({"execute":"query-rx-filter"})", "rx-filter");
    // More than its pipe holds, as below.
    for (unsigned round = 0; round < 400; round++) {
        ASSERT_EQ(set_receive_coalescing(pairing, {50 + round % 2, 32}), 0);
    }
    const auto end = pairing.in_guest(
        {"ip", "link", "set", pairing.interface(), "address", "02:00:00:00:00:99"});
    ASSERT_EQ(end.status, 0) << end.output;
    pairing.await_event("RX_FILTER_CHANGED");
    EXPECT_GT(pairing.lost(), 0U);
}

TEST_F(PairCoalescing, AReaderThatDoesNotReadDoesNotHoldUpTheDriver) {
    // No other commands among those that are lost.
    Pairing pairing(vhost_node, {"--features=-ctrl_rx"});
    pairing.commands("NOTF_COAL");
    // 800 lines of about 100 bytes, for a pipe that holds 65536.
    for (unsigned round = 0; round < 400; round++) {
        ASSERT_EQ(set_receive_coalescing(pairing, {50 + round % 2, 32}), 0);
    }
    std::size_t told = pairing.commands("NOTF_COAL").size();
    pairing.ethtool("-C", rx_setting({50, 16})); // brings the number of those lost
    told += pairing.commands("NOTF_COAL").size();
    EXPECT_GT(pairing.lost(), 0U);
    EXPECT_EQ(told + pairing.lost(), 802U);
    EXPECT_EQ(in_force(pairing.stats(), rx), params({50, 16}));
}

TEST_F(PairCoalescing, OffNotifiesAtOnce) {
    Pairing pairing;
    const auto run =
        measure(pairing, rx, [&] { exchange_tcp(pairing.host(), pairing.guest(), megabyte); });
    expect_within_bounds(run, {0, 0});
    EXPECT_GT(run.immediate, 0U);
}

TEST_F(PairCoalescing, ReceiveNotificationsFollowTheSetting) {
    Pairing pairing;
    for (const Setting setting : {Setting{50, 32}, Setting{200, 128}, Setting{5000, 32}}) {
        SCOPED_TRACE(std::to_string(setting.usecs) + " us, " + std::to_string(setting.frames));
        pairing.ethtool("-C", rx_setting(setting));
        const auto run = measure(pairing, rx, [&] {
            exchange_tcp(pairing.host(), pairing.guest(), 2 * megabyte);
            exchange_udp(pairing.host(), pairing.guest(), 500);
        });
        expect_within_bounds(run, setting);
        EXPECT_GT(run.count + run.timer, 0U);
    }
}

TEST_F(PairCoalescing, TransmitNotificationsFollowTheSetting) {
    Pairing pairing;
    for (const Setting setting : {Setting{200, 32}, Setting{5000, 32}}) {
        SCOPED_TRACE(std::to_string(setting.usecs) + " us, " + std::to_string(setting.frames));
        pairing.ethtool("-C", {"tx-usecs", std::to_string(setting.usecs), "tx-frames",
                               std::to_string(setting.frames)});
        const auto run = measure(pairing, tx, [&] {
            exchange_tcp(pairing.guest(), pairing.host(), 2 * megabyte);
            exchange_udp(pairing.guest(), pairing.host(), 500);
        });
        expect_within_bounds(run, setting);
    }
}

TEST_F(PairCoalescing, ManyPacketsShareANotification) {
    constexpr unsigned count = 500;
    Pairing pairing;
    const auto off =
        measure(pairing, rx, [&] { step_udp(pairing.host(), pairing.guest(), count); });
    EXPECT_GT(off.total, count / 2); // nothing to share: each is seen before the next comes
    pairing.ethtool("-C", rx_setting({200000, 32}));
    const auto on = measure(pairing, rx, [&] {
        trickle_udp(pairing.host(), pairing.guest(), count, std::chrono::milliseconds(2));
    });
    expect_within_bounds(on, {200000, 32});
    EXPECT_LT(on.total, off.total / 4);
}

TEST_F(PairCoalescing, APacketAloneWaitsForTheTimerAndNoLonger) {
    Pairing pairing;
    pairing.ethtool("-C", rx_setting({20000, 1000}));
    const auto run = measure(pairing, rx, [&] { EXPECT_TRUE(pairing.ping()); });
    expect_within_bounds(run, {20000, 1000});
    EXPECT_GE(run.timer, 3U);
    EXPECT_EQ(run.count, 0U);
}

} // namespace
} // namespace vcoal::test
