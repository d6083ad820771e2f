// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/filter_plan.hpp"

#include <string>

namespace vcoal {

/// An interface of the current network namespace that a filter can be programmed in.
struct FilterLink {
    int index;
    FilterPoint point;
    /// Interface number of the bridge, 0 without.
    int bridge;
    /// As they are, but for the forwarding entries.
    LinkSettings settings;
};

/// Throws Error, also when it is no such interface.
FilterLink find_filter_link(const std::string& name);

/// 0 or the errno value.
int set_mac(const FilterLink& link, const MacAddress& mac);
int set_flag(const FilterLink& link, LinkFlag flag, bool on);

} // namespace vcoal
