// SPDX-License-Identifier: GPL-2.0-only
#include "bench/socket.hpp"

#include "vcoal/error.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <sys/socket.h>

namespace vcoal::bench {

sockaddr_in endpoint(const End& end, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, end.address.c_str(), &address.sin_addr) != 1) {
        throw Error("address " + end.address, "read", EINVAL);
    }
    return address;
}

void check_socket(int result, const End& end, const char* what) {
    if (result != 0) {
        throw Error("socket of " + end.address, what, errno);
    }
}

namespace {

Fd make_socket(const End& end, int type) {
    const InNetNs inside(end.netns);
    Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    check_socket(fd ? 0 : -1, end, "create");
    return fd;
}

} // namespace

Fd make_bound(const End& end, int type, std::uint16_t port) {
    Fd fd = make_socket(end, type);
    const sockaddr_in address = endpoint(end, port);
    const int yes = 1;
    check_socket(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), end,
                 "take the port anew");
    check_socket(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
                 end, "bind");
    return fd;
}

Fd make_connected(const End& from, const End& to, int type, std::uint16_t port) {
    Fd fd = make_socket(from, type);
    const sockaddr_in address = endpoint(to, port);
    check_socket(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
                 from, "connect");
    return fd;
}

} // namespace vcoal::bench
