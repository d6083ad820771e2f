// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/netlink_call.hpp"

#include "vcoal/error.hpp"

#include <array>
#include <cerrno>
#include <ctime>
#include <libmnl/libmnl.h>
#include <memory>

namespace vcoal {
namespace {

constexpr std::size_t buffer_size = 32768;

struct CloseSocket {
    void operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }
};

using Socket = std::unique_ptr<mnl_socket, CloseSocket>;
using OnMessage = std::function<void(const nlmsghdr*)>;

Socket open_socket() {
    Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
        throw Error("rtnetlink", "open socket", errno);
    }
    return socket;
}

int deliver(const nlmsghdr* message, void* data) {
    (*static_cast<const OnMessage*>(data))(message);
    return MNL_CB_OK;
}

} // namespace

int call_rtnetlink(nlmsghdr* request, const OnMessage& on_message) {
    const Socket socket = open_socket();
    request->nlmsg_seq = static_cast<std::uint32_t>(std::time(nullptr));
    if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0) {
        return errno;
    }
    std::array<char, buffer_size> buffer{};
    const unsigned port = mnl_socket_get_portid(socket.get());
    for (int next = MNL_CB_OK; next > MNL_CB_STOP;) {
        const ssize_t got = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
        if (got < 0) {
            return errno;
        }
        next = mnl_cb_run(buffer.data(), static_cast<std::size_t>(got), request->nlmsg_seq, port,
                          deliver, const_cast<OnMessage*>(&on_message));
        if (next < 0) {
            return errno;
        }
    }
    return 0;
}

int call_rtnetlink(nlmsghdr* request) {
    return call_rtnetlink(request, [](const nlmsghdr*) {});
}

} // namespace vcoal
