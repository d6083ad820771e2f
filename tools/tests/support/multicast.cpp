// SPDX-License-Identifier: GPL-2.0-only
#include "support/multicast.hpp"

#include "bench/socket.hpp"
#include "support/bench.hpp"

#include <array>
#include <netinet/in.h>
#include <sys/socket.h>

namespace vcoal::test {
namespace {

using bench::check_socket;
using bench::End;

constexpr char message[] = "heard";

Fd bound_socket(const std::string& address, std::uint16_t port) {
    const NetNs here = NetNs::current();
    return bench::make_bound({here, address}, SOCK_DGRAM, port);
}

} // namespace

GroupSender::GroupSender(const std::string& address, std::uint16_t port, const std::string& group)
    : socket_(bound_socket(address, port)) {
    const NetNs here = NetNs::current();
    const End end{here, address};
    const in_addr through = bench::endpoint(end, port).sin_addr;
    check_socket(
        ::setsockopt(socket_.get(), IPPROTO_IP, IP_MULTICAST_IF, &through, sizeof(through)), end,
        "choose the interface of a group");
    thread_ = std::thread([this, to = bench::endpoint({here, group}, port)] { run(to); });
}

GroupSender::~GroupSender() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
}

void GroupSender::run(const sockaddr_in& group) {
    std::array<char, 64> buffer{};
    for (;;) {
        const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            return;
        }
        ::sendto(socket_.get(), buffer.data(), static_cast<std::size_t>(got), 0,
                 reinterpret_cast<const sockaddr*>(&group), sizeof(group));
    }
}

bool hears_group(const std::string& own, const std::string& address, std::uint16_t port,
                 const std::string& group) {
    const NetNs here = NetNs::current();
    const End end{here, own};
    const Fd asks = bench::make_connected(end, {here, address}, SOCK_DGRAM, port);
    const Fd listens = bound_socket(group, port);
    ip_mreq member{};
    member.imr_multiaddr = bench::endpoint({here, group}, port).sin_addr;
    member.imr_interface = bench::endpoint(end, port).sin_addr;
    check_socket(
        ::setsockopt(listens.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof(member)), end,
        "join a group");
    // The device learns of it while we go on.
    return eventually([&] {
        return ::send(asks.get(), message, sizeof(message), 0) == sizeof(message) &&
               wait_readable(listens.get(), std::chrono::milliseconds(500));
    });
}

} // namespace vcoal::test
