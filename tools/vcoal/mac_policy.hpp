// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/netdev.hpp"

#include <optional>
#include <set>
#include <string>

namespace vcoal {

/// Which MAC addresses a guest may give itself.
class MacPolicy {
public:
    /// "deny": only the first one seen; "allow": any; or a list, "MAC,MAC": these alone,
    /// from the first one on. Throws Error.
    static MacPolicy parse(const std::string& text);

    /// Judges the address that a guest has now; one that may be becomes the accepted one.
    /// What is no address of a single station never may.
    bool accept(const MacAddress& mac);
    /// The last one that was allowed.
    const std::optional<MacAddress>& accepted() const noexcept { return accepted_; }

private:
    bool allows(const MacAddress& mac) const;

    bool any_ = false;
    std::set<MacAddress> list_;
    std::optional<MacAddress> accepted_;
};

} // namespace vcoal
