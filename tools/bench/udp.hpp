// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/socket.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace vcoal::bench {

/// Frames of 64 bytes, Ethernet header included and checksum not, one at a time.
struct UdpLoad {
    double packets_per_s = 0;
    std::chrono::nanoseconds duration{0};
    /// The receiver does not interrupt whoever wakes it (SCHED_BATCH). Without, the
    /// scheduler decides, and an interrupted thread pays for two switches.
    bool patient_receiver = false;
};

struct UdpResult {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    /// From the first packet sent to the last.
    std::chrono::nanoseconds elapsed{0};
    /// Processor time of the thread that sent them.
    std::chrono::nanoseconds sender_time{0};
    /// Of every packet received, from send() to recv() in microseconds.
    std::vector<double> latencies;

    double mbit_s() const noexcept;
    double packets_per_s() const noexcept;
};

/// Sends at a fixed rate: every packet has its time, and what is late goes at once.
/// Returns when all have arrived or none came for a while.
UdpResult run_udp(const End& from, const End& to, const UdpLoad& load);

} // namespace vcoal::bench
