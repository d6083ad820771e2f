// SPDX-License-Identifier: GPL-2.0-only
#include "support/mirror.hpp"

#include "vcoal/error.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <vector>

namespace vcoal::test {
namespace {

using Frame = std::vector<std::byte>;

constexpr std::size_t addresses = 12;

/// The kernel takes the tag out of the frame.
std::optional<tpacket_auxdata> auxiliary(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == SOL_PACKET && part->cmsg_type == PACKET_AUXDATA) {
            tpacket_auxdata data{};
            std::memcpy(&data, CMSG_DATA(part), sizeof(data));
            return data;
        }
    }
    return std::nullopt;
}

void put_tag(Frame& frame, const tpacket_auxdata& from) {
    const std::array<std::uint16_t, 2> tag{htons(from.tp_vlan_tpid), htons(from.tp_vlan_tci)};
    std::array<std::byte, sizeof(tag)> bytes{};
    std::memcpy(bytes.data(), tag.data(), sizeof(tag));
    frame.insert(frame.begin() + addresses, bytes.begin(), bytes.end());
}

bool is_test_frame(const Frame& frame) {
    std::uint16_t type = 0;
    if (frame.size() < addresses + sizeof(type)) {
        return false;
    }
    std::memcpy(&type, frame.data() + addresses, sizeof(type));
    return type == htons(test_ethertype);
}

/// Nothing, if it is no test frame.
Frame receive_as_sent(int socket) {
    Frame frame(65536);
    std::array<std::byte, 256> control{};
    iovec part{.iov_base = frame.data(), .iov_len = frame.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket, &message, 0);
    frame.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    const auto data = auxiliary(message);
    if (!is_test_frame(frame)) {
        return {};
    }
    if (data && (data->tp_status & TP_STATUS_VLAN_VALID) != 0) {
        put_tag(frame, *data);
    }
    return frame;
}

} // namespace

// A socket of one protocol would not be told the tag of a VLAN that we are not in.
Mirror::Mirror(const std::string& interface) : socket_(interface, ETH_P_ALL) {
    const int on = 1;
    if (::setsockopt(socket_.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0) {
        throw Error("mirror on " + interface, "create", errno);
    }
    thread_ = std::thread([this] { run(); });
}

Mirror::~Mirror() {
    stop_.signal();
    thread_.join();
}

void Mirror::run() {
    std::array<pollfd, 2> wait{{{stop_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}}};
    while (::poll(wait.data(), wait.size(), -1) > 0 && wait[0].revents == 0) {
        const Frame frame = receive_as_sent(socket_.get());
        if (!frame.empty()) {
            socket_.send(frame);
        }
    }
}

} // namespace vcoal::test
