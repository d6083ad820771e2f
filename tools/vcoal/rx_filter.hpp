// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/mac.hpp"

#include <cstddef>
#include <cstdint>
#include <linux/vhost_net_coal.h>
#include <span>
#include <vector>

namespace vcoal {

/// What a driver wants to receive: what commands of the classes RX, MAC and VLAN set, and
/// the filter that follows from it. The classes' forms are the control server's business.
class RxFilter {
public:
    /// As after a reset (CTRL-D5, CTRL-D7): no mode, tables empty.
    /// @param features the driver's choice
    /// @param mtu in force if it is among them
    void begin(std::uint64_t features, const MacAddress& mac, std::uint16_t mtu = 0);

    /// @param mode VHN_FILTER_PROMISC to VHN_FILTER_NOBCAST
    void set_mode(std::uint32_t mode, bool on);
    /// The device's own address.
    void set_mac(const MacAddress& mac);
    /// Replaces both tables. What does not fit is not kept: all of that kind is received
    /// then (CTRL-D6).
    void set_tables(std::vector<MacAddress> unicast, std::vector<MacAddress> multicast);
    /// @param vlan up to 4095; anything else throws Error
    void set_vlan(unsigned vlan, bool member);

    std::uint32_t modes() const noexcept { return modes_; }
    const MacAddress& mac() const noexcept { return mac_; }
    const std::vector<MacAddress>& unicast() const noexcept { return unicast_; }
    const std::vector<MacAddress>& multicast() const noexcept { return multicast_; }
    bool unicast_overflow() const noexcept { return unicast_overflow_; }
    bool multicast_overflow() const noexcept { return multicast_overflow_; }
    std::vector<unsigned> vlans() const;

    /// As the host module takes it.
    vhn_filter value() const;

private:
    std::uint64_t features_ = 0;
    std::uint32_t modes_ = 0;
    MacAddress mac_{};
    /// The driver uses that address, and none that it made up.
    bool mac_known_ = false;
    std::uint16_t mtu_ = 0;
    std::vector<MacAddress> unicast_;
    std::vector<MacAddress> multicast_;
    bool unicast_overflow_ = false;
    bool multicast_overflow_ = false;
    std::vector<bool> vlans_;
};

} // namespace vcoal
