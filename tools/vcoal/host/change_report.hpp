// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host/settings.hpp"
#include "vcoal/host_json.hpp"

#include <string>
#include <vector>

namespace vcoal {

/// What became of one vring.
struct QueueOutcome {
    HostIdentity identity;
    /// As ethtool counts.
    std::size_t number = 0;
    HostQueue before;
    HostQueue after;
};

/// Each vring that the settings were about, before and after. What there is of @p before
/// alone has gone in the meantime and is left out.
std::vector<QueueOutcome> outcomes_of(const HostSettings& settings,
                                      const std::vector<HostDevice>& before,
                                      const std::vector<HostDevice>& after);

/// "vnet0 (id 3), queue 0 rx: host default off -> 50 us, 32 frames"
std::string describe_outcome(const QueueOutcome& outcome, HostTarget target);
/// Why it may not do what whoever asked for it expects; nothing where it does.
std::vector<std::string> warnings_of(const QueueOutcome& outcome, HostTarget target);
/// With the warnings in it.
Json to_json(const QueueOutcome& outcome, HostTarget target);

/// What files opened later begin with, of the vrings that the settings were about.
std::string describe_defaults(const HostDefaults& defaults, const HostSettings& settings);
std::vector<std::string> warnings_of(const HostDefaults& defaults, const HostSettings& settings);

} // namespace vcoal
