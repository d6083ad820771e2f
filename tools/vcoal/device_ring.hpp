// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/loopback.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vcoal {

/// What the driver has made available: buffers to read, then buffers to write.
struct DeviceChain {
    std::uint16_t head = 0;
    std::vector<std::span<std::byte>> readable;
    std::vector<std::span<std::byte>> writable;

    std::size_t readable_bytes() const noexcept;
    std::size_t writable_bytes() const noexcept;
    /// The readable bytes, copied together.
    std::vector<std::byte> read() const;
    /// Copies @p data into the writable buffers; returns how much fitted.
    std::size_t write(std::span<const std::byte> data) const;
};

/// The device's side of a split ring in the arena of a Loopback. Everything in the
/// ring is the driver's word and checked: what leads out of the arena or round in
/// circles throws Error.
class DeviceRing {
public:
    /// @param queue as VLB_GET_VQ shows it, enabled
    /// @param features which the driver accepted
    DeviceRing(const Loopback& loopback, const vlb_vq& queue, std::uint64_t features);

    /// The next chain, or nothing.
    std::optional<DeviceChain> pop();
    /// Asks for a kick at the next chain. Returns true when there is one already: then
    /// pop() before waiting, no kick may come for it.
    bool enable_kicks();
    /// Gives the chain @p head back, @p written bytes of it filled; neither is checked.
    void push(std::uint32_t head, std::uint32_t written);
    /// Whether the driver wants to be notified of what was pushed since this was asked
    /// last.
    bool wants_signal();

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
