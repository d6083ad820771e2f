// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>

namespace vcoal::test {

/// What @p action returns in a child process, 0 to 255; -1 if a signal ends it.
int in_child(const std::function<int()>& action);

} // namespace vcoal::test
