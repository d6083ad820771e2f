// SPDX-License-Identifier: GPL-2.0-only
//
// The control queue's classes RX, MAC, VLAN, ANNOUNCE and GUEST_OFFLOADS.
#include "unit/control_fixture.hpp"

#include <tuple>

namespace vcoal::test {
namespace {

constexpr std::uint64_t all_features =
    feature(VIRTIO_NET_F_MAC) | feature(VIRTIO_NET_F_CTRL_VQ) | feature(VIRTIO_NET_F_CTRL_RX) |
    feature(VIRTIO_NET_F_CTRL_RX_EXTRA) | feature(VIRTIO_NET_F_CTRL_VLAN) |
    feature(VIRTIO_NET_F_CTRL_MAC_ADDR) | feature(VIRTIO_NET_F_GUEST_ANNOUNCE) |
    feature(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) | feature(VIRTIO_NET_F_GUEST_CSUM) |
    feature(VIRTIO_NET_F_GUEST_TSO4);

constexpr unsigned rx = VIRTIO_NET_CTRL_RX;
constexpr unsigned mac = VIRTIO_NET_CTRL_MAC;
constexpr unsigned vlan = VIRTIO_NET_CTRL_VLAN;

constexpr MacAddress own{2, 0, 0, 0, 0, 1};
constexpr MacAddress other{2, 0, 0, 0, 0, 2};
constexpr MacAddress group{1, 0, 0x5e, 0, 0, 1};

class ControlFilter : public ControlTest {
protected:
    ControlFilter() { negotiate(all_features); }

    void negotiate(std::uint64_t features) { server.negotiate(features, {.mac = own}); }

