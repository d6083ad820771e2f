// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <linux/virtio_ring.h>

namespace vcoal {

/// A place in a packed ring as both sides write it: the slot in the low 15 bits, the wrap
/// counter, 1 in the first turn, in the highest.
class PackedPlace {
public:
    constexpr PackedPlace() = default;
    constexpr explicit PackedPlace(std::uint16_t off_wrap) : word_(off_wrap) {}
    /// The place @p index slots behind the beginning of the first turn.
    static constexpr PackedPlace at(unsigned index, unsigned size) {
        const unsigned wrap = index / size % 2 == 0 ? wrap_bit : 0;
        return PackedPlace(static_cast<std::uint16_t>(index % size | wrap));
    }

    constexpr std::uint16_t word() const noexcept { return word_; }
    constexpr unsigned slot() const noexcept { return word_ & (wrap_bit - 1); }
    constexpr bool wrap() const noexcept { return (word_ & wrap_bit) != 0; }
    /// The place @p count slots on.
    constexpr PackedPlace plus(unsigned count, unsigned size) const {
        return at(index(size) + count, size);
    }
    /// Slots from here to a place less than two turns on.
    constexpr unsigned distance(PackedPlace to, unsigned size) const {
        return (to.index(size) + 2 * size - index(size)) % (2 * size);
    }
    constexpr bool operator==(const PackedPlace&) const = default;

    /// What the flags of the slot are when its buffer is available, or used.
    constexpr std::uint16_t available() const noexcept { return wrap() ? avail_bit : used_bit; }
    constexpr std::uint16_t used() const noexcept { return wrap() ? both_bits : 0; }
    constexpr bool is_available(std::uint16_t flags) const noexcept {
        return (flags & both_bits) == available();
    }
    constexpr bool is_used(std::uint16_t flags) const noexcept {
        return (flags & both_bits) == used();
    }

private:
    static constexpr std::uint16_t wrap_bit = 1U << VRING_PACKED_EVENT_F_WRAP_CTR;
    static constexpr std::uint16_t avail_bit = 1U << VRING_PACKED_DESC_F_AVAIL;
    static constexpr std::uint16_t used_bit = 1U << VRING_PACKED_DESC_F_USED;
    static constexpr std::uint16_t both_bits = avail_bit | used_bit;

    /// In the two turns after which places repeat.
    constexpr unsigned index(unsigned size) const { return slot() + (wrap() ? 0 : size); }

    std::uint16_t word_ = wrap_bit;
};

/// An event suppression structure, read as one.
class PackedEvent {
public:
    constexpr explicit PackedEvent(std::uint32_t word) : word_(word) {}
    static constexpr PackedEvent enable() { return of({}, VRING_PACKED_EVENT_FLAG_ENABLE); }
    static constexpr PackedEvent disable() { return of({}, VRING_PACKED_EVENT_FLAG_DISABLE); }
    /// Only at the use of one place (with EVENT_IDX).
    static constexpr PackedEvent only_at(PackedPlace place) {
        return of(place, VRING_PACKED_EVENT_FLAG_DESC);
    }

    constexpr std::uint32_t word() const noexcept { return word_; }
    /// NTF-P: is a notification wanted when the slots from @p before to @p now were used?
    constexpr bool wanted(PackedPlace before, PackedPlace now, unsigned size) const {
        const unsigned flags = word_ >> 16U & 3U;
        if (flags != VRING_PACKED_EVENT_FLAG_DESC) {
            return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
        }
        const PackedPlace place(static_cast<std::uint16_t>(word_));
        return place.slot() < size && before.distance(place, size) < before.distance(now, size);
    }

private:
    static constexpr PackedEvent of(PackedPlace place, unsigned flags) {
        return PackedEvent(place.word() | flags << 16U);
    }

    std::uint32_t word_;
};

} // namespace vcoal
