// SPDX-License-Identifier: GPL-2.0-only
#include "support/ring_pen.hpp"

namespace vcoal::test {

void RingPen::put(unsigned i, std::uint64_t address, std::uint32_t length, unsigned flags,
                  unsigned next) {
    if (!packed_) {
        queue_.split().raw().desc(i) = {address, length, static_cast<std::uint16_t>(flags),
                                        static_cast<std::uint16_t>(next)};
        return;
    }
    RawPackedRing& raw = queue_.packed().raw();
    const auto available = static_cast<std::uint16_t>(flags | PackedPlace().available());
    vring_packed_desc& desc = raw.desc(i);
    desc.addr = address;
    desc.len = length;
    desc.id = 7;
    if (i == 0) {
        first_flags_ = available;
    } else {
        raw.flags(i).store(available);
    }
}

void RingPen::offer() {
    if (packed_) {
        queue_.packed().raw().flags(0).store(first_flags_);
        return;
    }
    RawRing& raw = queue_.split().raw();
    raw.avail_entry(0) = 0;
    raw.avail_idx().store(1);
}

bool RingPen::anything_used() {
    if (packed_) {
        return PackedPlace().is_used(queue_.packed().raw().flags(0).load());
    }
    return queue_.split().raw().used_idx().load() != 0;
}

void RingPen::put_entry(void* table, unsigned i, std::uint64_t address, std::uint32_t length,
                        unsigned flags, unsigned next) const {
    if (packed_) {
        static_cast<vring_packed_desc*>(table)[i] = {address, length, 0,
                                                     static_cast<std::uint16_t>(flags)};
        return;
    }
    static_cast<vring_desc*>(table)[i] = {address, length, static_cast<std::uint16_t>(flags),
                                          static_cast<std::uint16_t>(next)};
}

} // namespace vcoal::test
