// SPDX-License-Identifier: GPL-2.0-only
#include "support/tcp_server.hpp"

#include "bench/socket.hpp"
#include "support/payload.hpp"
#include "vcoal/error.hpp"

#include <array>
#include <cstddef>
#include <future>
#include <sys/socket.h>
#include <sys/time.h>
#include <utility>

namespace vcoal::test {
namespace {

constexpr timeval patience{60, 0};

} // namespace

TcpServer::TcpServer(std::uint16_t port, std::function<void(int)> serve)
    : serve_(std::move(serve)) {
    const NetNs here = NetNs::current();
    const bench::End anywhere{here, "0.0.0.0"};
    listener_ = bench::make_bound(anywhere, SOCK_STREAM, port);
    bench::check_socket(::listen(listener_.get(), 16), anywhere, "listen");
    thread_ = std::thread([this] { run(); });
}

TcpServer::~TcpServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    for (Connection& connection : connections_) {
        ::shutdown(connection.fd.get(), SHUT_RDWR);
        connection.thread.join();
    }
}

void TcpServer::run() {
    for (;;) {
        Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!fd) {
            return;
        }
        const int number = fd.get();
        connections_.push_back({std::move(fd), std::thread([this, number] {
                                    try {
                                        serve_(number);
                                    } catch (const Error&) {
                                        // The other end sees that nothing comes.
                                    }
                                    ::shutdown(number, SHUT_RDWR);
                                })});
    }
}

void echo(int connection) {
    std::array<std::byte, 65536> buffer{};
    for (;;) {
        const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            return;
        }
        for (ssize_t done = 0; done < got;) {
            const ssize_t sent = ::send(connection, buffer.data() + done,
                                        static_cast<std::size_t>(got - done), MSG_NOSIGNAL);
            if (sent <= 0) {
                return;
            }
            done += sent;
        }
    }
}

Fd connect_to_server(const std::string& address, std::uint16_t port) {
    const NetNs here = NetNs::current();
    const bench::End server{here, address};
    Fd fd = bench::make_connected(server, server, SOCK_STREAM, port);
    for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO}) {
        bench::check_socket(
            ::setsockopt(fd.get(), SOL_SOCKET, direction, &patience, sizeof(patience)), server,
            "limit waiting");
    }
    return fd;
}

void exchange_with_echo(const std::string& address, std::uint16_t port, std::uint64_t bytes) {
    constexpr std::uint64_t stream = 1;
    const Fd fd = connect_to_server(address, port);
    auto sent = std::async(std::launch::async, send_stream, fd.get(), stream, bytes);
    receive_stream(fd.get(), stream, bytes);
    sent.get();
}

} // namespace vcoal::test
