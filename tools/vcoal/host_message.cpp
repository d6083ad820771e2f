// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/host_message.hpp"

#include "vcoal/netlink_attribute.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>

namespace vcoal {
namespace {

constexpr std::uint8_t version = VHN_NL_VERSION;

/// Where each counter goes.
constexpr std::array<std::uint64_t HostCounters::*, VHN_NL_COUNTER_PAD> counters{
    nullptr,
    &HostCounters::packets,
    &HostCounters::bytes,
    &HostCounters::kicks,
    &HostCounters::spurious_kicks,
    &HostCounters::notify_count,
    &HostCounters::notify_timer,
    &HostCounters::notify_immediate,
    &HostCounters::notify_flush,
    &HostCounters::suppressed,
    &HostCounters::drop_malformed,
    &HostCounters::drop_truncated,
    &HostCounters::drop_backend,
    &HostCounters::refused,
    &HostCounters::drop_unicast,
    &HostCounters::drop_multicast,
    &HostCounters::drop_broadcast,
    &HostCounters::drop_vlan,
    &HostCounters::drop_oversize,
    &HostCounters::stalls,
};

/// What has to be in every message of its kind.
template <typename T>
T there(const std::optional<T>& value, const char* what) {
    if (!value) {
        refuse_message(fmt::format("{} is missing", what));
    }
    return *value;
}

void put_params(nlmsghdr* request, std::uint16_t type, const HostParamsChange& change) {
    nlattr* nest = mnl_attr_nest_start(request, type);
    if (change.packets) {
        mnl_attr_put_u32(request, VHN_NL_PARAMS_PACKETS, *change.packets);
    }
    if (change.usecs) {
        mnl_attr_put_u32(request, VHN_NL_PARAMS_USECS, *change.usecs);
    }
    mnl_attr_nest_end(request, nest);
}

void put_queue(nlmsghdr* request, std::uint32_t index, const HostQueueChange& change) {
    nlattr* nest = mnl_attr_nest_start(request, VHN_NL_FILE_QUEUE);
    mnl_attr_put_u32(request, VHN_NL_QUEUE_INDEX, index);
    if (!change.host.empty()) {
        put_params(request, VHN_NL_QUEUE_HOST, change.host);
    }
    if (!change.limit.empty()) {
        put_params(request, VHN_NL_QUEUE_LIMIT, change.limit);
    }
    if (change.locked) {
        mnl_attr_put_u32(request, VHN_NL_QUEUE_FLAGS, *change.locked ? VHN_NL_QUEUE_F_LOCKED : 0);
    }
    mnl_attr_nest_end(request, nest);
}

HostParams parse_params(const NetlinkAttribute& nest) {
    std::optional<std::uint32_t> packets;
    std::optional<std::uint32_t> usecs;
    for (const NetlinkAttribute& attribute : nest.nested()) {
        if (attribute.type == VHN_NL_PARAMS_PACKETS) {
            packets = attribute.u32();
        } else if (attribute.type == VHN_NL_PARAMS_USECS) {
            usecs = attribute.u32();
        }
    }
    return {there(packets, "a number of packets"), there(usecs, "a number of microseconds")};
}

HostCounters parse_counters(const NetlinkAttribute& nest) {
    HostCounters values;
    for (const NetlinkAttribute& attribute : nest.nested()) {
        if (attribute.type != VHN_NL_COUNTER_UNSPEC && attribute.type < counters.size()) {
            values.*counters.at(attribute.type) = attribute.u64();
        }
    }
    return values;
}

/// All that a queue's nest can have in it.
struct QueueAttributes : HostEventQueue {
    std::optional<std::uint32_t> size;
    std::optional<std::uint32_t> pending;
    std::optional<HostCounters> counters;
};

void take_attribute(const NetlinkAttribute& attribute, QueueAttributes& queue) {
    switch (attribute.type) {
    case VHN_NL_QUEUE_FLAGS:
        queue.flags = attribute.u32();
        break;
    case VHN_NL_QUEUE_SIZE:
        queue.size = attribute.u32();
        break;
    case VHN_NL_QUEUE_EFFECTIVE:
        queue.effective = parse_params(attribute);
        break;
    case VHN_NL_QUEUE_REQUESTED:
        queue.requested = parse_params(attribute);
        break;
    case VHN_NL_QUEUE_DIRECTION:
        queue.direction = parse_params(attribute);
        break;
    case VHN_NL_QUEUE_HOST:
        queue.host = parse_params(attribute);
        break;
    case VHN_NL_QUEUE_LIMIT:
        queue.limit = parse_params(attribute);
        break;
    case VHN_NL_QUEUE_PENDING:
        queue.pending = attribute.u32();
        break;
    case VHN_NL_QUEUE_COUNTERS:
        queue.counters = parse_counters(attribute);
        break;
    default:
        break;
    }
}

QueueAttributes parse_queue(const NetlinkAttribute& nest) {
    QueueAttributes queue;
    std::optional<std::uint32_t> index;
    for (const NetlinkAttribute& attribute : nest.nested()) {
        if (attribute.type == VHN_NL_QUEUE_INDEX) {
            index = attribute.u32();
        } else {
            take_attribute(attribute, queue);
        }
    }
    queue.index = there(index, "a queue's index");
    if (queue.index >= VHN_NR_VRINGS) {
        refuse_message(fmt::format("a queue {}", queue.index));
    }
    return queue;
}

HostQueue whole_queue(const QueueAttributes& queue) {
    return {queue.index,
            there(queue.flags, "a queue's flags"),
            there(queue.size, "a queue's size"),
            there(queue.effective, "what is in force"),
            there(queue.requested, "what the guest asked for"),
            there(queue.direction, "what queue reset returns to"),
            there(queue.host, "the host's default"),
            there(queue.limit, "the limit"),
            there(queue.pending, "the number of pending packets"),
            there(queue.counters, "the counters")};
}

HostActor parse_actor(const NetlinkAttribute& nest) {
    HostActor actor;
    std::optional<std::uint32_t> source;
    for (const NetlinkAttribute& attribute : nest.nested()) {
        if (attribute.type == VHN_NL_BY_SOURCE) {
            source = attribute.u32();
        } else if (attribute.type == VHN_NL_BY_PID) {
            actor.pid = attribute.u32();
        } else if (attribute.type == VHN_NL_BY_UID) {
            actor.uid = attribute.u32();
        } else if (attribute.type == VHN_NL_BY_COMM) {
            actor.comm = attribute.string();
        }
    }
    if (there(source, "who it was") > VHN_NL_SOURCE_HOST) {
        refuse_message(fmt::format("source {}", *source));
    }
    actor.source = static_cast<vhn_nl_source>(*source);
    return actor;
}

/// All that the top level of a message can have in it.
struct FileAttributes {
    std::optional<std::uint32_t> id;
    HostIdentity identity;
    std::uint64_t features = 0;
    std::uint64_t backend_features = 0;
    std::vector<QueueAttributes> queues;
    std::optional<HostActor> by;
};

void add_queue(const QueueAttributes& queue, std::vector<QueueAttributes>& queues) {
    if (std::ranges::find(queues, queue.index, &QueueAttributes::index) != queues.end()) {
        refuse_message(fmt::format("queue {} twice", queue.index));
    }
    queues.push_back(queue);
    std::ranges::sort(queues, {}, &QueueAttributes::index);
}

void take_attribute(const NetlinkAttribute& attribute, FileAttributes& file) {
    switch (attribute.type) {
    case VHN_NL_FILE_ID:
        file.id = attribute.u32();
        break;
    case VHN_NL_FILE_PID:
        file.identity.pid = attribute.u32();
        break;
    case VHN_NL_FILE_UID:
        file.identity.uid = attribute.u32();
        break;
    case VHN_NL_FILE_COMM:
        file.identity.comm = attribute.string();
        break;
    case VHN_NL_FILE_IFINDEX:
        file.identity.ifindex = attribute.u32();
        break;
    case VHN_NL_FILE_IFNAME:
        file.identity.ifname = attribute.string();
        break;
    case VHN_NL_FILE_NETNS:
        file.identity.netns = attribute.u64();
        break;
    case VHN_NL_FILE_FEATURES:
        file.features = attribute.u64();
        break;
    case VHN_NL_FILE_BACKEND_FEATURES:
        file.backend_features = attribute.u64();
        break;
    case VHN_NL_FILE_QUEUE:
        add_queue(parse_queue(attribute), file.queues);
        break;
    case VHN_NL_FILE_BY:
        file.by = parse_actor(attribute);
        break;
    default:
        break;
    }
}

FileAttributes parse_attributes(const GenlMessage& message) {
    FileAttributes file;
    for (const NetlinkAttribute& attribute : netlink_attributes(message.attributes)) {
        take_attribute(attribute, file);
    }
    file.identity.id = file.id.value_or(0);
    return file;
}

std::optional<HostEventKind> event_kind(std::uint8_t command) {
    switch (command) {
    case VHN_NL_CMD_ADDED:
        return HostEventKind::added;
    case VHN_NL_CMD_REMOVED:
        return HostEventKind::removed;
    case VHN_NL_CMD_CHANGED:
        return HostEventKind::changed;
    case VHN_NL_CMD_REFUSED:
        return HostEventKind::refused;
    case VHN_NL_CMD_STALLED:
        return HostEventKind::stalled;
    default:
        return std::nullopt;
    }
}

} // namespace

GenlRequest host_get_request(std::uint16_t family, std::optional<std::uint32_t> id) {
    GenlRequest request(family, VHN_NL_CMD_GET, version, id ? NLM_F_ACK : NLM_F_DUMP);
    if (id) {
        mnl_attr_put_u32(request.get(), VHN_NL_FILE_ID, *id);
    }
    return request;
}

GenlRequest host_set_request(std::uint16_t family, const HostChange& change) {
    GenlRequest request(family, VHN_NL_CMD_SET, version, NLM_F_ACK);
    if (change.id) {
        mnl_attr_put_u32(request.get(), VHN_NL_FILE_ID, *change.id);
    }
    for (std::uint32_t index = 0; index < VHN_NR_VRINGS; index++) {
        if (!change.queues.at(index).empty()) {
            put_queue(request.get(), index, change.queues.at(index));
        }
    }
    return request;
}

GenlRequest host_defaults_request(std::uint16_t family) {
    return {family, VHN_NL_CMD_GET_DEFAULTS, version, NLM_F_ACK};
}

HostFile parse_host_file(const GenlMessage& message) {
    const FileAttributes attributes = parse_attributes(message);
    there(attributes.id, "a file's number");
    HostFile file{attributes.identity, attributes.features, attributes.backend_features, {}};
    std::ranges::transform(attributes.queues, std::back_inserter(file.queues), whole_queue);
    return file;
}

HostDefaults parse_host_defaults(const GenlMessage& message) {
    const FileAttributes attributes = parse_attributes(message);
    if (attributes.queues.size() != VHN_NR_VRINGS) {
        refuse_message(fmt::format("defaults of {} queues", attributes.queues.size()));
    }
    HostDefaults defaults;
    for (const QueueAttributes& queue : attributes.queues) {
        const std::uint32_t flags = there(queue.flags, "a queue's flags");
        defaults.queues.at(queue.index) = {there(queue.host, "the host's default"),
                                           there(queue.limit, "the limit"),
                                           (flags & VHN_NL_QUEUE_F_LOCKED) != 0};
    }
    return defaults;
}

std::optional<HostEvent> parse_host_event(const GenlMessage& message) {
    const auto kind = event_kind(message.command);
    if (!kind) {
        return std::nullopt;
    }
    const FileAttributes attributes = parse_attributes(message);
    HostEvent event{*kind, std::nullopt, {}, attributes.by};
    if (attributes.id) {
        event.file = attributes.identity;
    }
    event.queues.assign(attributes.queues.begin(), attributes.queues.end());
    return event;
}

} // namespace vcoal
