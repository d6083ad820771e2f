// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_device.hpp"
#include "vcoal/json.hpp"

namespace vcoal {

Json to_json(const HostParams& params);
Json to_json(const HostCounters& counters);
/// A vring with its parameters and counters.
Json to_json(const HostQueue& queue);
/// A device with all its queues.
Json to_json(const HostDevice& device);
Json to_json(const HostDefaults& defaults);
Json to_json(const HostEvent& event);

/// The members "id", "owner" and "interface".
Json identity_json(const HostIdentity& identity);

/// Of 1000 packets, how many were notified; nothing without packets.
std::optional<double> notifications_per_1000(const HostCounters& counters);

const char* event_name(HostEventKind kind);

} // namespace vcoal
