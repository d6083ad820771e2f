// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/bridge_fdb.hpp"

#include "vcoal/error.hpp"
#include "vcoal/netlink_call.hpp"

#include <algorithm>
#include <array>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace vcoal {
namespace {

struct FdbAttributes {
    const nlattr* mac = nullptr;
    const nlattr* bridge = nullptr;
};

int collect(const nlattr* attribute, void* data) {
    auto& attributes = *static_cast<FdbAttributes*>(data);
    switch (mnl_attr_get_type(attribute)) {
    case NDA_LLADDR:
        attributes.mac = attribute;
        break;
    case NDA_MASTER:
        attributes.bridge = attribute;
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

int change_entry(std::uint16_t type, std::uint16_t flags, int port, const MacAddress& mac) {
    alignas(nlmsghdr) std::array<char, 256> buffer{};
    nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = type;
    request->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    auto* entry = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ndmsg)));
    entry->ndm_family = AF_BRIDGE;
    entry->ndm_ifindex = port;
    entry->ndm_state = NUD_NOARP;
    entry->ndm_flags = NTF_MASTER;
    mnl_attr_put(request, NDA_LLADDR, mac.size(), mac.data());
    return call_rtnetlink(request);
}

} // namespace

FdbClaim claim_address(const std::vector<FdbEntry>& entries, const MacAddress& mac, int port,
                       bool moves) {
    FdbClaim claim = FdbClaim::free;
    for (const FdbEntry& entry : entries) {
        if (entry.mac != mac) {
            continue;
        }
        const bool fixed = (entry.state & (NUD_PERMANENT | NUD_NOARP)) != 0;
        const bool here = entry.port == port && (entry.state & NUD_PERMANENT) == 0;
        if (!here && (fixed || !moves)) {
            return FdbClaim::taken;
        }
        if (claim != FdbClaim::present) {
            claim = fixed ? FdbClaim::present : FdbClaim::learned;
        }
    }
    return claim;
}

std::vector<FdbEntry> list_fdb(int bridge) {
    alignas(nlmsghdr) std::array<char, 256> buffer{};
    nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = RTM_GETNEIGH;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    auto* filter = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ndmsg)));
    filter->ndm_family = AF_BRIDGE;

    std::vector<FdbEntry> entries;
    const int code = call_rtnetlink(request, [&](const nlmsghdr* message) {
        FdbAttributes attributes;
        mnl_attr_parse(message, sizeof(ndmsg), collect, &attributes);
        FdbEntry entry{};
        if (attributes.bridge == nullptr || attributes.mac == nullptr ||
            mnl_attr_get_u32(attributes.bridge) != static_cast<unsigned>(bridge) ||
            mnl_attr_get_payload_len(attributes.mac) != entry.mac.size()) {
            return;
        }
        const auto* header = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(message));
        std::copy_n(static_cast<const std::uint8_t*>(mnl_attr_get_payload(attributes.mac)),
                    entry.mac.size(), entry.mac.begin());
        entry.port = header->ndm_ifindex;
        entry.state = header->ndm_state;
        entries.push_back(entry);
    });
    if (code != 0) {
        throw Error("rtnetlink", "list forwarding entries", code);
    }
    return entries;
}

int add_fdb(int port, const MacAddress& mac, bool replace) {
    return change_entry(RTM_NEWNEIGH, NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL), port,
                        mac);
}

int remove_fdb(int port, const MacAddress& mac) {
    return change_entry(RTM_DELNEIGH, 0, port, mac);
}

} // namespace vcoal
