// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/guest_memory.hpp"
#include "vcoal/packed_place.hpp"
#include "vcoal/raw_packed_ring.hpp"
#include "vcoal/ring.hpp"
#include "vcoal/under_way.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vcoal {

/// The driver's side of a packed virtqueue.
class PackedRing final : public DriverRing {
public:
    PackedRing(GuestMemory& memory, const RingOptions& options);

    RawPackedRing& raw() noexcept { return raw_; }
    const RingAddresses& addresses() const noexcept override { return raw_.addresses(); }
    unsigned base() const noexcept override;
    unsigned free() const noexcept override { return free_; }
    /// Where the device writes its next used descriptor: behind all that was returned.
    PackedPlace used() const;
    /// Buffers so far that had no used descriptor of their own (IN_ORDER).
    std::uint64_t skipped() const noexcept { return under_way_.skipped(); }

    std::optional<std::uint16_t> add(std::span<const Segment> readable,
                                     std::span<const Segment> writable) override;
    bool publish() override;
    unsigned returned() const override { return look().buffers; }
    std::optional<UsedBuffer> take() override;
    void disable_callbacks() override;
    bool enable_callbacks(std::uint16_t after = 0) override;
    void reset() override;

private:
    /// What was returned and not taken.
    struct Returned {
        unsigned buffers;
        PackedPlace end;
    };

    Returned look() const;
    void write(const vring_packed_desc& desc);
    std::uint64_t write_table(std::uint16_t id, std::span<const Segment> readable,
                              std::span<const Segment> writable);
    UsedBuffer release(UsedBuffer used);

    GuestMemory& memory_;
    RawPackedRing raw_;
    std::uint64_t tables_ = 0;
    std::vector<std::uint16_t> free_ids_;
    /// Slots of the buffer with an id; 0: there is none.
    std::vector<std::uint16_t> slots_;
    UnderWay under_way_;
    unsigned free_ = 0;
    PackedPlace added_;
    PackedPlace published_;
    PackedPlace taken_;
    /// Flags which make all that was added since visible.
    std::uint16_t first_flags_ = 0;
};

} // namespace vcoal
