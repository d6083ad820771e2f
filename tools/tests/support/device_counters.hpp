// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace vcoal::test {

/// Is a control command one of class STATS?
bool is_stats(std::span<const std::byte> request);

/// What a device with all counters answers to it (spec 4): counter n of type t of queue
/// q is 1000 * q + 100 * (t % 16) + n.
std::vector<std::byte> all_counters(std::span<const std::byte> request);

} // namespace vcoal::test
