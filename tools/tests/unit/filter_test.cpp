// SPDX-License-Identifier: GPL-2.0-only
//
// Which packets the guest receives: every combination of modes, destination and VLAN,
// against the specification's rules in the order of their precedence.
#include "pure.hpp"

#include <array>
#include <bitset>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>

namespace {

using Mac = std::array<std::uint8_t, 6>;

constexpr Mac own{0x02, 0, 0, 0, 0, 0x01};
constexpr Mac listed_unicast{0x02, 0, 0, 0, 0, 0x02};
constexpr Mac other_unicast{0x02, 0, 0, 0, 0, 0x03};
constexpr Mac listed_multicast{0x01, 0, 0x5e, 0, 0, 0x01};
constexpr Mac other_multicast{0x01, 0, 0x5e, 0, 0, 0x02};
constexpr Mac broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

enum Kind : unsigned { unicast = 1, multicast = 2, to_all = 4, any = 7 };

struct Destination {
    const char* name;
    Mac mac;
    Kind kind;
    /// By its address, with no mode set.
    bool wanted;
};

constexpr std::array destinations{
    Destination{"own", own, unicast, true},
    Destination{"listed unicast", listed_unicast, unicast, true},
    Destination{"other unicast", other_unicast, unicast, false},
    Destination{"listed multicast", listed_multicast, multicast, true},
    Destination{"other multicast", other_multicast, multicast, false},
    Destination{"broadcast", broadcast, to_all, true}};

constexpr std::uint16_t untagged = VHN_NO_VLAN;
constexpr std::uint16_t listed_vlan = 100;
constexpr std::uint16_t other_vlan = 101;

/// The specification's sentences; the first that applies decides.
struct Rule {
    std::uint32_t mode;
    unsigned kinds;
    bool passes;
};
constexpr Rule promisc_outranks_all{VHN_FILTER_PROMISC, any, true}; // CTRL-D2
constexpr std::array rules{
    // CTRL-D4: NOBCAST and NOMULTI beat ALLMULTI, NOMULTI spares broadcast, NOUNI beats ALLUNI.
    Rule{VHN_FILTER_NOBCAST, to_all, false}, Rule{VHN_FILTER_NOMULTI, multicast, false},
    Rule{VHN_FILTER_NOUNI, unicast, false}, Rule{VHN_FILTER_ALLMULTI, multicast | to_all, true},
    Rule{VHN_FILTER_ALLUNI, unicast, true}};

bool expected(std::uint32_t modes, const Destination& destination, std::uint16_t vlan) {
    if ((modes & promisc_outranks_all.mode) != 0) {
        return true;
    }
    if ((modes & VHN_FILTER_VLAN) != 0 && vlan == other_vlan) { // CTRL-D7
        return false;
    }
    for (const Rule& rule : rules) {
        if ((modes & rule.mode) != 0 && (rule.kinds & destination.kind) != 0) {
            return rule.passes;
        }
    }
    return destination.wanted; // CTRL-D6
}

vhn_filter_verdict reason(const Destination& destination) {
    switch (destination.kind) {
    case unicast:
        return VHN_FILTER_DROP_UNICAST;
    case multicast:
        return VHN_FILTER_DROP_MULTICAST;
    default:
        return VHN_FILTER_DROP_BROADCAST;
    }
}

void put(vhn_filter& filter, unsigned at, const Mac& mac) {
    std::memcpy(filter.macs[at], mac.data(), mac.size());
}

vhn_filter filter_with(std::uint32_t modes) {
    vhn_filter filter{};
    filter.index = VHN_VRING_RX;
    filter.modes = modes;
    filter.nr_unicast = 2;
    filter.nr_multicast = 1;
    std::memcpy(filter.mac, own.data(), own.size());
    put(filter, 1, listed_unicast);
    put(filter, 2, listed_multicast);
    filter.vlans[listed_vlan / 64] = 1ULL << (listed_vlan % 64);
    return filter;
}

vhn_filter_verdict judge(const vhn_filter& filter, const Mac& mac, std::uint16_t vlan = untagged) {
    return vhn_filter_judge(&filter, mac.data(), vlan);
}

TEST(Filter, CTRL_D2_D4_D6_D7_EveryModeWithEveryPacket) {
    for (std::uint32_t modes = 0; modes <= VHN_FILTER_MODES; modes++) {
        const vhn_filter filter = filter_with(modes);
        ASSERT_EQ(vhn_filter_check(&filter), 0);
        for (const Destination& destination : destinations) {
            for (const std::uint16_t vlan : {untagged, listed_vlan, other_vlan}) {
                const bool passes = expected(modes, destination, vlan);
                EXPECT_EQ(judge(filter, destination.mac, vlan) == VHN_FILTER_PASS, passes)
                    << std::bitset<7>(modes) << ", " << destination.name << ", VLAN " << vlan;
            }
        }
    }
}

TEST(Filter, SaysWhyNot) {
    const vhn_filter filter =
        filter_with(VHN_FILTER_NOUNI | VHN_FILTER_NOMULTI | VHN_FILTER_NOBCAST | VHN_FILTER_VLAN);
    for (const Destination& destination : destinations) {
        EXPECT_EQ(judge(filter, destination.mac), reason(destination)) << destination.name;
        EXPECT_EQ(judge(filter, destination.mac, other_vlan), VHN_FILTER_DROP_VLAN)
            << destination.name;
    }
}

// CTRL-D7: with CTRL_VLAN the table starts empty.
TEST(Filter, CTRL_D7_AnEmptyTableHoldsNoVlan) {
    vhn_filter filter = filter_with(VHN_FILTER_VLAN);
    std::memset(filter.vlans, 0, sizeof(filter.vlans));
    EXPECT_EQ(judge(filter, own), VHN_FILTER_PASS);
    for (std::uint16_t vlan = 1; vlan < 4096; vlan++) {
        EXPECT_EQ(judge(filter, own, vlan), VHN_FILTER_DROP_VLAN) << vlan;
    }
}

TEST(Filter, CTRL_D7_EachVlanHasItsBit) {
    for (std::uint16_t listed = 1; listed < 4096; listed++) {
        vhn_filter filter = filter_with(VHN_FILTER_VLAN);
        std::memset(filter.vlans, 0, sizeof(filter.vlans));
        filter.vlans[listed / 64] = 1ULL << (listed % 64);
        EXPECT_EQ(judge(filter, own, listed), VHN_FILTER_PASS);
        EXPECT_EQ(judge(filter, own, static_cast<std::uint16_t>(listed ^ 1)),
                  listed == 1 ? VHN_FILTER_PASS : VHN_FILTER_DROP_VLAN);
    }
}

TEST(Filter, AllOfAFullTableIsLookedAt) {
    vhn_filter filter = filter_with(0);
    filter.nr_unicast = VHN_FILTER_MACS - 1;
    filter.nr_multicast = 1;
    put(filter, VHN_FILTER_MACS - 2, other_unicast);
    put(filter, VHN_FILTER_MACS - 1, other_multicast);
    ASSERT_EQ(vhn_filter_check(&filter), 0);
    EXPECT_EQ(judge(filter, other_unicast), VHN_FILTER_PASS);
    EXPECT_EQ(judge(filter, other_multicast), VHN_FILTER_PASS);
    EXPECT_EQ(judge(filter, listed_multicast), VHN_FILTER_DROP_MULTICAST);
}

TEST(Filter, WhatCannotBeOneIsRefused) {
    const auto refused = [](auto spoil) {
        vhn_filter filter = filter_with(0);
        spoil(filter);
        return vhn_filter_check(&filter) == -EINVAL;
    };
    EXPECT_FALSE(refused([](vhn_filter&) {}));
    EXPECT_TRUE(refused([](vhn_filter& f) { f.index = VHN_VRING_TX; }));
    vhn_filter unknown = filter_with(0);
    unknown.index = VHN_NR_VRINGS;
    EXPECT_EQ(vhn_filter_check(&unknown), -ENOBUFS);
    EXPECT_TRUE(refused([](vhn_filter& f) { f.modes = VHN_FILTER_MODES + 1; }));
    EXPECT_TRUE(refused([](vhn_filter& f) { f.nr_unicast = VHN_FILTER_MACS; }));
    EXPECT_TRUE(refused([](vhn_filter& f) { f.nr_unicast = VHN_FILTER_MACS + 1; }));
    EXPECT_TRUE(refused([](vhn_filter& f) { f.nr_unicast = ~0U; }));
    EXPECT_TRUE(refused([](vhn_filter& f) { f.nr_multicast = ~0U; }));
}

TEST(Filter, CFG_D1_ThePayloadIsBoundedByTheMtu) {
    vhn_filter filter = filter_with(VHN_FILTER_PROMISC);
    EXPECT_TRUE(vhn_filter_fits(&filter, ~0U));
    filter.mtu = 1280;
    EXPECT_TRUE(vhn_filter_fits(&filter, 1280));
    EXPECT_FALSE(vhn_filter_fits(&filter, 1281));
    EXPECT_FALSE(vhn_filter_fits(&filter, ~0U));
    EXPECT_TRUE(vhn_filter_fits(&filter, 0));
}

} // namespace
