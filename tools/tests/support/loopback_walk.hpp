// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/walk_target.hpp"

#include <array>
#include <atomic>

namespace vcoal::test {

/// A session of /dev/virtio-loopback, of a device that no driver wants.
class LoopbackWalk : public WalkTarget {
public:
    LoopbackWalk();

    std::vector<std::byte> argument(unsigned long request, Chance& chance) override;
    unsigned long other_size(unsigned long request, Chance& chance) override;
    std::span<const unsigned long> way_up() const override;
    void stir(unsigned thread, Chance& chance) override;
    bool ends_all(unsigned long /*request*/) const override { return false; }

private:
    std::vector<std::byte> create(Chance& chance) const;
    std::vector<std::byte> eventfds(Chance& chance) const;
    int descriptor(int right_one, Chance& chance) const;

    std::array<std::uint32_t, 3> sizes_{64, 64, 64};
    std::array<std::byte, 16> config_{};
    EventFd kick_;
    EventFd call_;
    Fd other_;
    /// Of the event read last.
    std::atomic<std::uint32_t> sequence_{0};
};

} // namespace vcoal::test
