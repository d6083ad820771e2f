// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/filter_link.hpp"

#include "vcoal/error.hpp"
#include "vcoal/netlink_call.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <optional>

namespace vcoal {
namespace {

/// Of one level of attributes, by type.
using Attributes = std::array<const nlattr*, 64>;

int collect(const nlattr* attribute, void* data) {
    auto& attributes = *static_cast<Attributes*>(data);
    const std::size_t type = mnl_attr_get_type(attribute);
    if (type < attributes.size()) {
        attributes.at(type) = attribute;
    }
    return MNL_CB_OK;
}

Attributes attributes_in(const nlattr* nest) {
    Attributes attributes{};
    if (nest != nullptr) {
        mnl_attr_parse_nested(nest, collect, &attributes);
    }
    return attributes;
}

std::string text_of(const nlattr* attribute) {
    return attribute != nullptr ? mnl_attr_get_str(attribute) : "";
}

bool is_set(const nlattr* attribute) {
    return attribute != nullptr && mnl_attr_get_u8(attribute) != 0;
}

std::optional<MacAddress> mac_of(const nlattr* attribute) {
    MacAddress mac{};
    if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != mac.size()) {
        return std::nullopt;
    }
    std::copy_n(static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)), mac.size(),
                mac.begin());
    return mac;
}

/// Nothing when a filter cannot be programmed there.
std::optional<FilterLink> describe(const nlmsghdr* message) {
    Attributes link{};
    mnl_attr_parse(message, sizeof(ifinfomsg), collect, &link);
    const Attributes kind = attributes_in(link[IFLA_LINKINFO]);
    const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
    if (link[IFLA_MASTER] != nullptr && text_of(kind[IFLA_INFO_SLAVE_KIND]) == "bridge") {
        const Attributes port = attributes_in(kind[IFLA_INFO_SLAVE_DATA]);
        return FilterLink{
            .index = info->ifi_index,
            .point = FilterPoint::bridge_port,
            .bridge = static_cast<int>(mnl_attr_get_u32(link[IFLA_MASTER])),
            .settings = {
                .mac = std::nullopt,
                .flags = {{LinkFlag::unicast_flood, is_set(port[IFLA_BRPORT_UNICAST_FLOOD])},
                          {LinkFlag::multicast_flood, is_set(port[IFLA_BRPORT_MCAST_FLOOD])},
                          {LinkFlag::broadcast_flood, is_set(port[IFLA_BRPORT_BCAST_FLOOD])}},
                .addresses = {}}};
    }
    const std::string type = text_of(kind[IFLA_INFO_KIND]);
    if (type != "macvlan" && type != "macvtap") {
        return std::nullopt;
    }
    return FilterLink{
        .index = info->ifi_index,
        .point = FilterPoint::macvlan,
        .bridge = 0,
        .settings = {.mac = mac_of(link[IFLA_ADDRESS]),
                     .flags = {{LinkFlag::promiscuous, (info->ifi_flags & IFF_PROMISC) != 0},
                               {LinkFlag::all_multicast, (info->ifi_flags & IFF_ALLMULTI) != 0}},
                     .addresses = {}}};
}

/// A change of a link, to be filled in.
class LinkRequest {
public:
    explicit LinkRequest(const FilterLink& link)
        : header_(mnl_nlmsg_put_header(buffer_.data())),
          info_(static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(header_, sizeof(ifinfomsg)))) {
        header_->nlmsg_type = RTM_NEWLINK;
        header_->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
        info_->ifi_index = link.index;
    }

    nlmsghdr* header() noexcept { return header_; }
    ifinfomsg* info() noexcept { return info_; }

private:
    alignas(nlmsghdr) std::array<char, 256> buffer_{};
    nlmsghdr* header_;
    ifinfomsg* info_;
};

int set_interface_flag(const FilterLink& link, unsigned flag, bool on) {
    LinkRequest request(link);
    request.info()->ifi_change = flag;
    request.info()->ifi_flags = on ? flag : 0;
    return call_rtnetlink(request.header());
}

int set_port_flag(const FilterLink& link, std::uint16_t attribute, bool on) {
    LinkRequest request(link);
    nlattr* info = mnl_attr_nest_start(request.header(), IFLA_LINKINFO);
    mnl_attr_put_strz(request.header(), IFLA_INFO_SLAVE_KIND, "bridge");
    nlattr* data = mnl_attr_nest_start(request.header(), IFLA_INFO_SLAVE_DATA);
    mnl_attr_put_u8(request.header(), attribute, on ? 1 : 0);
    mnl_attr_nest_end(request.header(), data);
    mnl_attr_nest_end(request.header(), info);
    return call_rtnetlink(request.header());
}

} // namespace

FilterLink find_filter_link(const std::string& name) {
    const std::string object = "interface " + NetDev(name).name();
    alignas(nlmsghdr) std::array<char, 256> buffer{};
    nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = RTM_GETLINK;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg));
    mnl_attr_put_strz(request, IFLA_IFNAME, name.c_str());

    std::optional<FilterLink> found;
    const int code =
        call_rtnetlink(request, [&](const nlmsghdr* message) { found = describe(message); });
    if (code != 0) {
        throw Error(object, "find", code);
    }
    if (!found) {
        throw Error(object, "program a filter", EOPNOTSUPP,
                    "it can be a macvlan, a macvtap or a port of a bridge");
    }
    return *found;
}

int set_mac(const FilterLink& link, const MacAddress& mac) {
    LinkRequest request(link);
    mnl_attr_put(request.header(), IFLA_ADDRESS, mac.size(), mac.data());
    return call_rtnetlink(request.header());
}

int set_flag(const FilterLink& link, LinkFlag flag, bool on) {
    switch (flag) {
    case LinkFlag::promiscuous:
        return set_interface_flag(link, IFF_PROMISC, on);
    case LinkFlag::all_multicast:
        return set_interface_flag(link, IFF_ALLMULTI, on);
    case LinkFlag::unicast_flood:
        return set_port_flag(link, IFLA_BRPORT_UNICAST_FLOOD, on);
    case LinkFlag::multicast_flood:
        return set_port_flag(link, IFLA_BRPORT_MCAST_FLOOD, on);
    default:
        return set_port_flag(link, IFLA_BRPORT_BCAST_FLOOD, on);
    }
}

} // namespace vcoal
