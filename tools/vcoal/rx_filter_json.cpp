// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/rx_filter_json.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <net/if.h>

namespace vcoal {
namespace {

constexpr unsigned last_vlan = 4095;
constexpr std::size_t longest_path = 4096;
constexpr std::size_t members = 13;

std::string sysfs_path(const std::string& tap) {
    return "/sys/class/net/" + tap;
}

Passes passes(std::uint32_t modes, std::uint32_t none, std::uint32_t all) {
    if ((modes & none) != 0) {
        return Passes::none; // CTRL-D4
    }
    return (modes & all) != 0 ? Passes::all : Passes::normal;
}

const char* name_of(Passes passes) {
    switch (passes) {
    case Passes::all:
        return "all";
    case Passes::none:
        return "none";
    default:
        return "normal";
    }
}

Json to_json(const std::vector<MacAddress>& table) {
    Json json = Json::array();
    for (const MacAddress& mac : table) {
        json.push_back(format_mac(mac));
    }
    return json;
}

Error wrong(const std::string& what, const std::string& expected) {
    return {"rx-filter", "read " + what, EINVAL, expected};
}

/// A member that has to be there.
const Json& member(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) {
        throw wrong(key, "it is missing");
    }
    return *found;
}

bool read_flag(const Json& object, const char* key) {
    const Json& value = member(object, key);
    if (!value.is_boolean()) {
        throw wrong(key, "true or false is expected");
    }
    return value.get<bool>();
}

/// What may be printed on a terminal as it is.
std::string read_text(const Json& object, const char* key, std::size_t longest) {
    const Json& value = member(object, key);
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        const bool printable = std::all_of(
            text.begin(), text.end(), [](char letter) { return letter > ' ' && letter <= '~'; });
        if (printable && !text.empty() && text.size() <= longest) {
            return text;
        }
    }
    throw wrong(key, fmt::format("1 to {} printable characters are expected", longest));
}

Passes read_passes(const Json& object, const char* key) {
    const Json& value = member(object, key);
    for (const Passes passes : {Passes::normal, Passes::all, Passes::none}) {
        if (value == name_of(passes)) {
            return passes;
        }
    }
    throw wrong(key, R"("normal", "all" or "none" is expected)");
}

bool read_vlan_filtered(const Json& object, const char* key) {
    const Passes value = read_passes(object, key);
    if (value == Passes::none) {
        throw wrong(key, R"("normal" or "all" is expected)");
    }
    return value == Passes::normal;
}

/// Of any kind, as format_mac() writes it.
MacAddress read_mac(const Json& value, const char* key) {
    MacAddress mac{};
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        for (std::size_t i = 0; i < mac.size() && text.size() == 3 * mac.size() - 1; i++) {
            const char* digits = text.data() + 3 * i;
            std::from_chars(digits, digits + 2, mac.at(i), 16);
        }
        if (format_mac(mac) == text) {
            return mac;
        }
    }
    throw wrong(key, "an address like 02:00:00:00:00:01 is expected");
}

std::vector<MacAddress> read_table(const Json& object, const char* key) {
    const Json& value = member(object, key);
    if (!value.is_array() || value.size() > VHN_FILTER_MACS) {
        throw wrong(key, fmt::format("up to {} addresses are expected", VHN_FILTER_MACS));
    }
    std::vector<MacAddress> table;
    for (const Json& mac : value) {
        table.push_back(read_mac(mac, key));
    }
    return table;
}

std::vector<unsigned> read_vlans(const Json& object, const char* key) {
    const Json& value = member(object, key);
    if (!value.is_array()) {
        throw wrong(key, "numbers of VLANs are expected");
    }
    std::vector<unsigned> vlans;
    for (const Json& vlan : value) {
        if (!vlan.is_number_unsigned() || vlan.get<std::uint64_t>() > last_vlan ||
            (!vlans.empty() && vlan.get<unsigned>() <= vlans.back())) {
            throw wrong(key, "numbers from 0 to 4095 in ascending order are expected");
        }
        vlans.push_back(vlan.get<unsigned>());
    }
    return vlans;
}

} // namespace

RxFilterState rx_filter_state(const RxFilter& filter, const std::string& tap) {
    // What the features and overflows make of the modes is in there.
    const std::uint32_t modes = filter.value().modes;
    return {.name = tap,
            .path = sysfs_path(tap),
            .promiscuous = (modes & VHN_FILTER_PROMISC) != 0,
            .unicast = passes(modes, VHN_FILTER_NOUNI, VHN_FILTER_ALLUNI),
            .multicast = passes(modes, VHN_FILTER_NOMULTI, VHN_FILTER_ALLMULTI),
            .broadcast_allowed = (modes & VHN_FILTER_NOBCAST) == 0,
            .vlan_filtered = (modes & VHN_FILTER_VLAN) != 0,
            .unicast_overflow = filter.unicast_overflow(),
            .multicast_overflow = filter.multicast_overflow(),
            .main_mac = filter.mac(),
            .unicast_table = filter.unicast(),
            .multicast_table = filter.multicast(),
            .vlan_table = filter.vlans()};
}

Json rx_filter_query() {
    return {{"execute", "query-rx-filter"}};
}

Json to_json(const RxFilterState& state) {
    return {{"rx-filter",
             {{"name", state.name},
              {"path", state.path},
              {"promiscuous", state.promiscuous},
              {"unicast", name_of(state.unicast)},
              {"multicast", name_of(state.multicast)},
              {"broadcast-allowed", state.broadcast_allowed},
              {"vlan", name_of(state.vlan_filtered ? Passes::normal : Passes::all)},
              {"unicast-overflow", state.unicast_overflow},
              {"multicast-overflow", state.multicast_overflow},
              {"main-mac", format_mac(state.main_mac)},
              {"unicast-table", to_json(state.unicast_table)},
              {"multicast-table", to_json(state.multicast_table)},
              {"vlan-table", state.vlan_table}}}};
}

Json rx_filter_changed(const std::string& tap) {
    return {{"event", rx_filter_changed_event}, {"name", tap}, {"path", sysfs_path(tap)}};
}

RxFilterState parse_rx_filter_state(const Json& answer) {
    if (!answer.is_object() || answer.size() != 1) {
        throw wrong("answer", R"({"rx-filter":{...}} is expected)");
    }
    const Json& object = member(answer, "rx-filter");
    if (!object.is_object() || object.size() != members) {
        throw wrong("answer", fmt::format("an object of {} members is expected", members));
    }
    return {.name = read_text(object, "name", IFNAMSIZ - 1),
            .path = read_text(object, "path", longest_path),
            .promiscuous = read_flag(object, "promiscuous"),
            .unicast = read_passes(object, "unicast"),
            .multicast = read_passes(object, "multicast"),
            .broadcast_allowed = read_flag(object, "broadcast-allowed"),
            .vlan_filtered = read_vlan_filtered(object, "vlan"),
            .unicast_overflow = read_flag(object, "unicast-overflow"),
            .multicast_overflow = read_flag(object, "multicast-overflow"),
            .main_mac = read_mac(member(object, "main-mac"), "main-mac"),
            .unicast_table = read_table(object, "unicast-table"),
            .multicast_table = read_table(object, "multicast-table"),
            .vlan_table = read_vlans(object, "vlan-table")};
}

} // namespace vcoal
