// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/vhost_pair.hpp"

#include "vcoal/features.hpp"
#include "vcoal/packed_place.hpp"

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <span>

namespace vcoal {
namespace {

bool enable_coalescing(VhostNet& vhost) {
    if ((vhost.backend_features() & (1ULL << VHN_BACKEND_F_COAL)) == 0) {
        return false;
    }
    vhost.enable_coalescing_ioctls();
    return true;
}

/// Where a part of a ring lies in this process.
std::uint64_t process_address(const Loopback& loopback, std::uint64_t address,
                              std::uint64_t length) {
    return reinterpret_cast<std::uint64_t>(loopback.at(address, length).data());
}

RingAddresses split_addresses(const Loopback& loopback, const vlb_vq& queue) {
    const std::uint64_t entries = queue.num;
    return {process_address(loopback, queue.desc, sizeof(vring_desc) * entries),
            process_address(loopback, queue.driver, sizeof(std::uint16_t) * (3 + entries)),
            process_address(loopback, queue.device, 6 + sizeof(vring_used_elem) * entries)};
}

RingAddresses packed_addresses(const Loopback& loopback, const vlb_vq& queue) {
    const std::uint64_t entries = queue.num;
    return {process_address(loopback, queue.desc, sizeof(vring_packed_desc) * entries),
            process_address(loopback, queue.driver, sizeof(vring_packed_desc_event)),
            process_address(loopback, queue.device, sizeof(vring_packed_desc_event))};
}

/// Available and used index 0, both in the first turn.
constexpr unsigned packed_base = PackedPlace().word() | unsigned{PackedPlace().word()} << 16U;

} // namespace

VhostPair::VhostPair(const std::string& path, const vhost_memory_region& memory, int error)
    : vhost_(path), coalesces_(enable_coalescing(vhost_)) {
    vhost_.set_owner();
    vhost_.set_memory(std::span(&memory, 1));
    for (unsigned vring = 0; vring < VHN_NR_VRINGS; vring++) {
        vhost_.set_error(vring, error);
    }
}

void VhostPair::set_features(std::uint64_t features) {
    vhost_.set_features(features);
    packed_ = (features & feature(VIRTIO_F_RING_PACKED)) != 0;
}

void VhostPair::start(unsigned vring, const Loopback& loopback, const vlb_vq& queue, int kick,
                      int call) {
    vhost_.set_vring_size(vring, queue.num);
    vhost_.set_vring_base(vring, packed_ ? packed_base : 0);
    vhost_.set_vring_addresses(vring, packed_ ? packed_addresses(loopback, queue)
                                              : split_addresses(loopback, queue));
    vhost_.set_kick(vring, kick);
    vhost_.set_call(vring, call);
}

void VhostPair::stop(unsigned vring) {
    stop(vring, VHN_RESET_QUEUE);
}

void VhostPair::reset() {
    for (unsigned vring = 0; vring < VHN_NR_VRINGS; vring++) {
        stop(vring, VHN_RESET_DEVICE);
    }
}

void VhostPair::stop(unsigned vring, vhn_coal_scope scope) {
    detach(vring);
    if (coalesces_) {
        vhost_.reset_coalescing(vring, scope);
    }
}

} // namespace vcoal
