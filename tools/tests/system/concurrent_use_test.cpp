// SPDX-License-Identifier: GPL-2.0-only
//
// Everything that takes no turns, at the same time: parameters, filters and reports from
// threads of their own, under traffic. What races is in the log of a kernel that looks for
// data races; that it does no harm is seen here.
//
// VCOAL_RACE_ROUNDS says how many bursts of packets pass meanwhile.
#include "support/chance.hpp"
#include "support/coal_bench.hpp"
#include "support/drivers.hpp"
#include "support/ethtool_call.hpp"
#include "support/frames.hpp"
#include "support/traffic.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <linux/ethtool.h>
#include <memory>
#include <thread>
#include <vector>

using namespace vcoal;
using namespace vcoal::test;

namespace {

std::uint64_t rounds() {
    return number_from_environment("VCOAL_RACE_ROUNDS", 100);
}

/// Threads that each repeat something until this is gone, or it throws.
class Meanwhile {
public:
    void repeat(std::function<void()> what) {
        counts_.emplace_back(std::make_unique<std::atomic<std::uint64_t>>(0));
        threads_.emplace_back([this, &count = *counts_.back(),
                               what = std::move(what)](const std::stop_token& enough) {
            try {
                for (; !enough.stop_requested(); count++) {
                    what();
                }
            } catch (const std::exception& error) {
                failures_++;
                ADD_FAILURE() << error.what();
            }
        });
    }

    /// Has each of them done something this many times, or failed?
    bool all_did(std::uint64_t times) const {
        return failures_ > 0 ||
               std::ranges::all_of(counts_, [&](const auto& count) { return *count >= times; });
    }

private:
    std::atomic<unsigned> failures_ = 0;
    std::vector<std::unique_ptr<std::atomic<std::uint64_t>>> counts_;
    std::vector<std::jthread> threads_;
};

constexpr Parameters choices[] = {{0, 0}, {1, 1}, {8, 50}, {64, 1000}, {1000, 20}};

class OfOneFile : public testing::TestWithParam<std::uint64_t> {};

/// Frames both ways whatever is pending: those that are there are looked at.
void traffic(Bench& bench) {
    constexpr unsigned burst = 40;
    bench.deliver(burst);
    bench.drain();
    bench.transmit(burst);
    bench.expect_on_host(burst);
}

vhn_filter all_of_them(unsigned modes) {
    vhn_filter filter{};
    filter.index = VHN_VRING_RX;
    filter.modes = VHN_FILTER_PROMISC | modes;
    return filter;
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Layout, OfOneFile, testing::Values(0, feature(VIRTIO_F_RING_PACKED)),
                         [](const auto& layout) { return layout.param == 0 ? "split" : "packed"; });

TEST_P(OfOneFile, ParametersFiltersAndReports) {
    CoalBench bench(coalescing_options(coalescing_features | GetParam() |
                                       feature(VIRTIO_RING_F_EVENT_IDX) |
                                       feature(VIRTIO_NET_F_HASH_REPORT)));
    VhostNet& vhost = bench.vhost();
    Meanwhile meanwhile;
    for (const unsigned queue : {VHN_VRING_RX, VHN_VRING_TX}) {
        meanwhile.repeat([&bench, queue, chance = Chance(queue)]() mutable {
            bench.set(queue, choices[chance.between(0, std::size(choices) - 1)]);
        });
        meanwhile.repeat([&vhost, queue] {
            EXPECT_EQ(vhost.coalescing(queue).index, queue);
            EXPECT_EQ(vhost.statistics(queue).index, queue);
        });
    }
    for (const unsigned id : {1U, 2U}) {
        EXPECT_EQ(vhost.new_worker(), id);
    }
    meanwhile.repeat([&vhost, chance = Chance(2)]() mutable {
        vhost.attach_worker(chance.between(VHN_VRING_RX, VHN_VRING_TX), chance.between(0, 2));
    });
    meanwhile.repeat([&vhost, modes = 0U]() mutable {
        vhost.set_filter(all_of_them(modes ^= VHN_FILTER_NOMULTI));
        EXPECT_TRUE(vhost.filter().modes & VHN_FILTER_PROMISC);
        vhost.set_hash({.types = VHN_HASH_TYPES, .key = std::vector<std::uint8_t>(40, 1)});
        vhost.hash();
        vhost.set_hash({});
    });
    for (std::uint64_t round = 0; round < rounds() || !meanwhile.all_did(rounds()); round++) {
        traffic(bench);
    }
    EXPECT_EQ(bench.rx().errors() + bench.tx().errors(), 0U);
}

// In turns as far as the kernel has ethtool's calls take turns: the lock is one for all.
TEST(OfOneInterface, ParametersAndReports) {
    load_loopback();
    load_our_driver();
    Pairing pairing(vhost_node, {"--driver", our_driver});
    const std::string name = pairing.interface();
    Traffic traffic(pairing);
    ASSERT_TRUE(traffic.moves());
    Meanwhile meanwhile;
    const auto in_guest = [&](auto&& call) {
        return [&, call]() mutable {
            const InNetNs inside(pairing.guest_ns());
            call();
        };
    };
    meanwhile.repeat(in_guest([&, usecs = 0U]() mutable {
        ethtool_coalesce coalesce{};
        coalesce.cmd = ETHTOOL_GCOALESCE;
        EXPECT_EQ(ethtool_call(name, &coalesce), 0);
        coalesce.cmd = ETHTOOL_SCOALESCE;
        coalesce.rx_coalesce_usecs = usecs++ % 100;
        coalesce.rx_max_coalesced_frames = coalesce.rx_coalesce_usecs != 0 ? 8 : 0;
        EXPECT_EQ(ethtool_call(name, &coalesce), 0);
    }));
    meanwhile.repeat(in_guest([&] {
        std::vector<std::uint64_t> counters(4096);
        const std::uint32_t request[] = {ETHTOOL_GSTATS, 4000};
        std::memcpy(counters.data(), request, sizeof(request));
        EXPECT_EQ(ethtool_call(name, counters.data()), 0);
        std::ifstream devices("/proc/net/dev");
        EXPECT_GT(std::string(std::istreambuf_iterator(devices), {}).size(), 0U);
    }));
    meanwhile.repeat([&] { pairing.stats(); });
    EXPECT_TRUE(eventually([&] { return meanwhile.all_did(rounds()); }, 10 * generous));
    EXPECT_EQ(traffic.end(), "");
}
