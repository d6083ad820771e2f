// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/loopback.hpp"
#include "vcoal/vhost.hpp"

#include <cstdint>
#include <string>

namespace vcoal {

/// One pair of queues as the host serves it: a vhost file, whose vring 0 is the
/// guest's receive queue and vring 1 its transmit queue.
class VhostPair {
public:
    /// Opens the file, becomes its owner and gives it the device's memory.
    /// @param error eventfd signalled when vhost finds a ring that it cannot go on with
    VhostPair(const std::string& path, const vhost_memory_region& memory, int error);

    VhostNet& vhost() noexcept { return vhost_; }
    const VhostNet& vhost() const noexcept { return vhost_; }
    /// The additions of linux/vhost_net_coal.h are there.
    bool coalesces() const noexcept { return coalesces_; }

    /// What the driver accepted of what is up to vhost.
    void set_features(std::uint64_t features);
    /// Sets a vring up, from its beginning. No packet passes before attach().
    /// @param queue as the loopback device has it, enabled
    void start(unsigned vring, const Loopback& loopback, const vlb_vq& queue, int kick, int call);
    /// Packets pass between a vring that was started and a tap, until detach(): then it
    /// stands where it is.
    void attach(unsigned vring, int tap) { vhost_.set_backend(vring, tap); }
    void detach(unsigned vring) { vhost_.set_backend(vring, -1); }
    /// Stops a vring whose queue was reset: it goes on with what its direction was set to
    /// (COAL-D5, COAL-D6).
    void stop(unsigned vring);
    /// Stops both vrings and forgets what the driver asked for (COAL-D9).
    void reset();

private:
    void stop(unsigned vring, vhn_coal_scope scope);

    VhostNet vhost_;
    bool coalesces_;
    bool packed_ = false;
};

} // namespace vcoal
