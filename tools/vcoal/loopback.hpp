// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <linux/vhost.h>
#include <linux/virtio_loopback.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vcoal {

constexpr const char* loopback_node = "/dev/virtio-loopback";

/// The device a Loopback stands for. See linux/virtio_loopback.h.
struct LoopbackOptions {
    std::uint32_t device_id = 1;
    std::uint64_t features = 0;
    /// One entry for each queue: its size.
    std::vector<std::uint32_t> queue_sizes;
    /// The configuration space to begin with.
    std::vector<std::byte> config;
    std::uint64_t arena_bytes = std::uint64_t{16} << 20;
    /// Quotas by direction; 0: what the module thinks.
    std::uint64_t in_bytes = 0;
    std::uint64_t out_bytes = 0;
    /// 0: the module's defaults.
    std::chrono::milliseconds control_timeout{0};
    std::chrono::milliseconds ack_timeout{0};
};

/// A virtio device in front of this kernel's own drivers, with its arena mapped. It
/// exists until this object and whoever else holds the mapping are gone; the driver
/// is told nothing before start(). Methods throw Error.
class Loopback {
public:
    explicit Loopback(const LoopbackOptions& options);

    /// For poll(): readable when an event waits.
    int get() const noexcept { return fd_.get(); }
    /// Features really offered, ACCESS_PLATFORM among them.
    std::uint64_t offered() const noexcept { return created_.features[0]; }

    /// The driver's memory as far as the device sees it, and where it begins in the
    /// driver's addresses.
    std::span<std::byte> arena() const noexcept { return arena_.bytes(); }
    std::uint64_t base() const noexcept { return created_.dma_base; }
    /// The bytes at an address of the driver; throws Error outside the arena.
    std::span<std::byte> at(std::uint64_t address, std::uint64_t length) const;
    /// The arena as vhost's memory table has it.
    vhost_memory_region region() const noexcept;

    /// -1 for none. @p control: the driver waits for the answers on this queue.
    void set_eventfds(std::uint32_t index, int kick, int call, bool control = false);
    /// Has the device registered; the REGISTERED event tells the result.
    void start();
    /// The next event, or nothing when @p timeout passes first or after DEAD.
    std::optional<vlb_event> next_event(std::chrono::milliseconds timeout);
    /// Answers an event that wants it; false when nobody waits for that any more.
    bool acknowledge(std::uint32_t seq, bool accept = true);
    void set_config(std::uint32_t offset, std::span<const std::byte> data);
    /// Asynchronous: FROZEN and RESTORED tell the results.
    void freeze();
    void restore();

    vlb_info info() const;
    vlb_vq queue(std::uint32_t index) const;
    vlb_vq_stats statistics(std::uint32_t index) const;
    vlb_arena_stats arena_statistics() const;

private:
    void carry_out(unsigned long request, void* argument, const std::string& what) const;

    Fd fd_;
    vlb_create created_;
    Mapping arena_;
};

} // namespace vcoal
