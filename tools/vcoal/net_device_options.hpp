// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/features.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/vhost.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace vcoal {

struct NetDeviceOptions {
    std::string vhost = vhost_node;
    /// Pairs of queues.
    unsigned queues = 1;
    unsigned ring_size = 256;
    MacAddress mac{};
    std::optional<unsigned> mtu;
    /// Mbit/s.
    std::optional<std::uint32_t> speed;
    std::string tap = "vcoal%d";
    FeatureChoice features;
    /// The driver lets go of its CPU while it waits for an answer of the control queue.
    bool patient_driver = false;
};

} // namespace vcoal
