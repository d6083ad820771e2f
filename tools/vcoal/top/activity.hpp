// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_file.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace vcoal {

/// The files of this host at one moment.
struct HostSnapshot {
    using Clock = std::chrono::steady_clock;

    Clock::time_point time;
    std::vector<HostFile> files;
};

/// What a vring, or several, did between two moments.
struct HostActivity {
    double seconds = 0;
    /// Of HostCounters what moves with packets; the rest is 0.
    HostCounters counted;

    /// Adds what another did in the same time.
    HostActivity& operator+=(const HostActivity& other);

    double per_second(std::uint64_t count) const { return static_cast<double>(count) / seconds; }
    /// Nothing where no notification was sent.
    std::optional<double> packets_per_notification() const;
    /// Of the notifications sent, those for one reason: 0 to 1; nothing where none was sent.
    std::optional<double> share(std::uint64_t reason) const;
    /// Of the times when one was due, those when the driver did not want it: 0 to 1; nothing
    /// where none was due.
    std::optional<double> suppressed_share() const;
};

/// By number of the file and index of the vring.
using HostActivities = std::map<std::pair<std::uint32_t, unsigned>, HostActivity>;

/// What each vring of @p now did since @p before. Those that were not there before are not
/// there, and none when no time has passed. Of a vring that was reset in between, what it did
/// since.
HostActivities activities(const HostSnapshot& before, const HostSnapshot& now);

} // namespace vcoal
