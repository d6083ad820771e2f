// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/mac.hpp"

#include <string>

namespace vcoal {

/// A network interface of the current network namespace, by name.
class NetDev {
public:
    explicit NetDev(std::string name);

    const std::string& name() const noexcept { return name_; }
    int index() const;
    void set_up(bool up);
    MacAddress mac() const;
    void set_mac(const MacAddress& mac);
    unsigned mtu() const;
    void set_mtu(unsigned mtu);
    /// Adds an IPv4 address.
    void set_address(const std::string& address, unsigned prefix_length);
    /// No addresses, no router solicitation: the kernel sends nothing of its own.
    void disable_ipv6();

private:
    std::string name_;
};

} // namespace vcoal
