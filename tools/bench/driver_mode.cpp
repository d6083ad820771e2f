// SPDX-License-Identifier: GPL-2.0-only
#include "bench/driver_mode.hpp"

#include "bench/echo.hpp"
#include "bench/machine.hpp"
#include "bench/thread_time.hpp"
#include "bench/world.hpp"
#include "vcoal/error.hpp"
#include "vcoal/vhost.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <iostream>
#include <vector>

namespace vcoal::bench {
namespace {

constexpr unsigned ring_size = 1024;
constexpr unsigned runs = 3;
constexpr UdpLoad paced{20500, std::chrono::milliseconds(500), true};
constexpr std::uint64_t echoes = 3000;
constexpr std::uint64_t stream_bytes = 16 << 20;
constexpr double kilobyte = 1024;

using Nanoseconds = std::chrono::nanoseconds;
using Costs = std::array<std::vector<double>, driver_loads.size()>;

/// Time of the guest's side and what it was used for.
struct Used {
    Nanoseconds senders{0};
    double units = 0;
};

Used run_paced(const World& world, Direction direction) {
    const UdpResult result = run_udp(world.source(direction), world.target(direction), paced);
    if (result.received != result.sent) {
        throw Error("paced packets", "measure", ENOBUFS,
                    fmt::format("{} of {} arrived", result.received, result.sent));
    }
    const Nanoseconds sender = direction == Direction::tx ? result.sender_time : Nanoseconds(0);
    return {sender, static_cast<double>(result.received)};
}

/// Both ways: the receiver sends, too.
Used run_bulk(const World& world) {
    const Nanoseconds in = run_stream(world.host(), world.guest(), stream_bytes).to;
    const Nanoseconds out = run_stream(world.guest(), world.host(), stream_bytes).from;
    return {in + out, 2 * static_cast<double>(stream_bytes) / kilobyte};
}

Used run_load(const World& world, DriverLoad load) {
    switch (load) {
    case DriverLoad::rx64:
        return run_paced(world, Direction::rx);
    case DriverLoad::tx64:
        return run_paced(world, Direction::tx);
    case DriverLoad::bulk:
        return run_bulk(world);
    default:
        return {run_echo(world.host(), world.guest(), echoes), static_cast<double>(echoes)};
    }
}

Costs measure_driver(const std::string& driver) {
    World world(vhost_node, ring_size, driver);
    world.use_threaded_napi();
    const NapiThreads napi(world.interface());
    Costs costs;
    for (std::size_t i = 0; i < driver_loads.size(); i++) {
        std::cout << fmt::format("[driver] {}: {} ...\n", driver, name(driver_loads[i]))
                  << std::flush;
        run_load(world, driver_loads[i]); // caches and pools
        for (unsigned run = 0; run < runs; run++) {
            const Nanoseconds before = napi.run_time();
            const Used used = run_load(world, driver_loads[i]);
            const Nanoseconds all = napi.run_time() - before + used.senders;
            costs[i].push_back(static_cast<double>(all.count()) / used.units);
        }
        std::sort(costs[i].begin(), costs[i].end());
    }
    return costs;
}

double median(const std::vector<double>& sorted) {
    return sorted[sorted.size() / 2];
}

double spread_of(const Costs& costs) {
    double most = 0;
    for (const auto& sorted : costs) {
        most = std::max(most, (sorted.back() - sorted.front()) / median(sorted));
    }
    return most;
}

} // namespace

const char* name(DriverLoad load) noexcept {
    constexpr const char* names[] = {"rx64", "tx64", "bulk", "rr"};
    return names[static_cast<std::size_t>(load)];
}

DriverPart run_drivers() {
    const Costs intree = measure_driver("virtio_net");
    const Costs ours = measure_driver("virtio_net_coal");
    DriverPart part;
    part.kernel = kernel_release();
    for (std::size_t i = 0; i < driver_loads.size(); i++) {
        part.figures[i] = {median(ours[i]), median(intree[i])};
    }
    part.spread = std::max(spread_of(intree), spread_of(ours));
    return part;
}

Json to_json(const DriverPart& part) {
    Json ratios = Json::object();
    Json figures = Json::object();
    for (std::size_t i = 0; i < driver_loads.size(); i++) {
        const DriverFigure& figure = part.figures[i];
        ratios[name(driver_loads[i])] = figure.ratio();
        figures[name(driver_loads[i])] = {{"ours", figure.ours}, {"intree", figure.intree}};
    }
    return {{"kernel", part.kernel},
            {"spread", part.spread},
            {"ratios", ratios},
            {"instructions", figures}};
}

std::string format(const DriverPart& part) {
    std::string text = fmt::format("Linux {}: instructions in the guest, virtio_net_coal / "
                                   "virtio_net (runs differ by up to {:.2f} %)\n",
                                   part.kernel, part.spread * 100);
    for (std::size_t i = 0; i < driver_loads.size(); i++) {
        const DriverFigure& figure = part.figures[i];
        text += fmt::format("{}  {:4}  {:8.0f} / {:8.0f} a {:8}  = {:.2f} of {:.2f}\n",
                            figure.ratio() <= driver_bar ? "ok    " : "FAILED",
                            name(driver_loads[i]), figure.ours, figure.intree,
                            driver_loads[i] == DriverLoad::bulk ? "kilobyte" : "packet",
                            figure.ratio(), driver_bar);
    }
    return text;
}

bool holds(const DriverPart& part) {
    return std::all_of(part.figures.begin(), part.figures.end(), [](const DriverFigure& figure) {
        return figure.ratio() > 0 && figure.ratio() <= driver_bar;
    });
}

} // namespace vcoal::bench
