// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/device_ring_split.hpp"

#include <atomic>
#include <bit>
#include <cstring>
#include <linux/virtio_ring.h>

namespace vcoal {
namespace {

static_assert(std::endian::native == std::endian::little, "rings are little-endian");

using Word = std::atomic_ref<std::uint16_t>;

Word word_at(std::byte* base, std::size_t offset) {
    return Word(*reinterpret_cast<std::uint16_t*>(base + offset));
}

} // namespace

SplitDeviceRing::SplitDeviceRing(const Loopback& loopback, const vlb_vq& queue,
                                 std::uint64_t features)
    : loopback_(loopback), size_(queue.num), desc_(queue.desc),
      avail_(loopback.at(queue.driver, 6 + 2 * std::size_t{queue.num}).data()),
      used_(loopback.at(queue.device, 6 + 8 * std::size_t{queue.num}).data()),
      event_index_((features & (1ULL << VIRTIO_RING_F_EVENT_IDX)) != 0) {
}

std::optional<DeviceChain> SplitDeviceRing::pop() {
    if (word_at(avail_, 2).load(std::memory_order_acquire) == next_) {
        return std::nullopt;
    }
    DeviceChain chain;
    chain.head = word_at(avail_, 4 + 2 * (next_ % size_)).load(std::memory_order_relaxed);
    append(chain, desc_, size_, chain.head, false);
    next_++;
    return chain;
}

void SplitDeviceRing::append(DeviceChain& chain, std::uint64_t table, std::uint32_t entries,
                             std::uint32_t first, bool nested) const {
    std::uint32_t index = first;
    for (std::uint32_t steps = 0; steps < entries; steps++) {
        vring_desc desc{};
        if (index >= entries) {
            malformed_chain("follow to a descriptor that does not exist");
        }
        const auto bytes = loopback_.at(table + index * sizeof(desc), sizeof(desc));
        std::memcpy(&desc, bytes.data(), sizeof(desc));
        if ((desc.flags & VRING_DESC_F_INDIRECT) != 0) {
            if (nested || desc.len == 0 || desc.len % sizeof(desc) != 0) {
                malformed_chain("read indirect table");
            }
            const auto count = static_cast<std::uint32_t>(desc.len / sizeof(desc));
            append(chain, desc.addr, count, 0, true);
        } else {
            chain.append(loopback_, desc.addr, desc.len, (desc.flags & VRING_DESC_F_WRITE) != 0);
        }
        if ((desc.flags & VRING_DESC_F_NEXT) == 0) {
            return;
        }
        index = desc.next;
    }
    malformed_chain("find the end");
}

bool SplitDeviceRing::enable_kicks() {
    if (event_index_) {
        word_at(used_, 4 + 8 * std::size_t{size_}).store(next_, std::memory_order_relaxed);
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return word_at(avail_, 2).load(std::memory_order_acquire) != next_;
}

void SplitDeviceRing::push(std::uint32_t head, std::uint32_t written) {
    const vring_used_elem entry{head, written};
    std::memcpy(used_ + 4 + sizeof(entry) * (pushed_ % size_), &entry, sizeof(entry));
    pushed_++;
    word_at(used_, 2).store(pushed_, std::memory_order_release);
}

bool SplitDeviceRing::wants_signal() {
    const std::uint16_t before = asked_;
    asked_ = pushed_;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!event_index_) {
        return (word_at(avail_, 0).load(std::memory_order_relaxed) & VRING_AVAIL_F_NO_INTERRUPT) ==
               0;
    }
    const auto event = word_at(avail_, 4 + 2 * std::size_t{size_}).load(std::memory_order_relaxed);
    const auto behind = static_cast<std::uint16_t>(pushed_ - event - 1);
    return behind < static_cast<std::uint16_t>(pushed_ - before);
}

} // namespace vcoal
