// SPDX-License-Identifier: GPL-2.0-only
#include "bench/echo.hpp"

#include "bench/thread_time.hpp"
#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <exception>
#include <functional>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace vcoal::bench {
namespace {

constexpr std::uint16_t echo_port = 7;
constexpr std::uint16_t stream_port = 5010;
constexpr std::size_t write_bytes = 65536;
/// Longer than any packet takes; in a machine that counts instructions it passes at once
/// when nobody has anything to do.
constexpr timeval patience{5, 0};

[[noreturn]] void fail(const End& end, const char* what) {
    throw Error("socket of " + end.address, what, errno);
}

sockaddr_in address_of(const End& end, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, end.address.c_str(), &address.sin_addr);
    return address;
}

Fd make_socket(const End& end, int type) {
    const InNetNs inside(end.netns);
    Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    if (!fd) {
        fail(end, "create");
    }
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0) {
        fail(end, "set a timeout");
    }
    return fd;
}

Fd make_server(const End& end, int type, std::uint16_t port) {
    Fd fd = make_socket(end, type);
    const sockaddr_in address = address_of(end, port);
    const int yes = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        fail(end, "bind");
    }
    if (type == SOCK_STREAM && ::listen(fd.get(), 1) != 0) {
        fail(end, "listen");
    }
    return fd;
}

Fd make_client(const End& from, const End& to, int type, std::uint16_t port) {
    Fd fd = make_socket(from, type);
    const sockaddr_in address = address_of(to, port);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        fail(from, "connect");
    }
    return fd;
}

/// A thread that is joined, its processor time and what it threw.
class Timed {
public:
    explicit Timed(std::function<void()> work)
        : thread_([this, work = std::move(work)] {
              const auto begin = thread_time();
              try {
                  work();
              } catch (...) {
                  failure_ = std::current_exception();
              }
              used_ = thread_time() - begin;
          }) {}
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;
    ~Timed() { join(); }

    std::chrono::nanoseconds finish() {
        join();
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        return used_;
    }

private:
    void join() {
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    std::exception_ptr failure_;
    std::chrono::nanoseconds used_{0};
    std::thread thread_;
};

void send_back(const End& end, int fd, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; i++) {
        std::byte byte{};
        sockaddr_in peer{};
        socklen_t length = sizeof(peer);
        auto* address = reinterpret_cast<sockaddr*>(&peer);
        if (::recvfrom(fd, &byte, 1, 0, address, &length) != 1 ||
            ::sendto(fd, &byte, 1, 0, address, length) != 1) {
            fail(end, "send a byte back");
        }
    }
}

void receive_all(const End& end, int listener, std::uint64_t bytes) {
    const Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) {
        fail(end, "accept");
    }
    std::vector<std::byte> buffer(write_bytes);
    while (bytes > 0) {
        const ssize_t got = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            fail(end, "receive");
        }
        bytes -= static_cast<std::uint64_t>(got);
    }
}

void send_all(const End& end, int fd, std::uint64_t bytes) {
    const std::vector<std::byte> buffer(write_bytes);
    while (bytes > 0) {
        const ssize_t sent = ::send(fd, buffer.data(), std::min(bytes, write_bytes), MSG_NOSIGNAL);
        if (sent <= 0) {
            fail(end, "send");
        }
        bytes -= static_cast<std::uint64_t>(sent);
    }
}

} // namespace

std::chrono::nanoseconds run_echo(const End& client, const End& server, std::uint64_t count) {
    const Fd sink = make_server(server, SOCK_DGRAM, echo_port);
    const Fd source = make_client(client, server, SOCK_DGRAM, echo_port);
    Timed echo([&] { send_back(server, sink.get(), count); });
    for (std::uint64_t i = 0; i < count; i++) {
        std::byte byte{};
        if (::send(source.get(), &byte, 1, 0) != 1 || ::recv(source.get(), &byte, 1, 0) != 1) {
            fail(client, "have a byte come back");
        }
    }
    return echo.finish();
}

StreamTimes run_stream(const End& from, const End& to, std::uint64_t bytes) {
    const Fd listener = make_server(to, SOCK_STREAM, stream_port);
    Timed receiver([&] { receive_all(to, listener.get(), bytes); });
    const Fd source = make_client(from, to, SOCK_STREAM, stream_port);
    Timed sender([&] { send_all(from, source.get(), bytes); });
    StreamTimes times;
    times.from = sender.finish();
    times.to = receiver.finish();
    return times;
}

} // namespace vcoal::bench
