// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/loopback_stub.hpp"
#include "vcoal/netns.hpp"
#include "vcoal/packet_socket.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace vcoal::test {

/// Choices that follow from a seed.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}

    /// 0 to @p n - 1.
    std::uint64_t below(std::uint64_t n) { return engine_() % n; }
    bool chance(unsigned percent) { return below(100) < percent; }
    /// Mostly near 0, near @p edge or near the largest; now and then anything.
    std::uint32_t number(std::uint32_t edge);
    std::vector<std::byte> bytes(std::size_t n);

private:
    std::mt19937_64 engine_;
};

/// A network device that says what no device may say. It lives as long as what it says
/// leaves its rings in order: until break_a_ring().
class HostileDevice {
public:
    /// Comes and waits for the driver.
    explicit HostileDevice(std::uint64_t seed);

    /// False when the driver would not have a device like this.
    bool accepted() const noexcept { return guest_.has_value(); }
    /// Sends the driver one thing; false when it has no buffer for it, although it had
    /// time enough.
    bool say_something();
    /// What it has answered so far, each answer being a message, too.
    unsigned answers() const noexcept { return answers_; }
    /// Sends a good packet; false when it does not reach a socket.
    bool reaches_a_socket();
    /// Has the driver reset the device and set it up anew, in one way or the other; throws
    /// Error.
    void start_over();
    /// Returns a buffer that is none.
    void break_a_ring();

private:
    using Bytes = std::vector<std::byte>;

    static LoopbackOptions options(Dice& dice);
    bool packet();
    bool inject(const Bytes& bytes, std::uint32_t claimed);
    void configuration(Dice& dice);
    void provoke_a_command();
    Bytes answer(std::span<const std::byte> request);
    void bring_up();

    Dice dice_;
    /// Of the thread that answers.
    Dice answering_;
    std::atomic<unsigned> answers_{0};
    LoopbackOptions options_;
    NetNs first_ = NetNs::open("/proc/1/ns/net");
    std::string interface_;
    std::optional<PacketSocket> guest_;
    std::uint64_t sequence_ = 0;
    unsigned freezes_ = 0;
    /// Last: its thread uses all the others.
    LoopbackStub stub_;
};

} // namespace vcoal::test
