// SPDX-License-Identifier: GPL-2.0-only
//
// From a guest's filter to what is programmed on the host, without a kernel.
#include "vcoal/bridge_fdb.hpp"
#include "vcoal/filter_plan.hpp"

#include <gtest/gtest.h>
#include <linux/neighbour.h>

namespace vcoal {
namespace {

constexpr MacAddress own{0x02, 0, 0, 0, 0, 1};
constexpr MacAddress listed{0x02, 0, 0, 0, 0, 2};
constexpr MacAddress stranger{0x02, 0, 0, 0, 0, 3};
constexpr MacAddress group{0x01, 0, 0x5e, 0, 0, 1};
constexpr MacAddress zero{};

/// A guest with one address and nothing else.
RxFilterState plain() {
    RxFilterState state;
    state.main_mac = own;
    return state;
}

bool macvlan_flag(const RxFilterState& filter, LinkFlag flag) {
    return plan_filter(FilterPoint::macvlan, filter, own).flags.at(flag);
}

bool port_flag(const RxFilterState& filter, LinkFlag flag) {
    return plan_filter(FilterPoint::bridge_port, filter, own).flags.at(flag);
}

TEST(MacvlanPlan, TheMainAddressAloneNeedsNothingElse) {
    const LinkSettings plan = plan_filter(FilterPoint::macvlan, plain(), own);
    EXPECT_EQ(plan.mac, own);
    EXPECT_EQ(plan.flags, (std::map<LinkFlag, bool>{{LinkFlag::promiscuous, false},
                                                    {LinkFlag::all_multicast, false}}));
    EXPECT_TRUE(plan.addresses.empty());
}

TEST(MacvlanPlan, OtherUnicastAddressesNeedPromiscuity) {
    RxFilterState filter = plain();
    filter.unicast_table = {listed};
    EXPECT_TRUE(macvlan_flag(filter, LinkFlag::promiscuous));
    filter.unicast = Passes::none;
    EXPECT_FALSE(macvlan_flag(filter, LinkFlag::promiscuous)) << "CTRL-D4";
    filter.unicast = Passes::all;
    filter.unicast_table = {};
    EXPECT_TRUE(macvlan_flag(filter, LinkFlag::promiscuous));
    EXPECT_FALSE(macvlan_flag(filter, LinkFlag::all_multicast));
}

TEST(MacvlanPlan, AddressesThatMatchNoPacketNeedNothing) {
    RxFilterState filter = plain();
    filter.unicast_table = {group, zero, own};
    filter.multicast_table = {listed, zero};
    EXPECT_FALSE(macvlan_flag(filter, LinkFlag::promiscuous));
    EXPECT_FALSE(macvlan_flag(filter, LinkFlag::all_multicast));
}

TEST(MacvlanPlan, GroupsNeedAllMulticast) {
    RxFilterState filter = plain();
    filter.multicast_table = {group};
    EXPECT_TRUE(macvlan_flag(filter, LinkFlag::all_multicast));
    EXPECT_FALSE(macvlan_flag(filter, LinkFlag::promiscuous));
    filter.multicast = Passes::none;
    EXPECT_FALSE(macvlan_flag(filter, LinkFlag::all_multicast)) << "CTRL-D4";
    filter.multicast_table = {};
    filter.multicast = Passes::all;
    EXPECT_TRUE(macvlan_flag(filter, LinkFlag::all_multicast));
}

TEST(MacvlanPlan, CTRL_D2_PromiscuityOutranksTheOtherModes) {
    RxFilterState filter = plain();
    filter.promiscuous = true;
    filter.unicast = Passes::none;
    filter.multicast = Passes::none;
    EXPECT_TRUE(macvlan_flag(filter, LinkFlag::promiscuous));
    EXPECT_TRUE(macvlan_flag(filter, LinkFlag::all_multicast));
}

TEST(MacvlanPlan, AnAddressThatIsNotAcceptedIsLeftOutAndTheRestIsNot) {
    RxFilterState filter = plain();
    filter.multicast = Passes::all;
    filter.main_mac = stranger;
    EXPECT_EQ(plan_filter(FilterPoint::macvlan, filter, own).mac, own);
    EXPECT_EQ(plan_filter(FilterPoint::macvlan, filter, std::nullopt).mac, std::nullopt);
    EXPECT_TRUE(macvlan_flag(filter, LinkFlag::all_multicast));
}

TEST(BridgePortPlan, FloodsWhatTheGuestReceives) {
    RxFilterState filter = plain();
    EXPECT_FALSE(port_flag(filter, LinkFlag::unicast_flood));
    EXPECT_TRUE(port_flag(filter, LinkFlag::multicast_flood));
    EXPECT_TRUE(port_flag(filter, LinkFlag::broadcast_flood));
    filter.unicast = Passes::all;
    filter.multicast = Passes::none;
    filter.broadcast_allowed = false;
    EXPECT_TRUE(port_flag(filter, LinkFlag::unicast_flood));
    EXPECT_FALSE(port_flag(filter, LinkFlag::multicast_flood));
    EXPECT_FALSE(port_flag(filter, LinkFlag::broadcast_flood));
    filter.unicast = Passes::none;
    EXPECT_FALSE(port_flag(filter, LinkFlag::unicast_flood));
}

TEST(BridgePortPlan, CTRL_D2_PromiscuityOutranksTheOtherModes) {
    RxFilterState filter = plain();
    filter.promiscuous = true;
    filter.unicast = Passes::none;
    filter.multicast = Passes::none;
    filter.broadcast_allowed = false;
    EXPECT_TRUE(port_flag(filter, LinkFlag::unicast_flood));
    EXPECT_TRUE(port_flag(filter, LinkFlag::multicast_flood));
    EXPECT_TRUE(port_flag(filter, LinkFlag::broadcast_flood));
}

TEST(BridgePortPlan, TheGuestsAddressesAreForwardingEntriesOnceEach) {
    RxFilterState filter = plain();
    filter.unicast_table = {listed, listed, own, group, zero};
    const LinkSettings plan = plan_filter(FilterPoint::bridge_port, filter, own);
    EXPECT_EQ(plan.addresses, (std::set<MacAddress>{own, listed}));
    EXPECT_EQ(plan.mac, std::nullopt);
    filter.main_mac = stranger;
    EXPECT_EQ(plan_filter(FilterPoint::bridge_port, filter, own).addresses, plan.addresses);
    filter.unicast_table = {};
    EXPECT_TRUE(plan_filter(FilterPoint::bridge_port, filter, std::nullopt).addresses.empty());
}

TEST(Changes, AreWhatDiffersAndNothingElse) {
    const LinkSettings now{
        .mac = own,
        .flags = {{LinkFlag::promiscuous, true}, {LinkFlag::all_multicast, true}},
        .addresses = {own}};
    EXPECT_TRUE(changes_between(now, now).empty());
    LinkSettings then = now;
    then.mac = listed;
    then.flags[LinkFlag::promiscuous] = false;
    EXPECT_EQ(changes_between(now, then),
              (std::vector<Change>{SetMac{listed}, SetFlag{LinkFlag::promiscuous, false}}));
    then.mac.reset();
    EXPECT_EQ(changes_between(now, then),
              std::vector<Change>{(SetFlag{LinkFlag::promiscuous, false})});
}

// A packet for an address with an entry takes it; without flooding, one without is lost.
TEST(Changes, EntriesComeBeforeFloodingEndsAndGoAfterItBegins) {
    const LinkSettings flooding{
        .mac = {}, .flags = {{LinkFlag::unicast_flood, true}}, .addresses = {own}};
    const LinkSettings entries{
        .mac = {}, .flags = {{LinkFlag::unicast_flood, false}}, .addresses = {listed}};
    EXPECT_EQ(changes_between(flooding, entries),
              (std::vector<Change>{AddAddress{listed}, SetFlag{LinkFlag::unicast_flood, false},
                                   RemoveAddress{own}}));
    EXPECT_EQ(changes_between(entries, flooding),
              (std::vector<Change>{AddAddress{own}, SetFlag{LinkFlag::unicast_flood, true},
                                   RemoveAddress{listed}}));
}

TEST(Changes, AreToldInJsonAndInWords) {
    EXPECT_EQ(to_json(Change(SetMac{own})).dump(),
              R"({"change":"mac","value":"02:00:00:00:00:01"})");
    EXPECT_EQ(to_json(Change(SetFlag{LinkFlag::unicast_flood, true})).dump(),
              R"({"change":"unicast-flood","value":true})");
    EXPECT_EQ(to_json(Change(AddAddress{own})).dump(),
              R"({"change":"fdb-add","value":"02:00:00:00:00:01"})");
    EXPECT_EQ(to_json(Change(RemoveAddress{own})).dump(),
              R"({"change":"fdb-remove","value":"02:00:00:00:00:01"})");
    EXPECT_EQ(in_words(SetFlag{LinkFlag::all_multicast, false}), "all-multicast off");
}

TEST(FdbClaim, NobodysAddressIsFree) {
    EXPECT_EQ(claim_address({}, own, 3, true), FdbClaim::free);
    EXPECT_EQ(claim_address({{listed, 4, NUD_NOARP}}, own, 3, false), FdbClaim::free);
}

TEST(FdbClaim, WhatThePortHasLearnedIsReplacedAndWhatItHasStays) {
    EXPECT_EQ(claim_address({{own, 3, NUD_REACHABLE}}, own, 3, false), FdbClaim::learned);
    EXPECT_EQ(claim_address({{own, 3, NUD_NOARP}}, own, 3, false), FdbClaim::present);
    EXPECT_EQ(claim_address({{own, 3, NUD_STALE}, {own, 3, NUD_NOARP}}, own, 3, false),
              FdbClaim::present);
}

TEST(FdbClaim, WhatAnotherPortHasIsItsOwnUnlessTheGuestMoved) {
    EXPECT_EQ(claim_address({{own, 4, NUD_REACHABLE}}, own, 3, false), FdbClaim::taken);
    EXPECT_EQ(claim_address({{own, 4, NUD_REACHABLE}}, own, 3, true), FdbClaim::learned);
    for (const bool moves : {false, true}) {
        EXPECT_EQ(claim_address({{own, 4, NUD_NOARP}}, own, 3, moves), FdbClaim::taken);
        EXPECT_EQ(claim_address({{own, 4, NUD_PERMANENT}}, own, 3, moves), FdbClaim::taken);
        EXPECT_EQ(claim_address({{own, 3, NUD_PERMANENT}}, own, 3, moves), FdbClaim::taken)
            << "the port's own address: packets for it go to the host";
        EXPECT_EQ(claim_address({{own, 3, NUD_NOARP}, {own, 4, NUD_PERMANENT}}, own, 3, moves),
                  FdbClaim::taken);
    }
}

} // namespace
} // namespace vcoal
