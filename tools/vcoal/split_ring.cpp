// SPDX-License-Identifier: GPL-2.0-only
//
// Ordering. Publishing: entries, then (release) the index, then a full barrier, then
// whether the device wants a kick. Taking: the index (acquire), then entries. Enabling
// callbacks: the wish, then a full barrier, then the used index once more. The device
// does the same with the roles exchanged, so one of both sees the other's write.
#include "vcoal/split_ring.hpp"

#include "vcoal/error.hpp"

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <string>

namespace vcoal {
namespace {

constexpr std::uint16_t half_a_turn = 0x8000;

void full_barrier() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

[[noreturn]] void broken_device(const std::string& what) {
    throw Error("virtqueue", what, EPROTO, "the device broke the rules of the used ring");
}

} // namespace

SplitRing::SplitRing(GuestMemory& memory, const RingOptions& options)
    : DriverRing(options), memory_(memory), raw_(memory, options.size), next_(options.size),
      length_(options.size) {
    if (!std::has_single_bit(options.size) || options.size > half_a_turn) {
        throw Error("virtqueue", "size " + std::to_string(options.size), EINVAL,
                    "give a power of two up to 32768");
    }
    if (options.indirect_entries > 0) {
        tables_ = memory.allocate(sizeof(vring_desc) * options.size * options.indirect_entries);
    }
    reset();
}

void SplitRing::reset() {
    std::memset(memory_.object<vring_desc>(raw_.desc_address(), raw_.size()), 0,
                sizeof(vring_desc) * raw_.size());
    for (unsigned i = 0; i < raw_.size(); i++) {
        raw_.avail_entry(i) = 0;
        raw_.used_entry(i) = {};
    }
    raw_.avail_flags().store(0);
    raw_.used_flags().store(0);
    raw_.avail_event().store(options().first_index);
    raw_.used_event().store(options().first_index);
    raw_.used_idx().store(options().first_index);
    raw_.avail_idx().store(options().first_index);

    std::iota(next_.begin(), next_.end(), static_cast<std::uint16_t>(1));
    std::fill(length_.begin(), length_.end(), static_cast<std::uint16_t>(0));
    under_way_.clear();
    free_ = raw_.size();
    first_free_ = 0;
    added_ = published_ = taken_ = options().first_index;
    callbacks_ = true;
}

std::optional<std::uint16_t> SplitRing::add(std::span<const Segment> readable,
                                            std::span<const Segment> writable) {
    const std::optional<Place> where = place(readable.size() + writable.size());
    if (!where) {
        return std::nullopt;
    }

    const std::uint16_t head = first_free_;
    if (where->indirect) {
        write_indirect(head, readable, writable);
    } else {
        write_chain(head, readable, writable);
    }
    length_[head] = where->descriptors;
    free_ -= where->descriptors;
    if (options().in_order) {
        under_way_.add(head, total_length(writable));
    }
    raw_.avail_entry(added_++) = head;
    return head;
}

void SplitRing::write_chain(std::uint16_t head, std::span<const Segment> readable,
                            std::span<const Segment> writable) {
    const std::size_t segments = readable.size() + writable.size();
    std::uint16_t at = head;
    for (std::size_t i = 0; i < segments; i++) {
        const bool device_writes = i >= readable.size();
        const Segment& segment = device_writes ? writable[i - readable.size()] : readable[i];
        const bool last = i + 1 == segments;
        const unsigned flags =
            (device_writes ? VRING_DESC_F_WRITE : 0U) | (last ? 0U : VRING_DESC_F_NEXT);
        raw_.desc(at) = {segment.address, segment.length, static_cast<std::uint16_t>(flags),
                         last ? std::uint16_t{0} : next_[at]};
        at = next_[at];
    }
    first_free_ = at;
}

void SplitRing::write_indirect(std::uint16_t head, std::span<const Segment> readable,
                               std::span<const Segment> writable) {
    const std::size_t segments = readable.size() + writable.size();
    const std::uint64_t address =
        tables_ + sizeof(vring_desc) * head * std::uint64_t{options().indirect_entries};
    auto* table = memory_.object<vring_desc>(address, segments);
    for (std::size_t i = 0; i < segments; i++) {
        const bool device_writes = i >= readable.size();
        const Segment& segment = device_writes ? writable[i - readable.size()] : readable[i];
        const bool last = i + 1 == segments;
        const unsigned flags =
            (device_writes ? VRING_DESC_F_WRITE : 0U) | (last ? 0U : VRING_DESC_F_NEXT);
        table[i] = {segment.address, segment.length, static_cast<std::uint16_t>(flags),
                    last ? std::uint16_t{0} : static_cast<std::uint16_t>(i + 1)};
    }
    raw_.desc(head) = {address, static_cast<std::uint32_t>(sizeof(vring_desc) * segments),
                       VRING_DESC_F_INDIRECT, 0};
    first_free_ = next_[head];
}

bool SplitRing::publish() {
    const std::uint16_t before = published_;
    if (added_ == before) {
        return false;
    }
    published_ = added_;
    raw_.avail_idx().store(published_, std::memory_order_release);
    full_barrier();
    if (options().event_idx) {
        return event_reached(raw_.avail_event().load(std::memory_order_relaxed), published_,
                             before);
    }
    return (raw_.used_flags().load(std::memory_order_relaxed) & VRING_USED_F_NO_NOTIFY) == 0;
}

unsigned SplitRing::returned() const {
    const std::uint16_t used = raw_.used_idx().load(std::memory_order_acquire);
    return static_cast<std::uint16_t>(used - taken_);
}

std::optional<UsedBuffer> SplitRing::take() {
    const unsigned waiting = returned();
    if (waiting == 0) {
        return std::nullopt;
    }
    if (waiting > raw_.size()) {
        broken_device("used index " + std::to_string(waiting) + " ahead");
    }
    UsedBuffer used{};
    if (under_way_.batch() > 0) {
        used = under_way_.take();
    } else {
        const vring_used_elem entry = raw_.used_entry(taken_);
        if (entry.id >= raw_.size() || length_[entry.id] == 0) {
            broken_device("used entry for descriptor " + std::to_string(entry.id));
        }
        used = {static_cast<std::uint16_t>(entry.id), entry.len};
        if (options().in_order) {
            begin_batch(entry, waiting);
            used = under_way_.take();
        }
    }
    release(used.head);
    taken_++;
    if (!callbacks_) {
        look_away();
    }
    return used;
}

/// The entry stands where that of the batch's first buffer would, and the index has
/// gone on by the whole batch.
void SplitRing::begin_batch(const vring_used_elem& entry, unsigned waiting) {
    under_way_.begin_batch(static_cast<std::uint16_t>(entry.id), entry.len);
    if (under_way_.batch() > waiting) {
        broken_device("used entry out of order, for descriptor " + std::to_string(entry.id));
    }
}

void SplitRing::release(std::uint16_t head) {
    std::uint16_t last = head;
    for (unsigned i = 1; i < length_[head]; i++) {
        last = next_[last];
    }
    next_[last] = first_free_;
    first_free_ = head;
    free_ += length_[head];
    length_[head] = 0;
}

void SplitRing::look_away() {
    if (options().event_idx) {
        // The event index cannot say "never". Half a turn ahead comes closest, and it
        // moves on as buffers are taken.
        raw_.used_event().store(static_cast<std::uint16_t>(taken_ + half_a_turn),
                                std::memory_order_relaxed);
    }
}

void SplitRing::disable_callbacks() {
    callbacks_ = false;
    if (options().event_idx) {
        look_away();
    } else {
        raw_.avail_flags().store(VRING_AVAIL_F_NO_INTERRUPT, std::memory_order_relaxed);
    }
}

bool SplitRing::enable_callbacks(std::uint16_t after) {
    callbacks_ = true;
    if (options().event_idx) {
        raw_.used_event().store(static_cast<std::uint16_t>(taken_ + after),
                                std::memory_order_relaxed);
    } else {
        raw_.avail_flags().store(0, std::memory_order_relaxed);
    }
    full_barrier();
    return returned() <= after;
}

} // namespace vcoal
