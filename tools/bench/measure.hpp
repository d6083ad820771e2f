// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/loads.hpp"
#include "bench/result.hpp"
#include "bench/world.hpp"

#include <functional>

namespace vcoal::bench {

/// Carries out @p load with the parameters of @p step in force, between two readings of
/// the counters of the queue under test.
Run measure(World& world, const Step& step, const std::function<LoadResult()>& load);

} // namespace vcoal::bench
