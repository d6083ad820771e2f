// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/guest_memory.hpp"
#include "vcoal/raw_ring.hpp"
#include "vcoal/ring.hpp"
#include "vcoal/under_way.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vcoal {

/// The rule both sides share (spec: used buffer notification suppression): was
/// @p event among the entries old..new-1? Ring indexes wrap at 2^16.
constexpr bool event_reached(std::uint16_t event, std::uint16_t new_index,
                             std::uint16_t old_index) {
    return static_cast<std::uint16_t>(new_index - event - 1) <
           static_cast<std::uint16_t>(new_index - old_index);
}

/// The driver's side of a split virtqueue (spec 2.7).
class SplitRing final : public DriverRing {
public:
    SplitRing(GuestMemory& memory, const RingOptions& options);

    RawRing& raw() noexcept { return raw_; }
    const RingAddresses& addresses() const noexcept override { return raw_.addresses(); }
    unsigned base() const noexcept override { return options().first_index; }
    unsigned free() const noexcept override { return free_; }
    /// Available index as published.
    std::uint16_t published() const noexcept { return published_; }
    /// Used index up to which buffers were taken.
    std::uint16_t taken() const noexcept { return taken_; }
    /// Buffers so far that had no used entry of their own (IN_ORDER).
    std::uint64_t skipped() const noexcept { return under_way_.skipped(); }

    std::optional<std::uint16_t> add(std::span<const Segment> readable,
                                     std::span<const Segment> writable) override;
    bool publish() override;
    unsigned returned() const override;
    std::optional<UsedBuffer> take() override;
    void disable_callbacks() override;
    bool enable_callbacks(std::uint16_t after = 0) override;
    void reset() override;

private:
    void write_chain(std::uint16_t head, std::span<const Segment> readable,
                     std::span<const Segment> writable);
    void write_indirect(std::uint16_t head, std::span<const Segment> readable,
                        std::span<const Segment> writable);
    void begin_batch(const vring_used_elem& entry, unsigned waiting);
    void release(std::uint16_t head);
    void look_away();

    GuestMemory& memory_;
    RawRing raw_;
    std::uint64_t tables_ = 0;

    /// Our own copy of the descriptors' links: the device could spoil the ring's.
    std::vector<std::uint16_t> next_;
    /// Descriptors of the buffer which begins there; 0: none does.
    std::vector<std::uint16_t> length_;
    /// Kept with IN_ORDER only.
    UnderWay under_way_;
    unsigned free_ = 0;
    std::uint16_t first_free_ = 0;
    std::uint16_t added_ = 0;
    std::uint16_t published_ = 0;
    std::uint16_t taken_ = 0;
    bool callbacks_ = true;
};

} // namespace vcoal
