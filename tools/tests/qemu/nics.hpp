// SPDX-License-Identifier: GPL-2.0-only
//
// QEMU's network cards: what qemu_nics gives a machine and qemu_nics_guest finds there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <string>

namespace vcoal::test {

struct QemuNic {
    const char* name;
    /// Of virtio-net-pci.
    const char* options;
    unsigned pairs;
};

constexpr std::array qemu_nics = {
    QemuNic{"plain", "", 1},
    QemuNic{"packed", "packed=on", 1},
    QemuNic{"without_mrg_rxbuf", "mrg_rxbuf=off", 1},
    QemuNic{"four_pairs", "mq=on,vectors=10", 4},
    QemuNic{"rss_and_hash", "mq=on,vectors=10,rss=on,hash=on", 4},
    QemuNic{"without_ctrl_vq", "ctrl_vq=off", 1},
    QemuNic{"without_guest_offloads",
            "guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off", 1},
    QemuNic{"host_mtu", "host_mtu=1400", 1},
    QemuNic{"queue_of_1024", "rx_queue_size=1024", 1},
    QemuNic{"without_event_idx", "event_idx=off", 1},
};

/// Where qemu_nics, at each of its addresses, echoes; relays to QEMU's monitor; sends to a
/// group what it is sent.
constexpr std::uint16_t echo_port = 7777;
constexpr std::uint16_t monitor_port = 4444;
constexpr std::uint16_t group_port = 5555;
constexpr const char* group = "239.255.1.5";

inline std::string nic_mac(std::size_t nic) {
    return fmt::format("52:54:00:00:00:{:02x}", nic);
}
/// Addresses of the card and of its tap.
inline std::string guest_address(std::size_t nic) {
    return fmt::format("10.20.{}.15", nic);
}
inline std::string host_address(std::size_t nic) {
    return fmt::format("10.20.{}.2", nic);
}

} // namespace vcoal::test
