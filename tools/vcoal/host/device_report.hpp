// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_device.hpp"

#include <string>
#include <vector>

namespace vcoal {

/// All devices as a table, one row for each vring.
std::string format_devices(const std::vector<HostDevice>& devices);

/// All that is known of one device.
std::string format_device(const HostDevice& device);

/// What to say when there is no device.
/// @param everybodys whether those of other users would be seen
std::string describe_no_devices(bool everybodys);

} // namespace vcoal
