// SPDX-License-Identifier: GPL-2.0-only
//
// The receive filter as its host is told, and what is believed of an answer.
#include "pure.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/rx_filter_json.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace vcoal {
namespace {

constexpr MacAddress own{0x02, 0, 0, 0, 0, 1};
constexpr MacAddress listed{0x02, 0, 0, 0, 0, 2};
constexpr MacAddress stranger{0x02, 0, 0, 0, 0, 3};
constexpr MacAddress group{0x01, 0, 0x5e, 0, 0, 1};
constexpr MacAddress other_group{0x01, 0, 0x5e, 0, 0, 2};
constexpr MacAddress everybody{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr auto rx = feature(VIRTIO_NET_F_MAC) | feature(VIRTIO_NET_F_CTRL_RX);
constexpr auto vlan = feature(VIRTIO_NET_F_CTRL_VLAN);

RxFilter filter_with(std::uint32_t modes, std::uint64_t features = rx | vlan) {
    RxFilter filter;
    filter.begin(features, own);
    for (unsigned bit = 0; bit < 6; bit++) {
        filter.set_mode(1U << bit, (modes >> bit & 1) != 0);
    }
    return filter;
}

RxFilterState state_of(const RxFilter& filter) {
    return rx_filter_state(filter, "tap0");
}

/// What a reader of the state believes.
bool says_pass(const RxFilterState& state, const MacAddress& mac) {
    const bool multicast = (mac[0] & 1U) != 0;
    const auto& table = multicast ? state.multicast_table : state.unicast_table;
    const Passes passes = multicast ? state.multicast : state.unicast;
    if (state.promiscuous) {
        return true;
    }
    if (mac == everybody) {
        return state.broadcast_allowed;
    }
    const bool is_listed =
        mac == state.main_mac || std::find(table.begin(), table.end(), mac) != table.end();
    return passes == Passes::all || (passes == Passes::normal && is_listed);
}

TEST(RxFilterReport, CTRL_D2_CTRL_D4_SaysOfEveryCombinationOfModesWhatTheDeviceDoes) {
    for (std::uint32_t modes = 0; modes < 64; modes++) {
        SCOPED_TRACE(modes);
        RxFilter filter = filter_with(modes, rx);
        filter.set_tables({listed}, {group});
        const vhn_filter value = filter.value();
        for (const MacAddress& mac : {own, listed, stranger, group, other_group, everybody}) {
            SCOPED_TRACE(format_mac(mac));
            EXPECT_EQ(says_pass(state_of(filter), mac),
                      vhn_filter_judge(&value, mac.data(), VHN_NO_VLAN) == VHN_FILTER_PASS);
        }
    }
}

TEST(RxFilterReport, CTRL_D4_NoBeatsAll) {
    const RxFilterState state = state_of(filter_with(VHN_FILTER_NOUNI | VHN_FILTER_ALLUNI |
                                                     VHN_FILTER_NOMULTI | VHN_FILTER_ALLMULTI));
    EXPECT_EQ(state.unicast, Passes::none);
    EXPECT_EQ(state.multicast, Passes::none);
    EXPECT_TRUE(state.broadcast_allowed);
    EXPECT_FALSE(state_of(filter_with(VHN_FILTER_NOBCAST | VHN_FILTER_ALLMULTI)).broadcast_allowed);
}

TEST(RxFilterReport, CTRL_D6_ATableThatOverflowedCountsAsAll) {
    RxFilter filter = filter_with(0);
    filter.set_tables(std::vector<MacAddress>(VHN_FILTER_MACS, listed), {group});
    EXPECT_EQ(state_of(filter).unicast, Passes::all);
    EXPECT_TRUE(state_of(filter).unicast_overflow);
    EXPECT_EQ(state_of(filter).multicast, Passes::normal);
    EXPECT_FALSE(state_of(filter).multicast_overflow);
    filter.set_tables({}, std::vector<MacAddress>(VHN_FILTER_MACS, group));
    EXPECT_EQ(state_of(filter).unicast, Passes::normal);
    EXPECT_EQ(state_of(filter).multicast, Passes::all);
    EXPECT_TRUE(state_of(filter).multicast_overflow);
    filter.set_mode(VHN_FILTER_NOMULTI, true);
    EXPECT_EQ(state_of(filter).multicast, Passes::none);
}

TEST(RxFilterReport, CTRL_D7_WithoutCtrlVlanAllVlansPass) {
    EXPECT_FALSE(state_of(filter_with(0, rx)).vlan_filtered);
    RxFilter filter = filter_with(0, rx | vlan);
    filter.set_vlan(4095, true);
    filter.set_vlan(7, true);
    EXPECT_TRUE(state_of(filter).vlan_filtered);
    EXPECT_EQ(state_of(filter).vlan_table, (std::vector<unsigned>{7, 4095}));
}

TEST(RxFilterReport, WithoutCtrlRxEverythingIsReceived) {
    const RxFilterState state = state_of(filter_with(0, 0));
    EXPECT_EQ(state.unicast, Passes::all);
    EXPECT_EQ(state.multicast, Passes::all);
    EXPECT_TRUE(state.broadcast_allowed);
    EXPECT_FALSE(state.vlan_filtered);
}

TEST(RxFilterJson, HasTheMembersOfTheProtocolInTheirOrder) {
    RxFilter filter = filter_with(VHN_FILTER_ALLMULTI | VHN_FILTER_NOUNI);
    filter.set_tables({listed}, {group});
    filter.set_vlan(5, true);
    EXPECT_EQ(to_json(state_of(filter)).dump(),
              R"({"rx-filter":{"name":"tap0","path":"/sys/class/net/tap0","promiscuous":false,)"
              R"("unicast":"none","multicast":"all","broadcast-allowed":true,"vlan":"normal",)"
              R"("unicast-overflow":false,"multicast-overflow":false,)"
              R"("main-mac":"02:00:00:00:00:01","unicast-table":["02:00:00:00:00:02"],)"
              R"("multicast-table":["01:00:5e:00:00:01"],"vlan-table":[5]}})");
    EXPECT_EQ(rx_filter_query().dump(), R"({"execute":"query-rx-filter"})");
    EXPECT_EQ(rx_filter_changed("tap0").dump(),
              R"({"event":"RX_FILTER_CHANGED","name":"tap0","path":"/sys/class/net/tap0"})");
}

TEST(RxFilterJson, IsReadAsItWasWritten) {
    for (std::uint32_t modes = 0; modes < 64; modes++) {
        RxFilter filter = filter_with(modes, modes % 2 == 0 ? rx | vlan : rx);
        filter.set_tables({listed, stranger}, {group});
        filter.set_vlan(0, true);
        filter.set_vlan(4095, true);
        EXPECT_EQ(parse_rx_filter_state(to_json(state_of(filter))), state_of(filter));
    }
    RxFilter filter = filter_with(0);
    filter.set_tables(std::vector<MacAddress>(VHN_FILTER_MACS / 2, MacAddress{}),
                      std::vector<MacAddress>(VHN_FILTER_MACS / 2, everybody));
    for (unsigned vid = 0; vid < 4096; vid++) {
        filter.set_vlan(vid, true);
    }
    const RxFilterState state = state_of(filter);
    EXPECT_EQ(parse_rx_filter_state(Json::parse(json_line(to_json(state)))), state);
}

TEST(RxFilterJson, AMemberMissingOrTooManyIsAnError) {
    const Json good = to_json(state_of(filter_with(0)));
    for (const auto& [key, value] : good["rx-filter"].items()) {
        SCOPED_TRACE(key);
        Json answer = good;
        answer["rx-filter"].erase(key);
        EXPECT_THROW(parse_rx_filter_state(answer), Error);
        answer["rx-filter"]["more"] = value;
        EXPECT_THROW(parse_rx_filter_state(answer), Error);
    }
    Json answer = good;
    answer["rx-filter"]["more"] = 1;
    EXPECT_THROW(parse_rx_filter_state(answer), Error);
    answer = good;
    answer["more"] = 1;
    EXPECT_THROW(parse_rx_filter_state(answer), Error);
    for (const Json& no_answer : {Json(), Json(1), Json::array(), Json::object(), Json("rx-filter"),
                                  Json{{"rx-filter", nullptr}}, Json{{"rx-filter", {1, 2}}}}) {
        EXPECT_THROW(parse_rx_filter_state(no_answer), Error) << no_answer;
    }
}

TEST(RxFilterJson, AMemberOfTheWrongTypeIsAnError) {
    const Json good = to_json(state_of(filter_with(0)));
    const Json values[] = {nullptr,
                           1,
                           -1,
                           1.5,
                           "",
                           "x",
                           Json::object(),
                           Json{{"a", 1}},
                           Json::array({1, 1}),
                           Json::array({nullptr}),
                           "\n",
                           true};
    for (const auto& [key, right] : good["rx-filter"].items()) {
        for (const Json& value : values) {
            const bool text = key == "name" || key == "path";
            if (value.type() == right.type() && (right.is_boolean() || (text && value == "x"))) {
                continue;
            }
            SCOPED_TRACE(key + ": " + value.dump());
            Json answer = good;
            answer["rx-filter"][key] = value;
            EXPECT_THROW(parse_rx_filter_state(answer), Error);
        }
    }
}

TEST(RxFilterJson, HostileValuesAreErrors) {
    const Json good = to_json(state_of(filter_with(0)));
    const auto refuses = [&good](const char* key, const Json& value) {
        Json answer = good;
        answer["rx-filter"][key] = value;
        EXPECT_THROW(parse_rx_filter_state(answer), Error) << key << ' ' << value.dump();
    };
    for (const char* mac :
         {"02:00:00:00:00:0", "02:00:00:00:00:001", "2:0:0:0:0:1", "02:00:00:00:00:0g",
          "02:00:00:00:00:0G", "02-00-00-00-00-01", " 2:00:00:00:00:01", "02:00:00:00:00:+1",
          "02:00:00:00:00:01 ", "02:00:00:00:00:0A", "0x:00:00:00:00:01"}) {
        refuses("main-mac", mac);
        refuses("unicast-table", Json::array({mac}));
    }
    refuses("main-mac", std::string("02:00:00:00:00:01\0", 18));
    refuses("name", "sixteen-letters-");
    refuses("name", "tap\x1b[0m");
    refuses("name", "tap 0");
    refuses("path", std::string(5000, 'x'));
    refuses("unicast", "None");
    refuses("vlan", "none");
    refuses("vlan-table", {4096});
    refuses("vlan-table", {-1});
    refuses("vlan-table", {1.0});
    refuses("vlan-table", {5, 5});
    refuses("vlan-table", {6, 5});
    refuses("vlan-table", {18446744073709551615ULL});
    refuses("vlan-table", {4294967296ULL});
    Json table = Json::array();
    for (int i = 0; i <= VHN_FILTER_MACS; i++) {
        table.push_back("02:00:00:00:00:01");
    }
    refuses("unicast-table", table);
    refuses("multicast-table", table);
}

} // namespace
} // namespace vcoal
