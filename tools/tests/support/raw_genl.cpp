// SPDX-License-Identifier: GPL-2.0-only
#include "support/raw_genl.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/vhost_net_coal_nl.h>
#include <optional>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr std::size_t largest_datagram = 65536;

template <typename T>
std::span<const std::byte> bytes_of(const T& object) {
    return std::as_bytes(std::span(&object, 1));
}

} // namespace

void RawAttributes::append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void RawAttributes::put(std::uint16_t type, std::span<const std::byte> payload) {
    const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + payload.size()), type};
    append(bytes_of(header));
    append(payload);
    bytes_.resize(NLA_ALIGN(bytes_.size()));
}

void RawAttributes::put_u32(std::uint16_t type, std::uint32_t value) {
    put(type, bytes_of(value));
}

void RawAttributes::nest(std::uint16_t type, const RawAttributes& inside) {
    put(type | NLA_F_NESTED, inside.bytes());
}

void RawGenl::Close::operator()(mnl_socket* socket) const noexcept {
    mnl_socket_close(socket);
}

RawGenl::RawGenl() : socket_(mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC)) {
    if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
        throw Error("netlink", "open socket", errno);
    }
    int on = 1;
    mnl_socket_setsockopt(socket_.get(), NETLINK_EXT_ACK, &on, sizeof(on));
}

RawAttributes RawGenl::message(std::uint16_t family, std::uint8_t command, std::uint16_t flags,
                               std::span<const std::byte> attributes) {
    RawAttributes message;
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + GENL_HDRLEN + attributes.size());
    header.nlmsg_type = family;
    header.nlmsg_flags = flags;
    header.nlmsg_seq = ++sequence_;
    const genlmsghdr genl{command, VHN_NL_VERSION, 0};
    message.append(bytes_of(header));
    message.append(bytes_of(genl));
    message.append(attributes);
    return message;
}

int RawGenl::send(std::uint16_t family, std::uint8_t command, std::uint16_t flags,
                  std::span<const std::byte> attributes) {
    const RawAttributes whole = message(family, command, flags, attributes);
    return mnl_socket_sendto(socket_.get(), whole.bytes().data(), whole.bytes().size()) < 0 ? errno
                                                                                            : 0;
}

int RawGenl::write(std::uint16_t family, std::uint8_t command, std::uint16_t flags,
                   std::span<const std::byte> attributes) {
    const RawAttributes whole = message(family, command, flags, attributes);
    const int fd = mnl_socket_get_fd(socket_.get());
    return ::write(fd, whole.bytes().data(), whole.bytes().size()) < 0 ? errno : 0;
}

std::vector<std::byte> RawGenl::receive() {
    std::vector<std::byte> datagram(largest_datagram);
    const auto got = mnl_socket_recvfrom(socket_.get(), datagram.data(), datagram.size());
    if (got < 0) {
        throw Error("netlink", "receive", errno);
    }
    datagram.resize(static_cast<std::size_t>(got));
    return datagram;
}

int RawGenl::outcome() {
    std::optional<int> code;
    while (!code) {
        each_message(receive(), [&](const nlmsghdr& header, std::span<const std::byte> payload) {
            const bool ends = header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE;
            int value = 0;
            if (header.nlmsg_seq == sequence_ && ends && payload.size() >= sizeof(value)) {
                std::memcpy(&value, payload.data(), sizeof(value));
                code = -value;
            }
        });
    }
    return *code;
}

} // namespace vcoal::test
