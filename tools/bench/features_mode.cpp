// SPDX-License-Identifier: GPL-2.0-only
#include "bench/features_mode.hpp"

#include "bench/machine.hpp"
#include "bench/worker_cost.hpp"
#include "vcoal/vhost.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iostream>

namespace vcoal::bench {
namespace {

constexpr unsigned ring_size = 1024;
constexpr unsigned runs = 3;
constexpr const char* driver = "virtio_net_coal";

using Strings = std::vector<std::string>;

/// What a device has that only carries packets and coalesces.
const Strings few{"--features=-ctrl_rx,-ctrl_rx_extra,-ctrl_vlan,-ctrl_mac_addr,"
                  "-guest_announce,-guest_hdrlen,-guest_uso4,-guest_uso6,-host_uso"};
/// Everything but another layout or order of the rings, which one cannot have and not use.
const Strings many{"--features=+ctrl_rx,+ctrl_vlan,+hash_report,+mq",
                   "--queues",
                   "2",
                   "--mtu",
                   "1500",
                   "--speed",
                   "10000"};

double median_cost(World& world, Direction direction) {
    std::array<double, runs> costs{};
    std::generate(costs.begin(), costs.end(), [&] { return worker_cost(world, direction); });
    std::sort(costs.begin(), costs.end());
    return costs[runs / 2];
}

Strings measure(const Strings& options, double FeatureFigure::*whose, FeaturesPart& part) {
    World world(vhost_node, ring_size, driver, options);
    world.use_threaded_napi();
    world.set_feature("rxhash", false);
    std::cout << fmt::format("[features] {} taken: rx ...\n", world.pair().accepted().size())
              << std::flush;
    part.rx.*whose = median_cost(world, Direction::rx);
    std::cout << "[features] tx ...\n" << std::flush;
    part.tx.*whose = median_cost(world, Direction::tx);
    return world.pair().accepted();
}

Json to_json(const FeatureFigure& figure) {
    return {{"few", figure.few}, {"many", figure.many}, {"ratio", figure.ratio()}};
}

} // namespace

FeaturesPart run_features() {
    FeaturesPart part;
    part.kernel = kernel_release();
    measure(few, &FeatureFigure::few, part);
    part.accepted = measure(many, &FeatureFigure::many, part);
    return part;
}

Json to_json(const FeaturesPart& part) {
    return {{"kernel", part.kernel},
            {"accepted", part.accepted},
            {"rx", to_json(part.rx)},
            {"tx", to_json(part.tx)}};
}

std::string format(const FeaturesPart& part) {
    std::string text =
        fmt::format("Linux {}: instructions of the vhost worker for each packet, many features "
                    "negotiated and not used / few\n",
                    part.kernel);
    for (const auto& [name, figure] : {std::pair{"rx", part.rx}, std::pair{"tx", part.tx}}) {
        text += fmt::format("{}  {}  {:6.0f} / {:6.0f}  = {:.3f} of {:.2f}\n",
                            figure.ratio() <= features_bar ? "ok    " : "FAILED", name, figure.many,
                            figure.few, figure.ratio(), features_bar);
    }
    return text;
}

bool holds(const FeaturesPart& part) {
    return part.rx.few > 0 && part.tx.few > 0 && part.rx.ratio() <= features_bar &&
           part.tx.ratio() <= features_bar;
}

} // namespace vcoal::bench
