// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/device_ring.hpp"

namespace vcoal {

/// The device's side of a split ring.
class SplitDeviceRing final : public DeviceRing {
public:
    SplitDeviceRing(const Loopback& loopback, const vlb_vq& queue, std::uint64_t features);

    std::optional<DeviceChain> pop() override;
    bool enable_kicks() override;
    void push(std::uint32_t head, std::uint32_t written) override;
    bool wants_signal() override;

private:
    void append(DeviceChain& chain, std::uint64_t table, std::uint32_t entries, std::uint32_t first,
                bool nested) const;

    const Loopback& loopback_;
    std::uint32_t size_;
    std::uint64_t desc_;
    std::byte* avail_;
    std::byte* used_;
    bool event_index_;
    std::uint16_t next_ = 0;
    std::uint16_t pushed_ = 0;
    std::uint16_t asked_ = 0;
};

} // namespace vcoal
