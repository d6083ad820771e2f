// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/queue.hpp"

namespace vcoal {
namespace {

std::unique_ptr<DriverRing> make_ring(GuestMemory& memory, const RingOptions& options) {
    if (options.packed) {
        return std::make_unique<PackedRing>(memory, options);
    }
    return std::make_unique<SplitRing>(memory, options);
}

} // namespace

Queue::Queue(GuestMemory& memory, const RingOptions& options) : ring_(make_ring(memory, options)) {
}

void Queue::publish() {
    if (ring_->publish()) {
        kick();
    }
}

void Queue::kick() {
    kicks_++;
    kick_.signal();
}

std::uint64_t Queue::signals() {
    signals_ += call_.take();
    return signals_;
}

bool Queue::wait_signals(std::uint64_t total, std::chrono::milliseconds timeout) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + timeout;
    while (signals() < total) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0 || !call_.wait(left)) {
            return signals() >= total;
        }
    }
    return true;
}

std::uint64_t Queue::errors() {
    errors_ += error_.take();
    return errors_;
}

void Queue::renew_call_fd() {
    signals_ += call_.take();
    call_ = EventFd();
}

void Queue::configure(VhostNet& vhost, unsigned index, unsigned base) {
    vhost.set_vring_size(index, ring_->options().size);
    vhost.set_vring_base(index, base);
    vhost.set_vring_addresses(index, ring_->addresses());
    vhost.set_kick(index, kick_.get());
    vhost.set_call(index, call_.get());
    vhost.set_error(index, error_.get());
}

} // namespace vcoal
