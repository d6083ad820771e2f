// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/rtnetlink.hpp"

#include "vcoal/error.hpp"
#include "vcoal/netlink_call.hpp"

#include <array>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

namespace vcoal {
namespace {

/// What of a link matters here; empty where it has no such attribute.
struct LinkAttributes {
    std::string name;
    std::string bus;
    std::string device;
};

int collect(const nlattr* attribute, void* data) {
    auto& attributes = *static_cast<LinkAttributes*>(data);
    switch (mnl_attr_get_type(attribute)) {
    case IFLA_IFNAME:
        attributes.name = mnl_attr_get_str(attribute);
        break;
    case IFLA_PARENT_DEV_BUS_NAME:
        attributes.bus = mnl_attr_get_str(attribute);
        break;
    case IFLA_PARENT_DEV_NAME:
        attributes.device = mnl_attr_get_str(attribute);
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

std::string name_in(const NetNs& ns, const std::string& name) {
    const InNetNs inside(ns);
    if (::if_nametoindex(name.c_str()) == 0) {
        return name;
    }
    const std::string stem = name.substr(0, name.find_last_not_of("0123456789") + 1);
    unsigned number = 0;
    while (::if_nametoindex((stem + std::to_string(number)).c_str()) != 0) {
        number++;
    }
    return stem + std::to_string(number);
}

} // namespace

std::optional<Link> find_link_of(const std::string& bus, const std::string& device) {
    alignas(nlmsghdr) std::array<char, 256> buffer{};
    nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = RTM_GETLINK;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg));

    std::optional<Link> found;
    const int code = call_rtnetlink(request, [&](const nlmsghdr* message) {
        LinkAttributes attributes;
        mnl_attr_parse(message, sizeof(ifinfomsg), collect, &attributes);
        if (attributes.bus == bus && attributes.device == device) {
            const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
            found = Link{info->ifi_index, attributes.name};
        }
    });
    if (code != 0) {
        throw Error("rtnetlink", "list interfaces", code);
    }
    return found;
}

Link move_link(const Link& link, const NetNs& ns) {
    const std::string name = name_in(ns, link.name);
    alignas(nlmsghdr) std::array<char, 256> buffer{};
    nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = RTM_NEWLINK;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    auto* info = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)));
    info->ifi_index = link.index;
    mnl_attr_put_u32(request, IFLA_NET_NS_FD, static_cast<std::uint32_t>(ns.get()));
    mnl_attr_put_strz(request, IFLA_IFNAME, name.c_str());
    if (const int code = call_rtnetlink(request); code != 0) {
        throw Error("interface " + link.name, "move to network namespace", code);
    }
    const InNetNs inside(ns);
    return {static_cast<int>(::if_nametoindex(name.c_str())), name};
}

} // namespace vcoal
