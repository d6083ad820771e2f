// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/net_driver.hpp"

#include <atomic>
#include <cstdint>
#include <linux/vhost_types.h>
#include <optional>
#include <thread>

namespace vcoal::test {

/// The IOMMU of a guest, as whoever runs the guest plays it: the device asks where
/// addresses lead, and is told, page by page. Rings are at their addresses in this process,
/// buffers at those of the guest's memory.
class Iommu {
public:
    static constexpr std::uint64_t page_bytes = 4096;

    /// @param v2 the layout of its messages
    explicit Iommu(NetDriver& driver, bool v2 = true);

    /// The driver's queues, which must be stopped, begin to use it; what the device writes
    /// of their rings is told in advance, as it has to be.
    void start();

    /// Questions so far.
    std::uint64_t asked() const noexcept { return asked_; }
    /// Whether questions are answered; those that were not are answered later.
    void set_answering(bool on);
    /// Pages are told as writable, or not, from here on.
    void set_writable(bool on) noexcept { writable_ = on; }

    /// Tells where @p bytes from @p address on lead.
    void tell(std::uint64_t address, std::uint64_t bytes, unsigned permissions = VHOST_ACCESS_RW);
    /// Takes back everything that was told; the device uses it no more when this returns.
    void forget_everything();
    /// Sends a message as it is: 0 or the errno value.
    int try_send(const vhost_iotlb_msg& message) const;

private:
    void serve(const std::stop_token& enough);
    void answer(std::uint64_t address);
    std::optional<std::uint64_t> place(std::uint64_t address) const;
    void expect_sent(const vhost_iotlb_msg& message) const;

    NetDriver& driver_;
    bool v2_;
    std::atomic<std::uint64_t> asked_ = 0;
    std::atomic<bool> answering_ = true;
    std::atomic<bool> writable_ = true;
    std::jthread server_;
};

} // namespace vcoal::test
