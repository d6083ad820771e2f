// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/pair.hpp"
#include "bench/result.hpp"
#include "bench/udp.hpp"
#include "vcoal/netns.hpp"

#include <memory>
#include <string>

namespace vcoal::bench {

/// Loads the modules of the demo and @p driver: ours from $VCOAL_MODULES, others from
/// the kernel's own.
void load_modules(const std::string& driver);

/// A pair, up and with addresses: the driver's interface in the namespace "guest", the
/// tap where this program is.
class World {
public:
    /// @param driver what must be behind the guest's interface
    /// @param more further options of `vcoal pair`
    World(const std::string& node, unsigned ring_size, const std::string& driver,
          const std::vector<std::string>& more = {});
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    Pair& pair() noexcept { return *pair_; }
    const std::string& interface() const noexcept { return interface_; }
    End host() const { return {host_, host_address}; }
    End guest() const { return {guest_, guest_address}; }
    /// Where traffic of this direction comes from, and where it goes.
    End source(Direction direction) const { return direction == Direction::rx ? host() : guest(); }
    End target(Direction direction) const { return direction == Direction::rx ? guest() : host(); }

    /// `ethtool -C`, the other direction off; throws Error unless the device has the
    /// values in force afterwards.
    void set_coalescing(Direction direction, const Setting& setting);
    /// `ethtool -K` on the driver's interface.
    void set_feature(const std::string& feature, bool on);
    /// NAPI polls in a thread of its own.
    void use_threaded_napi();
    /// Frames the tap had no room for.
    std::uint64_t tap_drops() const;

private:
    static constexpr const char* host_address = "192.0.2.1";
    static constexpr const char* guest_address = "192.0.2.2";

    NetNs host_;
    NetNs guest_;
    std::unique_ptr<Pair> pair_;
    std::string interface_;
};

} // namespace vcoal::bench
