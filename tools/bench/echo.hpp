// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/udp.hpp"

#include <chrono>
#include <cstdint>

namespace vcoal::bench {

/// One byte there and back over UDP, @p count times, one at a time.
/// @return processor time of the thread at @p server, which sends it back
std::chrono::nanoseconds run_echo(const End& client, const End& server, std::uint64_t count);

/// @p bytes over one TCP connection.
/// @return processor time of the thread at either end
struct StreamTimes {
    std::chrono::nanoseconds from{0};
    std::chrono::nanoseconds to{0};
};
StreamTimes run_stream(const End& from, const End& to, std::uint64_t bytes);

} // namespace vcoal::bench
