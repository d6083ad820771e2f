// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/features.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vcoal {

/// What a network device is made of, as far as its features depend on it.
struct DeviceAbilities {
    /// Name of the vhost node, and what it reports.
    std::string vhost;
    std::uint64_t vhost_features = 0;
    /// The additions of linux/vhost_net_coal.h.
    bool vhost_additions = false;
    unsigned queues = 1;
    bool mtu = false;
    bool speed = false;
    /// The tap segments UDP.
    bool tap_uso = false;
    /// A driver that spins for an answer of the control queue may leave no CPU for it.
    bool driver_may_starve_us = false;
};

/// Whether a feature is offered.
struct FeatureOffer {
    unsigned bit;
    std::string name;
    bool offered;
    /// Why not, a phrase.
    std::string why_not;
};

/// Bits that vhost has to be told of: the rings' and those it carries out in the packets.
std::uint64_t vhost_bits();

/// Every feature this program has a name for, lowest bit first (FEAT-D1). Throws Error when
/// one that is required cannot be offered.
std::vector<FeatureOffer> offer_features(const DeviceAbilities& abilities,
                                         const FeatureChoice& choice);

/// The mask of what is offered.
std::uint64_t offered_mask(const std::vector<FeatureOffer>& offers);

} // namespace vcoal
