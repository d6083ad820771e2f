// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/vhost.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace vcoal {

/// A piece of guest memory.
struct Segment {
    std::uint64_t address;
    std::uint32_t length;
};

/// A buffer the device has returned.
struct UsedBuffer {
    std::uint16_t head;   ///< what DriverRing::add() returned for it
    std::uint32_t length; ///< bytes the device says it wrote
};

/// How a ring is laid out and which features it uses.
struct RingOptions {
    std::uint16_t size = 256; ///< a power of two, unless packed
    bool event_idx = true;
    /// Longest chain put into an indirect table; 0: INDIRECT_DESC was not negotiated.
    std::uint16_t indirect_entries = 0;
    /// Index of the first entry, to begin close to the wrap-around. In a packed ring one
    /// is counted for each slot, turn by turn.
    std::uint16_t first_index = 0;
    bool packed = false;
    /// IN_ORDER was negotiated: a used entry may stand for all buffers up to its own.
    bool in_order = false;
};

/// The driver's side of a virtqueue. One thread uses it; the device is the other party.
/// Trusts nothing the device writes: a used entry that names no buffer under way throws
/// Error.
class DriverRing {
public:
    explicit DriverRing(const RingOptions& options) : options_(options) {}
    DriverRing(const DriverRing&) = delete;
    DriverRing& operator=(const DriverRing&) = delete;
    DriverRing(DriverRing&&) = delete;
    DriverRing& operator=(DriverRing&&) = delete;
    virtual ~DriverRing() = default;

    const RingOptions& options() const noexcept { return options_; }
    /// Where the parts are in this process, as vhost wants to know.
    virtual const RingAddresses& addresses() const noexcept = 0;
    /// The base at which vhost begins with a ring after reset().
    virtual unsigned base() const noexcept = 0;
    /// Descriptors free.
    virtual unsigned free() const noexcept = 0;

    /// Adds a buffer, not visible to the device yet: what it reads, then what it
    /// writes. Returns its head, or nothing when there is no room.
    virtual std::optional<std::uint16_t> add(std::span<const Segment> readable,
                                             std::span<const Segment> writable) = 0;
    /// Makes all that was added visible. True when the device wants a kick.
    virtual bool publish() = 0;

    /// Buffers returned and not taken.
    virtual unsigned returned() const = 0;
    /// Takes the next buffer returned, in the device's order.
    virtual std::optional<UsedBuffer> take() = 0;

    /// Asks for no notification.
    virtual void disable_callbacks() = 0;
    /// Asks for a notification when @p after more buffers than now were returned and
    /// then one more. False when that is the case already and none may come.
    virtual bool enable_callbacks(std::uint16_t after = 0) = 0;

    /// Forgets every buffer; zeroes the ring. The device must have stopped.
    virtual void reset() = 0;

protected:
    /// How a buffer is put into the ring.
    struct Place {
        bool indirect;
        std::uint16_t descriptors; ///< of the ring itself
    };

    /// For a buffer of that many segments; nothing when there is no room.
    std::optional<Place> place(std::size_t segments) const;

private:
    RingOptions options_;
};

/// Bytes of all segments together.
constexpr std::uint32_t total_length(std::span<const Segment> segments) {
    std::uint32_t total = 0;
    for (const Segment& segment : segments) {
        total += segment.length;
    }
    return total;
}

} // namespace vcoal
