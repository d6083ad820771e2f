// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_file.hpp"

#include <chrono>
#include <string>

namespace vcoal {

using SystemTime = std::chrono::system_clock::time_point;

/// "2025-01-31 15:04:05.123", as the clock on the wall shows it
std::string local_time(SystemTime time);
/// "2025-01-31T15:04:05.123+01:00"
std::string iso_time(SystemTime time);

/// An event as one line, without end and without time.
std::string describe_event(const HostEvent& event);

} // namespace vcoal
