// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/top/activity.hpp"

#include <algorithm>
#include <array>

namespace vcoal {
namespace {

/// They begin again at 0 together.
constexpr std::array moving{
    &HostCounters::packets,      &HostCounters::bytes,        &HostCounters::kicks,
    &HostCounters::notify_count, &HostCounters::notify_timer, &HostCounters::notify_immediate,
    &HostCounters::notify_flush, &HostCounters::suppressed,   &HostCounters::stalls};

HostCounters counted(const HostCounters& before, const HostCounters& now) {
    const bool reset =
        std::ranges::any_of(moving, [&](auto counter) { return now.*counter < before.*counter; });
    HostCounters between;
    for (const auto counter : moving) {
        between.*counter = now.*counter - (reset ? 0 : before.*counter);
    }
    return between;
}

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) {
        return std::nullopt;
    }
    return static_cast<double>(part) / static_cast<double>(whole);
}

} // namespace

HostActivity& HostActivity::operator+=(const HostActivity& other) {
    seconds = std::max(seconds, other.seconds);
    for (const auto counter : moving) {
        counted.*counter += other.counted.*counter;
    }
    return *this;
}

std::optional<double> HostActivity::packets_per_notification() const {
    return ratio(counted.packets, counted.notifications());
}

std::optional<double> HostActivity::share(std::uint64_t reason) const {
    return ratio(reason, counted.notifications());
}

std::optional<double> HostActivity::suppressed_share() const {
    return ratio(counted.suppressed, counted.suppressed + counted.notifications());
}

HostActivities activities(const HostSnapshot& before, const HostSnapshot& now) {
    const double seconds = std::chrono::duration<double>(now.time - before.time).count();
    HostActivities found;
    if (seconds <= 0) {
        return found;
    }
    std::map<std::pair<std::uint32_t, unsigned>, const HostCounters*> known;
    for (const HostFile& file : before.files) {
        for (const HostQueue& queue : file.queues) {
            known[{file.id, queue.index}] = &queue.counters;
        }
    }
    for (const HostFile& file : now.files) {
        for (const HostQueue& queue : file.queues) {
            const std::pair id(file.id, queue.index);
            if (const auto then = known.find(id); then != known.end()) {
                found[id] = {seconds, counted(*then->second, queue.counters)};
            }
        }
    }
    return found;
}

} // namespace vcoal
