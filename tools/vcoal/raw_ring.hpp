// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/guest_memory.hpp"
#include "vcoal/vhost.hpp"

#include <atomic>
#include <bit>
#include <cstdint>
#include <linux/virtio_ring.h>

namespace vcoal {

static_assert(std::endian::native == std::endian::little, "rings are little-endian");

/// The bytes of a split ring, field by field and without any rule: who wants to be
/// hostile writes what he likes. Everything another thread or the device writes is
/// read through the atomics.
class RawRing {
public:
    using Word = std::atomic_ref<std::uint16_t>;

    /// Allocates a ring of @p size entries, all zeroes.
    RawRing(GuestMemory& memory, std::uint16_t size)
        : size_(size), desc_address_(memory.allocate(sizeof(vring_desc) * size, 4096)),
          avail_address_(memory.allocate(sizeof(std::uint16_t) * (3U + size))),
          used_address_(memory.allocate(6U + sizeof(vring_used_elem) * size)),
          desc_(memory.object<vring_desc>(desc_address_, size)),
          avail_(memory.object<std::uint16_t>(avail_address_, 3U + size)),
          used_(memory.object<std::byte>(used_address_, 6U + sizeof(vring_used_elem) * size)),
          addresses_{memory.process_address(desc_address_), memory.process_address(avail_address_),
                     memory.process_address(used_address_)} {}

    std::uint16_t size() const noexcept { return size_; }
    /// Where the parts are in this process, as vhost wants to know.
    const RingAddresses& addresses() const noexcept { return addresses_; }
    /// Where they are in the guest.
    std::uint64_t desc_address() const noexcept { return desc_address_; }
    std::uint64_t avail_address() const noexcept { return avail_address_; }
    std::uint64_t used_address() const noexcept { return used_address_; }

    vring_desc& desc(unsigned i) const noexcept { return desc_[i % size_]; }
    Word avail_flags() const noexcept { return Word(avail_[0]); }
    Word avail_idx() const noexcept { return Word(avail_[1]); }
    std::uint16_t& avail_entry(unsigned i) const noexcept { return avail_[2 + i % size_]; }
    Word used_event() const noexcept { return Word(avail_[2 + size_]); }
    Word used_flags() const noexcept { return used_word(0); }
    Word used_idx() const noexcept { return used_word(2); }
    vring_used_elem& used_entry(unsigned i) const noexcept {
        return reinterpret_cast<vring_used_elem*>(used_ + 4)[i % size_];
    }
    Word avail_event() const noexcept { return used_word(4 + sizeof(vring_used_elem) * size_); }

private:
    Word used_word(std::size_t offset) const noexcept {
        return Word(*reinterpret_cast<std::uint16_t*>(used_ + offset));
    }

    std::uint16_t size_;
    std::uint64_t desc_address_;
    std::uint64_t avail_address_;
    std::uint64_t used_address_;
    vring_desc* desc_;
    std::uint16_t* avail_;
    std::byte* used_;
    RingAddresses addresses_;
};

} // namespace vcoal
