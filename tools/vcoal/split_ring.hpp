// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/guest_memory.hpp"
#include "vcoal/raw_ring.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vcoal {

/// A piece of guest memory.
struct Segment {
    std::uint64_t address;
    std::uint32_t length;
};

/// A buffer the device has returned.
struct UsedBuffer {
    std::uint16_t head;   ///< what SplitRing::add() returned for it
    std::uint32_t length; ///< bytes the device says it wrote
};

/// How a ring is laid out and which features it uses.
struct RingOptions {
    std::uint16_t size = 256; ///< a power of two
    bool event_idx = true;
    /// Longest chain put into an indirect table; 0: INDIRECT_DESC was not negotiated.
    std::uint16_t indirect_entries = 0;
    /// Index of the first entry, to begin close to the wrap-around.
    std::uint16_t first_index = 0;
};

/// The rule both sides share (spec: used buffer notification suppression): was
/// @p event among the entries old..new-1? Ring indexes wrap at 2^16.
constexpr bool event_reached(std::uint16_t event, std::uint16_t new_index,
                             std::uint16_t old_index) {
    return static_cast<std::uint16_t>(new_index - event - 1) <
           static_cast<std::uint16_t>(new_index - old_index);
}

/// The driver's side of a split virtqueue (spec 2.7). One thread uses it; the
/// device is the other party. Trusts nothing the device writes: a used entry that
/// names no buffer under way throws Error.
class SplitRing {
public:
    SplitRing(GuestMemory& memory, const RingOptions& options);

    const RingOptions& options() const noexcept { return options_; }
    RawRing& raw() noexcept { return raw_; }
    /// Descriptors free.
    unsigned free() const noexcept { return free_; }
    /// Available index as published.
    std::uint16_t published() const noexcept { return published_; }
    /// Used index up to which buffers were taken.
    std::uint16_t taken() const noexcept { return taken_; }

    /// Adds a buffer, not visible to the device yet: what it reads, then what it
    /// writes. Returns its head, or nothing when there is no room.
    std::optional<std::uint16_t> add(std::span<const Segment> readable,
                                     std::span<const Segment> writable);
    /// Makes all that was added visible. True when the device wants a kick.
    bool publish();

    /// Buffers returned and not taken.
    unsigned returned() const;
    /// Takes the next buffer returned, in the device's order.
    std::optional<UsedBuffer> take();

    /// Asks for no notification.
    void disable_callbacks();
    /// Asks for a notification when @p after more buffers than now were returned and
    /// then one more. False when that is the case already and none may come.
    bool enable_callbacks(std::uint16_t after = 0);

    /// Forgets every buffer; zeroes the ring. The device must have stopped.
    void reset();

private:
    void write_chain(std::uint16_t head, std::span<const Segment> readable,
                     std::span<const Segment> writable);
    void write_indirect(std::uint16_t head, std::span<const Segment> readable,
                        std::span<const Segment> writable);
    void release(std::uint16_t head);
    void look_away();

    GuestMemory& memory_;
    RingOptions options_;
    RawRing raw_;
    std::uint64_t tables_ = 0;

    /// Our own copy of the descriptors' links: the device could spoil the ring's.
    std::vector<std::uint16_t> next_;
    /// Descriptors of the buffer which begins there; 0: none does.
    std::vector<std::uint16_t> length_;
    unsigned free_ = 0;
    std::uint16_t first_free_ = 0;
    std::uint16_t added_ = 0;
    std::uint16_t published_ = 0;
    std::uint16_t taken_ = 0;
    bool callbacks_ = true;
};

} // namespace vcoal
