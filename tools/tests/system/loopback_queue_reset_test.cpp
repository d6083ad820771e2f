// SPDX-License-Identifier: GPL-2.0-only
//
// One queue reset and enabled again while the device goes on (VIRTIO_F_RING_RESET): what
// the process is told, what it sees of the ring, and what it can do wrong.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/loopback_selftest.hpp"
#include "support/loopback_stub.hpp"
#include "support/pairing.hpp"
#include "vcoal/device_ring.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/virtio_net.hpp"

#include <chrono>
#include <future>
#include <gtest/gtest.h>
#include <linux/virtio_ring.h>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t ring_reset = 1ULL << VIRTIO_F_RING_RESET;
constexpr unsigned rx = 0;
constexpr unsigned tx = 1;

class LoopbackQueueReset : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }
};

/// `ethtool -G` on the driver's interface: its exit status.
int resize(LoopbackStub& stub, const std::vector<std::string>& sizes) {
    const NetNs first = NetNs::open("/proc/1/ns/net");
    std::vector<std::string> argv{"ethtool", "-G", stub.interface()};
    argv.insert(argv.end(), sizes.begin(), sizes.end());
    return run(argv, &first).status;
}

bool enabled(LoopbackStub& stub, unsigned vq) {
    return (stub.loopback().queue(vq).flags & VLB_VQ_ENABLED) != 0;
}

using QueueEvent = std::pair<std::uint32_t, std::int32_t>;

std::vector<QueueEvent> queue_events(const LoopbackStub& stub) {
    std::vector<QueueEvent> found;
    for (const vlb_event& event : stub.events()) {
        if (event.type == VLB_EVENT_VQ_RESET || event.type == VLB_EVENT_VQ_ENABLE) {
            found.emplace_back(event.type, event.result);
        }
    }
    return found;
}

/// Frames both ways, @p count of them one by one, all of which arrive.
void expect_traffic(LoopbackStub& stub, unsigned count) {
    const std::size_t before = stub.transmitted().size();
    std::optional<PacketSocket> driver;
    in_first_namespace([&] {
        bring_up(stub.interface());
        driver.emplace(stub.interface());
    });
    for (unsigned i = 0; i < count; i++) {
        ASSERT_TRUE(eventually([&] { return stub.inject(make_frame(i)); }));
        const auto frame = driver->receive(generous);
        ASSERT_TRUE(frame);
        ASSERT_EQ(frame_sequence(*frame), i);
        ASSERT_TRUE(eventually([&] { return driver->send(make_frame(i)); }));
    }
    EXPECT_TRUE(eventually([&] { return stub.transmitted().size() >= before + count; }))
        << stub.transmitted().size() - before << " of " << count << " frames; kicks "
        << stub.loopback().statistics(tx).kicks << ", callbacks "
        << stub.loopback().statistics(tx).callbacks << ", idle "
        << stub.loopback().statistics(tx).idle << "; " << stub.failure();
}

LoopbackOptions impatient(LoopbackOptions options) {
    options.ack_timeout = 500ms;
    return options;
}

} // namespace

// 6.1's ring code clears the bit: it must get as far as the driver and the process.
TEST_F(LoopbackQueueReset, TheFeatureIsNegotiated) {
    LoopbackStub stub(net_options(ring_reset), net_roles());
    EXPECT_NE(stub.loopback().offered() & ring_reset, 0U);
    stub.start_and_wait();
    EXPECT_NE(stub.await(VLB_EVENT_FEATURES)->features[0] & ring_reset, 0U);
    EXPECT_NE(stub.loopback().info().accepted[0] & ring_reset, 0U);
}

