// SPDX-License-Identifier: GPL-2.0-only
#include "bench/icount_mode.hpp"

#include "bench/machine.hpp"
#include "bench/measure.hpp"
#include "bench/parse.hpp"
#include "bench/percentile.hpp"
#include "bench/trace_instance.hpp"
#include "bench/worker_cost.hpp"
#include "vcoal/error.hpp"
#include "vcoal/vhost.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <iostream>

namespace vcoal::bench {
namespace {

constexpr unsigned ring_size = 1024;
constexpr unsigned request_seconds = 1;
constexpr Setting held_long{5000, 32};
constexpr Setting held_short{50, 32};

void tell(const char* what) {
    std::cout << fmt::format("[icount] {} ...\n", what) << std::flush;
}

void measure_udp(World& world, IcountPart& part) {
    tell("64-byte UDP, rx 5 ms/32");
    const Step step{Direction::rx, held_long, Load::udp64};
    run_complete(world, step.direction, warm_up_load);
    UdpResult result;
    const Run run = measure(world, step, [&] {
        result = run_complete(world, step.direction, paced_load);
        return LoadResult{};
    });
    part.udp64_5ms_32_per_1000 = run.per_1000_packets();
    part.udp64_5ms_32_rate = result.packets_per_s();
}

double round_trip_p99(World& world, const Setting& setting) {
    double p99 = 0;
    measure(world, {Direction::rx, setting, Load::rr}, [&] {
        const LoadResult result = run_requests(world.host(), world.guest(), request_seconds);
        p99 = result.latency.value_or(Latency{}).p99;
        return result;
    });
    return p99;
}

double wake_p99(const std::string& trace) {
    constexpr unsigned receive_queue = 0;
    std::vector<double> waits;
    for (const Wake& wake : parse_wakes(trace)) {
        if (wake.vq == receive_queue) {
            waits.push_back(wake.microseconds);
        }
    }
    const auto p99 = percentile(waits, 0.99);
    if (!p99) {
        throw Error("trace", "find a notification by timer", ENODATA);
    }
    return *p99;
}

void measure_requests(World& world, IcountPart& part) {
    // Both are traced, so that the difference is not the tracing.
    const std::vector<std::string> events{"vhost_net_coal/vhn_timer_fire",
                                          "vhost_net_coal/vhn_notify",
                                          "vhost_net_coal/vhn_suppress"};
    const Servers servers(world.guest());
    tell("requests, off");
    {
        TraceInstance trace("vcoal-demo", events);
        part.rtt_p99_off_us = round_trip_p99(world, {});
    }
    tell("requests, rx 50 us/32");
    TraceInstance trace("vcoal-demo", events);
    part.rtt_p99_on50_us = round_trip_p99(world, held_short);
    part.wake_p99_us = wake_p99(trace.stop());
}

void measure_worker(World& world, double WorkerCost::*whose, IcountPart& part) {
    tell("worker, rx");
    part.rx.*whose = worker_cost(world, Direction::rx);
    tell("worker, tx");
    part.tx.*whose = worker_cost(world, Direction::tx);
}

} // namespace

IcountPart run_icount(const std::string& driver) {
    IcountPart part;
    part.kernel = kernel_release();
    {
        World world(vhost_node_in_tree, ring_size, driver);
        world.use_threaded_napi();
        tell("in-tree vhost_net");
        measure_worker(world, &WorkerCost::intree, part);
    }
    World world(vhost_node, ring_size, driver);
    world.use_threaded_napi();
    world.set_coalescing(Direction::rx, {});
    tell("vhost_net_coal");
    measure_worker(world, &WorkerCost::ours, part);
    measure_udp(world, part);
    measure_requests(world, part);
    return part;
}

} // namespace vcoal::bench
