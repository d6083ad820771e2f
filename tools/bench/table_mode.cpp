// SPDX-License-Identifier: GPL-2.0-only
#include "bench/table_mode.hpp"

#include "bench/machine.hpp"
#include "bench/measure.hpp"
#include "bench/percentile.hpp"
#include "vcoal/vhost.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>

namespace vcoal::bench {
namespace {

constexpr unsigned ring_size = 1024;
constexpr unsigned stream_seconds = 1;
constexpr unsigned request_seconds = 2;
constexpr std::chrono::milliseconds udp_time{1000};

/// Packets per second the pair is asked for: half of what it manages, within reason.
/// An emulated machine's speed is not known beforehand.
double udp_rate(const World& world) {
    constexpr UdpLoad probe{40000, std::chrono::milliseconds(300)};
    constexpr double slowest = 2000;
    constexpr double fastest = 20000;
    double rate = fastest;
    for (const Direction direction : {Direction::rx, Direction::tx}) {
        const UdpResult result = run_udp(world.source(direction), world.target(direction), probe);
        const double seconds = std::chrono::duration<double>(result.elapsed).count();
        rate = std::min(rate, static_cast<double>(result.received) / seconds / 2);
    }
    return std::max(rate, slowest);
}

LoadResult run_udp_load(const End& from, const End& to, double rate) {
    const UdpResult result = run_udp(from, to, {rate, udp_time});
    return {result.mbit_s(), latency(result.latencies), result.sent - result.received};
}

LoadResult run_load(const World& world, const Step& step, double rate) {
    const End from = world.source(step.direction);
    const End to = world.target(step.direction);
    switch (step.load) {
    case Load::udp64:
        return run_udp_load(from, to, rate);
    case Load::tcp:
        return run_tcp(from, to, stream_seconds);
    case Load::rr:
        break;
    }
    return run_requests(from, to, request_seconds);
}

} // namespace

TablePart run_table(const std::string& driver) {
    World world(vhost_node, ring_size, driver);
    const Servers at_host(world.host());
    const Servers at_guest(world.guest());
    world.set_coalescing(Direction::rx, {});
    const double rate = udp_rate(world);
    std::cout << fmt::format("64-byte UDP at {:.0f} packets/s\n", rate) << std::flush;

    TablePart part{kernel_release(), accelerator(), driver, "vhost_net_coal", {}};
    const std::vector<Step> steps = plan();
    for (std::size_t i = 0; i < steps.size(); i++) {
        const Step& step = steps[i];
        std::cout << fmt::format("[{:>2}/{}] {} {} {} ...", i + 1, steps.size(),
                                 name(step.direction), name(step.setting), name(step.load))
                  << std::flush;
        const Run run = measure(world, step, [&] { return run_load(world, step, rate); });
        std::cout << fmt::format(" {} packets, {} notifications\n", run.packets,
                                 run.notifications.total)
                  << std::flush;
        part.runs.push_back(run);
    }
    return part;
}

} // namespace vcoal::bench
