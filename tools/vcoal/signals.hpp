// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

namespace vcoal {

/// SIGINT and SIGTERM as a file descriptor. Threads started later have them blocked too.
Fd take_signals();

} // namespace vcoal
