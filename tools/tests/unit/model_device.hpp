// SPDX-License-Identifier: GPL-2.0-only
//
// The device's side of a split ring, for tests of the driver's side: it does what the
// specification says a device does, one buffer at a time, and checks what it is given.
#pragma once

#include "vcoal/guest_memory.hpp"
#include "vcoal/split_ring.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

/// A buffer as the device finds it.
struct DeviceBuffer {
    std::uint16_t head = 0;
    std::vector<vcoal::Segment> readable;
    std::vector<vcoal::Segment> writable;
};

class ModelDevice {
public:
    ModelDevice(vcoal::GuestMemory& memory, vcoal::SplitRing& ring)
        : memory_(memory), ring_(ring.raw()), event_idx_(ring.options().event_idx),
          next_(ring.options().first_index), used_(ring.options().first_index),
          signalled_(ring.options().first_index) {}

    std::optional<DeviceBuffer> take() {
        if (ring_.avail_idx().load() == next_) {
            return std::nullopt;
        }
        DeviceBuffer buffer;
        buffer.head = ring_.avail_entry(next_++);
        walk(&ring_.desc(0), ring_.size(), buffer.head, buffer, true);
        return buffer;
    }

    /// Returns a buffer. True when the driver wants a notification for it.
    bool give_back(std::uint16_t head, std::uint32_t length) {
        ring_.used_entry(used_) = {head, length};
        ring_.used_idx().store(++used_);
        const std::uint16_t before = signalled_;
        signalled_ = used_;
        if (event_idx_) {
            return vcoal::event_reached(ring_.used_event().load(), used_, before);
        }
        return (ring_.avail_flags().load() & VRING_AVAIL_F_NO_INTERRUPT) == 0;
    }

    /// Asks to be kicked when the driver publishes what it has not taken yet.
    void want_kicks(bool wanted) {
        ring_.used_flags().store(wanted || event_idx_ ? 0 : VRING_USED_F_NO_NOTIFY);
        if (event_idx_ && wanted) {
            ring_.avail_event().store(next_);
        }
    }

private:
    void walk(const vring_desc* table, unsigned entries, unsigned at, DeviceBuffer& buffer,
              bool may_be_indirect) {
        for (unsigned steps = 0;; steps++) {
            if (at >= entries || steps >= entries) {
                throw std::runtime_error("chain leaves its table or never ends");
            }
            const vring_desc& desc = table[at];
            if ((desc.flags & VRING_DESC_F_INDIRECT) != 0) {
                if (!may_be_indirect || (desc.flags & VRING_DESC_F_NEXT) != 0 || steps != 0) {
                    throw std::runtime_error("misplaced indirect descriptor");
                }
                const unsigned count = desc.len / sizeof(vring_desc);
                walk(memory_.object<vring_desc>(desc.addr, count), count, 0, buffer, false);
                return;
            }
            const bool writable = (desc.flags & VRING_DESC_F_WRITE) != 0;
            if (!writable && !buffer.writable.empty()) {
                throw std::runtime_error("readable part after a writable one");
            }
            (writable ? buffer.writable : buffer.readable).push_back({desc.addr, desc.len});
            if ((desc.flags & VRING_DESC_F_NEXT) == 0) {
                return;
            }
            at = desc.next;
        }
    }

    vcoal::GuestMemory& memory_;
    vcoal::RawRing& ring_;
    bool event_idx_;
    std::uint16_t next_;
    std::uint16_t used_;
    std::uint16_t signalled_;
};
