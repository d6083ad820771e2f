// SPDX-License-Identifier: GPL-2.0-only
//
// Ordering. Publishing: all descriptors, then (release) the flags of the first, then a
// full barrier, then whether the device wants a kick. Taking: a slot's flags (acquire),
// then the rest of it. Enabling callbacks: the wish, then a full barrier, then the flags
// once more. The device does the same with the roles exchanged.
#include "vcoal/packed_ring.hpp"

#include "vcoal/error.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <string>

namespace vcoal {
namespace {

constexpr unsigned largest_ring = 0x8000;

void full_barrier() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

} // namespace

PackedRing::PackedRing(GuestMemory& memory, const RingOptions& options)
    : DriverRing(options), memory_(memory), raw_(memory, options.size), free_ids_(options.size),
      slots_(options.size) {
    if (options.size == 0 || options.size > largest_ring) {
        throw Error("virtqueue", "size " + std::to_string(options.size), EINVAL,
                    "a packed ring has 1 to 32768 slots");
    }
    if (options.indirect_entries > 0) {
        tables_ =
            memory.allocate(sizeof(vring_packed_desc) * options.size * options.indirect_entries);
    }
    reset();
}

unsigned PackedRing::base() const noexcept {
    const unsigned place = PackedPlace::at(options().first_index, raw_.size()).word();
    return place | place << 16U;
}

void PackedRing::reset() {
    added_ = published_ = taken_ = PackedPlace::at(options().first_index, raw_.size());
    // As the turns before have left it: a slot is neither available nor used by chance.
    for (unsigned i = 0; i < raw_.size(); i++) {
        const PackedPlace next = added_.plus(i, raw_.size());
        raw_.desc(next.slot()) = {};
        raw_.flags(next.slot()).store(next.wrap() ? 0 : PackedPlace().used());
    }
    raw_.driver_event().store(PackedEvent::enable().word());
    raw_.device_event().store(PackedEvent::enable().word());

    free_ids_.resize(raw_.size());
    std::iota(free_ids_.rbegin(), free_ids_.rend(), std::uint16_t{0});
    std::fill(slots_.begin(), slots_.end(), std::uint16_t{0});
    under_way_.clear();
    free_ = raw_.size();
}

std::optional<std::uint16_t> PackedRing::add(std::span<const Segment> readable,
                                             std::span<const Segment> writable) {
    const std::size_t segments = readable.size() + writable.size();
    const std::optional<Place> where = place(segments);
    if (!where) {
        return std::nullopt;
    }

    const std::uint16_t id = free_ids_.back();
    free_ids_.pop_back();
    if (where->indirect) {
        const std::uint64_t table = write_table(id, readable, writable);
        write({table, static_cast<std::uint32_t>(sizeof(vring_packed_desc) * segments), id,
               VRING_DESC_F_INDIRECT});
    }
    for (std::size_t i = 0; !where->indirect && i < segments; i++) {
        const bool device_writes = i >= readable.size();
        const Segment& segment = device_writes ? writable[i - readable.size()] : readable[i];
        const unsigned flags = (device_writes ? VRING_DESC_F_WRITE : 0U) |
                               (i + 1 == segments ? 0U : VRING_DESC_F_NEXT);
        write({segment.address, segment.length, id, static_cast<std::uint16_t>(flags)});
    }
    slots_[id] = where->descriptors;
    free_ -= where->descriptors;
    under_way_.add(id, total_length(writable));
    return id;
}

/// Makes the next descriptor available, unless the device may not see it yet: it goes no
/// further than to the first of those that were not published.
void PackedRing::write(const vring_packed_desc& desc) {
    const auto flags = static_cast<std::uint16_t>(desc.flags | added_.available());
    vring_packed_desc& slot = raw_.desc(added_.slot());
    slot.addr = desc.addr;
    slot.len = desc.len;
    slot.id = desc.id;
    if (added_ == published_) {
        first_flags_ = flags;
    } else {
        raw_.flags(added_.slot()).store(flags, std::memory_order_relaxed);
    }
    added_ = added_.plus(1, raw_.size());
}

std::uint64_t PackedRing::write_table(std::uint16_t id, std::span<const Segment> readable,
                                      std::span<const Segment> writable) {
    const std::uint64_t address =
        tables_ + sizeof(vring_packed_desc) * id * std::uint64_t{options().indirect_entries};
    auto* table = memory_.object<vring_packed_desc>(address, readable.size() + writable.size());
    for (const Segment& segment : readable) {
        *table++ = {segment.address, segment.length, 0, 0};
    }
    for (const Segment& segment : writable) {
        *table++ = {segment.address, segment.length, 0, VRING_DESC_F_WRITE};
    }
    return address;
}

bool PackedRing::publish() {
    const PackedPlace before = published_;
    if (added_ == before) {
        return false;
    }
    published_ = added_;
    raw_.flags(before.slot()).store(first_flags_, std::memory_order_release);
    full_barrier();
    return PackedEvent(raw_.device_event().load(std::memory_order_relaxed))
        .wanted(before, published_, raw_.size());
}

/// Looks at used descriptors without taking them. One that names no buffer ends it:
/// take() will say so.
PackedRing::Returned PackedRing::look() const {
    Returned result{0, taken_};
    const auto pass = [&](std::uint16_t id) {
        result.buffers++;
        result.end = result.end.plus(slots_[id], raw_.size());
    };
    while (result.buffers < under_way_.batch()) {
        pass(under_way_.head(result.buffers));
    }
    while (result.buffers < under_way_.size()) {
        const unsigned slot = result.end.slot();
        if (!result.end.is_used(raw_.flags(slot).load(std::memory_order_acquire))) {
            break;
        }
        const std::uint16_t id = raw_.desc(slot).id;
        if (id >= slots_.size() || slots_[id] == 0) {
            result.buffers++;
            break;
        }
        const std::size_t last = options().in_order ? under_way_.find(id) : 0;
        while (result.buffers < last) {
            pass(under_way_.head(result.buffers));
        }
        pass(id);
    }
    return result;
}

PackedPlace PackedRing::used() const {
    return look().end;
}

std::optional<UsedBuffer> PackedRing::take() {
    if (under_way_.batch() > 0) {
        return release(under_way_.take());
    }
    if (!taken_.is_used(raw_.flags(taken_.slot()).load(std::memory_order_acquire))) {
        return std::nullopt;
    }
    const UsedBuffer used{raw_.desc(taken_.slot()).id, raw_.desc(taken_.slot()).len};
    if (used.head >= slots_.size() || slots_[used.head] == 0) {
        throw Error("virtqueue", "used descriptor for id " + std::to_string(used.head), EPROTO,
                    "the device broke the rules of the packed ring");
    }
    if (options().in_order) {
        under_way_.begin_batch(used.head, used.length);
        return release(under_way_.take());
    }
    under_way_.remove(used.head);
    return release(used);
}

UsedBuffer PackedRing::release(UsedBuffer used) {
    taken_ = taken_.plus(slots_[used.head], raw_.size());
    free_ += slots_[used.head];
    slots_[used.head] = 0;
    free_ids_.push_back(used.head);
    return used;
}

void PackedRing::disable_callbacks() {
    raw_.driver_event().store(PackedEvent::disable().word(), std::memory_order_relaxed);
}

bool PackedRing::enable_callbacks(std::uint16_t after) {
    PackedEvent event = PackedEvent::enable();
    if (options().event_idx) {
        // The device uses buffers in their order, or else the place is a guess.
        PackedPlace place = taken_;
        for (std::size_t i = 0; i < after; i++) {
            const bool known = i < under_way_.size();
            place = place.plus(known ? slots_[under_way_.head(i)] : 1, raw_.size());
        }
        event = PackedEvent::only_at(place);
    }
    raw_.driver_event().store(event.word(), std::memory_order_relaxed);
    full_barrier();
    return returned() <= after;
}

} // namespace vcoal
