// SPDX-License-Identifier: GPL-2.0-only
#include "support/payload.hpp"

#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <future>
#include <netinet/in.h>
#include <set>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <vector>

namespace vcoal::test {
namespace {

constexpr timeval patience{30, 0};
constexpr std::size_t block = 65536;
constexpr unsigned window = 16;

/// splitmix64: every input has its own well mixed output.
std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

void fail(const std::string& what) {
    throw Error("transfer", what, errno);
}

void expect_pattern(std::span<const std::byte> bytes, std::uint64_t stream, std::uint64_t offset) {
    std::vector<std::byte> expected(bytes.size());
    fill_pattern(expected, stream, offset);
    const auto [wrong, right] = std::mismatch(bytes.begin(), bytes.end(), expected.begin());
    if (wrong != bytes.end()) {
        const auto at = offset + static_cast<std::uint64_t>(wrong - bytes.begin());
        throw Error("transfer", "check byte " + std::to_string(at), EBADMSG,
                    "the payload is not what was sent");
    }
}

sockaddr_in address_of(const std::string& text, std::uint16_t port = 0) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) {
        throw Error("address " + text, "read", EINVAL);
    }
    return address;
}

/// A socket of the party, bound to its address, that gives up after a while.
Fd open_socket(const Party& party, int type) {
    const InNetNs inside(*party.netns);
    Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    const sockaddr_in address = address_of(party.address);
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        fail("open a socket at " + party.address);
    }
    return fd;
}

void connect_to(const Fd& socket, const Fd& other) {
    sockaddr_in address{};
    socklen_t length = sizeof(address);
    if (::getsockname(other.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
        fail("connect");
    }
}

/// Datagram @p number: its number, then the pattern.
std::vector<std::byte> make_datagram(std::uint64_t stream, std::uint64_t number,
                                     std::size_t longest) {
    constexpr std::size_t shortest = sizeof(number);
    std::vector<std::byte> datagram(shortest + mix(number) % (longest - shortest + 1));
    std::memcpy(datagram.data(), &number, sizeof(number));
    fill_pattern(std::span(datagram).subspan(shortest), stream + number, 0);
    return datagram;
}

/// Receives one datagram, checks it and returns its number.
std::uint64_t receive_datagram(int socket, std::uint64_t stream, std::size_t longest) {
    std::vector<std::byte> datagram(longest + 1);
    const ssize_t got = ::recv(socket, datagram.data(), datagram.size(), 0);
    if (got < static_cast<ssize_t>(sizeof(std::uint64_t))) {
        fail("receive a datagram");
    }
    datagram.resize(static_cast<std::size_t>(got));
    std::uint64_t number = 0;
    std::memcpy(&number, datagram.data(), sizeof(number));
    if (datagram != make_datagram(stream, number, longest)) {
        throw Error("transfer", "check datagram " + std::to_string(number), EBADMSG,
                    "the payload is not what was sent");
    }
    return number;
}

void send_datagram(int socket, std::uint64_t stream, std::uint64_t number, std::size_t longest) {
    const auto datagram = make_datagram(stream, number, longest);
    if (::send(socket, datagram.data(), datagram.size(), 0) < 0) {
        fail("send datagram " + std::to_string(number));
    }
}

void send_datagrams(const Fd& from, const Fd& to, std::uint64_t stream, unsigned count,
                    std::size_t longest) {
    for (unsigned first = 0; first < count; first += window) {
        std::set<std::uint64_t> awaited;
        for (unsigned number = first; number < std::min(first + window, count); number++) {
            send_datagram(from.get(), stream, number, longest);
            awaited.insert(number);
        }
        while (!awaited.empty()) {
            const std::uint64_t number = receive_datagram(to.get(), stream, longest);
            if (awaited.erase(number) == 0) {
                throw Error("transfer", "await datagram " + std::to_string(number), EBADMSG,
                            "it came twice");
            }
        }
    }
}

} // namespace

void fill_pattern(std::span<std::byte> bytes, std::uint64_t stream, std::uint64_t offset) {
    std::uint64_t word = 0;
    bool fresh = true;
    for (std::byte& byte : bytes) {
        if (fresh || offset % 8 == 0) {
            word = mix(stream * 0x100000001b3 + offset / 8);
            fresh = false;
        }
        byte = static_cast<std::byte>(word >> (offset % 8 * 8));
        offset++;
    }
}

