// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/net_device.hpp"

#include "vcoal/error.hpp"
#include "vcoal/net_device_setup.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace vcoal {
namespace {

/// FEAT-D2: throws Error when the driver's choice makes no sense.
void check_choice(std::uint64_t features, std::uint64_t offered) {
    if (const auto unmet = find_unmet(features)) {
        throw Error("features of the driver", "accept " + feature_bit_name(unmet->bit), EINVAL,
                    "it needs " + feature_names(unmet->needs).front());
    }
    if ((features & ~offered) != 0) {
        throw Error("features of the driver",
                    "accept " + feature_names(features & ~offered).front(), EINVAL,
                    "it was not offered");
    }
    if ((features & feature(VIRTIO_F_VERSION_1)) == 0) {
        throw Error("features of the driver", "accept", EINVAL, "version_1 is missing");
    }
}

/// The first bytes of what the driver sent; the server looks at no more.
std::vector<std::byte> gather(const DeviceChain& chain) {
    std::vector<std::byte> bytes;
    for (const auto segment : chain.readable) {
        const std::size_t left = ControlServer::request_limit - bytes.size();
        const auto part = segment.first(std::min(left, segment.size()));
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return bytes;
}

} // namespace

NetDevice::NetDevice(const NetDeviceOptions& options)
    : options_(options), taps_(open_taps(options)), offers_(offers_of(options, taps_.front())),
      config_(options, offered_mask(offers_)),
      loopback_(loopback_options(options, offered_mask(offers_), config_)),
      queues_(queue_sizes(options, loopback_.offered()).size()) {
    for (unsigned pair = 0; pair < options.queues; pair++) {
        pairs_.emplace_back(options.vhost, loopback_.region(), vhost_errors_.get());
    }
    if (options.queues > 1) {
        steering_.emplace().attach(taps_.front());
    }
}

// The features decide which queue is the control queue.
void NetDevice::attach_eventfds(std::uint64_t features) {
    const bool control = (features & feature(VIRTIO_NET_F_CTRL_VQ)) != 0;
    for (unsigned vq = 0; vq < queues_.size(); vq++) {
        const bool is_control = control && vq == control_index();
        const QueueFds& fds = is_control ? control_ : queues_[vq];
        loopback_.set_eventfds(vq, fds.kick.get(), fds.call.get(), is_control);
    }
}

void NetDevice::handle(const vlb_event& event) {
    switch (event.type) {
    case VLB_EVENT_FEATURES:
        try {
            negotiate(event.features[0]);
        } catch (...) {
            loopback_.acknowledge(event.seq, false);
            throw;
        }
        loopback_.acknowledge(event.seq);
        break;
    case VLB_EVENT_STATUS:
        if ((event.status & VIRTIO_CONFIG_S_DRIVER_OK) != 0 && !running_) {
            run();
        }
        break;
    case VLB_EVENT_RESET:
        reset();
        loopback_.acknowledge(event.seq);
        break;
    case VLB_EVENT_VQ_RESET:
        stop_queue(queue_of(event));
        loopback_.acknowledge(event.seq);
        break;
    case VLB_EVENT_VQ_ENABLE:
        start_queue(queue_of(event));
        loopback_.acknowledge(event.seq);
        break;
    default:
        break;
    }
}

// The driver waits, and has no interface yet: the one moment for calls on the tap.
void NetDevice::negotiate(std::uint64_t features) {
    check_choice(features, loopback_.offered());
    accepted_ = features;
    server_.negotiate(features, {.max_pairs = options_.queues,
                                 .mac = config_.mac(),
                                 .mtu = static_cast<std::uint16_t>(options_.mtu.value_or(0)),
                                 .hash_types = supported_hash_types});
    attach_eventfds(features);
    taps_.front().set_header_size(header_size(features));
    taps_.front().set_offload(tap_offloads(features));
    for (VhostPair& pair : pairs_) {
        // ACCESS_PLATFORM would switch vhost's IOTLB on; the rest is none of its business.
        pair.set_features(features & vhost_bits());
    }
}

void NetDevice::run() {
    set_active_pairs(1);
    if (filters()) {
        install(server_.filter());
    }
    filter_changed_ = true;
    for (unsigned vq = 0; vq < 2 * server_.pairs(); vq++) {
        if (enabled(vq)) {
            start_queue(vq);
        }
    }
    if ((accepted_ & feature(VIRTIO_NET_F_CTRL_VQ)) != 0) {
        control_ring_ = make_device_ring(loopback_, loopback_.queue(control_index()), accepted_);
        // A kick may have come, and been taken, before there was a ring.
        control_.kick.signal();
    }
    running_ = true;
}

void NetDevice::start_queue(unsigned vq) {
    const unsigned pair = vq / 2;
    pairs_.at(pair).start(vq % 2, loopback_, loopback_.queue(vq), queues_[vq].kick.get(),
                          queues_[vq].call.get());
    if (vq % 2 == VHN_VRING_TX) {
        pairs_[pair].attach(VHN_VRING_TX, taps_[pair].get());
    } else if (pair < receiving_pairs_) {
        attach_receive_queue(pair);
    }
}

void NetDevice::stop_queue(unsigned vq) {
    if (vq % 2 == VHN_VRING_RX) {
        set_steered(vq / 2, false);
    }
    pairs_.at(vq / 2).stop(vq % 2);
}

void NetDevice::reset() {
    running_ = false;
    control_ring_.reset();
    if (steering_) {
        steering_->reset();
    }
    for (VhostPair& pair : pairs_) {
        pair.reset();
    }
    active_pairs_ = 1;
    receiving_pairs_ = 1;
    // Filters and hashes are gone with the vrings' reset; the rest is as it was at first.
    hash_ = {};
    config_.set_mac(loopback_, options_.mac);
    config_.set_status(loopback_, VIRTIO_NET_S_ANNOUNCE, false);
}

// Every answer is signalled: the transport waits for it (linux/virtio_loopback.h).
std::vector<ControlAnswer> NetDevice::serve_control() {
    std::vector<ControlAnswer> answers;
    control_.kick.take();
    if (!control_ring_) {
        return answers;
    }
    for (;;) {
        const auto chain = control_ring_->pop();
        if (!chain) {
            if (!control_ring_->enable_kicks()) {
                break;
            }
            continue;
        }
        std::vector<std::byte> room(std::min(chain->writable_bytes(), ControlServer::answer_limit));
        answers.push_back(server_.serve(gather(*chain), room));
        const std::uint32_t written = answers.back().written;
        chain->write(std::span(room).first(written));
        control_ring_->push(chain->head, written);
        control_.call.signal();
    }
    return answers;
}

void NetDevice::require_accepted(unsigned bit, const char* operation) const {
    if (!running_ || (accepted_ & feature(bit)) == 0) {
        throw Error("driver", operation, EOPNOTSUPP, feature_bit_name(bit) + " was not negotiated");
    }
}

void NetDevice::set_link(bool up) {
    // Without a driver, it is what the next one finds.
    if (running_ || (loopback_.offered() & feature(VIRTIO_NET_F_STATUS)) == 0) {
        require_accepted(VIRTIO_NET_F_STATUS, "change the link");
    }
    config_.set_status(loopback_, VIRTIO_NET_S_LINK_UP, up);
}

void NetDevice::announce() {
    require_accepted(VIRTIO_NET_F_GUEST_ANNOUNCE, "announce");
    // The request is a bit of the status.
    require_accepted(VIRTIO_NET_F_STATUS, "announce");
    config_.set_status(loopback_, VIRTIO_NET_S_ANNOUNCE, true);
}

} // namespace vcoal
