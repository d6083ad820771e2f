// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/netns.hpp"
#include "vcoal/rtnetlink.hpp"

#include <future>
#include <optional>
#include <string>
#include <thread>

namespace vcoal {

/// The interface a driver made for a virtio device.
struct DriverLink {
    Link link;
    /// Name of the driver.
    std::string driver;
};

/// Finds the interface of a virtio device when its driver is ready, and moves it into
/// a network namespace. In a thread of its own: that takes rtnl, which the driver may
/// hold while it waits for this process.
class DriverLinkFinder {
public:
    /// @param target where to; stays where it is without
    explicit DriverLinkFinder(std::optional<NetNs> target) : target_(std::move(target)) {}

    /// Looks for the interface of virtioN. What is under way is finished first.
    void begin(unsigned virtio_index);
    /// For poll(): readable when take() has something.
    int get() const noexcept { return done_.get(); }
    /// The interface; throws Error when there is none or it cannot be moved. Nothing
    /// when there is no result, or when it is out of date.
    std::optional<DriverLink> take();

private:
    void launch(unsigned virtio_index);
    DriverLink find_and_move(const std::stop_token& stop, unsigned virtio_index) const;

    std::optional<NetNs> target_;
    EventFd done_;
    std::future<DriverLink> result_;
    std::optional<unsigned> next_;
    std::jthread thread_;
};

} // namespace vcoal
