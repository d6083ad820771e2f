// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <linux/netlink.h>

namespace vcoal {

/// One rtnetlink request in the current network namespace, and all that answers it.
/// @param on_message gets each message of the answer
/// Returns 0 or the errno value.
int call_rtnetlink(nlmsghdr* request, const std::function<void(const nlmsghdr*)>& on_message);

/// The same, where 0 is all the answer there is.
int call_rtnetlink(nlmsghdr* request);

} // namespace vcoal
