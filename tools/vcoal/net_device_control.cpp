// SPDX-License-Identifier: GPL-2.0-only
//
// What the commands of the control queue do to the device.
#include "vcoal/error.hpp"
#include "vcoal/net_device.hpp"
#include "vcoal/virtio_net.hpp"

namespace vcoal {

bool NetDevice::enabled(unsigned vq) const {
    return (loopback_.queue(vq).flags & VLB_VQ_ENABLED) != 0;
}

vhn_coal_state NetDevice::coalescing(unsigned vq) const {
    return pairs_[vq / 2].vhost().coalescing(vq % 2);
}

void NetDevice::set_coalescing(unsigned vq, vhn_coal_target target, vhn_coal_params params) {
    pairs_[vq / 2].vhost().set_coalescing(vq % 2, target, params);
}

void NetDevice::set_active_pairs(unsigned pairs) {
    receive_on_at_least(pairs);
    if (steering_) {
        steering_->set_active_pairs(pairs);
    }
    receive_on_at_most(pairs);
    active_pairs_ = pairs;
}

void NetDevice::receive_on_at_least(unsigned pairs) {
    for (; receiving_pairs_ < pairs; receiving_pairs_++) {
        if (enabled(2 * receiving_pairs_)) {
            attach_receive_queue(receiving_pairs_);
        }
    }
}

void NetDevice::receive_on_at_most(unsigned pairs) {
    for (; receiving_pairs_ > pairs; receiving_pairs_--) {
        detach_receive_queue(receiving_pairs_ - 1);
    }
}

// What waits in the tap came when the queue was not to get it: before the driver was
// there, while the queue was in reset (CTRL-D11), or when it was not in use.
void NetDevice::attach_receive_queue(unsigned pair) {
    taps_[pair].drain();
    pairs_[pair].attach(VHN_VRING_RX, taps_[pair].get());
    set_steered(pair, true);
}

void NetDevice::set_steered(unsigned pair, bool steered) {
    if (steering_) {
        steering_->set_enabled(pair, steered);
    }
}

void NetDevice::detach_receive_queue(unsigned pair) {
    set_steered(pair, false);
    pairs_[pair].detach(VHN_VRING_RX);
}

void NetDevice::set_rss(const RssConfig& config) {
    set_hash(config.hash);
    receive_on_at_least(server_.pairs());
    steering_->set_rss(config);
    active_pairs_ = config.transmit_pairs;
}

// Of use only to who finds it in the packets' headers.
void NetDevice::set_hash(const HashConfig& config) {
    if ((accepted_ & feature(VIRTIO_NET_F_HASH_REPORT)) == 0) {
        return;
    }
    on_every_pair([&config](VhostNet& vhost) { vhost.set_hash(config); },
                  [this](VhostNet& vhost) { vhost.set_hash(hash_); });
    hash_ = config;
}

bool NetDevice::filters() const noexcept {
    constexpr std::uint64_t filtering =
        feature(VIRTIO_NET_F_CTRL_RX) | feature(VIRTIO_NET_F_CTRL_VLAN) | feature(VIRTIO_NET_F_MTU);
    return pairs_.front().coalesces() && (accepted_ & filtering) != 0;
}

// CTRL-D5: filter and address are what the driver asked for before it is told so.
void NetDevice::set_filter(const RxFilter& filter) {
    if (filters()) {
        install(filter);
    }
    config_.set_mac(loopback_, filter.mac());
    filter_changed_ = true;
}

void NetDevice::install(const RxFilter& filter) {
    const vhn_filter value = filter.value();
    on_every_pair([&value](VhostNet& vhost) { vhost.set_filter(value); },
                  [this](VhostNet& vhost) { vhost.set_filter(server_.filter().value()); });
}

/// All or none: those that had it go back to what was in force.
void NetDevice::on_every_pair(const std::function<void(VhostNet&)>& set,
                              const std::function<void(VhostNet&)>& put_back) {
    std::size_t done = 0;
    try {
        for (; done < pairs_.size(); done++) {
            set(pairs_[done].vhost());
        }
    } catch (const Error&) {
        while (done-- > 0) {
            put_back(pairs_[done].vhost());
        }
        throw;
    }
}

// CTRL-D8.
void NetDevice::announced() {
    config_.set_status(loopback_, VIRTIO_NET_S_ANNOUNCE, false);
}

void NetDevice::set_offloads(std::uint64_t /*offloads*/) {
    refuse_command("not carried out by this device");
}

} // namespace vcoal