    bool mode(unsigned command, unsigned on) {
        return acked(control_request(rx, command, static_cast<std::uint8_t>(on)));
    }
    bool tables(const std::vector<MacAddress>& unicast, const std::vector<MacAddress>& multicast) {
        auto bytes = control_request(mac, VIRTIO_NET_CTRL_MAC_TABLE_SET);
        for (const auto* table : {&unicast, &multicast}) {
            const auto count = static_cast<std::uint32_t>(table->size());
            const auto head = std::as_bytes(std::span(&count, 1));
            const auto body = std::as_bytes(std::span(*table));
            bytes.insert(bytes.end(), head.begin(), head.end());
            bytes.insert(bytes.end(), body.begin(), body.end());
        }
        return acked(bytes);
    }
    bool set_mac(const MacAddress& address) {
        return acked(control_request(mac, VIRTIO_NET_CTRL_MAC_ADDR_SET, address));
    }
    bool set_vlan(unsigned command, unsigned id) {
        return acked(control_request(vlan, command, static_cast<std::uint16_t>(id)));
    }
};

TEST_F(ControlFilter, CTRL_D1_CTRL_D3_EachModeIsSwitched) {
    for (unsigned command = 0; command < 6; command++) {
        EXPECT_TRUE(mode(command, 1));
        EXPECT_EQ(device.filters.back().modes(), 1U << command);
        EXPECT_TRUE(mode(command, 0));
        EXPECT_EQ(device.filters.back().modes(), 0U);
    }
    EXPECT_FALSE(mode(6, 1));
    EXPECT_EQ(device.filters.size(), 12U);
}

TEST_F(ControlFilter, ASwitchHasTwoPositions) {
    for (const unsigned on : {2U, 0x80U, 0xffU}) {
        EXPECT_FALSE(mode(VIRTIO_NET_CTRL_RX_PROMISC, on)) << on;
    }
    EXPECT_TRUE(device.untouched());
}

TEST_F(ControlFilter, CTRL_D5_TablesAreReplacedAsAWhole) {
    EXPECT_TRUE(tables({own, other}, {group}));
    EXPECT_EQ(device.filters.back().unicast(), (std::vector{own, other}));
    EXPECT_EQ(device.filters.back().multicast(), std::vector{group});
    EXPECT_TRUE(tables({}, {group, group}));
    EXPECT_TRUE(device.filters.back().unicast().empty());
    EXPECT_EQ(device.filters.back().multicast().size(), 2U);
    EXPECT_TRUE(tables({}, {}));
    EXPECT_TRUE(device.filters.back().multicast().empty());
}

TEST_F(ControlFilter, CTRL_D6_ALongTableDegradesAndSaysSo) {
    EXPECT_TRUE(tables(std::vector(5000, other), {group}));
    EXPECT_TRUE(server.filter().unicast_overflow());
    EXPECT_FALSE(server.filter().multicast_overflow());
    EXPECT_EQ(server.filter().multicast(), std::vector{group});
}

TEST_F(ControlFilter, CTRL_G2_TablesShorterThanTheirCountsAreErrors) {
    for (const std::uint32_t count : {1U, 2U, 0x2aaaaaabU, 0x80000000U, 0xffffffffU}) {
        EXPECT_FALSE(acked(control_request(mac, 0U, count, std::uint32_t{0}))) << count;
        EXPECT_FALSE(acked(control_request(mac, 0U, std::uint32_t{0}, count))) << count;
    }
    // The addresses are there, the second count is not.
    EXPECT_FALSE(acked(control_request(mac, 0U, std::uint32_t{1}, own)));
    EXPECT_FALSE(acked(control_request(mac, 0U, std::uint32_t{1}, own, std::uint16_t{0})));
    EXPECT_TRUE(device.untouched());
}

TEST_F(ControlFilter, TheAddressIsSet) {
    EXPECT_TRUE(set_mac(other));
    EXPECT_EQ(device.filters.back().mac(), other);
    EXPECT_FALSE(set_mac(group));
    EXPECT_FALSE(set_mac({}));
    EXPECT_EQ(server.filter().mac(), other);
}

TEST_F(ControlFilter, CTRL_D7_VlansComeAndGo) {
    EXPECT_TRUE(set_vlan(VIRTIO_NET_CTRL_VLAN_ADD, 4095));
    EXPECT_TRUE(set_vlan(VIRTIO_NET_CTRL_VLAN_ADD, 1));
    EXPECT_EQ(device.filters.back().vlans(), (std::vector{1U, 4095U}));
    EXPECT_TRUE(set_vlan(VIRTIO_NET_CTRL_VLAN_DEL, 4095));
    EXPECT_EQ(device.filters.back().vlans(), std::vector{1U});
    EXPECT_FALSE(set_vlan(VIRTIO_NET_CTRL_VLAN_ADD, 4096));
    EXPECT_FALSE(set_vlan(VIRTIO_NET_CTRL_VLAN_ADD, 0xffff));
    EXPECT_EQ(server.filter().vlans(), std::vector{1U});
}

TEST_F(ControlFilter, WhatTheDeviceCannotDoChangesNothing) {
    EXPECT_TRUE(mode(VIRTIO_NET_CTRL_RX_PROMISC, 1));
    device.broken = true;
    EXPECT_FALSE(mode(VIRTIO_NET_CTRL_RX_ALLMULTI, 1));
    EXPECT_FALSE(set_mac(other));
    EXPECT_FALSE(tables({other}, {}));
    EXPECT_FALSE(set_vlan(VIRTIO_NET_CTRL_VLAN_ADD, 7));
    EXPECT_EQ(server.filter().modes(), VHN_FILTER_PROMISC);
    EXPECT_EQ(server.filter().mac(), own);
    EXPECT_TRUE(server.filter().unicast().empty());
    EXPECT_TRUE(server.filter().vlans().empty());
}

TEST_F(ControlFilter, CTRL_D5_ANewNegotiationForgets) {
    EXPECT_TRUE(mode(VIRTIO_NET_CTRL_RX_NOBCAST, 1));
    EXPECT_TRUE(tables({other}, {group}));
    EXPECT_TRUE(set_vlan(VIRTIO_NET_CTRL_VLAN_ADD, 7));
    negotiate(all_features);
    EXPECT_EQ(server.filter().modes(), 0U);
    EXPECT_TRUE(server.filter().unicast().empty());
    EXPECT_TRUE(server.filter().multicast().empty());
    EXPECT_TRUE(server.filter().vlans().empty());
    EXPECT_EQ(server.filter().mac(), own);
}

TEST_F(ControlFilter, CTRL_D8_AnAcknowledgementArrives) {
    EXPECT_TRUE(acked(control_request(VIRTIO_NET_CTRL_ANNOUNCE, 0U)));
    EXPECT_EQ(device.announcements, 1U);
    EXPECT_FALSE(acked(control_request(VIRTIO_NET_CTRL_ANNOUNCE, 1U)));
    EXPECT_EQ(device.announcements, 1U);
}

TEST_F(ControlFilter, CTRL_G6_OnlyNegotiatedOffloads) {
    const auto set = [this](std::uint64_t mask) {
        return acked(control_request(VIRTIO_NET_CTRL_GUEST_OFFLOADS, 0U, mask));
    };
    constexpr std::uint64_t negotiated =
        feature(VIRTIO_NET_F_GUEST_CSUM) | feature(VIRTIO_NET_F_GUEST_TSO4);
    EXPECT_TRUE(set(negotiated));
    EXPECT_EQ(device.offloads, negotiated);
    EXPECT_TRUE(set(0));
    EXPECT_EQ(device.offloads, 0U);
    // Negotiated bits that are no offloads, offloads not negotiated, spec 2.3's own numbers.
    for (const unsigned bit : {17U, 8U, 9U, 46U, 47U, 54U, 63U}) {
        EXPECT_FALSE(set(feature(bit))) << bit;
        EXPECT_FALSE(set(feature(bit) | negotiated)) << bit;
    }
    EXPECT_EQ(device.offloads, 0U);
}

/// A command of each row of spec 2.2 here, well formed, and the feature it needs.
class Gate : public ControlFilter,
             public testing::WithParamInterface<std::tuple<unsigned, unsigned, unsigned>> {};

TEST_P(Gate, CTRL_G1_AMB_12_WithoutItsFeatureACommandIsAnError) {
    const auto [command_class, command, bit] = GetParam();
    auto bytes = control_request(command_class, command);
    bytes.resize(bytes.size() + 8);
    if (command_class == mac && command == 1) {
        bytes.back() = std::byte{0};
        bytes[3] = std::byte{1};
    }
    EXPECT_TRUE(acked(bytes));
    EXPECT_FALSE(device.untouched());

    FakeDevice gated;
    ControlServer without(gated);
    without.negotiate(all_features & ~feature(bit), {.mac = own});
    std::byte ack{0xee};
    const ControlAnswer answer = without.serve(bytes, std::span(&ack, 1));
    EXPECT_FALSE(answer.ok);
    EXPECT_EQ(ack, std::byte{VIRTIO_NET_ERR});
    EXPECT_NE(answer.reason.find("not negotiated"), std::string::npos) << answer.reason;
    EXPECT_TRUE(gated.untouched());
}

INSTANTIATE_TEST_SUITE_P(Table_2_2, Gate,
                         testing::Values(std::tuple{rx, 0U, VIRTIO_NET_F_CTRL_RX},
                                         std::tuple{rx, 1U, VIRTIO_NET_F_CTRL_RX},
                                         std::tuple{rx, 2U, VIRTIO_NET_F_CTRL_RX_EXTRA},
                                         std::tuple{rx, 3U, VIRTIO_NET_F_CTRL_RX_EXTRA},
                                         std::tuple{rx, 4U, VIRTIO_NET_F_CTRL_RX_EXTRA},
                                         std::tuple{rx, 5U, VIRTIO_NET_F_CTRL_RX_EXTRA},
                                         std::tuple{mac, 0U, VIRTIO_NET_F_CTRL_RX},
                                         std::tuple{mac, 1U, VIRTIO_NET_F_CTRL_MAC_ADDR},
                                         std::tuple{vlan, 0U, VIRTIO_NET_F_CTRL_VLAN},
                                         std::tuple{vlan, 1U, VIRTIO_NET_F_CTRL_VLAN},
                                         std::tuple{VIRTIO_NET_CTRL_ANNOUNCE + 0U, 0U,
                                                    VIRTIO_NET_F_GUEST_ANNOUNCE + 0U},
                                         std::tuple{VIRTIO_NET_CTRL_GUEST_OFFLOADS + 0U, 0U,
                                                    VIRTIO_NET_F_CTRL_GUEST_OFFLOADS + 0U}));

TEST_F(ControlFilter, ShortDataIsAnErrorAndChangesNothing) {
    const std::vector<std::vector<std::byte>> whole{
        control_request(rx, 0U, std::uint8_t{1}),
        control_request(mac, 0U, std::uint32_t{1}, other, std::uint32_t{1}, group),
        control_request(mac, 1U, other),
        control_request(vlan, 0U, std::uint16_t{3}),
        control_request(VIRTIO_NET_CTRL_GUEST_OFFLOADS, 0U, std::uint64_t{0}),
    };
    for (const auto& bytes : whole) {
        for (std::size_t length = 0; length < bytes.size(); length++) {
            EXPECT_FALSE(acked(std::span(bytes).first(length))) << length;
        }
    }
    EXPECT_TRUE(device.untouched());
}

} // namespace
} // namespace vcoal::test
