// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_file.hpp"

#include <cstdint>
#include <string>

namespace vcoal {

/// A time as a user writes it, "50", "50us", "0.05ms" or "1s", in microseconds. Throws
/// UsageError where it is none, too long, or no whole number of microseconds.
std::uint32_t parse_usecs(const std::string& text);

/// A number of packets. Throws UsageError.
std::uint32_t parse_frames(const std::string& text);

/// "50 us, 32 frames", or "off" where that is what they mean.
std::string describe_params(const HostParams& params);

/// "100 us, any number of frames"
std::string describe_limit(const HostParams& limit);

} // namespace vcoal
