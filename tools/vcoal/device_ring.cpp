// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/device_ring.hpp"

#include "vcoal/error.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <linux/virtio_ring.h>
#include <numeric>

namespace vcoal {
namespace {

static_assert(std::endian::native == std::endian::little, "rings are little-endian");

using Word = std::atomic_ref<std::uint16_t>;

Word word_at(std::byte* base, std::size_t offset) {
    return Word(*reinterpret_cast<std::uint16_t*>(base + offset));
}

std::size_t total(const std::vector<std::span<std::byte>>& buffers) {
    return std::accumulate(
        buffers.begin(), buffers.end(), std::size_t{0},
        [](std::size_t sum, std::span<const std::byte> buffer) { return sum + buffer.size(); });
}

[[noreturn]] void malformed(const char* how) {
    throw Error("descriptor chain", how, EBADMSG, "the driver is at fault");
}

} // namespace

std::size_t DeviceChain::readable_bytes() const noexcept {
    return total(readable);
}

std::size_t DeviceChain::writable_bytes() const noexcept {
    return total(writable);
}

std::vector<std::byte> DeviceChain::read() const {
    std::vector<std::byte> data;
    data.reserve(readable_bytes());
    for (const auto buffer : readable) {
        data.insert(data.end(), buffer.begin(), buffer.end());
    }
    return data;
}

std::size_t DeviceChain::write(std::span<const std::byte> data) const {
    std::size_t done = 0;
    for (const auto buffer : writable) {
        const std::size_t n = std::min(buffer.size(), data.size() - done);
        std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(done), n, buffer.begin());
        done += n;
    }
    return done;
}

DeviceRing::DeviceRing(const Loopback& loopback, const vlb_vq& queue, std::uint64_t features)
    : loopback_(loopback), size_(queue.num), desc_(queue.desc),
      avail_(loopback.at(queue.driver, 6 + 2 * std::size_t{queue.num}).data()),
      used_(loopback.at(queue.device, 6 + 8 * std::size_t{queue.num}).data()),
      event_index_((features & (1ULL << VIRTIO_RING_F_EVENT_IDX)) != 0) {
}

std::optional<DeviceChain> DeviceRing::pop() {
    if (word_at(avail_, 2).load(std::memory_order_acquire) == next_) {
        return std::nullopt;
    }
    DeviceChain chain;
    chain.head = word_at(avail_, 4 + 2 * (next_ % size_)).load(std::memory_order_relaxed);
    append(chain, desc_, size_, chain.head, false);
    next_++;
    return chain;
}

void DeviceRing::append(DeviceChain& chain, std::uint64_t table, std::uint32_t entries,
                        std::uint32_t first, bool nested) const {
    std::uint32_t index = first;
    for (std::uint32_t steps = 0; steps < entries; steps++) {
        vring_desc desc{};
        if (index >= entries) {
            malformed("follow to a descriptor that does not exist");
        }
        const auto bytes = loopback_.at(table + index * sizeof(desc), sizeof(desc));
        std::memcpy(&desc, bytes.data(), sizeof(desc));
        if ((desc.flags & VRING_DESC_F_INDIRECT) != 0) {
            if (nested || desc.len == 0 || desc.len % sizeof(desc) != 0) {
                malformed("read indirect table");
            }
            const auto count = static_cast<std::uint32_t>(desc.len / sizeof(desc));
            append(chain, desc.addr, count, 0, true);
        } else {
            const bool write = (desc.flags & VRING_DESC_F_WRITE) != 0;
            if (!write && !chain.writable.empty()) {
                malformed("find a readable buffer behind a writable one");
            }
            (write ? chain.writable : chain.readable).push_back(loopback_.at(desc.addr, desc.len));
        }
        if ((desc.flags & VRING_DESC_F_NEXT) == 0) {
            return;
        }
        index = desc.next;
    }
    malformed("find the end");
}

bool DeviceRing::enable_kicks() {
    if (event_index_) {
        word_at(used_, 4 + 8 * std::size_t{size_}).store(next_, std::memory_order_relaxed);
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return word_at(avail_, 2).load(std::memory_order_acquire) != next_;
}

void DeviceRing::push(std::uint32_t head, std::uint32_t written) {
    const vring_used_elem entry{head, written};
    std::memcpy(used_ + 4 + sizeof(entry) * (pushed_ % size_), &entry, sizeof(entry));
    pushed_++;
    word_at(used_, 2).store(pushed_, std::memory_order_release);
}

bool DeviceRing::wants_signal() {
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