TEST_F(LoopbackQueueReset, VQR_G1_TheDriverResizesItsRings) {
    LoopbackStub stub(net_options(ring_reset), net_roles());
    stub.start_and_wait();
    expect_traffic(stub, 300);
    ASSERT_EQ(resize(stub, {"rx", "64", "tx", "128"}), 0);
    const std::vector<QueueEvent> expected{{VLB_EVENT_VQ_RESET, tx},
                                           {VLB_EVENT_VQ_ENABLE, tx},
                                           {VLB_EVENT_VQ_RESET, rx},
                                           {VLB_EVENT_VQ_ENABLE, rx}};
    EXPECT_EQ(queue_events(stub), expected);
    EXPECT_EQ(stub.loopback().queue(rx).num, 64U);
    EXPECT_EQ(stub.loopback().queue(tx).num, 128U);
    EXPECT_TRUE(enabled(stub, rx) && enabled(stub, tx));
    expect_traffic(stub, 300);
    // Back to the size they had, which is the largest.
    EXPECT_NE(resize(stub, {"tx", "512"}), 0);
    ASSERT_EQ(resize(stub, {"rx", "256", "tx", "256"}), 0);
    expect_traffic(stub, 300);
    const vlb_arena_stats arena = stub.loopback().arena_statistics();
    EXPECT_EQ(arena.fail_quota + arena.fail_space + arena.bad_unmap + arena.bad_sync, 0U);
}

TEST_F(LoopbackQueueReset, TheSizeDoesNotOutliveTheDriver) {
    LoopbackStub stub(net_options(ring_reset), net_roles());
    stub.start_and_wait();
    ASSERT_EQ(resize(stub, {"rx", "64", "tx", "64"}), 0);
    const std::uint32_t index = stub.loopback().info().index;
    ASSERT_EQ(unbind_driver(index), 0);
    EXPECT_EQ(stub.loopback().queue(tx).num, 256U);
    EXPECT_EQ(stub.loopback().arena_statistics().slots, 0U);
    ASSERT_EQ(bind_driver(index), 0);
    ASSERT_TRUE(stub.await(VLB_EVENT_STATUS, 0x0f, 2));
    EXPECT_EQ(stub.loopback().queue(rx).num, 256U);
    EXPECT_EQ(stub.loopback().queue(tx).num, 256U);
    expect_traffic(stub, 300);
}

TEST_F(LoopbackQueueReset, VQR_G1_WaitsForTheAnswer) {
    LoopbackOptions options = net_options(ring_reset);
    options.ack_timeout = 60s;
    LoopbackStub stub(options, net_roles());
    stub.start_and_wait();
    stub.answer_queue_reset = false;
    auto resized = std::async(std::launch::async, [&] { return resize(stub, {"tx", "64"}); });
    const auto question = stub.await(VLB_EVENT_VQ_RESET);
    ASSERT_TRUE(question);
    EXPECT_EQ(resized.wait_for(500ms), std::future_status::timeout);
    EXPECT_TRUE(enabled(stub, tx)) << "the ring went too early";
    EXPECT_EQ(stub.loopback().queue(tx).num, 256U);
    EXPECT_TRUE(stub.loopback().acknowledge(question->seq));
    ASSERT_EQ(resized.wait_for(generous), std::future_status::ready);
    EXPECT_EQ(resized.get(), 0);
    EXPECT_EQ(stub.loopback().queue(tx).num, 64U);
}

TEST_F(LoopbackQueueReset, ARefusedQueueStaysOff) {
    LoopbackStub stub(net_options(ring_reset), net_roles());
    stub.start_and_wait();
    stub.accept_queue_enable = false;
    EXPECT_NE(resize(stub, {"tx", "64"}), 0);
    EXPECT_FALSE(enabled(stub, tx));
    EXPECT_TRUE(enabled(stub, rx));
    EXPECT_EQ(stub.loopback().info().death, std::uint32_t{VLB_DEATH_NONE});
    // A device reset brings it back.
    const std::uint32_t index = stub.loopback().info().index;
    ASSERT_EQ(unbind_driver(index), 0);
    ASSERT_EQ(bind_driver(index), 0);
    ASSERT_TRUE(stub.await(VLB_EVENT_STATUS, 0x0f, 2));
    expect_traffic(stub, 300);
}

TEST_F(LoopbackQueueReset, UnansweredResetKillsTheSession) {
    LoopbackStub stub(impatient(net_options(ring_reset)), net_roles());
    stub.start_and_wait();
    stub.answer_queue_reset = false;
    EXPECT_NE(resize(stub, {"tx", "64"}), 0);
    const auto death = stub.await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->result, VLB_DEATH_VQ);
    EXPECT_EQ(stub.loopback().queue(tx).num, 256U) << "changed a ring that may be in use";
    EXPECT_TRUE(enabled(stub, tx));
    EXPECT_EQ(unbind_driver(stub.loopback().info().index), 0);
}

