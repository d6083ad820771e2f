// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/hist/histogram.hpp"
#include "vcoal/host_device.hpp"
#include "vcoal/json.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vcoal {

/// What was seen of a vring.
struct QueueHistograms {
    /// Number of the open file.
    std::uint32_t file = 0;
    /// VHN_VRING_*
    std::uint32_t vring = 0;
    std::uint64_t suppressed = 0;
    /// Nanoseconds.
    Histogram hold;
    /// Per notification.
    Histogram packets;
};

struct HistReport {
    double seconds = 0;
    /// Batches of queues that could not be watched.
    std::uint64_t missed = 0;
    std::vector<QueueHistograms> queues;
    /// Those that were there at the beginning or at the end.
    std::vector<HostDevice> devices;
};

Json to_json(const HistReport& report);

/// Tables with bars.
std::string draw(const HistReport& report);

} // namespace vcoal
