// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <future>
#include <string>
#include <thread>

namespace vcoal {

/// Throws Error unless a driver of that name is registered with the virtio bus.
void require_driver(const std::string& driver);

/// Name of the driver that has virtioN, or whose probe is under way; empty without one.
std::string driver_of(unsigned virtio_index);

/// Binds a driver to a virtio device, once. In a thread of its own: the kernel returns
/// when the driver's probe is over, which waits for whoever plays the device.
class DriverBinder {
public:
    /// Binds @p driver to virtioN.
    void begin(unsigned virtio_index, const std::string& driver);
    /// For poll(): readable when take() has something.
    int get() const noexcept { return done_.get(); }
    /// Throws Error when the driver was not bound.
    void take();

private:
    EventFd done_;
    std::future<void> result_;
    std::jthread thread_;
};

} // namespace vcoal
