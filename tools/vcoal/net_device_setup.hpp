// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/feature_offer.hpp"
#include "vcoal/loopback.hpp"
#include "vcoal/net_config.hpp"
#include "vcoal/net_device_options.hpp"
#include "vcoal/tap.hpp"

#include <cstdint>
#include <vector>

namespace vcoal {

/// A queue of the tap for each pair; the first has the interface's settings.
std::vector<Tap> open_taps(const NetDeviceOptions& options);

/// @param tap of the device, with nobody using it yet
std::vector<FeatureOffer> offers_of(const NetDeviceOptions& options, Tap& tap);

/// Sizes of the rings, that of the control queue last if it is offered.
std::vector<std::uint32_t> queue_sizes(const NetDeviceOptions& options, std::uint64_t features);

LoopbackOptions loopback_options(const NetDeviceOptions& options, std::uint64_t features,
                                 const NetConfig& config);

/// What the driver can take, as a tap is told.
unsigned tap_offloads(std::uint64_t features);

/// Bytes of the header in front of each packet (spec 5.1).
int header_size(std::uint64_t features);

} // namespace vcoal
