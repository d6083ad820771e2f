// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/queue.hpp"

#include <cstdint>

namespace vcoal::test {

/// Writes into a ring what no driver would, in either layout. The device sees nothing of
/// it before offer().
class RingPen {
public:
    /// @param queue whose ring nobody has used since reset()
    explicit RingPen(Queue& queue) : queue_(queue), packed_(queue.ring().options().packed) {}

    /// Writes descriptor @p i. In a packed ring it has the id 7 and is available.
    /// @param flags VRING_DESC_F_*
    /// @param next for a split ring
    void put(unsigned i, std::uint64_t address, std::uint32_t length, unsigned flags,
             unsigned next = 0);
    /// Makes the chain that begins with descriptor 0 available.
    void offer();
    /// Whether the device has used anything.
    bool anything_used();

    /// One entry of an indirect table.
    void put_entry(void* table, unsigned i, std::uint64_t address, std::uint32_t length,
                   unsigned flags, unsigned next = 0) const;

private:
    Queue& queue_;
    bool packed_;
    std::uint16_t first_flags_ = 0;
};

} // namespace vcoal::test
