// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "hunter/step.hpp"
#include "vcoal/guest_memory.hpp"
#include "vcoal/packed_place.hpp"
#include "vcoal/ring.hpp"

#include <cstdint>
#include <deque>
#include <memory>

namespace hunter {

/// The driver's side of the virtqueue, and what it may expect. It keeps to the rules:
/// whenever it asks for notifications it looks at the ring once more.
class Driver {
public:
    static constexpr std::uint32_t buffer_bytes = 128;

    Driver(const Setup& setup, vcoal::GuestMemory& memory);

    const vcoal::DriverRing& ring() const noexcept { return *ring_; }
    void reset();

    /// Makes up to @p n buffers available; true when the device wants a kick.
    bool offer(std::uint64_t n);
    /// Takes up to @p n buffers; throws Finding for one that it is not the turn of.
    std::uint64_t take(std::uint64_t n);
    void disable();
    /// A notification when @p after more buffers than now were used and then one more;
    /// false when there is no need for it any more.
    bool enable(std::uint64_t after);
    /// Takes up to @p n buffers with notifications off; on again if there were fewer.
    void poll(std::uint64_t n);

    void signalled() { told_ = true; }
    bool told() const noexcept { return told_; }
    /// It has asked for a notification, and buffers that it waits for were used.
    bool waits() const { return armed_ && used() > threshold_; }
    /// It is told or knows without being told that there is something.
    bool has_work() const { return told_ || busy_; }
    bool asks() const noexcept { return armed_; }

    /// Buffers used so far, and those the device has not used.
    std::uint64_t used() const { return taken_ + ring_->returned(); }
    std::uint64_t available() const { return offered_ - used(); }
    unsigned free() const { return ring_->free(); }
    std::uint64_t taken() const noexcept { return taken_; }

    /// The next buffers have so many bytes in them.
    void expect(std::uint32_t bytes);
    /// The device has used @p buffers more; transmit: returns their descriptors.
    std::uint64_t pass(std::uint64_t buffers);
    /// By the rules of the ring (NTF-D1, NTF-D2, NTF-P): is a notification wanted for all
    /// that was used since the last evaluation? This is one.
    bool evaluate();
    /// To be called for each batch used: places of a packed ring come again.
    void note_progress();
    /// The last evaluation says nothing any more.
    void forget_evaluation() { evaluated_ = false; }

private:
    bool add_one();
    void check(const vcoal::UsedBuffer& used);
    bool wanted_split(std::uint64_t since) const;
    bool wanted_packed(std::uint64_t since) const;

    const Setup& setup_;
    std::unique_ptr<vcoal::DriverRing> ring_;
    std::uint64_t memory_;
    std::uint64_t offered_ = 0;
    std::uint64_t taken_ = 0;
    std::deque<std::uint16_t> heads_;   ///< with the device, in order
    std::deque<std::uint32_t> lengths_; ///< receive: bytes in those that have some
    std::deque<unsigned> descriptors_;

    bool armed_ = true;
    bool told_ = false;
    bool busy_ = false;
    std::uint64_t threshold_ = 0;

    bool evaluated_ = false;
    std::uint64_t used_then_ = 0;
    std::uint64_t slots_since_ = 0;
    vcoal::PackedPlace place_then_;
    vcoal::PackedPlace place_now_;
};

} // namespace hunter
