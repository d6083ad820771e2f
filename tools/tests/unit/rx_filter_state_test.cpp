// SPDX-License-Identifier: GPL-2.0-only
//
// From what a driver has asked for to the filter of the host module.
#include "pure.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/rx_filter.hpp"
#include "vcoal/virtio_net.hpp"

#include <gtest/gtest.h>

namespace vcoal {
namespace {

constexpr MacAddress own{0x02, 0, 0, 0, 0, 1};
constexpr MacAddress other{0x02, 0, 0, 0, 0, 2};
constexpr MacAddress group{0x01, 0, 0x5e, 0, 0, 1};
constexpr MacAddress everybody{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr auto rx = feature(VIRTIO_NET_F_MAC) | feature(VIRTIO_NET_F_CTRL_RX);
constexpr auto vlan = feature(VIRTIO_NET_F_CTRL_VLAN);

std::vector<MacAddress> addresses(std::size_t count, std::uint8_t first) {
    std::vector<MacAddress> table;
    for (std::size_t i = 0; i < count; i++) {
        table.push_back(
            {first, 0, 0, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
    }
    return table;
}

class RxFilterState : public testing::Test {
protected:
    bool passes(const MacAddress& mac, std::uint16_t tag = VHN_NO_VLAN) const {
        const vhn_filter value = filter.value();
        EXPECT_EQ(vhn_filter_check(&value), 0);
        return vhn_filter_judge(&value, mac.data(), tag) == VHN_FILTER_PASS;
    }

    RxFilter filter;
};

TEST_F(RxFilterState, CTRL_D5_AfterAResetOnlyTheOwnAddressAndBroadcast) {
    filter.begin(rx, own);
    filter.set_mode(VHN_FILTER_PROMISC, true);
    filter.set_tables({other}, {group});
    filter.begin(rx, own);
    EXPECT_TRUE(passes(own));
    EXPECT_TRUE(passes(everybody));
    EXPECT_FALSE(passes(other));
    EXPECT_FALSE(passes(group));
}

TEST_F(RxFilterState, ModesAreSetOneByOne) {
    filter.begin(rx, own);
    filter.set_mode(VHN_FILTER_ALLUNI, true);
    filter.set_mode(VHN_FILTER_ALLMULTI, true);
    EXPECT_TRUE(passes(other) && passes(group));
    filter.set_mode(VHN_FILTER_ALLUNI, false);
    EXPECT_TRUE(!passes(other) && passes(group));
}

TEST_F(RxFilterState, TablesReplaceWhatWasThere) {
    filter.begin(rx, own);
    filter.set_tables({other}, {group});
    EXPECT_TRUE(passes(other) && passes(group));
    filter.set_tables({}, {group});
    EXPECT_TRUE(!passes(other) && passes(group));
    filter.set_mac(other);
    EXPECT_TRUE(passes(other) && !passes(own));
}

TEST_F(RxFilterState, CTRL_D6_ATableTooLongLetsAllOfItsKindThrough) {
    filter.begin(rx, own);
    constexpr std::size_t most = VHN_FILTER_MACS / 2;
    filter.set_tables(addresses(most, 0x02), addresses(most, 0x01));
    EXPECT_FALSE(filter.unicast_overflow() || filter.multicast_overflow());
    EXPECT_TRUE(passes(addresses(most, 0x02).back()) && passes(addresses(most, 0x01).back()));
    EXPECT_FALSE(passes(other) || passes(group));

    filter.set_tables(addresses(most + 1, 0x02), {group});
    EXPECT_TRUE(filter.unicast_overflow() && !filter.multicast_overflow());
    EXPECT_TRUE(passes(other) && passes(group));
    EXPECT_FALSE(passes(addresses(1, 0x01).front()));
    EXPECT_EQ(filter.modes(), 0U) << "the driver did not ask for it";

    filter.set_tables({other}, addresses(most + 1, 0x01));
    EXPECT_TRUE(!filter.unicast_overflow() && filter.multicast_overflow());
    EXPECT_TRUE(passes(group) && passes(other));
    EXPECT_FALSE(passes(addresses(1, 0x02).front()));

    filter.set_tables({}, {});
    EXPECT_FALSE(filter.unicast_overflow() || filter.multicast_overflow());
    EXPECT_FALSE(passes(other) || passes(group));
}

TEST_F(RxFilterState, CFG_G2_WithoutMacAllUnicastUntilAnAddressIsSet) {
    filter.begin(feature(VIRTIO_NET_F_CTRL_RX), own);
    EXPECT_TRUE(passes(other) && passes(everybody));
    EXPECT_FALSE(passes(group));
    filter.set_mac(own);
    EXPECT_TRUE(passes(own));
    EXPECT_FALSE(passes(other));
    filter.begin(feature(VIRTIO_NET_F_CTRL_RX), own);
    EXPECT_TRUE(passes(other)) << "the driver's address went with the reset";
}

TEST_F(RxFilterState, CTRL_D7_VlansOnlyWithTheirFeature) {
    filter.begin(rx, own);
    EXPECT_TRUE(passes(own, 5));
    filter.begin(rx | vlan, own);
    EXPECT_FALSE(passes(own, 5));
    filter.set_vlan(5, true);
    filter.set_vlan(4095, true);
    EXPECT_EQ(filter.vlans(), (std::vector<unsigned>{5, 4095}));
    EXPECT_TRUE(passes(own, 5) && passes(own, 4095));
    filter.set_vlan(5, false);
    EXPECT_FALSE(passes(own, 5));
    EXPECT_THROW(filter.set_vlan(4096, true), Error);
    EXPECT_THROW(filter.set_vlan(65535, false), Error);
}

// A driver that cannot set modes receives everything that its VLANs let through.
TEST_F(RxFilterState, WithoutCtrlRxAllAddressesPass) {
    filter.begin(vlan, own);
    EXPECT_TRUE(passes(other) && passes(group) && passes(everybody));
    EXPECT_FALSE(passes(other, 5));
}

TEST_F(RxFilterState, CFG_D1_TheMtuIsInForceIfItWasNegotiated) {
    filter.begin(rx, own, 1280);
    EXPECT_EQ(filter.value().mtu, 0U);
    filter.begin(rx | feature(VIRTIO_NET_F_MTU), own, 1280);
    EXPECT_EQ(filter.value().mtu, 1280U);
}

} // namespace
} // namespace vcoal
