// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/packet_socket.hpp"

#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <linux/if_packet.h>
#include <sys/socket.h>

namespace vcoal {
namespace {

constexpr std::size_t longest_frame = 65536 + 64;
constexpr int receive_buffer_bytes = 8 << 20;

template <typename T>
void set_option(int fd, int level, int option, const T& value, const std::string& interface,
                const char* what) {
    if (::setsockopt(fd, level, option, &value, sizeof(value)) != 0) {
        throw Error("packet socket on " + interface, what, errno);
    }
}

} // namespace

PacketSocket::PacketSocket(const std::string& interface, std::uint16_t ethertype)
    : interface_(interface), fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    if (!fd_) {
        throw Error("packet socket on " + interface, "create", errno, "this needs CAP_NET_RAW");
    }
    const int index = NetDev(interface).index();
    set_option(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, interface, "ignore outgoing");
    set_option(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, receive_buffer_bytes, interface,
               "size the receive buffer");

    packet_mreq promiscuous{};
    promiscuous.mr_ifindex = index;
    promiscuous.mr_type = PACKET_MR_PROMISC;
    set_option(fd_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, promiscuous, interface,
               "become promiscuous");

    // Bound last: the socket receives from here on, with every option in force.
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ethertype);
    address.sll_ifindex = index;
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw Error("packet socket on " + interface, "bind", errno);
    }
}

bool PacketSocket::send(std::span<const std::byte> frame) {
    for (;;) {
        const ssize_t sent = ::send(fd_.get(), frame.data(), frame.size(), 0);
        if (sent == static_cast<ssize_t>(frame.size())) {
            return true;
        }
        if (sent < 0 && (errno == ENOBUFS || errno == EAGAIN)) {
            return false;
        }
        if (sent >= 0 || errno != EINTR) {
            throw Error("packet socket on " + interface_,
                        "send " + std::to_string(frame.size()) + " bytes", sent < 0 ? errno : 0);
        }
    }
}

std::optional<std::vector<std::byte>> PacketSocket::receive(std::chrono::milliseconds timeout) {
    if (!wait_readable(fd_.get(), timeout)) {
        return std::nullopt;
    }
    std::vector<std::byte> frame(longest_frame);
    const ssize_t got = ::recv(fd_.get(), frame.data(), frame.size(), 0);
    if (got < 0) {
        throw Error("packet socket on " + interface_, "receive", errno);
    }
    frame.resize(static_cast<std::size_t>(got));
    return frame;
}

} // namespace vcoal
