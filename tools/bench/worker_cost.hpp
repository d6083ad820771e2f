// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/udp.hpp"
#include "bench/world.hpp"

#include <chrono>

namespace vcoal::bench {

/// Below what one processor of a billion instructions per second manages. Who is woken
/// by the worker does not interrupt it: that would be the scheduler's cost, not its own.
constexpr UdpLoad paced_load{20500, std::chrono::milliseconds(500), true};
constexpr UdpLoad warm_up_load{20500, std::chrono::milliseconds(50), true};

/// Runs the load; throws Error unless every packet arrived.
UdpResult run_complete(const World& world, Direction direction, const UdpLoad& load);

/// Instructions of the vhost worker for each packet.
double worker_cost(World& world, Direction direction);

} // namespace vcoal::bench
