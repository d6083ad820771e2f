// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/metrics.hpp"

#include "vcoal/printable.hpp"

#include <array>
#include <fmt/format.h>

namespace vcoal {
namespace {

struct Counter {
    const char* name;
    const char* unit;
    const char* help;
    std::uint64_t HostCounters::*value;
};

constexpr std::array counters{
    Counter{"vcoal_packets", "", "Packets delivered to the guest (rx) or taken from it (tx)",
            &HostCounters::packets},
    Counter{"vcoal_payload_bytes", "bytes", "Their bytes, without the virtio header",
            &HostCounters::bytes},
    Counter{"vcoal_kicks", "", "Notifications by the guest", &HostCounters::kicks},
    Counter{"vcoal_spurious_kicks", "", "Notifications by the guest that found nothing new",
            &HostCounters::spurious_kicks},
    Counter{"vcoal_notifications_by_count", "",
            "Notifications of the guest because enough packets were pending",
            &HostCounters::notify_count},
    Counter{"vcoal_notifications_by_timer", "",
            "Notifications of the guest because the time had passed", &HostCounters::notify_timer},
    Counter{"vcoal_notifications_immediate", "",
            "Notifications of the guest by a queue that does not coalesce",
            &HostCounters::notify_immediate},
    Counter{"vcoal_notifications_by_flush", "",
            "Notifications of the guest so that neither side waits for the other",
            &HostCounters::notify_flush},
    Counter{"vcoal_notifications_suppressed", "", "Notifications due that the guest did not want",
            &HostCounters::suppressed},
    Counter{"vcoal_drops_malformed", "", "Descriptors or headers that cannot be a packet",
            &HostCounters::drop_malformed},
    Counter{"vcoal_drops_truncated", "", "Packets longer than the guest's buffers",
            &HostCounters::drop_truncated},
    Counter{"vcoal_drops_backend", "", "Packets that the interface refused",
            &HostCounters::drop_backend},
    Counter{"vcoal_filtered_unicast", "", "Packets to another address",
            &HostCounters::drop_unicast},
    Counter{"vcoal_filtered_multicast", "", "Packets to a group that the guest is not in",
            &HostCounters::drop_multicast},
    Counter{"vcoal_filtered_broadcast", "", "Broadcasts that the guest does not want",
            &HostCounters::drop_broadcast},
    Counter{"vcoal_filtered_vlan", "", "Packets of a VLAN that the guest is not in",
            &HostCounters::drop_vlan},
    Counter{"vcoal_filtered_oversize", "", "Packets longer than the MTU",
            &HostCounters::drop_oversize},
    Counter{"vcoal_requests_refused", "", "Parameters refused because of limit or lock",
            &HostCounters::refused},
    Counter{"vcoal_stalls", "", "Times that something was left lying and set going again",
            &HostCounters::stalls},
};

std::string seconds(std::uint32_t usecs) {
    return fmt::format("{}.{:06}", usecs / 1000000, usecs % 1000000);
}

std::string flag(bool value) {
    return value ? "1" : "0";
}

struct Gauge {
    const char* name;
    const char* unit;
    const char* help;
    std::string (*value)(const HostQueue&);
};

constexpr std::array gauges{
    Gauge{"vcoal_pending_packets", "", "Packets published and not yet notified",
          [](const HostQueue& queue) { return std::to_string(queue.pending); }},
    Gauge{"vcoal_effective_delay_seconds", "seconds", "Longest delay in force; 0: none",
          [](const HostQueue& queue) { return seconds(queue.effective.usecs); }},
    Gauge{"vcoal_effective_frames", "", "Packets that end the delay, in force",
          [](const HostQueue& queue) { return std::to_string(queue.effective.packets); }},
    Gauge{"vcoal_host_delay_seconds", "seconds", "Longest delay, default of the host",
          [](const HostQueue& queue) { return seconds(queue.host.usecs); }},
    Gauge{"vcoal_host_frames", "", "Packets that end the delay, default of the host",
          [](const HostQueue& queue) { return std::to_string(queue.host.packets); }},
    Gauge{"vcoal_limit_delay_seconds", "seconds", "Longest delay that may come into force",
          [](const HostQueue& queue) { return seconds(queue.limit.usecs); }},
    Gauge{"vcoal_limit_frames", "", "Most packets that a delay may gather",
          [](const HostQueue& queue) { return std::to_string(queue.limit.packets); }},
    Gauge{"vcoal_guest_decides", "", "1: the guest's parameters are in force, 0: the host's",
          [](const HostQueue& queue) { return flag(queue.by_guest()); }},
    Gauge{"vcoal_guest_locked", "", "1: the guest may not change parameters",
          [](const HostQueue& queue) { return flag(queue.locked()); }},
    Gauge{"vcoal_queue_running", "", "1: the ring is served",
          [](const HostQueue& queue) { return flag(queue.running()); }},
    Gauge{"vcoal_queue_broken", "", "1: the ring made no sense and is left alone",
          [](const HostQueue& queue) { return flag(queue.broken()); }},
};

/// As it stands between quotation marks.
std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : printable(text)) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result;
}

std::string head(const char* name, const char* type, const std::string& unit, const char* help) {
    return fmt::format("# TYPE {} {}\n", name, type) +
           (unit.empty() ? "" : fmt::format("# UNIT {} {}\n", name, unit)) +
           fmt::format("# HELP {} {}.\n", name, help);
}

/// One sample for each vring.
template <typename Value>
std::string samples(const std::vector<HostDevice>& devices, const std::string& name, Value value) {
    std::string text;
    for (const HostDevice& device : devices) {
        for (std::size_t number = 0; number < device.files.size(); number++) {
            const HostFile& file = device.files.at(number);
            for (const HostQueue& queue : file.queues) {
                text += fmt::format("{}{{id=\"{}\",netdev=\"{}\",queue=\"{}\",direction=\"{}\"}} "
                                    "{}\n",
                                    name, file.id, escaped(file.ifname), number,
                                    direction_name(queue.index), value(queue));
            }
        }
    }
    return text;
}

} // namespace

std::string format_metrics(const std::vector<HostDevice>& devices) {
    std::string text = head("vcoal_devices", "gauge", "", "Devices that this host has") +
                       fmt::format("vcoal_devices {}\n", devices.size());
    for (const Counter& counter : counters) {
        text += head(counter.name, "counter", counter.unit, counter.help);
        text += samples(devices, std::string(counter.name) + "_total", [&](const HostQueue& queue) {
            return std::to_string(queue.counters.*counter.value);
        });
    }
    for (const Gauge& gauge : gauges) {
        text += head(gauge.name, "gauge", gauge.unit, gauge.help);
        text += samples(devices, gauge.name, gauge.value);
    }
    return text + "# EOF\n";
}

} // namespace vcoal
