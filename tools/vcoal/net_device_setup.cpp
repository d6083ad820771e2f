// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/net_device_setup.hpp"

#include "vcoal/spare_threads.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <climits>
#include <linux/if_tun.h>
#include <utility>

namespace vcoal {
namespace {

constexpr std::uint32_t control_ring_size = 64;

// Enough for a ring full of the largest packets, within what the transport allows.
constexpr std::uint64_t arena_bytes_per_entry = 65536;

} // namespace

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
    abilities.driver_may_starve_us = !options.patient_driver && !SpareThreads::possible();
    FeatureChoice choice = options.features;
    if (options.mtu) {
        choice.required |= feature(VIRTIO_NET_F_MTU) & ~choice.excluded;
    }
    return offer_features(abilities, choice);
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
    first.set_header_size(header_size(0));
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

int header_size(std::uint64_t features) {
    return (features & feature(VIRTIO_NET_F_HASH_REPORT)) != 0 ? sizeof(virtio_net_hdr_v1_hash)
                                                               : sizeof(virtio_net_hdr_v1);
}

} // namespace vcoal
