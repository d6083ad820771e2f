// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host_json.hpp"

#include "vcoal/features.hpp"

#include <algorithm>
#include <cmath>

namespace vcoal {
namespace {

template <typename T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

/// The members that tell who and where, without a number.
Json owner_and_interface(const HostIdentity& identity) {
    Json interface;
    if (identity.ifindex) {
        interface = {{"name", identity.ifname},
                     {"index", *identity.ifindex},
                     {"netns", or_null(identity.netns)}};
    }
    return {
        {"owner",
         {{"pid", or_null(identity.pid)}, {"uid", or_null(identity.uid)}, {"comm", identity.comm}}},
        {"interface", interface}};
}

Json queue_of(const HostFile& file, std::size_t number) {
    Json json{{"queue", number}, {"id", file.id}, {"features", feature_names(file.features)}};
    for (const HostQueue& queue : file.queues) {
        json[direction_name(queue.index)] = to_json(queue);
    }
    return json;
}

Json to_json(const HostEventQueue& queue) {
    Json json{{"direction", direction_name(queue.index)}};
    const auto add = [&json](const char* name, const std::optional<HostParams>& params) {
        if (params) {
            json[name] = to_json(*params);
        }
    };
    add("effective", queue.effective);
    add("requested", queue.requested);
    add("after_queue_reset", queue.direction);
    add("host", queue.host);
    add("limit", queue.limit);
    if (queue.flags) {
        json["by_guest"] = (*queue.flags & VHN_NL_QUEUE_F_GUEST) != 0;
        json["locked"] = (*queue.flags & VHN_NL_QUEUE_F_LOCKED) != 0;
    }
    return json;
}

const char* source_name(vhn_nl_source source) {
    switch (source) {
    case VHN_NL_SOURCE_GUEST:
        return "guest";
    case VHN_NL_SOURCE_VMM:
        return "vmm";
    default:
        return "host";
    }
}

} // namespace

std::optional<double> notifications_per_1000(const HostCounters& counters) {
    if (counters.packets == 0) {
        return std::nullopt;
    }
    const double exact = 1000.0 * static_cast<double>(counters.notifications()) /
                         static_cast<double>(counters.packets);
    return std::round(exact * 10) / 10;
}

Json to_json(const HostParams& params) {
    return {{"max_packets", params.packets}, {"max_usecs", params.usecs}};
}

Json to_json(const HostCounters& counters) {
    return {{"packets", counters.packets},
            {"bytes", counters.bytes},
            {"kicks", counters.kicks},
            {"spurious_kicks", counters.spurious_kicks},
            {"notifications",
             {{"total", counters.notifications()},
              {"per_1000_packets", or_null(notifications_per_1000(counters))},
              {"count", counters.notify_count},
              {"timer", counters.notify_timer},
              {"immediate", counters.notify_immediate},
              {"flush", counters.notify_flush}}},
            {"suppressed", counters.suppressed},
            {"drops",
             {{"malformed", counters.drop_malformed},
              {"truncated", counters.drop_truncated},
              {"backend", counters.drop_backend},
              {"unicast", counters.drop_unicast},
              {"multicast", counters.drop_multicast},
              {"broadcast", counters.drop_broadcast},
              {"vlan", counters.drop_vlan},
              {"oversize", counters.drop_oversize}}},
            {"refused", counters.refused},
            {"stalls", counters.stalls}};
}

Json to_json(const HostQueue& queue) {
    return {{"running", queue.running()},
            {"broken", queue.broken()},
            {"ring_size", queue.size},
            {"effective", to_json(queue.effective)},
            {"requested", to_json(queue.requested)},
            {"after_queue_reset", to_json(queue.direction)},
            {"host", to_json(queue.host)},
            {"limit", to_json(queue.limit)},
            {"by_guest", queue.by_guest()},
            {"locked", queue.locked()},
            {"pending", queue.pending},
            {"counters", to_json(queue.counters)}};
}

Json to_json(const HostDevice& device) {
    Json ids = Json::array();
    Json queues = Json::array();
    for (const HostFile& file : device.files) {
        ids.push_back(file.id);
        queues.push_back(queue_of(file, queues.size()));
    }
    Json json{{"ids", ids}};
    json.update(owner_and_interface(device.identity()));
    json["queues"] = queues;
    return json;
}

Json to_json(const HostDefaults& defaults) {
    Json json;
    for (unsigned index = 0; index < VHN_NR_VRINGS; index++) {
        const HostQueueDefaults& queue = defaults.queues.at(index);
        json[direction_name(index)] = {{"host", to_json(queue.host)},
                                       {"limit", to_json(queue.limit)},
                                       {"locked", queue.locked}};
    }
    return json;
}

Json identity_json(const HostIdentity& identity) {
    Json json{{"id", identity.id}};
    json.update(owner_and_interface(identity));
    return json;
}

const char* event_name(HostEventKind kind) {
    switch (kind) {
    case HostEventKind::added:
        return "added";
    case HostEventKind::removed:
        return "removed";
    case HostEventKind::changed:
        return "changed";
    case HostEventKind::refused:
        return "refused";
    case HostEventKind::stalled:
        return "stalled";
    default:
        return "lost";
    }
}

Json to_json(const HostEvent& event) {
    Json json{{"event", event_name(event.kind)}};
    if (event.file) {
        json.update(identity_json(*event.file));
    }
    if (!event.queues.empty()) {
        Json queues = Json::array();
        std::ranges::transform(event.queues, std::back_inserter(queues),
                               [](const HostEventQueue& queue) { return to_json(queue); });
        json["queues"] = queues;
    }
    if (event.by) {
        json["by"] = {{"source", source_name(event.by->source)},
                      {"pid", or_null(event.by->pid)},
                      {"uid", or_null(event.by->uid)},
                      {"comm", event.by->comm}};
    }
    return json;
}

} // namespace vcoal
