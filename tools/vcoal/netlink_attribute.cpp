// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/netlink_attribute.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/netlink.h>

namespace vcoal {
namespace {

template <typename T>
T value_of(const NetlinkAttribute& attribute) {
    T value;
    if (attribute.payload.size() != sizeof(value)) {
        refuse_message("attribute " + std::to_string(attribute.type) + " has " +
                       std::to_string(attribute.payload.size()) + " bytes instead of " +
                       std::to_string(sizeof(value)));
    }
    std::memcpy(&value, attribute.payload.data(), sizeof(value));
    return value;
}

} // namespace

void refuse_message(const std::string& why) {
    throw Error("netlink", "read message", EBADMSG, why);
}

std::uint32_t NetlinkAttribute::u32() const {
    return value_of<std::uint32_t>(*this);
}

std::uint64_t NetlinkAttribute::u64() const {
    return value_of<std::uint64_t>(*this);
}

std::string NetlinkAttribute::string() const {
    const auto end = std::ranges::find(payload, std::byte{0});
    if (end == payload.end()) {
        refuse_message("attribute " + std::to_string(type) + " is a text without end");
    }
    std::string text;
    std::transform(payload.begin(), end, std::back_inserter(text),
                   [](std::byte byte) { return static_cast<char>(byte); });
    return text;
}

std::vector<NetlinkAttribute> NetlinkAttribute::nested() const {
    return netlink_attributes(payload);
}

std::vector<NetlinkAttribute> netlink_attributes(std::span<const std::byte> bytes) {
    std::vector<NetlinkAttribute> attributes;
    while (!bytes.empty()) {
        nlattr header{};
        if (bytes.size() < sizeof(header)) {
            refuse_message("it ends within an attribute");
        }
        std::memcpy(&header, bytes.data(), sizeof(header));
        if (header.nla_len < sizeof(header) || header.nla_len > bytes.size()) {
            refuse_message("an attribute of " + std::to_string(header.nla_len) + " bytes in " +
                           std::to_string(bytes.size()));
        }
        attributes.push_back({static_cast<unsigned>(header.nla_type & NLA_TYPE_MASK),
                              bytes.subspan(NLA_HDRLEN, header.nla_len - NLA_HDRLEN)});
        // The last one may come without the padding behind it.
        const auto padded = static_cast<std::size_t>(NLA_ALIGN(header.nla_len));
        bytes = bytes.subspan(std::min(padded, bytes.size()));
    }
    return attributes;
}

} // namespace vcoal
