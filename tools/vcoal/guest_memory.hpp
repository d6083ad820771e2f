// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <cstddef>
#include <cstdint>
#include <linux/vhost.h>
#include <span>

namespace vcoal {

/// The memory of a guest that consists of a driver only: one region, shared with
/// vhost, in which rings and buffers are allocated one after the other. Around the
/// region lie guard bytes which no device was told about.
class GuestMemory {
public:
    /// Far from 0, and no address of this process: mixing the two up shows at once.
    static constexpr std::uint64_t default_base = 0x1'0000'0000;

    /// @param size bytes of the region; rounded up to pages
    /// @param guard bytes before it and behind it; rounded up to pages
    explicit GuestMemory(std::size_t size, std::size_t guard = 0,
                         std::uint64_t base = default_base);

    /// Guest address of the region's first byte.
    std::uint64_t base() const noexcept { return base_; }
    std::size_t size() const noexcept { return size_; }

    /// Guest address of @p bytes never handed out before; throws Error when full.
    std::uint64_t allocate(std::size_t bytes, std::size_t alignment = 64);

    /// The bytes at a guest address; throws Error outside the region.
    std::span<std::byte> at(std::uint64_t address, std::size_t bytes) const;
    /// What lies at a guest address.
    template <typename T>
    T* object(std::uint64_t address, std::size_t count = 1) const {
        return reinterpret_cast<T*>(at(address, count * sizeof(T)).data());
    }
    /// Address in this process of a guest address.
    std::uint64_t process_address(std::uint64_t address) const;

    /// The whole region.
    std::span<std::byte> bytes() const noexcept;
    std::span<std::byte> guard_before() const noexcept;
    std::span<std::byte> guard_behind() const noexcept;
    /// The region as vhost's memory table has it.
    vhost_memory_region region() const noexcept;

private:
    std::size_t size_;
    std::size_t guard_;
    std::uint64_t base_;
    std::size_t allocated_ = 0;
    Mapping mapping_;
};

} // namespace vcoal
