// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

namespace vcoal::test {

/// SIOCETHTOOL without the program ethtool, on an interface of the caller's network
/// namespace.
/// @param argument a structure of linux/ethtool.h, its cmd filled in
/// @return 0 or the errno value
int ethtool_call(const std::string& interface, void* argument);

} // namespace vcoal::test
