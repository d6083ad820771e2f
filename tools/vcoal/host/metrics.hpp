// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_device.hpp"

#include <string>
#include <vector>

namespace vcoal {

/// All devices as OpenMetrics text. The labels are id, netdev, queue and direction: as many
/// series as there are vrings, and none for every process that there ever was.
std::string format_metrics(const std::vector<HostDevice>& devices);

} // namespace vcoal
