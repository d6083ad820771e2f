// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/loopback.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace vcoal {

/// What the driver has made available: buffers to read, then buffers to write.
struct DeviceChain {
    /// What push() wants: the first descriptor, or the id in a packed ring.
    std::uint16_t head = 0;
    std::vector<std::span<std::byte>> readable;
    std::vector<std::span<std::byte>> writable;

    std::size_t readable_bytes() const noexcept;
    std::size_t writable_bytes() const noexcept;
    /// The readable bytes, copied together.
    std::vector<std::byte> read() const;
    /// Copies @p data into the writable buffers; returns how much fitted.
    std::size_t write(std::span<const std::byte> data) const;
    /// Adds what a descriptor stands for; throws Error.
    void append(const Loopback& loopback, std::uint64_t address, std::uint32_t length, bool write);
};

/// Throws the Error that the driver has earned.
[[noreturn]] void malformed_chain(const char* how);

/// The device's side of a ring in the arena of a Loopback. Everything in the ring is the
/// driver's word and checked: what leads out of the arena or round in circles throws
/// Error.
class DeviceRing {
public:
    DeviceRing() = default;
    DeviceRing(const DeviceRing&) = delete;
    DeviceRing& operator=(const DeviceRing&) = delete;
    DeviceRing(DeviceRing&&) = delete;
    DeviceRing& operator=(DeviceRing&&) = delete;
    virtual ~DeviceRing() = default;

    /// The next chain, or nothing.
    virtual std::optional<DeviceChain> pop() = 0;
    /// Asks for a kick at the next chain. Returns true when there is one already: then
    /// pop() before waiting, no kick may come for it.
    virtual bool enable_kicks() = 0;
    /// Gives the chain @p head back, @p written bytes of it filled; neither is checked.
    virtual void push(std::uint32_t head, std::uint32_t written) = 0;
    /// Whether the driver wants to be notified of what was pushed since this was asked
    /// last.
    virtual bool wants_signal() = 0;
};

/// The ring of a queue, in the layout the driver has chosen.
/// @param queue as VLB_GET_VQ shows it, enabled
/// @param features which the driver accepted
std::unique_ptr<DeviceRing> make_device_ring(const Loopback& loopback, const vlb_vq& queue,
                                             std::uint64_t features);

} // namespace vcoal
