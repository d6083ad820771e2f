// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vcoal {

/// One attribute of a netlink message that has been received. What it does not fit throws
/// Error with EBADMSG.
struct NetlinkAttribute {
    /// Without the flags that share its field.
    unsigned type;
    std::span<const std::byte> payload;

    std::uint32_t u32() const;
    std::uint64_t u64() const;
    /// Up to its NUL, which has to be there.
    std::string string() const;
    std::vector<NetlinkAttribute> nested() const;
};

/// The attributes that a message's bytes are.
std::vector<NetlinkAttribute> netlink_attributes(std::span<const std::byte> bytes);

/// A message that cannot be what it says it is: throws Error with EBADMSG.
[[noreturn]] void refuse_message(const std::string& why);

} // namespace vcoal