TEST_F(LoopbackQueueReset, UnansweredEnableKillsTheSession) {
    LoopbackStub stub(impatient(net_options(ring_reset)), net_roles());
    stub.start_and_wait();
    stub.answer_queue_enable = false;
    EXPECT_NE(resize(stub, {"rx", "64"}), 0);
    const auto death = stub.await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->result, VLB_DEATH_VQ);
    EXPECT_FALSE(enabled(stub, rx));
    EXPECT_EQ(unbind_driver(stub.loopback().info().index), 0);
}

TEST_F(LoopbackQueueReset, IsRefusedWithoutTheFeature) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    EXPECT_NE(resize(stub, {"tx", "64"}), 0);
    EXPECT_TRUE(queue_events(stub).empty());
    EXPECT_EQ(stub.loopback().queue(tx).num, 256U);
    expect_traffic(stub, 300);
}

// VQR-D1: a device that signals after all is not listened to.
TEST_F(LoopbackQueueReset, NoCallbackUntilItIsEnabled) {
    LoopbackSelftest selftest({}, {}, ring_reset);
    Loopback& loopback = selftest.loopback();
    ASSERT_EQ(selftest.run("kick"), "ok");
    const auto ring = make_device_ring(loopback, loopback.queue(0), loopback.info().accepted[0]);
    const auto chain = ring->pop();
    ASSERT_TRUE(chain);
    ASSERT_EQ(selftest.run("reset"), "ok");
    EXPECT_FALSE(enabled(selftest.stub(), 0));
    EXPECT_EQ(loopback.queue(0).desc, 0U);
    EXPECT_TRUE(enabled(selftest.stub(), 1));

    ring->push(chain->head, 0);
    const vlb_vq_stats before = loopback.statistics(0);
    selftest.stub().call(0).signal();
    EXPECT_TRUE(eventually([&] { return loopback.statistics(0).idle == before.idle + 1; }));
    EXPECT_EQ(loopback.statistics(0).callbacks, before.callbacks);

    ASSERT_EQ(selftest.run("enable"), "ok");
    EXPECT_TRUE(enabled(selftest.stub(), 0));
    selftest.stub().call(0).signal();
    EXPECT_TRUE(
        eventually([&] { return loopback.statistics(0).callbacks == before.callbacks + 1; }));
}

TEST_F(LoopbackQueueReset, NotOfAControlQueue) {
    LoopbackSelftest selftest({}, {}, ring_reset);
    EXPECT_EQ(selftest.run("reset_control"), "ok");
    EXPECT_TRUE(queue_events(selftest.stub()).empty());
    EXPECT_EQ(selftest.run("control_sleeping"), "ok");
}

TEST_F(LoopbackQueueReset, NotWithoutTheFeature) {
    LoopbackSelftest selftest;
    EXPECT_EQ(selftest.run("reset_not_negotiated"), "ok");
    EXPECT_TRUE(queue_events(selftest.stub()).empty());
    EXPECT_TRUE(enabled(selftest.stub(), 0));
}

TEST_F(LoopbackQueueReset, EnableNeedsAReset) {
    LoopbackSelftest selftest({}, {}, ring_reset);
    EXPECT_EQ(selftest.run("enable_first"), "ok");
    EXPECT_TRUE(queue_events(selftest.stub()).empty());
}

// The driver makes the new ring before it frees the old one.
TEST_F(LoopbackQueueReset, ThereIsRoomForOneRingMore) {
    const auto left_for_buffers = [](std::uint64_t features) {
        const Loopback loopback(net_options(features));
        const vlb_arena_stats arena = loopback.arena_statistics();
        return arena.in_quota + arena.out_quota;
    };
    const std::uint64_t largest_ring = 8192; // 256 entries
    EXPECT_EQ(left_for_buffers(0) - left_for_buffers(ring_reset), largest_ring);
}
