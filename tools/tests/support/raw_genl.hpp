// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/netlink.h>
#include <memory>
#include <span>
#include <vector>

struct mnl_socket;

namespace vcoal::test {

/// Attributes of a netlink message, which may be as wrong as the caller likes.
class RawAttributes {
public:
    /// @param type with its flags
    void put(std::uint16_t type, std::span<const std::byte> payload);
    void put_u32(std::uint16_t type, std::uint32_t value);
    /// With NLA_F_NESTED.
    void nest(std::uint16_t type, const RawAttributes& inside);
    /// Bytes that need not be attributes.
    void append(std::span<const std::byte> bytes);

    /// To be damaged.
    std::vector<std::byte>& edit() noexcept { return bytes_; }
    std::span<const std::byte> bytes() const noexcept { return bytes_; }

private:
    std::vector<std::byte> bytes_;
};

/// A generic netlink socket that sends anything, and hands over what comes as it is.
class RawGenl {
public:
    RawGenl();

    /// Sends a message with a right header of its own and any command and flags.
    /// Returns 0 or the errno value of sending.
    int send(std::uint16_t family, std::uint8_t command, std::uint16_t flags,
             std::span<const std::byte> attributes);
    /// The same by write(2), as somebody does who does not know that this is a netlink socket.
    int write(std::uint16_t family, std::uint8_t command, std::uint16_t flags,
              std::span<const std::byte> attributes);
    /// The next datagram.
    std::vector<std::byte> receive();
    /// Takes what answers the message sent last, up to the error or the end of the dump that
    /// ends it. Returns the errno value in it.
    int outcome();

private:
    struct Close {
        void operator()(mnl_socket* socket) const noexcept;
    };

    RawAttributes message(std::uint16_t family, std::uint8_t command, std::uint16_t flags,
                          std::span<const std::byte> attributes);

    std::unique_ptr<mnl_socket, Close> socket_;
    std::uint32_t sequence_ = 0;
};

/// Calls @p f with the header and the payload of each message in a datagram.
template <typename F>
void each_message(std::span<const std::byte> datagram, F f) {
    auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data());
    auto left = static_cast<std::uint32_t>(datagram.size());
    for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
        f(*header, std::span(reinterpret_cast<const std::byte*>(NLMSG_DATA(header)),
                             header->nlmsg_len - NLMSG_HDRLEN));
    }
}

} // namespace vcoal::test
