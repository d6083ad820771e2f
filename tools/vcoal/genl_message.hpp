// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/netlink.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vcoal {

/// A generic netlink request, to which libmnl's mnl_attr_put_*() add attributes.
class GenlRequest {
public:
    /// @param flags NLM_F_DUMP, or NLM_F_ACK
    GenlRequest(std::uint16_t family, std::uint8_t command, std::uint8_t version,
                std::uint16_t flags);

    nlmsghdr* get() noexcept { return static_cast<nlmsghdr*>(static_cast<void*>(bytes_.data())); }
    /// What has been built.
    std::span<const std::byte> bytes() const noexcept;

private:
    std::vector<std::byte> bytes_;
};

/// One that was received.
struct GenlMessage {
    std::uint16_t family = 0;
    std::uint8_t command = 0;
    std::vector<std::byte> attributes;
};

/// How a request ended.
struct NetlinkOutcome {
    /// errno value, or 0
    int code = 0;
    /// The kernel's own words, where it has some.
    std::string words;
};

/// A family as the kernel's directory of them has it.
struct GenlFamily {
    std::uint16_t id = 0;
    std::uint32_t version = 0;
    /// Multicast group that was asked for.
    std::optional<std::uint32_t> group;
};

/// Asks for a family.
GenlRequest genl_family_request(const std::string& name);
/// @param group name of a multicast group to find
GenlFamily parse_genl_family(const GenlMessage& message, const std::string& group);

/// The message behind a netlink header. Throws Error where there is none.
GenlMessage parse_genl_message(std::span<const std::byte> message);

/// What a message of type NLMSG_ERROR or NLMSG_DONE says, its header included.
NetlinkOutcome parse_netlink_outcome(std::span<const std::byte> message);

} // namespace vcoal
