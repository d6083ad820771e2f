// SPDX-License-Identifier: GPL-2.0-only
#include "qemu/paced_udp.hpp"

#include "bench/socket.hpp"
#include "vcoal/error.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <thread>

namespace vcoal::test {
namespace {

/// Without Ethernet, IPv4 and UDP headers.
constexpr std::size_t payload_bytes = 64 - 14 - 20 - 8;

} // namespace

void send_paced_udp(const std::string& address, std::uint16_t port, unsigned count, unsigned rate) {
    using Clock = std::chrono::steady_clock;
    const NetNs here = NetNs::current();
    const bench::End to{here, address};
    const Fd socket = bench::make_connected(to, to, SOCK_DGRAM, port);
    constexpr std::array<std::byte, payload_bytes> payload{};
    // Sleep until the time itself, not until a time convenient to the kernel.
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    const auto start = Clock::now();
    for (std::uint64_t i = 0; i < count; i++) {
        std::this_thread::sleep_until(start + std::chrono::nanoseconds(i * 1'000'000'000 / rate));
        if (::send(socket.get(), payload.data(), payload.size(), 0) < 0 && errno != ECONNREFUSED) {
            throw Error("UDP to " + address, "send", errno);
        }
    }
}

} // namespace vcoal::test
