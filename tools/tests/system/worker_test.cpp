// SPDX-License-Identifier: GPL-2.0-only
//
// The worker: whose processor time it uses, whom it keeps waiting, and when it ends
// (design 3.13, 3.14).
#include "support/cgroup.hpp"
#include "support/coal_bench.hpp"
#include "support/fault.hpp"
#include "support/nodes.hpp"
#include "support/worker.hpp"
#include "vcoal/error.hpp"

#include <functional>
#include <future>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

/// A worker that waits for guest memory, in the middle of work on a queue.
class BlockedWorker : public EachQueue {
protected:
    static unsigned queue() { return GetParam(); }

    /// Buffers of the queue, page by page.
    std::span<std::byte> buffers() {
        const auto& options = bench.driver().options();
        const std::size_t bytes = std::size_t{options.ring_size} * options.receive_buffer;
        return bench.driver().memory().at(queue() == VHN_VRING_RX
                                              ? bench.driver().receive_buffers()
                                              : bench.driver().transmit_buffers(),
                                          bytes);
    }

    void provoke() {
        if (queue() == VHN_VRING_RX) {
            bench.inject();
        } else {
            bench.tx().kick();
        }
    }

    /// Everything that reports or sets must answer within a second.
    static void expect_answer(BlockedMemory& blocked, const char* name,
                              const std::function<void()>& action) {
        auto answer = std::async(std::launch::async, action);
        if (answer.wait_for(1s) != std::future_status::ready) {
            ADD_FAILURE() << name << " waits for the worker";
            blocked.resolve();
        }
        EXPECT_NO_THROW(answer.get()) << name;
    }

    CoalBench bench;
};

} // namespace

TEST_P(BlockedWorker, ReportsAndSettingsAnswerAllTheSame) {
    bench.flow(queue(), 3);
    bench.set(queue(), {1000, 1000});
    if (queue() == VHN_VRING_TX) {
        // Published and not kicked: the worker finds it after the memory has gone.
        bench.tx().ring().disable_callbacks();
        ASSERT_TRUE(bench.driver().send(std::vector<std::byte>(64)));
        bench.tx().ring().publish();
    }
    BlockedMemory blocked(buffers());
    provoke();
    ASSERT_TRUE(blocked.wait_blocked(generous));

    VhostNet& vhost = bench.vhost();
    const auto expect = [&](const char* name, const std::function<void()>& action) {
        expect_answer(blocked, name, action);
    };
    for (unsigned index = 0; index < VHN_NR_VRINGS; index++) {
        expect("statistics", [&] { vhost.statistics(index); });
        expect("get", [&] { vhost.coalescing(index); });
        expect("set", [&] { vhost.set_coalescing(index, VHN_COAL_QUEUE, {1, 1}); });
        expect("host", [&] { vhost.set_coalescing(index, VHN_COAL_HOST, {2, 2}); });
        expect("limit", [&] { vhost.set_coalescing(index, VHN_COAL_LIMIT, {0, 0}); });
        expect("reset", [&] { vhost.reset_coalescing(index, VHN_RESET_QUEUE); });
    }
    EXPECT_EQ(vhost.statistics(queue()).packets, 3U);

    blocked.resolve();
    EXPECT_TRUE(eventually([&] { return vhost.statistics(queue()).packets == 4; }));
}

INSTANTIATE_TEST_SUITE_P(Queue, BlockedWorker, both_queues(), queue_name);

namespace {

class WorkerOf : public EachNode {
protected:
    static NetDriverOptions options() {
        NetDriverOptions options;
        options.node = GetParam();
        return options;
    }
};

/// The share of a processor that the worker uses while the driver transmits as much as
/// it can.
double share_under_load(Bench& bench, const Worker& worker) {
    constexpr auto period = 3s;
    const auto begin = Clock::now();
    const auto used = worker.run_time();
    while (Clock::now() - begin < period) {
        bench.transmit(64);
    }
    return std::chrono::duration<double>(worker.run_time() - used) /
           std::chrono::duration<double>(Clock::now() - begin);
}

} // namespace

TEST_P(WorkerOf, IsIdleWithoutTraffic) {
    Bench bench(options());
    bench.deliver(100);
    bench.transmit(50);
    EXPECT_TRUE(Worker::find().idle_for(1s));
}

TEST_P(WorkerOf, IsThereForAnOwnerOnly) {
    VhostNet vhost(GetParam());
    EXPECT_THROW(Worker::find(), Error);
    vhost.set_owner();
    EXPECT_NO_THROW(Worker::find());
    vhost.reset_owner();
    EXPECT_THROW(Worker::find(), Error);
}

INSTANTIATE_TEST_SUITE_P(Node, WorkerOf, both_nodes(), node_name);

// Ours only: newer in-tree workers are threads of their owner and leave with it.
TEST(OurWorker, ItsOwnersControlGroupLimitsIt) {
    constexpr unsigned percent = 5;
    Cgroup group("vcoal-worker-test");
    group.enter();
    {
        Bench bench;
        // The worker stays behind, alone.
        group.leave();
        const Worker worker = Worker::find();
        const double free = share_under_load(bench, worker);
        group.limit_cpu(percent);
        const double limited = share_under_load(bench, worker);
        EXPECT_LT(limited, 2.0 * percent / 100);
        // Otherwise the limit would not have shown.
        EXPECT_GT(free, 3.0 * percent / 100);
    }
}
