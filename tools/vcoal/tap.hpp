// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/netdev.hpp"

#include <linux/if_tun.h>
#include <string>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

namespace vcoal {

/// How a tap is opened.
struct TapOptions {
    /// A name, or a pattern like "vcoal%d".
    std::string name = "vcoal%d";
    /// Frames carry a virtio header (IFF_VNET_HDR).
    bool header = true;
    /// Further queues may be opened with the same name.
    bool multi_queue = false;
};

/// One queue of a tap interface in the current network namespace. The interface
/// goes with its last queue.
class Tap {
public:
    explicit Tap(const TapOptions& options = {});

    int get() const noexcept { return fd_.get(); }
    const std::string& name() const noexcept { return name_; }
    NetDev netdev() const { return NetDev(name_); }

    /// Length of the virtio header: 10, 12 or 20 bytes.
    void set_header_size(int bytes);
    /// What the reader of the tap can take: TUN_F_* of linux/if_tun.h.
    void set_offload(unsigned flags);
    /// Whether set_offload() knows TUN_F_USO4 and TUN_F_USO6. Ends with no offloads.
    bool segments_udp();
    /// Bytes a writer may have under way.
    void set_send_buffer(int bytes);
    /// Socket filter program (eBPF) that chooses the queue; -1 takes it away.
    void set_steering_program(int program);
    /// The same, that drops the frames it returns 0 for, after their queue was chosen.
    void set_filter_program(int program);
    /// Throws away what waits in this queue. Takes no rtnl.
    void drain();

private:
    template <typename T>
    void carry_out(unsigned long code, T argument, const char* what);

    Fd fd_;
    std::string name_;
};

} // namespace vcoal
