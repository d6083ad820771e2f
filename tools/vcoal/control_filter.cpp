// SPDX-License-Identifier: GPL-2.0-only
//
// Classes RX, MAC and VLAN (spec 5.2).
#include "vcoal/control.hpp"
#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace vcoal {
// The bits of VHN_FILTER_* are numbered as the commands are.
void ControlServer::rx_mode(unsigned command, ControlData data) {
    const auto on = data.take<std::uint8_t>();
    if (on > 1) {
        refuse_command(fmt::format("a switch has 0 and 1, not {}", on));
    }
    RxFilter filter = filter_;
    filter.set_mode(1U << command, on == 1);
    use(std::move(filter));
}

void ControlServer::mac(unsigned command, ControlData data) {
    RxFilter filter = filter_;
    if (command == VIRTIO_NET_CTRL_MAC_ADDR_SET) {
        const auto mac = data.take<MacAddress>();
        if (!is_unicast(mac)) {
            refuse_command(format_mac(mac) + " is no device's address");
        }
        filter.set_mac(mac);
    } else {
        auto unicast = data.take<MacAddress>(data.take<std::uint32_t>());
        auto multicast = data.take<MacAddress>(data.take<std::uint32_t>());
        filter.set_tables(std::move(unicast), std::move(multicast));
    }
    use(std::move(filter));
}

void ControlServer::vlan(unsigned command, ControlData data) {
    RxFilter filter = filter_;
    filter.set_vlan(data.take<__le16>(), command == VIRTIO_NET_CTRL_VLAN_ADD);
    use(std::move(filter));
}

void ControlServer::use(RxFilter filter) {
    target_.set_filter(filter);
    filter_ = std::move(filter);
}

} // namespace vcoal
