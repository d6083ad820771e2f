// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/walk_target.hpp"
#include "vcoal/guest_memory.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/queue.hpp"
#include "vcoal/tap.hpp"

#include <cstddef>
#include <cstdint>
#include <linux/vhost_net_coal.h>
#include <optional>
#include <span>
#include <vector>

namespace vcoal::test {

/// A vhost file and everything that its ioctls may name.
class VhostWalk : public WalkTarget {
public:
    VhostWalk();

    const Tap& tap() const noexcept { return tap_; }
    const GuestMemory& memory() const noexcept { return memory_; }
    Queue& queue(unsigned index) { return index == VHN_VRING_RX ? rx_ : tx_; }
    /// Descriptors of all kinds, most of them of the wrong one, and some that are closed.
    std::span<const int> descriptors() const noexcept { return descriptors_; }
    /// The available index of a ring.
    std::uint16_t available(unsigned index);

    std::vector<std::byte> argument(unsigned long request, Chance& chance) override;
    unsigned long other_size(unsigned long request, Chance& chance) override;
    std::span<const unsigned long> way_up() const override;
    void stir(unsigned thread, Chance& chance) override;
    bool ends_all(unsigned long request) const override { return request == VHOST_RESET_OWNER; }

private:
    void offer_buffer(unsigned index, unsigned descriptor, Chance& chance);

    Tap tap_;
    GuestMemory memory_;
    Queue rx_;
    Queue tx_;
    std::optional<PacketSocket> host_;
    std::vector<Fd> kept_;
    std::vector<int> descriptors_;
};

} // namespace vcoal::test
