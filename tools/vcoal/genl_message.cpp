// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/genl_message.hpp"

#include "vcoal/netlink_attribute.hpp"

#include <algorithm>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

namespace vcoal {
namespace {

/// More than any request of ours takes.
constexpr std::size_t request_bytes = 4096;

/// Takes a value off the front.
template <typename T>
T take(std::span<const std::byte>& bytes) {
    T value;
    if (bytes.size() < sizeof(value)) {
        refuse_message("it ends within a header");
    }
    std::memcpy(&value, bytes.data(), sizeof(value));
    bytes = bytes.subspan(sizeof(value));
    return value;
}

constexpr std::int32_t most_errno = 4095;

int errno_of(std::int32_t error) {
    if (error > 0 || error < -most_errno) {
        refuse_message("an error that is none");
    }
    return -error;
}

/// The request that an error is about comes back with it, and how much of it.
std::size_t echoed_bytes(const nlmsghdr& header, const nlmsgerr& error) {
    const bool whole = error.error != 0 && (header.nlmsg_flags & NLM_F_CAPPED) == 0;
    return whole ? NLMSG_ALIGN(error.msg.nlmsg_len) - sizeof(error.msg) : 0;
}

std::string words_in(std::span<const std::byte> bytes) {
    for (const NetlinkAttribute& attribute : netlink_attributes(bytes)) {
        if (attribute.type == NLMSGERR_ATTR_MSG) {
            return attribute.string();
        }
    }
    return {};
}

/// A group's number, where it has that name.
std::optional<std::uint32_t> number_of(const NetlinkAttribute& group, const std::string& name) {
    bool found = false;
    std::optional<std::uint32_t> number;
    for (const NetlinkAttribute& attribute : group.nested()) {
        if (attribute.type == CTRL_ATTR_MCAST_GRP_NAME) {
            found = attribute.string() == name;
        } else if (attribute.type == CTRL_ATTR_MCAST_GRP_ID) {
            number = attribute.u32();
        }
    }
    return found ? number : std::nullopt;
}

std::uint16_t family_id(const NetlinkAttribute& attribute) {
    std::uint16_t id = 0;
    if (attribute.payload.size() != sizeof(id)) {
        refuse_message("a family's number has " + std::to_string(attribute.payload.size()) +
                       " bytes");
    }
    std::memcpy(&id, attribute.payload.data(), sizeof(id));
    return id;
}

} // namespace

GenlRequest::GenlRequest(std::uint16_t family, std::uint8_t command, std::uint8_t version,
                         std::uint16_t flags)
    : bytes_(request_bytes) {
    nlmsghdr* header = mnl_nlmsg_put_header(bytes_.data());
    header->nlmsg_type = family;
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    auto* generic =
        static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(header, sizeof(genlmsghdr)));
    generic->cmd = command;
    generic->version = version;
}

std::span<const std::byte> GenlRequest::bytes() const noexcept {
    nlmsghdr header{};
    std::memcpy(&header, bytes_.data(), sizeof(header));
    return std::span(bytes_).first(header.nlmsg_len);
}

GenlRequest genl_family_request(const std::string& name) {
    GenlRequest request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
    mnl_attr_put_strz(request.get(), CTRL_ATTR_FAMILY_NAME, name.c_str());
    return request;
}

GenlFamily parse_genl_family(const GenlMessage& message, const std::string& group) {
    GenlFamily family;
    for (const NetlinkAttribute& attribute : netlink_attributes(message.attributes)) {
        if (attribute.type == CTRL_ATTR_FAMILY_ID) {
            family.id = family_id(attribute);
        } else if (attribute.type == CTRL_ATTR_VERSION) {
            family.version = attribute.u32();
        } else if (attribute.type == CTRL_ATTR_MCAST_GROUPS) {
            for (const NetlinkAttribute& one : attribute.nested()) {
                if (const auto number = number_of(one, group)) {
                    family.group = number;
                }
            }
        }
    }
    if (family.id == 0) {
        refuse_message("a family without number");
    }
    return family;
}

GenlMessage parse_genl_message(std::span<const std::byte> message) {
    const auto header = take<nlmsghdr>(message);
    const auto generic = take<genlmsghdr>(message);
    return {header.nlmsg_type, generic.cmd, {message.begin(), message.end()}};
}

NetlinkOutcome parse_netlink_outcome(std::span<const std::byte> message) {
    const auto header = take<nlmsghdr>(message);
    NetlinkOutcome outcome;
    std::size_t echoed = 0;
    if (header.nlmsg_type == NLMSG_DONE) {
        outcome.code = errno_of(take<std::int32_t>(message));
    } else {
        const auto error = take<nlmsgerr>(message);
        outcome.code = errno_of(error.error);
        echoed = echoed_bytes(header, error);
    }
    if (echoed > message.size()) {
        refuse_message("an error about a request longer than what came back of it");
    }
    if ((header.nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
        outcome.words = words_in(message.subspan(echoed));
    }
    return outcome;
}

} // namespace vcoal
