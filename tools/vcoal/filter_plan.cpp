// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/filter_plan.hpp"

#include <algorithm>
#include <iterator>

namespace vcoal {
namespace {

bool is_multicast(const MacAddress& mac) {
    return (mac[0] & 1U) != 0;
}

/// Those of the table that can be a station's: the guest may have put anything there, and
/// the rest matches no packet.
std::set<MacAddress> stations(const std::vector<MacAddress>& table) {
    std::set<MacAddress> found;
    std::copy_if(table.begin(), table.end(), std::inserter(found, found.end()), is_unicast);
    return found;
}

bool wants_groups(const RxFilterState& filter) {
    return filter.multicast == Passes::all ||
           (filter.multicast == Passes::normal &&
            std::any_of(filter.multicast_table.begin(), filter.multicast_table.end(),
                        is_multicast));
}

bool wants_other_stations(const RxFilterState& filter, const std::optional<MacAddress>& mac) {
    std::set<MacAddress> others = stations(filter.unicast_table);
    if (mac) {
        others.erase(*mac);
    }
    return filter.unicast == Passes::all || (filter.unicast == Passes::normal && !others.empty());
}

LinkSettings plan_macvlan(const RxFilterState& filter, const std::optional<MacAddress>& mac) {
    const bool all = filter.promiscuous;
    return {.mac = mac,
            .flags = {{LinkFlag::promiscuous, all || wants_other_stations(filter, mac)},
                      {LinkFlag::all_multicast, all || wants_groups(filter)}},
            .addresses = {}};
}

LinkSettings plan_bridge_port(const RxFilterState& filter, const std::optional<MacAddress>& mac) {
    const bool all = filter.promiscuous;
    LinkSettings plan{
        .mac = std::nullopt,
        .flags = {{LinkFlag::unicast_flood, all || filter.unicast == Passes::all},
                  {LinkFlag::multicast_flood, all || filter.multicast != Passes::none},
                  {LinkFlag::broadcast_flood, all || filter.broadcast_allowed}},
        .addresses = stations(filter.unicast_table)};
    if (mac) {
        plan.addresses.insert(*mac);
    }
    return plan;
}

const char* name_of(LinkFlag flag) {
    switch (flag) {
    case LinkFlag::promiscuous:
        return "promiscuous";
    case LinkFlag::all_multicast:
        return "all-multicast";
    case LinkFlag::unicast_flood:
        return "unicast-flood";
    case LinkFlag::multicast_flood:
        return "multicast-flood";
    default:
        return "broadcast-flood";
    }
}

struct ToJson {
    Json operator()(const SetMac& change) const { return pair("mac", format_mac(change.mac)); }
    Json operator()(const SetFlag& change) const { return pair(name_of(change.flag), change.on); }
    Json operator()(const AddAddress& change) const {
        return pair("fdb-add", format_mac(change.mac));
    }
    Json operator()(const RemoveAddress& change) const {
        return pair("fdb-remove", format_mac(change.mac));
    }
    static Json pair(const char* name, const Json& value) {
        return {{"change", name}, {"value", value}};
    }
};

struct InWords {
    std::string operator()(const SetMac& change) const {
        return "MAC address " + format_mac(change.mac);
    }
    std::string operator()(const SetFlag& change) const {
        return std::string(name_of(change.flag)) + (change.on ? " on" : " off");
    }
    std::string operator()(const AddAddress& change) const {
        return "static forwarding entry for " + format_mac(change.mac);
    }
    std::string operator()(const RemoveAddress& change) const {
        return "no static forwarding entry for " + format_mac(change.mac);
    }
};

} // namespace

LinkSettings plan_filter(FilterPoint point, const RxFilterState& filter,
                         const std::optional<MacAddress>& mac) {
    return point == FilterPoint::macvlan ? plan_macvlan(filter, mac)
                                         : plan_bridge_port(filter, mac);
}

std::vector<Change> changes_between(const LinkSettings& from, const LinkSettings& to) {
    std::vector<Change> changes;
    if (to.mac && to.mac != from.mac) {
        changes.emplace_back(SetMac{*to.mac});
    }
    for (const MacAddress& mac : to.addresses) {
        if (from.addresses.count(mac) == 0) {
            changes.emplace_back(AddAddress{mac});
        }
    }
    for (const auto& [flag, on] : to.flags) {
        const auto found = from.flags.find(flag);
        if (found == from.flags.end() || found->second != on) {
            changes.emplace_back(SetFlag{flag, on});
        }
    }
    for (const MacAddress& mac : from.addresses) {
        if (to.addresses.count(mac) == 0) {
            changes.emplace_back(RemoveAddress{mac});
        }
    }
    return changes;
}

Json to_json(const Change& change) {
    return std::visit(ToJson(), change);
}

std::string in_words(const Change& change) {
    return std::visit(InWords(), change);
}

} // namespace vcoal
