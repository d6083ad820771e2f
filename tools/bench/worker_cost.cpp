// SPDX-License-Identifier: GPL-2.0-only
#include "bench/worker_cost.hpp"

#include "support/worker.hpp"
#include "vcoal/error.hpp"

#include <cerrno>
#include <fmt/format.h>

namespace vcoal::bench {

UdpResult run_complete(const World& world, Direction direction, const UdpLoad& load) {
    const std::uint64_t drops = world.tap_drops();
    UdpResult result = run_udp(world.source(direction), world.target(direction), load);
    if (result.received != result.sent || world.tap_drops() != drops) {
        throw Error(fmt::format("{} packets/s {}", load.packets_per_s, name(direction)), "measure",
                    ENOBUFS,
                    fmt::format("{} of {} packets arrived: too fast for this machine",
                                result.received, result.sent));
    }
    return result;
}

double worker_cost(World& world, Direction direction) {
    const pid_t owner = world.pair().pid();
    run_complete(world, direction, warm_up_load);
    const auto before = test::workers_run_time(owner);
    const UdpResult result = run_complete(world, direction, paced_load);
    const auto used = test::workers_run_time(owner) - before;
    return static_cast<double>(used.count()) / static_cast<double>(result.received);
}

} // namespace vcoal::bench
