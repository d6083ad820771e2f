// SPDX-License-Identifier: GPL-2.0-only
//
// What the other tests expect of the virtual machine they run in.
#include "support/bench.hpp"
#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"
#include "vcoal/netdev.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono;

namespace {

/// A datagram socket connected to itself.
Fd loopback_socket() {
    Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof(address);
    if (::bind(fd.get(), generic, length) != 0 || ::getsockname(fd.get(), generic, &length) != 0 ||
        ::connect(fd.get(), generic, length) != 0) {
        throw Error("loopback socket", "prepare", errno);
    }
    return fd;
}

/// When the datagram that waits was received; nobody asks before.
microseconds receive_time(const Fd& socket) {
    const int on = 1;
    std::array<char, 1> byte{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timeval))> control{};
    iovec part{byte.data(), byte.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)) != 0 ||
        ::recvmsg(socket.get(), &message, 0) != 1 || CMSG_FIRSTHDR(&message) == nullptr) {
        throw Error("loopback socket", "receive", errno);
    }
    timeval stamp{};
    std::memcpy(&stamp, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(stamp));
    return seconds(stamp.tv_sec) + microseconds(stamp.tv_usec);
}

} // namespace

// See keep_timestamps_on() in tools/vm/agent.cpp. A datagram that arrives without a time
// stamp gets one when it is read, which is later.
TEST(Machine, ReceivedPacketsAlwaysHaveATimeStamp) {
    NetDev("lo").set_up(true); // a test has a network namespace of its own
    const Fd socket = loopback_socket();
    ASSERT_EQ(::send(socket.get(), "x", 1, 0), 1);
    ASSERT_TRUE(wait_readable(socket.get(), generous));
    const auto now = duration_cast<microseconds>(system_clock::now().time_since_epoch());
    EXPECT_LE(receive_time(socket), now);
}
