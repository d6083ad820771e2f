// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_device.hpp"

#include <limits>

namespace vcoal::test {

constexpr std::uint32_t any_frames = std::numeric_limits<std::uint32_t>::max();

/// A vring that runs, of a guest that does not coalesce by itself, and for which the host
/// has set nothing.
inline HostQueue idle_queue(unsigned index) {
    HostQueue queue;
    queue.index = index;
    queue.flags = VHN_NL_QUEUE_F_RUNNING;
    queue.size = 256;
    queue.limit = {any_frames, 1000000};
    return queue;
}

/// Opened by root's qemu.
inline HostFile file_of(std::uint32_t id, std::uint32_t pid, std::uint32_t ifindex,
                        const std::string& ifname, std::uint64_t netns = 1) {
    HostFile file;
    file.id = id;
    file.pid = pid;
    file.uid = 0;
    file.comm = "qemu";
    if (ifindex != 0) {
        file.ifindex = ifindex;
        file.ifname = ifname;
        file.netns = netns;
    }
    file.queues = {idle_queue(VHN_VRING_RX), idle_queue(VHN_VRING_TX)};
    return file;
}

} // namespace vcoal::test
