// SPDX-License-Identifier: GPL-2.0-only
#include "bench/measure.hpp"

namespace vcoal::bench {
namespace {

using Clock = std::chrono::steady_clock;

Notifications since(const Notifications& before, const Notifications& after) {
    return {after.total - before.total, after.count - before.count,
            after.timer - before.timer, after.immediate - before.immediate,
            after.flush - before.flush, after.suppressed - before.suppressed};
}

} // namespace

Run measure(World& world, const Step& step, const std::function<LoadResult()>& load) {
    world.set_coalescing(step.direction, step.setting);
    const Reading before = world.pair().read_settled(step.direction);
    const auto start = Clock::now();
    const LoadResult result = load();
    const Reading after = world.pair().read_settled(step.direction);
    const auto end = Clock::now();

    Run run;
    run.direction = step.direction;
    run.setting = step.setting;
    run.load = step.load;
    run.packets = after.packets - before.packets;
    run.elapsed_us = std::chrono::duration<double, std::micro>(end - start).count();
    run.notifications = since(before.notifications, after.notifications);
    run.signals = after.signals - before.signals;
    run.mbit_s = result.mbit_s;
    run.latency = result.latency;
    run.lost = result.lost;
    return run;
}

} // namespace vcoal::bench
