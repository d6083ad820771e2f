// SPDX-License-Identifier: GPL-2.0-only
//
// What is left lying is found, told once and set going again; vhost_net_coal_fault has it
// left lying.
#include "support/fault.hpp"
#include "support/host_bench.hpp"
#include "support/iommu.hpp"
#include "support/kernel_log.hpp"
#include "support/modules.hpp"

#include <chrono>
#include <fstream>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* fault_module = "vhost_net_coal_fault";

/// The next pieces of work are lost.
class LostWork {
public:
    LostWork() { load_our_module("drivers/vhost/vhost_net_coal_fault.ko"); }
    LostWork(const LostWork&) = delete;
    LostWork& operator=(const LostWork&) = delete;
    LostWork(LostWork&&) = delete;
    LostWork& operator=(LostWork&&) = delete;
    ~LostWork() { unload_module(fault_module); }

    void lose(unsigned pieces) { std::ofstream(path) << pieces; }
    unsigned left() const {
        unsigned pieces = 0;
        std::ifstream(path) >> pieces;
        return pieces;
    }

private:
    static constexpr const char* path = "/sys/module/vhost_net_coal_fault/parameters/lose";
};

class Stall : public ControlOfDevice {
protected:
    void expect_stall(unsigned index, const std::string& words) {
        const auto event = listener.await(HostEventKind::stalled, id);
        ASSERT_TRUE(event);
        ASSERT_EQ(event->queues.size(), 1U);
        EXPECT_EQ(event->queues[0].index, index);
        EXPECT_EQ(queue(index).counters.stalls, 1U);
        EXPECT_EQ(bench.vhost().statistics(index).stalls, 1U);
        EXPECT_EQ(bench.vhost().statistics(1 - index).stalls, 0U);
        const std::string log = kernel_log.read();
        EXPECT_NE(log.find(words), std::string::npos) << log;
        EXPECT_NE(log.find("file " + std::to_string(id) + " of"), std::string::npos) << log;
    }

    /// As many looks pass as it takes to find another device's stall.
    void await_looks() {
        CoalBench other;
        other.flow(VHN_VRING_TX, 1);
        const std::uint32_t other_id = newest();
        work.lose(1);
        other.transmit_one();
        ASSERT_EQ(work.left(), 0U);
        ASSERT_TRUE(listener.await(HostEventKind::stalled, other_id));
    }

    LostWork work;
    Listener listener;
    KernelLog kernel_log;
};

} // namespace

TEST_F(Stall, AKickThatWasLostIsFollowed) {
    bench.transmit(1);
    bench.expect_on_host(1);
    bench.settle(VHN_VRING_TX);
    work.lose(1);
    bench.transmit_one();
    ASSERT_EQ(work.left(), 0U);
    expect_stall(VHN_VRING_TX, "a kick was not followed");
    bench.await_sent(1);
    bench.expect_on_host(1);
}

TEST_F(Stall, PacketsWhoseNotificationWasLostAreNotified) {
    bench.settle(VHN_VRING_RX);
    bench.set(VHN_VRING_RX, {1000, far_away});
    // On a slow machine the timer may be the first.
    bool lost = false;
    for (unsigned i = 0; i < 10 && !lost; i++) {
        work.lose(0);
        bench.quiesce(VHN_VRING_RX);
        bench.set(VHN_VRING_RX, {1000, far_away});
        bench.mark();
        bench.deliver(3);
        work.lose(1);
        lost = eventually([&] { return work.left() == 0; }, 3s);
    }
    ASSERT_TRUE(lost) << "the timer has not expired";
    expect_stall(VHN_VRING_RX, "packets were not notified in time");
    const Sent sent = bench.await(VHN_VRING_RX, 1);
    EXPECT_EQ(sent.signals, 1U);
    EXPECT_EQ(sent.timer, 1U) << "counted as what it was";
    EXPECT_EQ(bench.pending(VHN_VRING_RX), 0U);
}

// It is told once, however long it lasts: the guest keeps its own worker waiting.
TEST_F(Stall, AWorkerThatIsKeptWaitingIsToldOnce) {
    bench.flow(VHN_VRING_TX, 3);
    bench.tx().ring().disable_callbacks();
    ASSERT_TRUE(bench.driver().send(std::vector<std::byte>(64)));
    bench.tx().ring().publish();
    const auto& options = bench.driver().options();
    BlockedMemory blocked(
        bench.driver().memory().at(bench.driver().transmit_buffers(),
                                   std::size_t{options.ring_size} * options.transmit_buffer));
    bench.tx().kick();
    ASSERT_TRUE(blocked.wait_blocked(generous));
    // The worker follows the first kick and none of these.
    bench.tx().kick();
    expect_stall(VHN_VRING_TX, "a kick was not followed");
    await_looks();
    await_looks();
    EXPECT_EQ(queue(VHN_VRING_TX).counters.stalls, 1U);
    blocked.resolve();
    EXPECT_TRUE(eventually([&] { return queue(VHN_VRING_TX).counters.packets == 4; }));
}

// A guest whose owner does not say where its ring is waits for that, and not for us.
TEST_F(Stall, AQueueThatWaitsForItsOwnerHasNotStalled) {
    Bench guest;
    const std::uint32_t guest_id = newest();
    guest.driver().stop();
    Iommu iommu(guest.driver());
    iommu.start();
    guest.transmit(1);
    iommu.set_answering(false);
    iommu.forget_everything();
    const std::uint64_t asked = iommu.asked();
    guest.tx().kick();
    ASSERT_TRUE(eventually([&] { return iommu.asked() > asked; }));
    await_looks();
    await_looks();
    EXPECT_EQ(control.file(guest_id).queues.at(VHN_VRING_TX).counters.stalls, 0U);
    iommu.set_answering(true);
    guest.transmit(1);
}

TEST_F(Stall, NothingIsFoundWhereNothingLies) {
    bench.set(VHN_VRING_RX, {1000, far_away});
    bench.deliver(3);
    await_looks();
    bench.transmit(3);
    await_looks();
    EXPECT_EQ(queue(VHN_VRING_RX).counters.stalls, 0U);
    EXPECT_EQ(queue(VHN_VRING_TX).counters.stalls, 0U);
}
