// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/device_ring.hpp"
#include "vcoal/packed_place.hpp"

#include <unordered_map>

namespace vcoal {

/// The device's side of a packed ring. Chains are given back in the order in which they
/// were popped.
class PackedDeviceRing final : public DeviceRing {
public:
    PackedDeviceRing(const Loopback& loopback, const vlb_vq& queue, std::uint64_t features);

    std::optional<DeviceChain> pop() override;
    bool enable_kicks() override;
    void push(std::uint32_t head, std::uint32_t written) override;
    bool wants_signal() override;

private:
    bool available() const;
    void append_table(DeviceChain& chain, const vring_packed_desc& table) const;

    const Loopback& loopback_;
    unsigned size_;
    std::span<std::byte> slots_;
    std::byte* driver_event_;
    std::byte* device_event_;
    bool event_index_;
    /// Slots of the chain with an id.
    std::unordered_map<std::uint32_t, unsigned> taken_;
    PackedPlace next_;
    PackedPlace pushed_;
    PackedPlace asked_;
};

} // namespace vcoal
