// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/net_device.hpp"
#include "vcoal/report.hpp"

#include <string>

namespace vcoal {

/// Every feature: whether it is offered, and if not why; whether the driver took it.
Json describe_features(const NetDevice& device);
/// The same as a table.
std::string describe_features_in_words(const NetDevice& device);

} // namespace vcoal
