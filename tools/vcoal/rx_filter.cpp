// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/rx_filter.hpp"

#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace vcoal {
namespace {

constexpr unsigned vlan_numbers = 4096;
/// Each kind has half of the room: one that overflows leaves the other whole.
constexpr std::size_t table_limit = VHN_FILTER_MACS / 2;

/// True when the table was too long; nothing of it is kept then.
bool overflows(std::vector<MacAddress>& table) {
    if (table.size() <= table_limit) {
        return false;
    }
    table.clear();
    return true;
}

} // namespace

void RxFilter::begin(std::uint64_t features, const MacAddress& mac, std::uint16_t mtu) {
    *this = RxFilter();
    features_ = features;
    mac_ = mac;
    mac_known_ = (features & feature(VIRTIO_NET_F_MAC)) != 0;
    mtu_ = (features & feature(VIRTIO_NET_F_MTU)) != 0 ? mtu : std::uint16_t{0};
    vlans_.assign(vlan_numbers, false);
}

void RxFilter::set_mode(std::uint32_t mode, bool on) {
    modes_ = on ? modes_ | mode : modes_ & ~mode;
}

void RxFilter::set_mac(const MacAddress& mac) {
    mac_ = mac;
    mac_known_ = true;
}

void RxFilter::set_tables(std::vector<MacAddress> unicast, std::vector<MacAddress> multicast) {
    unicast_ = std::move(unicast);
    multicast_ = std::move(multicast);
    unicast_overflow_ = overflows(unicast_);
    multicast_overflow_ = overflows(multicast_);
}

void RxFilter::set_vlan(unsigned vlan, bool member) {
    if (vlan >= vlans_.size()) {
        throw Error(fmt::format("VLAN {}", vlan), member ? "add" : "remove", EINVAL,
                    "there are 0 to 4095");
    }
    vlans_[vlan] = member;
}

std::vector<unsigned> RxFilter::vlans() const {
    std::vector<unsigned> members;
    for (unsigned vlan = 0; vlan < vlans_.size(); vlan++) {
        if (vlans_[vlan]) {
            members.push_back(vlan);
        }
    }
    return members;
}

vhn_filter RxFilter::value() const {
    vhn_filter filter{};
    filter.index = VHN_VRING_RX;
    filter.modes = modes_;
    filter.mtu = mtu_;
    if ((features_ & feature(VIRTIO_NET_F_CTRL_RX)) == 0) {
        // The driver cannot say what it wants.
        filter.modes |= VHN_FILTER_ALLUNI | VHN_FILTER_ALLMULTI;
    }
    // Without MAC a driver chooses an address of its own, and need not say which (CFG-G2).
    filter.modes |= unicast_overflow_ || !mac_known_ ? VHN_FILTER_ALLUNI : 0;
    filter.modes |= multicast_overflow_ ? VHN_FILTER_ALLMULTI : 0;
    if ((features_ & feature(VIRTIO_NET_F_CTRL_VLAN)) != 0) {
        filter.modes |= VHN_FILTER_VLAN;
    }
    std::memcpy(filter.mac, mac_.data(), mac_.size());
    filter.nr_unicast = static_cast<std::uint32_t>(unicast_.size());
    filter.nr_multicast = static_cast<std::uint32_t>(multicast_.size());
    std::size_t at = 0;
    for (const auto* table : {&unicast_, &multicast_}) {
        for (const MacAddress& mac : *table) {
            std::memcpy(filter.macs[at++], mac.data(), mac.size());
        }
    }
    for (const unsigned vlan : vlans()) {
        filter.vlans[vlan / 64] |= 1ULL << (vlan % 64);
    }
    return filter;
}

} // namespace vcoal
