// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/genl_socket.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstring>
#include <libmnl/libmnl.h>

namespace vcoal {
namespace {

constexpr const char* object = "netlink";
/// The kernel makes no datagram longer than 32 KiB.
constexpr std::size_t buffer_bytes = 65536;

/// Hands over the messages of a datagram: their headers, and the bytes of each. What is left
/// of it once one does not fit is no message.
template <typename Take>
void take_messages(std::span<const std::byte> datagram, Take take_message) {
    nlmsghdr header{};
    while (datagram.size() >= sizeof(header)) {
        std::memcpy(&header, datagram.data(), sizeof(header));
        if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > datagram.size()) {
            return;
        }
        take_message(header, datagram.first(header.nlmsg_len));
        const auto padded = static_cast<std::size_t>(NLMSG_ALIGN(header.nlmsg_len));
        datagram = datagram.subspan(std::min(padded, datagram.size()));
    }
}

} // namespace

void GenlSocket::Close::operator()(mnl_socket* socket) const noexcept {
    mnl_socket_close(socket);
}

GenlSocket::GenlSocket(Flags flags)
    : socket_(mnl_socket_open2(NETLINK_GENERIC,
                               SOCK_CLOEXEC | (flags == non_blocking ? SOCK_NONBLOCK : 0))),
      buffer_(buffer_bytes) {
    if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
        throw Error(object, "open socket", errno);
    }
    // Older kernels go without: errors have no words there.
    int on = 1;
    mnl_socket_setsockopt(socket_.get(), NETLINK_EXT_ACK, &on, sizeof(on));
    mnl_socket_setsockopt(socket_.get(), NETLINK_CAP_ACK, &on, sizeof(on));
}

int GenlSocket::get() const noexcept {
    return mnl_socket_get_fd(socket_.get());
}

std::ptrdiff_t GenlSocket::read() {
    for (;;) {
        const auto got = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
        if (got >= 0 || errno != EINTR) {
            return got;
        }
    }
}

GenlAnswer GenlSocket::call(GenlRequest request) {
    request.get()->nlmsg_seq = ++sequence_;
    const auto bytes = request.bytes();
    if (mnl_socket_sendto(socket_.get(), bytes.data(), bytes.size()) < 0) {
        throw Error(object, "send request", errno);
    }
    GenlAnswer answer;
    for (bool ended = false; !ended;) {
        const std::ptrdiff_t got = read();
        if (got < 0) {
            throw Error(object, "receive answer", errno);
        }
        const auto take = [&](const nlmsghdr& header, std::span<const std::byte> message) {
            if (header.nlmsg_seq != sequence_ || ended) {
                return;
            }
            answer.interrupted |= (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
            if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) {
                answer.outcome = parse_netlink_outcome(message);
                ended = true;
            } else if (header.nlmsg_type >= NLMSG_MIN_TYPE) {
                answer.messages.push_back(parse_genl_message(message));
            }
        };
        take_messages(std::span(buffer_).first(static_cast<std::size_t>(got)), take);
    }
    return answer;
}

void GenlSocket::join(std::uint32_t group) {
    if (mnl_socket_setsockopt(socket_.get(), NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
        throw Error(object, "join event group", errno,
                    errno == EPERM ? "run it as root: this needs CAP_NET_ADMIN" : "");
    }
}

std::vector<GenlMessage> GenlSocket::receive(bool& lost) {
    const std::ptrdiff_t got = read();
    lost = got < 0 && errno == ENOBUFS;
    if (got < 0 && !lost && errno != EAGAIN) {
        throw Error(object, "receive event", errno);
    }
    std::vector<GenlMessage> messages;
    if (got > 0) {
        const auto take = [&](const nlmsghdr& header, std::span<const std::byte> message) {
            if (header.nlmsg_type >= NLMSG_MIN_TYPE) {
                messages.push_back(parse_genl_message(message));
            }
        };
        take_messages(std::span(buffer_).first(static_cast<std::size_t>(got)), take);
    }
    return messages;
}

} // namespace vcoal
