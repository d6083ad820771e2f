// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"
#include "vcoal/vhost.hpp"

#include <string>
#include <sys/types.h>

namespace vcoal::test {

struct VmmOptions {
    std::uint32_t uid = 0;
    /// What it calls itself.
    std::string comm = "vmm";
    /// Tap to make in the current network namespace.
    std::string tap = "vnet0";
    unsigned queues = 1;
    /// Its guest negotiated coalescing.
    bool coalesces = false;
};

/// A process of some user that has files of our node running at a tap, as a VMM has, and the
/// module knows their interface. It ends with this object, and its devices with it.
class VmmProcess {
public:
    explicit VmmProcess(const VmmOptions& options);
    VmmProcess(const VmmProcess&) = delete;
    VmmProcess& operator=(const VmmProcess&) = delete;
    VmmProcess(VmmProcess&&) = delete;
    VmmProcess& operator=(VmmProcess&&) = delete;
    ~VmmProcess() { end(); }

    pid_t pid() const noexcept { return pid_; }
    /// Has its guest ask for parameters of queue 0; 0 or the errno value.
    int ask(unsigned vring, vhn_coal_params params);
    /// Ends it, and waits for that.
    void end();

private:
    void await_interfaces(unsigned files) const;

    pid_t pid_ = -1;
    Fd socket_;
};

} // namespace vcoal::test
