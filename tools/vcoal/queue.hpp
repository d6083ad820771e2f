// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/packed_ring.hpp"
#include "vcoal/split_ring.hpp"
#include "vcoal/vhost.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace vcoal {

/// A virtqueue as its driver has it: the ring and its three eventfds. Counts every
/// kick sent and every signal received: an eventfd adds signals up, so none is lost
/// however late it is read.
class Queue {
public:
    Queue(GuestMemory& memory, const RingOptions& options);

    DriverRing& ring() noexcept { return *ring_; }
    /// The same with what is special about its layout; throws std::bad_cast for the other.
    SplitRing& split() { return dynamic_cast<SplitRing&>(*ring_); }
    PackedRing& packed() { return dynamic_cast<PackedRing&>(*ring_); }
    EventFd& kick_fd() noexcept { return kick_; }
    EventFd& call_fd() noexcept { return call_; }
    EventFd& error_fd() noexcept { return error_; }

    /// Makes what was added visible and kicks when the device wants it.
    void publish();
    /// Kicks whatever the device wants.
    void kick();
    std::uint64_t kicks() const noexcept { return kicks_; }

    /// Signals on the call eventfd since the queue was made.
    std::uint64_t signals();
    /// Waits until there were @p total signals; false when @p timeout passes first.
    bool wait_signals(std::uint64_t total, std::chrono::milliseconds timeout);
    /// Signals on the error eventfd since the queue was made.
    std::uint64_t errors();

    /// Replaces the call eventfd by a new one; signals counted so far remain.
    void renew_call_fd();

    /// Gives vhost the ring, beginning at @p base, and the eventfds.
    void configure(VhostNet& vhost, unsigned index, unsigned base);

private:
    std::unique_ptr<DriverRing> ring_;
    EventFd kick_;
    EventFd call_;
    EventFd error_;
    std::uint64_t kicks_ = 0;
    std::uint64_t signals_ = 0;
    std::uint64_t errors_ = 0;
};

} // namespace vcoal
