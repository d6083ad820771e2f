// SPDX-License-Identifier: GPL-2.0-only
#include "bench/echo.hpp"

#include "bench/thread_time.hpp"
#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <functional>
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

Fd with_patience(const End& end, Fd fd) {
    check_socket(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), end,
                 "set a timeout");
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
    const Fd sink = with_patience(server, make_bound(server, SOCK_DGRAM, echo_port));
    const Fd source = with_patience(client, make_connected(client, server, SOCK_DGRAM, echo_port));
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
    const Fd listener = with_patience(to, make_bound(to, SOCK_STREAM, stream_port));
    check_socket(::listen(listener.get(), 1), to, "listen");
    Timed receiver([&] { receive_all(to, listener.get(), bytes); });
    const Fd source = make_connected(from, to, SOCK_STREAM, stream_port);
    Timed sender([&] { send_all(from, source.get(), bytes); });
    StreamTimes times;
    times.from = sender.finish();
    times.to = receiver.finish();
    return times;
}

} // namespace vcoal::bench
