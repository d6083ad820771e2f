// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/netdev.hpp"
#include "vcoal/rx_filter_json.hpp"

#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

namespace vcoal {

/// Where on the host a guest's filter can be programmed.
enum class FilterPoint {
    macvlan, ///< or macvtap
    bridge_port,
};

enum class LinkFlag { promiscuous, all_multicast, unicast_flood, multicast_flood, broadcast_flood };

/// What of an interface a filter sets.
struct LinkSettings {
    /// None: it is left as it is.
    std::optional<MacAddress> mac;
    std::map<LinkFlag, bool> flags;
    /// Static entries of a bridge's forwarding table.
    std::set<MacAddress> addresses;

    bool operator==(const LinkSettings&) const = default;
};

struct SetMac {
    MacAddress mac;
    bool operator==(const SetMac&) const = default;
};
struct SetFlag {
    LinkFlag flag;
    bool on;
    bool operator==(const SetFlag&) const = default;
};
struct AddAddress {
    MacAddress mac;
    bool operator==(const AddAddress&) const = default;
};
struct RemoveAddress {
    MacAddress mac;
    bool operator==(const RemoveAddress&) const = default;
};

/// One thing to do.
using Change = std::variant<SetMac, SetFlag, AddAddress, RemoveAddress>;

/// What an interface has to have so that it passes on all that the guest wants. It may
/// pass on more: the device drops that.
/// @param mac the guest's main address, as far as it is accepted
LinkSettings plan_filter(FilterPoint point, const RxFilterState& filter,
                         const std::optional<MacAddress>& mac);

/// What leads from one to the other, in an order in which nothing that passes before and
/// after is lost between.
std::vector<Change> changes_between(const LinkSettings& from, const LinkSettings& to);

/// {"change":NAME,"value":VALUE}
Json to_json(const Change& change);
std::string in_words(const Change& change);

} // namespace vcoal
