// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_file.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace vcoal {

/// What parameters of the host are about.
enum class HostTarget {
    /// In force while the guest does not decide.
    host,
    /// Bounds whatever is in force.
    limit,
};

/// What the words behind `vcoal set DEV` and `vcoal limit DEV` ask for.
struct HostSettings {
    HostTarget target = HostTarget::host;
    /// All queues where there is none.
    std::optional<unsigned> queue;
    /// By VHN_VRING_*.
    std::array<HostParamsChange, VHN_NR_VRINGS> params;
    std::optional<bool> locked;

    /// Does it change anything of a vring?
    bool concerns(unsigned index) const { return locked || !params.at(index).empty(); }
};

/// Reads "[queue N] rx-usecs U rx-frames F tx-usecs U tx-frames F", in any order; for limits
/// also "lock" or "unlock". Throws UsageError.
HostSettings parse_settings(const std::vector<std::string>& words, HostTarget target);

/// As the kernel is asked for it.
/// @param id file, or nothing for all and those opened later
HostChange change_for(const HostSettings& settings, std::optional<std::uint32_t> id);

} // namespace vcoal
