// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <linux/vhost_net_coal.h>
#include <sys/types.h>
#include <vector>

namespace vcoal::test {

/// The vhost files of a running QEMU, which knows nothing of it.
class HostView {
public:
    /// Finds them; throws Error.
    explicit HostView(pid_t qemu);

    /// One file for each pair of queues, in their order.
    std::size_t pairs() const noexcept { return files_.size(); }
    vhn_vring_stats counters(std::size_t pair, unsigned vring) const;
    vhn_coal_params effective(std::size_t pair, unsigned vring) const;
    /// The host's values for what the guest receives, on all pairs.
    void set(vhn_coal_params params);

private:
    std::vector<Fd> files_;
};

} // namespace vcoal::test
