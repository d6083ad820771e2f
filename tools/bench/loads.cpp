// SPDX-License-Identifier: GPL-2.0-only
#include "bench/loads.hpp"

#include "bench/child.hpp"
#include "bench/parse.hpp"
#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

namespace vcoal::bench {
namespace {

constexpr unsigned iperf_port = 5201;
constexpr unsigned sockperf_port = 11111;
/// The shortest message sockperf sends.
constexpr unsigned message_bytes = 14;
constexpr std::chrono::seconds patience{30};

/// Does a socket of the namespace have the port? @p protocol as in /proc/net.
bool bound(const End& end, const char* protocol, unsigned port) {
    const InNetNs inside(end.netns);
    std::ifstream sockets(std::string("/proc/thread-self/net/") + protocol);
    for (std::string line; std::getline(sockets, line);) {
        unsigned local = 0;
        if (std::sscanf(line.c_str(), " %*u: %*x:%x", &local) == 1 && local == port) {
            return true;
        }
    }
    return false;
}

void await_bound(const End& end, const char* program, const char* protocol, unsigned port) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!bound(end, protocol, port)) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw Error(program, "wait until it serves " + end.address, ETIMEDOUT);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

std::chrono::milliseconds limit(unsigned seconds) {
    return std::chrono::seconds(seconds) + patience;
}

} // namespace

struct Servers::Children {
    explicit Children(const End& end)
        : iperf({"iperf3", "--server", "--version4", "--bind", end.address, "--port",
                 std::to_string(iperf_port)},
                &end.netns, Errors::output),
          sockperf({"sockperf", "server", "--no-rdtsc", "-i", end.address, "-p",
                    std::to_string(sockperf_port)},
                   &end.netns, Errors::output) {
        await_bound(end, "iperf3", "tcp", iperf_port);
        await_bound(end, "sockperf", "udp", sockperf_port);
    }

    Child iperf;
    Child sockperf;
};

Servers::Servers(const End& end) : children_(std::make_unique<Children>(end)) {
}
Servers::Servers(Servers&&) noexcept = default;
Servers::~Servers() = default;

LoadResult run_tcp(const End& from, const End& to, unsigned seconds) {
    const Child::End end =
        Child({"iperf3", "--client", to.address, "--port", std::to_string(iperf_port), "--time",
               std::to_string(seconds), "--json"},
              &from.netns, Errors::output)
            .finish(limit(seconds));
    // A failure is told in the report itself.
    return {parse_iperf(end.output).mbit_s, std::nullopt, 0};
}

LoadResult run_requests(const End& from, const End& to, unsigned seconds) {
    const SockperfResult result =
        parse_sockperf(run_program({"sockperf", "ping-pong", "--no-rdtsc", "-i", to.address, "-p",
                                    std::to_string(sockperf_port), "-t", std::to_string(seconds),
                                    "-m", std::to_string(message_bytes), "--full-rtt"},
                                   &from.netns, limit(seconds)));
    // One way, with the headers of Ethernet, IPv4 and UDP.
    constexpr double bits = 8.0 * (message_bytes + 14 + 20 + 8);
    const double rate = static_cast<double>(result.observations) / result.seconds;
    return {bits * rate / 1e6, result.latency, result.dropped};
}

} // namespace vcoal::bench