void send_stream(int socket, std::uint64_t stream, std::uint64_t bytes) {
    std::vector<std::byte> buffer(block);
    for (std::uint64_t offset = 0; offset < bytes;) {
        // Pieces of all sizes, so that segments of all sizes travel.
        const auto size = std::min<std::uint64_t>({1 + mix(offset) % block, bytes - offset});
        const std::span piece(buffer.data(), size);
        fill_pattern(piece, stream, offset);
        for (std::size_t done = 0; done < size;) {
            const ssize_t sent = ::send(socket, piece.data() + done, size - done, MSG_NOSIGNAL);
            if (sent <= 0) {
                fail("send at byte " + std::to_string(offset + done));
            }
            done += static_cast<std::size_t>(sent);
        }
        offset += size;
    }
}

void receive_stream(int socket, std::uint64_t stream, std::uint64_t bytes) {
    std::vector<std::byte> buffer(block);
    for (std::uint64_t offset = 0; offset < bytes;) {
        const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            fail("receive at byte " + std::to_string(offset));
        }
        const auto size = static_cast<std::size_t>(got);
        expect_pattern(std::span(buffer).first(size), stream, offset);
        offset += size;
    }
}

void exchange_tcp(const Party& a, const Party& b, std::uint64_t bytes) {
    constexpr std::uint64_t from_a = 1;
    constexpr std::uint64_t from_b = 2;
    const Fd listener = open_socket(b, SOCK_STREAM);
    if (::listen(listener.get(), 1) != 0) {
        fail("listen");
    }
    const Fd at_a = open_socket(a, SOCK_STREAM);
    connect_to(at_a, listener);
    const Fd at_b(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!at_b) {
        fail("accept");
    }
    std::array parts{
        std::async(std::launch::async, send_stream, at_a.get(), from_a, bytes),
        std::async(std::launch::async, send_stream, at_b.get(), from_b, bytes),
        std::async(std::launch::async, receive_stream, at_a.get(), from_b, bytes),
        std::async(std::launch::async, receive_stream, at_b.get(), from_a, bytes),
    };
    for (auto& part : parts) {
        part.get();
    }
}

void exchange_udp(const Party& a, const Party& b, unsigned count, std::size_t longest) {
    const Fd at_a = open_socket(a, SOCK_DGRAM);
    const Fd at_b = open_socket(b, SOCK_DGRAM);
    connect_to(at_a, at_b);
    connect_to(at_b, at_a);
    send_datagrams(at_a, at_b, 1, count, longest);
    send_datagrams(at_b, at_a, 2, count, longest);
}

void step_udp(const Party& a, const Party& b, unsigned count) {
    constexpr std::size_t longest = 64;
    const Fd at_a = open_socket(a, SOCK_DGRAM);
    const Fd at_b = open_socket(b, SOCK_DGRAM);
    connect_to(at_a, at_b);
    for (unsigned number = 0; number < count; number++) {
        send_datagram(at_a.get(), 1, number, longest);
        if (receive_datagram(at_b.get(), 1, longest) != number) {
            throw Error("transfer", "await datagram " + std::to_string(number), EBADMSG,
                        "another one came");
        }
    }
}

void trickle_udp(const Party& a, const Party& b, unsigned count,
                 std::chrono::microseconds interval) {
    constexpr std::size_t longest = 64;
    const Fd at_a = open_socket(a, SOCK_DGRAM);
    const Fd at_b = open_socket(b, SOCK_DGRAM);
    connect_to(at_a, at_b);
    // While an address is being resolved, packets wait for it in a row that drops the
    // first ones: one goes ahead.
    send_datagram(at_a.get(), 0, 0, longest);
    receive_datagram(at_b.get(), 0, longest);
    auto received = std::async(std::launch::async, [&] {
        for (unsigned number = 0; number < count; number++) {
            if (receive_datagram(at_b.get(), 1, longest) != number) {
                throw Error("transfer", "await datagram " + std::to_string(number), EBADMSG,
                            "another one came");
            }
        }
    });
    auto due = std::chrono::steady_clock::now();
    for (unsigned number = 0; number < count; number++) {
        std::this_thread::sleep_until(due += interval);
        send_datagram(at_a.get(), 1, number, longest);
    }
    received.get();
}

} // namespace vcoal::test
