// SPDX-License-Identifier: GPL-2.0-only
//
// The receive filter in the device: what it drops takes no buffer and is counted by its
// cause. What passes is decided in unit/filter_test.cpp.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/pairing.hpp"
#include "vcoal/netdev.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <stop_token>
#include <thread>

namespace vcoal::test {
namespace {

using Bytes = std::vector<std::byte>;
using Mac = MacAddress;

constexpr Mac own{0x02, 0, 0, 0, 0, 0x55};
constexpr Mac somebody{0x02, 0, 0, 0, 0, 0x66};
constexpr Mac group{0x01, 0, 0x5e, 0, 0, 0x01};
constexpr Mac everybody{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr std::uint16_t vlan = 5;

using Counter = decltype(&vhn_vring_stats::packets);

vhn_filter filter_of(std::uint32_t modes = 0) {
    vhn_filter filter{};
    filter.index = VHN_VRING_RX;
    filter.modes = modes;
    std::memcpy(filter.mac, own.data(), own.size());
    return filter;
}

class RxFilter : public testing::Test {
protected:
    RxFilter() { bench_.vhost().enable_coalescing_ioctls(); }

    VhostNet& vhost() { return bench_.vhost(); }
    Bench& bench() { return bench_; }

    /// Sends a frame and waits until a counter has seen it; it alone, and a buffer is taken
    /// only if the frame is received.
    void expect(Counter counter, const Bytes& frame) {
        expect(counter, [&] { return bench_.host().send(frame); });
    }

    void expect(Counter counter, const std::function<bool()>& send) {
        const unsigned returned = bench_.rx().ring().returned();
        const vhn_vring_stats before = vhost().statistics(VHN_VRING_RX);
        ASSERT_TRUE(eventually(send));
        EXPECT_TRUE(eventually(
            [&] { return vhost().statistics(VHN_VRING_RX).*counter == before.*counter + 1; }));
        EXPECT_EQ(sum(vhost().statistics(VHN_VRING_RX)), sum(before) + 1);
        const bool received = counter == &vhn_vring_stats::packets;
        EXPECT_EQ(bench_.rx().ring().returned(), returned + (received ? 1 : 0));
    }

    /// Buffers go back to the device.
    void take_all() {
        while (bench_.driver().receive()) {
        }
        bench_.driver().post();
    }

private:
    static std::uint64_t sum(const vhn_vring_stats& stats) {
        return stats.packets + stats.drop_unicast + stats.drop_multicast + stats.drop_broadcast +
               stats.drop_vlan + stats.drop_oversize + stats.drop_truncated + stats.drop_backend +
               stats.drop_malformed;
    }

    Bench bench_;
};

constexpr auto received = &vhn_vring_stats::packets;

TEST_F(RxFilter, CTRL_D12_WithoutOneEverythingIsReceived) {
    for (const Mac& mac : {own, somebody, group, everybody}) {
        expect(received, frame_to(mac));
    }
    expect(received, frame_to(own, vlan));
}

TEST_F(RxFilter, CTRL_D6_WhatIsNotWantedIsCountedByItsCause) {
    vhost().set_filter(filter_of(VHN_FILTER_NOBCAST | VHN_FILTER_VLAN));
    expect(received, frame_to(own));
    expect(&vhn_vring_stats::drop_unicast, frame_to(somebody));
    expect(&vhn_vring_stats::drop_multicast, frame_to(group));
    expect(&vhn_vring_stats::drop_broadcast, frame_to(everybody));
    expect(&vhn_vring_stats::drop_vlan, frame_to(own, vlan));
    vhost().set_filter(filter_of(VHN_FILTER_PROMISC));
    for (const Mac& mac : {own, somebody, group, everybody}) {
        expect(received, frame_to(mac));
    }
}

// The kernel keeps the tag beside the packet when a VLAN device sends.
TEST_F(RxFilter, CTRL_D7_ATagBesideThePacketIsATag) {
    const std::string tap = bench().driver().tap().name();
    const std::string tagged = tap + ".5";
    ASSERT_EQ(run({"ip", "link", "add", "link", tap, "name", tagged, "type", "vlan", "id",
                   std::to_string(vlan)})
                  .status,
              0);
    NetDev device(tagged);
    device.disable_ipv6();
    device.set_up(true);
    PacketSocket socket(tagged);
    const auto send = [&] { return socket.send(frame_to(own)); };
    vhn_filter filter = filter_of(VHN_FILTER_VLAN);
    vhost().set_filter(filter);
    expect(&vhn_vring_stats::drop_vlan, send);
    filter.vlans[0] = 1ULL << vlan;
    vhost().set_filter(filter);
    expect(received, send);
    expect(received, frame_to(own, vlan));
}

TEST_F(RxFilter, CFG_D1_WhatIsLongerThanTheMtuIsNotDelivered) {
    constexpr std::size_t header = 14;
    constexpr std::size_t tag = 4;
    bench().driver().tap().netdev().set_mtu(2000);
    vhn_filter filter = filter_of(VHN_FILTER_PROMISC);
    filter.mtu = 1280;
    vhost().set_filter(filter);
    expect(received, frame_to(own, std::nullopt, header + 1280));
    expect(&vhn_vring_stats::drop_oversize, frame_to(own, std::nullopt, header + 1281));
    expect(received, frame_to(own, vlan, header + 1280));
    expect(&vhn_vring_stats::drop_oversize, frame_to(own, vlan, header + 1281));
    expect(&vhn_vring_stats::drop_oversize, frame_to(own, std::nullopt, header + 1280 + tag));
}

TEST_F(RxFilter, ADeviceThatIsResetReceivesEverything) {
    vhost().set_filter(filter_of());
    expect(&vhn_vring_stats::drop_unicast, frame_to(somebody));
    vhost().reset_coalescing(VHN_VRING_RX, VHN_RESET_QUEUE);
    expect(&vhn_vring_stats::drop_unicast, frame_to(somebody));
    vhost().reset_coalescing(VHN_VRING_RX, VHN_RESET_DEVICE);
    expect(received, frame_to(somebody));
}

// Each packet is judged by one filter or by the other.
TEST_F(RxFilter, IsReplacedUnderTraffic) {
    constexpr unsigned frames = 3000;
    constexpr unsigned burst = 100;
    const std::jthread changes([this](const std::stop_token& enough) {
        for (unsigned i = 0; !enough.stop_requested(); i++) {
            vhost().set_filter(filter_of(i % 2 != 0 ? VHN_FILTER_PROMISC : 0U));
        }
    });
    const auto seen = [&] {
        take_all();
        const vhn_vring_stats stats = vhost().statistics(VHN_VRING_RX);
        return stats.packets + stats.drop_unicast;
    };
    for (unsigned sent = 0; sent < frames;) {
        // What does not fit into the tap is lost, so that only a few are under way.
        for (unsigned i = 0; i < burst; i++, sent++) {
            EXPECT_TRUE(eventually([&] { return bench().host().send(frame_to(somebody)); }));
        }
        ASSERT_TRUE(eventually([&] { return seen() == sent; })) << seen() << " of " << sent;
    }
}

} // namespace
} // namespace vcoal::test
