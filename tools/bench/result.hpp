// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vcoal::bench {

/// From the driver's point of view: rx goes from host to guest.
enum class Direction { rx, tx };

/// What a run carries: 64-byte UDP frames at a fixed rate, one TCP stream as fast as it
/// goes, or one small request at a time.
enum class Load { udp64, tcp, rr };

/// Coalescing parameters; 0/0 is off.
struct Setting {
    unsigned usecs = 0;
    unsigned frames = 0;

    bool off() const noexcept { return usecs == 0 || frames == 0; }
    bool operator==(const Setting&) const = default;
};

/// Notifications of one queue by the reason the device gave.
struct Notifications {
    std::uint64_t total = 0;
    std::uint64_t count = 0;
    std::uint64_t timer = 0;
    std::uint64_t immediate = 0;
    std::uint64_t flush = 0;
    /// Due and not wanted by the driver; not part of the total.
    std::uint64_t suppressed = 0;

    std::uint64_t by_reason() const noexcept { return count + timer + immediate + flush; }
    bool operator==(const Notifications&) const = default;
};

/// Microseconds.
struct Latency {
    double p50 = 0;
    double p99 = 0;

    bool operator==(const Latency&) const = default;
};

/// One measurement of the queue under test.
struct Run {
    Direction direction = Direction::rx;
    Setting setting;
    Load load = Load::udp64;
    std::uint64_t packets = 0;
    /// Between the two readings of the counters.
    double elapsed_us = 0;
    Notifications notifications;
    /// What the transport took from the queue's eventfd in the same time.
    std::uint64_t signals = 0;
    double mbit_s = 0;
    /// One way for udp64, there and back for rr, none for tcp.
    std::optional<Latency> latency;
    /// Frames the load sent that did not arrive (udp64).
    std::uint64_t lost = 0;

    double per_1000_packets() const noexcept;
    bool operator==(const Run&) const = default;
};

/// The table: all runs on a machine with several processors.
struct TablePart {
    std::string kernel;
    std::string accel;
    std::string driver;
    std::string device;
    std::vector<Run> runs;
};

/// Instructions of the worker for each packet, paced, coalescing off.
struct WorkerCost {
    double ours = 0;
    double intree = 0;

    double ratio() const noexcept { return intree > 0 ? ours / intree : 0; }
    bool operator==(const WorkerCost&) const = default;
};

/// Exact figures: a machine whose clock counts instructions.
struct IcountPart {
    std::string kernel;
    double rtt_p99_off_us = 0;
    double rtt_p99_on50_us = 0;
    /// From the timer's expiry to the notification it causes.
    double wake_p99_us = 0;
    WorkerCost rx;
    WorkerCost tx;
    double udp64_5ms_32_per_1000 = 0;
    double udp64_5ms_32_rate = 0;

    /// Both directions together.
    WorkerCost worker() const noexcept {
        return {(rx.ours + tx.ours) / 2, (rx.intree + tx.intree) / 2};
    }
    bool operator==(const IcountPart&) const = default;
};

const char* name(Direction direction) noexcept;
const char* name(Load load) noexcept;
/// As people write it: "off", "50 us/32", "5 ms/32".
std::string name(const Setting& setting);

/// Everything the table measures, in order.
struct Step {
    Direction direction;
    Setting setting;
    Load load;
};
std::vector<Step> plan();

} // namespace vcoal::bench
