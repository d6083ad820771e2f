// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/json.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/rx_filter.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vcoal {

constexpr std::string_view rx_filter_changed_event = "RX_FILTER_CHANGED";

/// What passes of one kind of address.
enum class Passes { normal, all, none };

/// A guest's receive filter as its host is told. The first line that applies decides,
/// as in drivers/vhost/filter.c.
struct RxFilterState {
    /// The tap, and its directory in sysfs.
    std::string name;
    std::string path;
    /// Everything passes, whatever else is said here (CTRL-D2).
    bool promiscuous = false;
    /// `normal`: the main address and those of the table. A table that overflowed is empty,
    /// and all passes (CTRL-D6).
    Passes unicast = Passes::normal;
    Passes multicast = Passes::normal;
    bool broadcast_allowed = true;
    /// Only the VLANs of the table pass (CTRL-D7).
    bool vlan_filtered = false;
    bool unicast_overflow = false;
    bool multicast_overflow = false;
    MacAddress main_mac{};
    /// As the guest sent them: it may have put anything into either.
    std::vector<MacAddress> unicast_table;
    std::vector<MacAddress> multicast_table;
    /// In ascending order.
    std::vector<unsigned> vlan_table;

    bool operator==(const RxFilterState&) const = default;
};

/// @param tap interface that the device's packets pass through
RxFilterState rx_filter_state(const RxFilter& filter, const std::string& tap);

/// {"execute":"query-rx-filter"}
Json rx_filter_query();
/// {"rx-filter":{...}}, which answers it.
Json to_json(const RxFilterState& state);
/// {"event":"RX_FILTER_CHANGED",...}
Json rx_filter_changed(const std::string& tap);

/// Reads what to_json() writes, from whoever sent it: all members, of their types, no
/// others, tables no longer than a filter's. Throws Error.
RxFilterState parse_rx_filter_state(const Json& answer);

} // namespace vcoal
