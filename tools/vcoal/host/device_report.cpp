// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host/device_report.hpp"

#include "vcoal/features.hpp"
#include "vcoal/host/quantity.hpp"
#include "vcoal/host/text_table.hpp"
#include "vcoal/host_json.hpp"
#include "vcoal/printable.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>

namespace vcoal {
namespace {

using Align = TextTable::Align;

std::string per_1000(const HostCounters& counters) {
    const auto ratio = notifications_per_1000(counters);
    return ratio ? fmt::format("{:.1f}", *ratio) : "-";
}

std::string short_limit(const HostQueue& queue) {
    const HostParams& limit = queue.limit;
    const bool any = limit.packets == std::numeric_limits<std::uint32_t>::max();
    return fmt::format("{}/{}{}", limit.usecs, any ? "any" : std::to_string(limit.packets),
                       queue.locked() ? " locked" : "");
}

const char* state_of(const HostQueue& queue) {
    if (queue.broken()) {
        return "broken";
    }
    return queue.running() ? "runs" : "stopped";
}

const char* decider(const HostQueue& queue) {
    return queue.by_guest() ? "guest" : "host";
}

std::vector<std::string> cells_of(const HostQueue& queue, std::size_t number) {
    const HostCounters& counters = queue.counters;
    return {fmt::format("{} {}", number, direction_name(queue.index)),
            state_of(queue),
            std::to_string(queue.effective.usecs),
            std::to_string(queue.effective.packets),
            decider(queue),
            short_limit(queue),
            std::to_string(queue.pending),
            std::to_string(counters.packets),
            per_1000(counters),
            std::to_string(counters.notify_count),
            std::to_string(counters.notify_timer),
            std::to_string(counters.notify_immediate),
            std::to_string(counters.notify_flush),
            std::to_string(counters.suppressed)};
}

/// Lines "name  value", indented.
class Block {
public:
    explicit Block(unsigned indent) : indent_(indent) {}
    void add(const std::string& name, const std::string& value) {
        text_ += fmt::format("{:{}}{:<20}{}\n", "", indent_, name, value);
    }
    void add(const std::string& name, std::uint64_t value) { add(name, std::to_string(value)); }
    const std::string& text() const { return text_; }

private:
    unsigned indent_;
    std::string text_;
};

std::string names_of(std::uint64_t features) {
    return features == 0 ? "none" : fmt::format("{}", fmt::join(feature_names(features), " "));
}

std::string drops(const HostCounters& counters) {
    return fmt::format("malformed {}, truncated {}, back end {}, filtered: unicast {}, multicast "
                       "{}, broadcast {}, vlan {}, oversize {}",
                       counters.drop_malformed, counters.drop_truncated, counters.drop_backend,
                       counters.drop_unicast, counters.drop_multicast, counters.drop_broadcast,
                       counters.drop_vlan, counters.drop_oversize);
}

std::string format_queue(const HostQueue& queue, std::size_t number) {
    const HostCounters& counters = queue.counters;
    Block block(4);
    block.add("state", fmt::format("{}, {} entries", state_of(queue), queue.size));
    block.add("in force",
              fmt::format("{}, by the {}", describe_params(queue.effective), decider(queue)));
    block.add("host default", describe_params(queue.host));
    block.add("guest asked for", describe_params(queue.requested));
    block.add("after queue reset", describe_params(queue.direction));
    block.add("limit",
              describe_limit(queue.limit) + (queue.locked() ? ", the guest is locked out" : ""));
    block.add("pending", fmt::format("{} packets", queue.pending));
    block.add("packets", fmt::format("{}, {} bytes", counters.packets, counters.bytes));
    block.add("notifications",
              fmt::format("{} ({} per 1000 packets): count {}, timer {}, immediate {}, flush {}",
                          counters.notifications(), per_1000(counters), counters.notify_count,
                          counters.notify_timer, counters.notify_immediate, counters.notify_flush));
    block.add("suppressed", counters.suppressed);
    block.add("kicks",
              fmt::format("{}, {} of them for nothing", counters.kicks, counters.spurious_kicks));
    block.add("drops", drops(counters));
    block.add("requests refused", counters.refused);
    block.add("stalls", counters.stalls);
    return fmt::format("  queue {} {}\n{}", number, direction_name(queue.index), block.text());
}

} // namespace

std::string format_devices(const std::vector<HostDevice>& devices) {
    TextTable table({{"id", Align::left},
                     {"owner", Align::left},
                     {"interface", Align::left},
                     {"queue", Align::left},
                     {"state", Align::left},
                     {"usecs", Align::right},
                     {"frames", Align::right},
                     {"by", Align::left},
                     {"limit", Align::left},
                     {"pending", Align::right},
                     {"packets", Align::right},
                     {"per 1000", Align::right},
                     {"count", Align::right},
                     {"timer", Align::right},
                     {"immediate", Align::right},
                     {"flush", Align::right},
                     {"suppressed", Align::right}});
    for (const HostDevice& device : devices) {
        const HostIdentity& identity = device.identity();
        std::vector<std::string> row{device_ids(device), describe_owner(identity),
                                     identity.ifindex ? printable(identity.ifname) : "-"};
        for (std::size_t number = 0; number < device.files.size(); number++) {
            for (const HostQueue& queue : device.files.at(number).queues) {
                const auto cells = cells_of(queue, number);
                row.insert(row.end(), cells.begin(), cells.end());
                table.add(std::exchange(row, {"", "", ""}));
            }
        }
    }
    return table.format();
}

std::string format_device(const HostDevice& device) {
    const HostIdentity& identity = device.identity();
    Block block(2);
    block.add("owner", describe_owner(identity));
    if (identity.uid) {
        block.add("user", fmt::format("uid {}", *identity.uid));
    }
    block.add("interface",
              identity.ifindex
                  ? fmt::format("{} (index {})", printable(identity.ifname), *identity.ifindex)
                  : "none: not connected");
    if (identity.netns) {
        block.add("network namespace", *identity.netns);
    }
    block.add("features", names_of(device.files.front().features));
    std::string text = device_label(device) + "\n" + block.text();
    for (std::size_t number = 0; number < device.files.size(); number++) {
        for (const HostQueue& queue : device.files.at(number).queues) {
            text += format_queue(queue, number);
        }
    }
    return text;
}

std::string describe_no_devices(bool everybodys) {
    return fmt::format("There is no device{}. Start a guest whose VMM opens /dev/vhost-net-coal "
                       "(QEMU: -netdev tap,...,vhost=on,vhostfd=N), or try `vcoal pair`.\n",
                       everybodys ? "" : " of yours; those of other users are root's to see");
}

} // namespace vcoal
