// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/netns.hpp"

#include <optional>
#include <string>

namespace vcoal {

/// A network interface as rtnetlink knows it.
struct Link {
    int index;
    std::string name;
};

/// The interface that the driver of a device made, if there is one in the current
/// network namespace.
/// @param bus,device as in /sys/bus/BUS/devices/DEVICE
std::optional<Link> find_link_of(const std::string& bus, const std::string& device);

/// Moves an interface of the current network namespace. It keeps its name, unless
/// that is taken over there: then the first free number replaces the one at its end.
/// It arrives down and without addresses.
Link move_link(const Link& link, const NetNs& ns);

} // namespace vcoal
