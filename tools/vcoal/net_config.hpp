// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/loopback.hpp"
#include "vcoal/net_device_options.hpp"
#include "vcoal/virtio_net.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vcoal {

/// Hash types of the configuration space: all that spec 5.3 has.
constexpr std::uint32_t supported_hash_types = (1U << 9) - 1;

/// The configuration space of a network device (spec 1.4). Changes reach the driver one by
/// one, each under a generation of its own; what is no change is none for the driver.
class NetConfig {
public:
    NetConfig(const NetDeviceOptions& options, std::uint64_t offered);

    /// As it is now.
    std::vector<std::byte> bytes() const;

    MacAddress mac() const;
    void set_mac(Loopback& loopback, const MacAddress& mac);
    /// @param bit VIRTIO_NET_S_*
    bool status(std::uint16_t bit) const { return (config_.status & bit) != 0; }
    void set_status(Loopback& loopback, std::uint16_t bit, bool on);

private:
    void write(Loopback& loopback, std::size_t offset, std::size_t length) const;

    virtio_net_config config_{};
};

} // namespace vcoal
