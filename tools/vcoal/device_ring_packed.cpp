// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/device_ring_packed.hpp"

#include "vcoal/features.hpp"

#include <atomic>
#include <bit>
#include <cstring>

namespace vcoal {
namespace {

static_assert(std::endian::native == std::endian::little, "rings are little-endian");

using Event = std::atomic_ref<std::uint32_t>;

constexpr std::size_t entry = sizeof(vring_packed_desc);

Event event_at(std::byte* structure) {
    return Event(*reinterpret_cast<std::uint32_t*>(structure));
}

vring_packed_desc* slot_at(std::span<std::byte> slots, PackedPlace place) {
    return reinterpret_cast<vring_packed_desc*>(slots.data() + entry * place.slot());
}

std::atomic_ref<std::uint16_t> flags_at(std::span<std::byte> slots, PackedPlace place) {
    return std::atomic_ref<std::uint16_t>(slot_at(slots, place)->flags);
}

vring_packed_desc copy_of(std::span<const std::byte> bytes) {
    vring_packed_desc desc{};
    std::memcpy(&desc, bytes.data(), sizeof(desc));
    return desc;
}

} // namespace

PackedDeviceRing::PackedDeviceRing(const Loopback& loopback, const vlb_vq& queue,
                                   std::uint64_t features)
    : loopback_(loopback), size_(queue.num), slots_(loopback.at(queue.desc, entry * queue.num)),
      driver_event_(loopback.at(queue.driver, sizeof(vring_packed_desc_event)).data()),
      device_event_(loopback.at(queue.device, sizeof(vring_packed_desc_event)).data()),
      event_index_((features & feature(VIRTIO_RING_F_EVENT_IDX)) != 0) {
}

bool PackedDeviceRing::available() const {
    return next_.is_available(flags_at(slots_, next_).load(std::memory_order_acquire));
}

std::optional<DeviceChain> PackedDeviceRing::pop() {
    if (!available()) {
        return std::nullopt;
    }
    DeviceChain chain;
    for (unsigned slots = 1; slots <= size_; slots++) {
        const auto desc = copy_of(slots_.subspan(entry * next_.slot(), entry));
        if (!next_.is_available(desc.flags)) {
            malformed_chain("find the rest of it");
        }
        next_ = next_.plus(1, size_);
        if ((desc.flags & VRING_DESC_F_INDIRECT) != 0) {
            append_table(chain, desc);
        } else {
            chain.append(loopback_, desc.addr, desc.len, (desc.flags & VRING_DESC_F_WRITE) != 0);
        }
        if ((desc.flags & VRING_DESC_F_NEXT) == 0) {
            chain.head = desc.id;
            taken_[desc.id] = slots;
            return chain;
        }
    }
    malformed_chain("find the end");
}

void PackedDeviceRing::append_table(DeviceChain& chain, const vring_packed_desc& table) const {
    if (table.len == 0 || table.len % entry != 0) {
        malformed_chain("read indirect table");
    }
    const auto descs = loopback_.at(table.addr, table.len);
    for (std::size_t offset = 0; offset < table.len; offset += entry) {
        const auto desc = copy_of(descs.subspan(offset, entry));
        if ((desc.flags & VRING_DESC_F_INDIRECT) != 0) {
            malformed_chain("read indirect table");
        }
        chain.append(loopback_, desc.addr, desc.len, (desc.flags & VRING_DESC_F_WRITE) != 0);
    }
}

bool PackedDeviceRing::enable_kicks() {
    if (event_index_) {
        event_at(device_event_)
            .store(PackedEvent::only_at(next_).word(), std::memory_order_relaxed);
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return available();
}

void PackedDeviceRing::push(std::uint32_t head, std::uint32_t written) {
    const auto chain = taken_.find(head);
    vring_packed_desc* slot = slot_at(slots_, pushed_);
    slot->len = written;
    slot->id = static_cast<std::uint16_t>(head);
    const unsigned flags = pushed_.used() | (written > 0 ? VRING_DESC_F_WRITE : 0U);
    flags_at(slots_, pushed_).store(static_cast<std::uint16_t>(flags), std::memory_order_release);
    pushed_ = pushed_.plus(chain != taken_.end() ? chain->second : 1, size_);
}

bool PackedDeviceRing::wants_signal() {
    const PackedPlace before = asked_;
    asked_ = pushed_;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return PackedEvent(event_at(driver_event_).load(std::memory_order_relaxed))
        .wanted(before, pushed_, size_);
}

} // namespace vcoal
