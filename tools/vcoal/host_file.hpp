// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <cstdint>
#include <linux/vhost_net_coal.h>
#include <linux/vhost_net_coal_nl.h>
#include <optional>
#include <string>
#include <vector>

namespace vcoal {

/// When to notify: after this many packets, or this long after the first of them. One of
/// them 0: every batch.
struct HostParams {
    std::uint32_t packets = 0;
    std::uint32_t usecs = 0;

    bool operator==(const HostParams&) const = default;
};

/// The counters of struct vhn_vring_stats, by its names; 0 where the module has none.
struct HostCounters {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t kicks = 0;
    std::uint64_t spurious_kicks = 0;
    std::uint64_t notify_count = 0;
    std::uint64_t notify_timer = 0;
    std::uint64_t notify_immediate = 0;
    std::uint64_t notify_flush = 0;
    std::uint64_t suppressed = 0;
    std::uint64_t drop_malformed = 0;
    std::uint64_t drop_truncated = 0;
    std::uint64_t drop_backend = 0;
    std::uint64_t refused = 0;
    std::uint64_t drop_unicast = 0;
    std::uint64_t drop_multicast = 0;
    std::uint64_t drop_broadcast = 0;
    std::uint64_t drop_vlan = 0;
    std::uint64_t drop_oversize = 0;
    std::uint64_t stalls = 0;

    /// Notifications sent: the sum of the four reasons.
    std::uint64_t notifications() const {
        return notify_count + notify_timer + notify_immediate + notify_flush;
    }
};

/// A vring of a file.
struct HostQueue {
    /// VHN_VRING_*
    unsigned index = 0;
    /// VHN_NL_QUEUE_F_*
    std::uint32_t flags = 0;
    /// Entries of the ring.
    std::uint32_t size = 0;
    HostParams effective;
    HostParams requested;
    HostParams direction;
    HostParams host;
    HostParams limit;
    std::uint32_t pending = 0;
    HostCounters counters;

    bool locked() const { return (flags & VHN_NL_QUEUE_F_LOCKED) != 0; }
    bool by_guest() const { return (flags & VHN_NL_QUEUE_F_GUEST) != 0; }
    bool running() const { return (flags & VHN_NL_QUEUE_F_RUNNING) != 0; }
    bool broken() const { return (flags & VHN_NL_QUEUE_F_BROKEN) != 0; }
};

/// Who owns a file, and what it is connected to.
struct HostIdentity {
    std::uint32_t id = 0;
    /// Not there where they cannot be seen from here.
    std::optional<std::uint32_t> pid;
    std::optional<std::uint32_t> uid;
    /// Any bytes: the owner chooses it.
    std::string comm;
    /// Not there without back end.
    std::optional<std::uint32_t> ifindex;
    std::string ifname;
    std::optional<std::uint64_t> netns;
};

/// An open /dev/vhost-net-coal.
struct HostFile : HostIdentity {
    std::uint64_t features = 0;
    std::uint64_t backend_features = 0;
    /// By index, each at most once.
    std::vector<HostQueue> queues;
};

/// What a vring of a file opened later begins with.
struct HostQueueDefaults {
    HostParams host;
    HostParams limit;
    bool locked = false;
};

struct HostDefaults {
    /// By VHN_VRING_*.
    std::array<HostQueueDefaults, VHN_NR_VRINGS> queues;
};

/// What is not there is left as it is.
struct HostParamsChange {
    std::optional<std::uint32_t> packets;
    std::optional<std::uint32_t> usecs;

    bool empty() const { return !packets && !usecs; }
};

struct HostQueueChange {
    HostParamsChange host;
    /// 0: the built-in limit.
    HostParamsChange limit;
    std::optional<bool> locked;

    bool empty() const { return host.empty() && limit.empty() && !locked; }
};

struct HostChange {
    /// One file; without it all, and those opened later.
    std::optional<std::uint32_t> id;
    /// By VHN_VRING_*.
    std::array<HostQueueChange, VHN_NR_VRINGS> queues;
};

enum class HostEventKind {
    added,
    removed,
    changed,
    refused,
    stalled,
    /// There were more than the socket could hold: what is known of the files is stale.
    lost,
};

/// A vring in an event, which has of it only what the event is about.
struct HostEventQueue {
    unsigned index = 0;
    std::optional<std::uint32_t> flags;
    std::optional<HostParams> effective;
    std::optional<HostParams> requested;
    std::optional<HostParams> direction;
    std::optional<HostParams> host;
    std::optional<HostParams> limit;
};

/// Who changed parameters, or was refused.
struct HostActor {
    vhn_nl_source source = VHN_NL_SOURCE_GUEST;
    std::optional<std::uint32_t> pid;
    std::optional<std::uint32_t> uid;
    std::string comm;
};

struct HostEvent {
    HostEventKind kind = HostEventKind::lost;
    /// Nothing where it is about what files opened later begin with.
    std::optional<HostIdentity> file;
    std::vector<HostEventQueue> queues;
    std::optional<HostActor> by;
};

} // namespace vcoal
