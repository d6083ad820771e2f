// SPDX-License-Identifier: GPL-2.0-only
//
// The receive filter in the device: what it drops takes no buffer and is counted by its
// cause, and the ioctls that set and tell it. What passes is decided in
// unit/filter_test.cpp.
#include "support/bench.hpp"
#include "support/fault.hpp"
#include "support/frames.hpp"
#include "support/pairing.hpp"
#include "support/resized.hpp"
#include "vcoal/netdev.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <future>
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

TEST_F(RxFilter, CTRL_D7_APriorityIsNoVlan) {
    constexpr std::uint16_t priority = 5 << 13;
    vhost().set_filter(filter_of(VHN_FILTER_VLAN));
    expect(received, frame_to(own, priority));
    expect(&vhn_vring_stats::drop_vlan, frame_to(own, priority | vlan));
}

// The table is of 802.1Q's VLANs: those of a provider (802.1ad) are not the guest's.
TEST_F(RxFilter, CTRL_D7_AProvidersTagIsNotFiltered) {
    vhost().set_filter(filter_of(VHN_FILTER_VLAN));
    Bytes frame = frame_to(own, vlan);
    expect(&vhn_vring_stats::drop_vlan, frame);
    frame[12] = std::byte{0x88};
    frame[13] = std::byte{0xa8};
    expect(received, frame);
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

bool same(const vhn_filter& a, const vhn_filter& b) {
    return std::memcmp(&a, &b, sizeof(a)) == 0;
}

/// Nothing in it is zero but what has to be.
vhn_filter full_filter(std::uint32_t modes, std::uint32_t unicast) {
    vhn_filter filter = filter_of(modes);
    filter.nr_unicast = unicast;
    filter.nr_multicast = VHN_FILTER_MACS - unicast;
    filter.mtu = 0xfedc;
    for (unsigned i = 0; i < VHN_FILTER_MACS; i++) {
        std::ranges::fill(filter.macs[i], static_cast<std::uint8_t>(i + 1));
    }
    for (unsigned i = 0; i < std::size(filter.vlans); i++) {
        filter.vlans[i] = 0x8000'0000'0000'0001ULL << i % 63;
    }
    return filter;
}

/// What is in force while there is no filter.
vhn_filter everything() {
    vhn_filter filter{};
    filter.index = VHN_VRING_RX;
    filter.modes = VHN_FILTER_PROMISC;
    return filter;
}

// Filter and hashes, for neither may wait for the other side of the ring.
TEST_F(RxFilter, IsSetAndToldWhileTheWorkerWaitsForTheGuest) {
    const NetDriver& driver = bench().driver();
    const std::size_t bytes =
        std::size_t{driver.options().ring_size} * driver.options().receive_buffer;
    BlockedMemory blocked(bench().driver().memory().at(driver.receive_buffers(), bytes));
    ASSERT_TRUE(eventually([&] { return bench().host().send(frame_to(own)); }));
    ASSERT_TRUE(blocked.wait_blocked(generous));
    auto answer = std::async(std::launch::async, [&] {
        vhost().set_filter(vhost().filter());
        vhost().set_hash({VHN_HASH_TYPES, {1, 2, 3}});
        return vhost().hash().types;
    });
    EXPECT_EQ(answer.wait_for(generous), std::future_status::ready);
    blocked.resolve();
    EXPECT_EQ(answer.get(), VHN_HASH_TYPES);
}

TEST_F(RxFilter, WhatIsToldWithoutOneReceivesEverythingWhenItIsSet) {
    vhost().set_filter(vhost().filter());
    for (const Mac& mac : {own, somebody, group, everybody}) {
        expect(received, frame_to(mac));
    }
    expect(received, frame_to(own, vlan));
}

/// What a caller may have that knows more of a filter than the kernel.
struct LargerFilter {
    vhn_filter filter{};
    std::array<std::uint8_t, 24> unknown{};
};

constexpr unsigned long requests[] = {VHN_SET_FILTER, VHN_GET_FILTER};

class FilterIoctl : public testing::Test {
protected:
    FilterIoctl() { vhost.enable_coalescing_ioctls(); }

    int set(vhn_filter filter) { return vhost.try_ioctl(VHN_SET_FILTER, &filter); }

    /// Refused, and what is in force stays.
    void expect_refused(const vhn_filter& filter, int code) {
        const vhn_filter before = vhost.filter();
        EXPECT_EQ(set(filter), code);
        EXPECT_TRUE(same(vhost.filter(), before));
    }

    VhostNet vhost;
};

TEST_F(FilterIoctl, NotSupportedUntilAcknowledged) {
    vhost.set_backend_features(0);
    for (const unsigned long request : requests) {
        vhn_filter argument{};
        EXPECT_EQ(vhost.try_ioctl(request, &argument), EOPNOTSUPP);
    }
}

TEST_F(FilterIoctl, WhatWasSetIsReadBack) {
    for (std::uint32_t modes = 0; modes <= VHN_FILTER_MODES; modes++) {
        const vhn_filter filter = full_filter(modes, modes % (VHN_FILTER_MACS + 1));
        ASSERT_EQ(set(filter), 0) << modes;
        ASSERT_TRUE(same(vhost.filter(), filter)) << modes;
    }
    ASSERT_EQ(set(vhn_filter{}), 0);
    EXPECT_TRUE(same(vhost.filter(), vhn_filter{}));
}

TEST_F(FilterIoctl, BeforeOneIsSetAndAfterResetEverythingPasses) {
    EXPECT_TRUE(same(vhost.filter(), everything()));
    const vhn_filter filter = full_filter(0, 1);
    ASSERT_EQ(set(filter), 0);
    vhost.reset_coalescing(VHN_VRING_RX, VHN_RESET_QUEUE);
    EXPECT_TRUE(same(vhost.filter(), filter));
    vhost.reset_coalescing(VHN_VRING_RX, VHN_RESET_DEVICE);
    EXPECT_TRUE(same(vhost.filter(), everything()));
}

TEST_F(FilterIoctl, OfTheArgumentOfGetTheIndexAloneIsRead) {
    vhn_filter argument = full_filter(0xffffffff, VHN_FILTER_MACS + 1);
    EXPECT_EQ(vhost.try_ioctl(VHN_GET_FILTER, &argument), 0);
    EXPECT_TRUE(same(argument, everything()));
}

TEST_F(FilterIoctl, OnlyOfTheVringThatReceives) {
    for (const unsigned long request : requests) {
        vhn_filter argument{};
        argument.index = VHN_VRING_TX;
        EXPECT_EQ(vhost.try_ioctl(request, &argument), EINVAL);
        for (const unsigned index : {2U, 0x80000000U, 0xffffffffU}) {
            argument.index = index;
            EXPECT_EQ(vhost.try_ioctl(request, &argument), ENOBUFS) << index;
        }
    }
}

TEST_F(FilterIoctl, UndefinedModesAreRefusedAndChangeNothing) {
    ASSERT_EQ(set(full_filter(VHN_FILTER_VLAN, 3)), 0);
    for (unsigned bit = 7; bit < 32; bit++) {
        expect_refused(filter_of(VHN_FILTER_ALLMULTI | 1U << bit), EINVAL);
    }
}

TEST_F(FilterIoctl, MoreAddressesThanThereIsRoomForAreRefusedAndChangeNothing) {
    ASSERT_EQ(set(full_filter(VHN_FILTER_VLAN, 3)), 0);
    struct Numbers {
        std::uint32_t unicast;
        std::uint32_t multicast;
    };
    for (const Numbers numbers : {Numbers{129, 0}, Numbers{0, 129}, Numbers{64, 65},
                                  Numbers{0xffffffff, 1}, Numbers{1, 0xffffffff}}) {
        vhn_filter filter = filter_of();
        filter.nr_unicast = numbers.unicast;
        filter.nr_multicast = numbers.multicast;
        expect_refused(filter, EINVAL);
    }
}

TEST_F(FilterIoctl, BadPointer) {
    for (const unsigned long request : requests) {
        EXPECT_EQ(vhost.try_ioctl(request, std::uintptr_t{0}), EFAULT);
        EXPECT_EQ(vhost.try_ioctl(request, std::uintptr_t{0xffff'8880'0000'0000}), EFAULT);
    }
}

TEST_F(FilterIoctl, AShorterArgumentIsFilledAsFarAsItGoes) {
    const vhn_filter filter = full_filter(VHN_FILTER_ALLUNI, 128);
    ASSERT_EQ(set(filter), 0);
    constexpr std::size_t known = offsetof(vhn_filter, macs);
    vhn_filter argument;
    std::memset(&argument, 0x55, sizeof(argument));
    argument.index = VHN_VRING_RX;
    const vhn_filter before = argument;
    ASSERT_EQ(vhost.try_ioctl(resized(VHN_GET_FILTER, known), &argument), 0);
    EXPECT_EQ(std::memcmp(&argument, &filter, known), 0);
    EXPECT_EQ(std::memcmp(argument.macs, before.macs, sizeof(argument) - known), 0);
    for (const unsigned long request : requests) {
        EXPECT_EQ(vhost.try_ioctl(resized(request, 3), &argument), EINVAL);
        EXPECT_EQ(vhost.try_ioctl(resized(request, 0), &argument), EINVAL);
    }
}

TEST_F(FilterIoctl, AShorterSetLeavesTheRestZero) {
    vhn_filter expected{};
    expected.modes = VHN_FILTER_ALLUNI;
    vhn_filter argument = full_filter(VHN_FILTER_ALLUNI, 128);
    constexpr std::size_t known = offsetof(vhn_filter, nr_unicast);
    ASSERT_EQ(vhost.try_ioctl(resized(VHN_SET_FILTER, known), &argument), 0);
    EXPECT_TRUE(same(vhost.filter(), expected));
}

// A caller built against newer headers: what it knows and the kernel does not is zero.
TEST_F(FilterIoctl, ALargerArgumentMayHoldNothingMore) {
    LargerFilter argument{.filter = full_filter(VHN_FILTER_NOUNI, 5)};
    const vhn_filter filter = argument.filter;
    ASSERT_EQ(vhost.try_ioctl(resized(VHN_SET_FILTER, sizeof(argument)), &argument), 0);
    argument.filter = {};
    ASSERT_EQ(vhost.try_ioctl(resized(VHN_GET_FILTER, sizeof(argument)), &argument), 0);
    EXPECT_TRUE(same(argument.filter, filter));
    EXPECT_TRUE(std::ranges::all_of(argument.unknown, [](auto byte) { return byte == 0; }));
    argument.filter = {};
    argument.unknown.back() = 1;
    for (const unsigned long request : requests) {
        EXPECT_EQ(vhost.try_ioctl(resized(request, sizeof(argument)), &argument), E2BIG);
    }
    EXPECT_TRUE(same(vhost.filter(), filter));
}

// Never a bit of one and a bit of the other.
TEST_F(FilterIoctl, IsToldAsAWholeWhileItIsReplaced) {
    const vhn_filter filters[] = {full_filter(VHN_FILTER_NOMULTI, 128), filter_of(), everything()};
    const std::jthread changes([&](const std::stop_token& enough) {
        for (unsigned i = 0; !enough.stop_requested(); i++) {
            if (i % 3 == 2) {
                vhost.reset_coalescing(VHN_VRING_RX, VHN_RESET_DEVICE);
            } else {
                EXPECT_EQ(set(filters[i % 3]), 0);
            }
        }
    });
    for (unsigned i = 0; i < 5000; i++) {
        const vhn_filter told = vhost.filter();
        ASSERT_TRUE(std::ranges::any_of(
            filters, [&](const vhn_filter& filter) { return same(told, filter); }));
    }
}

} // namespace
} // namespace vcoal::test
