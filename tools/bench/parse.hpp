// SPDX-License-Identifier: GPL-2.0-only
//
// What other programs print, as numbers. Each function throws Error, naming the
// program, on text it does not know.
#pragma once

#include "bench/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vcoal::bench {

/// A client's report of one TCP stream.
struct IperfResult {
    /// Payload, as the receiver counted it.
    double mbit_s = 0;
    std::uint64_t retransmits = 0;
};
/// Reads the output of `iperf3 --json`.
IperfResult parse_iperf(const std::string& text);

/// A client's report of requests and responses.
struct SockperfResult {
    std::uint64_t observations = 0;
    std::uint64_t dropped = 0;
    /// How long it observed.
    double seconds = 0;
    Latency latency;
};
/// Reads the output of `sockperf ping-pong --full-rtt`.
SockperfResult parse_sockperf(const std::string& text);

/// A notification and the expiry of the timer that caused it.
struct Wake {
    unsigned dev = 0;
    unsigned vq = 0;
    double microseconds = 0;
};
/// Reads a trace buffer with the events vhn_timer_fire, vhn_notify and vhn_suppress.
/// Throws Error also when the kernel lost events.
std::vector<Wake> parse_wakes(const std::string& text);

} // namespace vcoal::bench
