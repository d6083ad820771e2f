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

/// The bytes of a packed ring, field by field and without any rule, as RawRing.
class RawPackedRing {
public:
    using Word = std::atomic_ref<std::uint16_t>;
    using Event = std::atomic_ref<std::uint32_t>;

    /// Allocates a ring of @p size slots, all zeroes.
    RawPackedRing(GuestMemory& memory, std::uint16_t size)
        : size_(size), desc_address_(memory.allocate(sizeof(vring_packed_desc) * size, 4096)),
          driver_address_(memory.allocate(sizeof(std::uint32_t))),
          device_address_(memory.allocate(sizeof(std::uint32_t))),
          desc_(memory.object<vring_packed_desc>(desc_address_, size)),
          driver_(memory.object<std::uint32_t>(driver_address_)),
          device_(memory.object<std::uint32_t>(device_address_)),
          addresses_{memory.process_address(desc_address_), memory.process_address(driver_address_),
                     memory.process_address(device_address_)} {}

    std::uint16_t size() const noexcept { return size_; }
    /// Where the parts are in this process, as vhost wants to know.
    const RingAddresses& addresses() const noexcept { return addresses_; }

    vring_packed_desc& desc(unsigned i) const noexcept { return desc_[i % size_]; }
    Word flags(unsigned i) const noexcept { return Word(desc(i).flags); }
    /// Both words of an event suppression structure at once.
    Event driver_event() const noexcept { return Event(*driver_); }
    Event device_event() const noexcept { return Event(*device_); }

private:
    std::uint16_t size_;
    std::uint64_t desc_address_;
    std::uint64_t driver_address_;
    std::uint64_t device_address_;
    vring_packed_desc* desc_;
    std::uint32_t* driver_;
    std::uint32_t* device_;
    RingAddresses addresses_;
};

} // namespace vcoal
