// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/net_driver.hpp"
#include "vcoal/packet_socket.hpp"

#include <chrono>
#include <cstdint>
#include <functional>

namespace vcoal::test {

/// How long something may take that happens at once on an idle machine: VMs without
/// hardware support on a busy host are slow.
constexpr std::chrono::seconds generous{30};

/// Waits until @p condition holds; false when @p limit passes first.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = generous);

/// A driver on one end of a tap and a packet socket on the other. All frames carry
/// consecutive numbers, and every frame that arrives is checked.
class Bench {
public:
    /// Interface up, receive buffers posted, queues running.
    explicit Bench(const NetDriverOptions& options = {});

    NetDriver& driver() noexcept { return driver_; }
    VhostNet& vhost() noexcept { return driver_.vhost(); }
    Queue& rx() noexcept { return driver_.rx(); }
    Queue& tx() noexcept { return driver_.tx(); }
    PacketSocket& host() noexcept { return host_; }

    /// Sends one frame into the guest and waits for nothing.
    void inject(std::size_t length = 64);
    /// Sends @p count frames into the guest and waits until the device has published
    /// them all. Takes and reposts receive buffers when they run short.
    void deliver(unsigned count, std::size_t length = 64);
    /// Takes and checks what the driver has received, up to @p most frames; their buffers
    /// are not posted again. Returns how many.
    unsigned take(unsigned most);
    /// Takes, checks and reposts what the driver has received. Returns how many.
    unsigned drain();
    /// Waits until the device has published @p count frames not yet taken.
    void await_published(unsigned count);

    /// The driver sends @p count frames in one go, and waits until the device has
    /// returned them all; they are reclaimed.
    void transmit(unsigned count, std::size_t length = 64);
    /// Adds one frame to the transmit ring and publishes it.
    void transmit_one(std::size_t length = 64);
    /// Waits until the device has returned @p count frames not yet reclaimed.
    void await_sent(unsigned count);
    /// Receives and checks @p count frames that the driver has transmitted.
    void expect_on_host(unsigned count);

private:
    NetDriver driver_;
    PacketSocket host_;
    std::uint64_t injected_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t transmitted_ = 0;
    std::uint64_t arrived_ = 0;
};

} // namespace vcoal::test
