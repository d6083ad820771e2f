// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/genl_socket.hpp"
#include "vcoal/host_file.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace vcoal {

/// What the devices of this host do, and what its operator wants of them: the netlink family
/// of vhost_net_coal. Without the capability CAP_NET_ADMIN there are the caller's files only.
/// Whatever fails throws Error, with the kernel's own words where it has some.
class HostControl {
public:
    HostControl();

    /// Oldest first.
    std::vector<HostFile> files();
    /// Throws Error with ENODEV where there is none of that number.
    HostFile file(std::uint32_t id);
    /// All of it, or nothing where it fails. Throws Error with ERANGE or EINVAL at a value
    /// that is not allowed.
    void set(const HostChange& change);
    /// What files opened later begin with.
    HostDefaults defaults();

private:
    GenlAnswer call(const GenlRequest& request, const std::string& object,
                    const std::string& operation);

    GenlSocket socket_;
    GenlFamily family_;
};

/// What happens to the devices of this host, from the construction on.
class HostEvents {
public:
    HostEvents();

    /// Readable when there may be a next one.
    int get() const noexcept { return socket_.get(); }
    /// Does not wait. Throws Error with ENODEV once the module has been unloaded.
    std::optional<HostEvent> next();

private:
    void receive();

    GenlSocket socket_;
    GenlFamily family_;
    std::deque<HostEvent> waiting_;
};

} // namespace vcoal
