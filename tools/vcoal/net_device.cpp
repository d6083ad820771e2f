// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/net_device.hpp"

#include "vcoal/error.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <linux/virtio_ring.h>
#include <unistd.h>

namespace vcoal {
namespace {

constexpr std::uint32_t control_ring_size = 64;
constexpr int header_size = sizeof(virtio_net_hdr_v1);

// Enough for a ring full of the largest packets, within what the transport allows.
constexpr std::uint64_t arena_bytes_per_entry = 65536;

std::vector<FeatureOffer> offers_of(const NetDeviceOptions& options, Tap& tap) {
    const VhostNet vhost(options.vhost);
    DeviceAbilities abilities;
    abilities.vhost = options.vhost;
    abilities.vhost_features = vhost.features();
    abilities.vhost_additions = (vhost.backend_features() & (1ULL << VHN_BACKEND_F_COAL)) != 0;
    abilities.queues = options.queues;
    abilities.mtu = options.mtu.has_value();
    abilities.speed = options.speed.has_value();
    abilities.tap_uso = tap.segments_udp();
    abilities.driver_may_starve_us =
        !options.patient_driver && ::sysconf(_SC_NPROCESSORS_ONLN) == 1;
    return offer_features(abilities, options.features);
}

std::vector<std::uint32_t> queue_sizes(const NetDeviceOptions& options, std::uint64_t features) {
    std::vector<std::uint32_t> sizes(std::size_t{2} * options.queues, options.ring_size);
    if ((features & feature(VIRTIO_NET_F_CTRL_VQ)) != 0) {
        sizes.push_back(control_ring_size);
    }
    return sizes;
}

LoopbackOptions loopback_options(const NetDeviceOptions& options, std::uint64_t features,
                                 const NetConfig& config) {
    LoopbackOptions loopback;
    loopback.features = features;
    loopback.queue_sizes = queue_sizes(options, features);
    loopback.config = config.bytes();
    loopback.arena_bytes = std::min<std::uint64_t>(
        options.queues * std::uint64_t{std::max(options.ring_size, 128U)} * arena_bytes_per_entry,
        VLB_MAX_ARENA);
    return loopback;
}

std::vector<Tap> open_taps(const NetDeviceOptions& options) {
    TapOptions tap{options.tap, true, options.queues > 1};
    std::vector<Tap> taps;
    for (unsigned queue = 0; queue < options.queues; queue++) {
        taps.emplace_back(tap);
        tap.name = taps.front().name();
    }
    Tap& first = taps.front();
    first.set_header_size(header_size);
    first.set_send_buffer(INT_MAX);
    if (options.mtu) {
        first.netdev().set_mtu(*options.mtu);
    }
    return taps;
}

/// What the driver can take, as a tap is told.
unsigned tap_offloads(std::uint64_t features) {
    constexpr std::pair<unsigned, unsigned> table[] = {
        {VIRTIO_NET_F_GUEST_CSUM, TUN_F_CSUM},
        {VIRTIO_NET_F_GUEST_TSO4, TUN_F_TSO4},
        {VIRTIO_NET_F_GUEST_TSO6, TUN_F_TSO6},
        {VIRTIO_NET_F_GUEST_ECN, TUN_F_TSO_ECN},
    };
    constexpr std::uint64_t uso =
        feature(VIRTIO_NET_F_GUEST_USO4) | feature(VIRTIO_NET_F_GUEST_USO6);
    unsigned offloads = 0;
    for (const auto& [bit, offload] : table) {
        offloads |= (features & feature(bit)) != 0 ? offload : 0;
    }
    // A tap does both or none.
    return offloads | ((features & uso) == uso ? TUN_F_USO4 | TUN_F_USO6 : 0);
}

/// FEAT-D2: throws Error when the driver's choice makes no sense.
void check_choice(std::uint64_t features, std::uint64_t offered) {
    if (const auto unmet = find_unmet(features)) {
        throw Error("features of the driver",
                    "accept " + feature_names(feature(unmet->bit)).front(), EINVAL,
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
        loopback_.set_eventfds(vq, queues_[vq].kick.get(), queues_[vq].call.get(),
                               control && vq == control_index());
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
        set_steered(queue_of(event), false);
        pairs_.at(queue_of(event) / 2).stop(queue_of(event) % 2);
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
    taps_.front().set_offload(tap_offloads(features));
    for (VhostPair& pair : pairs_) {
        // ACCESS_PLATFORM would switch vhost's IOTLB on; the rest is none of its business.
        pair.set_features(features & vhost_bits());
    }
}

bool NetDevice::filters() const noexcept {
    constexpr std::uint64_t filtering =
        feature(VIRTIO_NET_F_CTRL_RX) | feature(VIRTIO_NET_F_CTRL_VLAN) | feature(VIRTIO_NET_F_MTU);
    return pairs_.front().coalesces() && (accepted_ & filtering) != 0;
}

void NetDevice::run() {
    set_active_pairs(1);
    if (filters()) {
        install(server_.filter());
    }
    for (unsigned vq = 0; vq < 2 * server_.pairs(); vq++) {
        if (enabled(vq)) {
            start_queue(vq);
        }
    }
    if ((accepted_ & feature(VIRTIO_NET_F_CTRL_VQ)) != 0) {
        control_ring_ = make_device_ring(loopback_, loopback_.queue(control_index()), accepted_);
    }
    running_ = true;
}

void NetDevice::start_queue(unsigned vq) {
    pairs_.at(vq / 2).start(vq % 2, loopback_, loopback_.queue(vq), queues_[vq].kick.get(),
                            queues_[vq].call.get(), taps_[vq / 2].get());
    set_steered(vq, true);
}

void NetDevice::set_steered(unsigned vq, bool enabled) {
    if (steering_ && vq % 2 == VHN_VRING_RX) {
        steering_->set_enabled(vq / 2, enabled);
    }
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
    set_active_pairs(1);
    // The filters are gone with the vrings' reset; the rest is as it was at the beginning.
    config_.set_mac(loopback_, options_.mac);
    config_.set_status(loopback_, VIRTIO_NET_S_ANNOUNCE, false);
}

// Every answer is signalled: the transport waits for it (linux/virtio_loopback.h).
std::vector<ControlAnswer> NetDevice::serve_control() {
    std::vector<ControlAnswer> answers;
    QueueFds& fds = queues_[control_index()];
    fds.kick.take();
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
        fds.call.signal();
    }
    return answers;
}

void NetDevice::set_link(bool up) {
    config_.set_status(loopback_, VIRTIO_NET_S_LINK_UP, up);
}

void NetDevice::announce() {
    if (!running_ || (accepted_ & feature(VIRTIO_NET_F_GUEST_ANNOUNCE)) == 0) {
        throw Error("driver", "announce", EOPNOTSUPP, "guest_announce was not negotiated");
    }
    config_.set_status(loopback_, VIRTIO_NET_S_ANNOUNCE, true);
}

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
    active_pairs_ = pairs;
    if (steering_) {
        steering_->set_active_pairs(pairs);
    }
}

void NetDevice::set_rss(const RssConfig& /*config*/) {
    refuse_command("not carried out by this device");
}

void NetDevice::set_hash(const HashConfig& /*config*/) {
    refuse_command("not carried out by this device");
}

// CTRL-D5: filter and address are what the driver asked for before it is told so.
void NetDevice::set_filter(const RxFilter& filter) {
    if (filters()) {
        install(filter);
    }
    config_.set_mac(loopback_, filter.mac());
    filter_changed_ = true;
}

/// Every pair's, or none: those that had it go back to the one in force.
void NetDevice::install(const RxFilter& filter) {
    std::size_t done = 0;
    try {
        for (; done < pairs_.size(); done++) {
            pairs_[done].vhost().set_filter(filter.value());
        }
    } catch (const Error&) {
        while (done-- > 0) {
            pairs_[done].vhost().set_filter(server_.filter().value());
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
