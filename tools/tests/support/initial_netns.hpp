// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/netns.hpp"

namespace vcoal::test {

/// Makes something in the initial network namespace, where the host module's netlink family
/// is and the tests are not.
template <typename T>
T make_in_initial_netns() {
    const InNetNs there(NetNs::open("/proc/1/ns/net"));
    return T();
}

} // namespace vcoal::test
