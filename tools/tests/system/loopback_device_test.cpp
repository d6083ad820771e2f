// SPDX-License-Identifier: GPL-2.0-only
//
// The device as its process and the driver core see it: events and their order,
// features, configuration space, queues.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/loopback_selftest.hpp"
#include "support/loopback_stub.hpp"
#include "vcoal/error.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/virtio_net.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <future>
#include <gtest/gtest.h>
#include <poll.h>
#include <stop_token>
#include <thread>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t access_platform = 1ULL << VIRTIO_F_ACCESS_PLATFORM;

class LoopbackDevice : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }
};

using Step = std::pair<std::uint32_t, std::uint32_t>;

std::vector<Step> steps_of(const std::vector<vlb_event>& events) {
    std::vector<Step> steps;
    steps.reserve(events.size());
    for (const vlb_event& event : events) {
        steps.emplace_back(event.type, event.status);
    }
    return steps;
}

std::string driver_link(LoopbackStub& stub) {
    return "/sys/bus/virtio/devices/virtio" + std::to_string(stub.loopback().info().index) +
           "/driver";
}

std::string carrier_of(LoopbackStub& stub) {
    return read_kernel_file("/sys/class/net/" + stub.interface() + "/carrier");
}

} // namespace

TEST_F(LoopbackDevice, StatusSequenceOfProbeAndRemoval) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    const std::uint32_t index = stub.loopback().info().index;
    ASSERT_EQ(unbind_driver(index), 0);
    ASSERT_TRUE(stub.await(VLB_EVENT_STATUS, 0x01, 2));
    ASSERT_EQ(bind_driver(index), 0);
    ASSERT_TRUE(stub.await(VLB_EVENT_STATUS, 0x0f, 2));

    const auto events = stub.events();
    const std::vector<Step> expected = {
        {VLB_EVENT_STATUS, 0x01}, {VLB_EVENT_STATUS, 0x03},     {VLB_EVENT_FEATURES, 0x0b},
        {VLB_EVENT_STATUS, 0x0f}, {VLB_EVENT_REGISTERED, 0x0f}, {VLB_EVENT_RESET, 0x00},
        {VLB_EVENT_STATUS, 0x01}, {VLB_EVENT_STATUS, 0x03},     {VLB_EVENT_FEATURES, 0x0b},
        {VLB_EVENT_STATUS, 0x0f},
    };
    EXPECT_EQ(steps_of(events), expected);
    for (std::size_t i = 0; i < events.size(); i++) {
        EXPECT_EQ(events[i].seq, i + 1);
        EXPECT_EQ(events[i].lost, 0U);
    }
    EXPECT_EQ(events[4].result, 0);
}

// The process must be free to answer what the probe waits for.
TEST_F(LoopbackDevice, StartDoesNotWaitForTheProbe) {
    LoopbackStub stub(net_options(), net_roles());
    stub.answer_features = false;
    stub.start();
    const auto question = stub.await(VLB_EVENT_FEATURES);
    ASSERT_TRUE(question);
    std::this_thread::sleep_for(200ms);
    EXPECT_EQ(stub.loopback().info().registered, 0U);
    EXPECT_FALSE(stub.loopback().acknowledge(question->seq + 1));
    EXPECT_TRUE(stub.loopback().acknowledge(question->seq));
    EXPECT_FALSE(stub.loopback().acknowledge(question->seq)) << "it was answered before";
    ASSERT_TRUE(stub.await(VLB_EVENT_REGISTERED));
    EXPECT_EQ(stub.loopback().info().registered, 1U);
}

TEST_F(LoopbackDevice, AccessPlatformIsAlwaysNegotiated) {
    LoopbackStub stub(net_options(), net_roles());
    EXPECT_EQ(net_options().features & access_platform, 0U);
    EXPECT_NE(stub.loopback().offered() & access_platform, 0U);
    stub.start_and_wait();
    EXPECT_NE(stub.await(VLB_EVENT_FEATURES)->features[0] & access_platform, 0U);
    EXPECT_EQ(stub.loopback().info().accepted[0], stub.await(VLB_EVENT_FEATURES)->features[0]);
}

TEST_F(LoopbackDevice, TransportBitsItDoesNotKnowAreDropped) {
    LoopbackOptions options = net_options();
    constexpr std::uint64_t order_platform = 1ULL << VIRTIO_F_ORDER_PLATFORM;
    constexpr std::uint64_t ring_reset = 1ULL << 40;
    constexpr std::uint64_t admin_queue = 1ULL << 41;
    options.features |= order_platform | ring_reset | admin_queue | 1ULL << VIRTIO_F_RING_PACKED;
    const Loopback loopback(options);
    EXPECT_EQ(loopback.offered() & (order_platform | admin_queue), 0U);
    EXPECT_NE(loopback.offered() & ring_reset, 0U);
    EXPECT_NE(loopback.offered() & (1ULL << VIRTIO_F_RING_PACKED), 0U);
}

TEST_F(LoopbackDevice, PackedRingsWhenTheProcessOffersThem) {
    LoopbackStub stub(net_options(1ULL << VIRTIO_F_RING_PACKED), net_roles());
    stub.start_and_wait();
    ASSERT_NE(stub.loopback().info().accepted[0] & (1ULL << VIRTIO_F_RING_PACKED), 0U);
    for (std::uint32_t i = 0; i < 3; i++) {
        const vlb_vq queue = stub.loopback().queue(i);
        EXPECT_NE(queue.flags & VLB_VQ_ENABLED, 0U);
        EXPECT_NO_THROW(stub.loopback().at(queue.desc, sizeof(vring_desc) * queue.num));
        EXPECT_NO_THROW(stub.loopback().at(queue.driver, 4));
        EXPECT_NO_THROW(stub.loopback().at(queue.device, 4));
    }
    in_first_namespace([&] {
        bring_up(stub.interface());
        PacketSocket socket(stub.interface());
        for (std::uint64_t i = 0; i < 1000; i++) {
            const auto frame = make_frame(i);
            ASSERT_TRUE(eventually([&] { return stub.inject(frame); }));
            ASSERT_EQ(socket.receive(generous), frame);
        }
    });
}

TEST_F(LoopbackDevice, FEAT_G3_RefusedFeaturesStopTheProbe) {
    LoopbackStub stub(net_options(), net_roles());
    stub.accept_features = false;
    stub.start();
    ASSERT_TRUE(stub.await(VLB_EVENT_REGISTERED));
    EXPECT_TRUE(stub.await(VLB_EVENT_STATUS, 0x83)) << "FAILED, and no FEATURES_OK";
    EXPECT_FALSE(std::filesystem::exists(driver_link(stub)));
    EXPECT_EQ(stub.loopback().info().death, std::uint32_t{VLB_DEATH_NONE});
    // The next driver may be luckier.
    stub.accept_features = true;
    ASSERT_EQ(bind_driver(stub.loopback().info().index), 0);
    EXPECT_TRUE(std::filesystem::exists(driver_link(stub)));
}

TEST_F(LoopbackDevice, UnansweredFeaturesKillTheSession) {
    LoopbackOptions options = net_options();
    options.ack_timeout = 500ms;
    LoopbackStub stub(options, net_roles());
    stub.answer_features = false;
    stub.start();
    const auto death = stub.await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->result, VLB_DEATH_FEATURES);
    EXPECT_TRUE(eventually([&] { return stub.loopback().info().registered == 1; }));
    EXPECT_FALSE(std::filesystem::exists(driver_link(stub)));
}

TEST_F(LoopbackDevice, ConfigurationComesFromTheModule) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    in_first_namespace([&] {
        EXPECT_EQ(NetDev(stub.interface()).mac(), (MacAddress{0x02, 0, 0, 0, 0, 0x42}));
    });
    EXPECT_EQ(stub.loopback().info().config_writes, 0U);
}

TEST_F(LoopbackDevice, CFG_G3_ConfigurationChangeReachesTheDriver) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    in_first_namespace([&] { NetDev(stub.interface()).set_up(true); });
    EXPECT_TRUE(eventually([&] { return carrier_of(stub) == "1"; }));
    const std::uint32_t generation = stub.loopback().info().generation;
    stub.set_status(0);
    EXPECT_EQ(stub.loopback().info().generation, generation + 1);
    EXPECT_TRUE(eventually([&] { return carrier_of(stub) == "0"; }));
    stub.set_status(VIRTIO_NET_S_LINK_UP);
    EXPECT_EQ(stub.loopback().info().generation, generation + 2);
    EXPECT_TRUE(eventually([&] { return carrier_of(stub) == "1"; }));
}

// Before the driver is there nobody can be told; it is told afterwards.
TEST_F(LoopbackDevice, ConfigurationChangeDuringTheProbeIsNotLost) {
    LoopbackSelftest selftest({}, [](LoopbackStub& stub) {
        stub.on_features = [&stub] {
            const std::byte value{0x22};
            stub.loopback().set_config(0, std::span(&value, 1));
        };
    });
    EXPECT_EQ(selftest.run("config_changed"), "ok");
}

TEST_F(LoopbackDevice, TheConfigurationIsReadAsAWholeWhileItChanges) {
    LoopbackSelftest selftest;
    const std::jthread changes([&selftest](const std::stop_token& enough) {
        for (unsigned i = 0; !enough.stop_requested(); i++) {
            std::array<std::byte, 4> value{};
            value.fill(std::byte{static_cast<std::uint8_t>(i)});
            selftest.loopback().set_config(0, value);
        }
    });
    EXPECT_EQ(selftest.run("config_consistent"), "ok");
}

// CFG-G1
TEST_F(LoopbackDevice, DriverCannotWriteTheConfiguration) {
    LoopbackSelftest selftest;
    const std::uint32_t generation = selftest.loopback().info().generation;
    EXPECT_EQ(selftest.run("config_write"), "ok");
    EXPECT_EQ(selftest.loopback().info().config_writes, 1U);
    EXPECT_EQ(selftest.loopback().info().generation, generation);
}

TEST_F(LoopbackDevice, ReadsBeyondTheConfigurationYieldZeroes) {
    LoopbackOptions options = net_options();
    options.config.resize(4); // less than the MAC address
    LoopbackStub stub(options, net_roles());
    stub.start_and_wait();
    EXPECT_GT(stub.loopback().info().config_strays, 0U);
    in_first_namespace([&] {
        EXPECT_EQ(NetDev(stub.interface()).mac(), (MacAddress{0x02, 0, 0, 0, 0, 0}));
    });
}

TEST_F(LoopbackDevice, QueueWithoutNameTakesNoIndex) {
    LoopbackSelftest selftest;
    EXPECT_EQ(selftest.run("queue_index"), "ok");
}

TEST_F(LoopbackDevice, ReadIsWholeEventsInOrder) {
    const Loopback loopback(net_options());
    std::array<vlb_event, 2> events{};
    EXPECT_EQ(::read(loopback.get(), events.data(), sizeof(vlb_event) - 1), -1);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(::read(loopback.get(), events.data(), sizeof(events)), -1);
    EXPECT_EQ(errno, EAGAIN);
    // A closed duplicate kills; then comes DEAD, and after it the end.
    ::close(::fcntl(loopback.get(), F_DUPFD_CLOEXEC, 0));
    pollfd polled{loopback.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&polled, 1, 0), 1);
    EXPECT_EQ(polled.revents, POLLIN | POLLHUP);
    ASSERT_EQ(::read(loopback.get(), events.data(), sizeof(events)),
              static_cast<ssize_t>(sizeof(vlb_event)));
    EXPECT_EQ(events[0].type, std::uint32_t{VLB_EVENT_DEAD});
    EXPECT_EQ(events[0].result, VLB_DEATH_CLOSED);
    EXPECT_EQ(::read(loopback.get(), events.data(), sizeof(events)), 0);
    ASSERT_EQ(::poll(&polled, 1, 0), 1);
    EXPECT_EQ(polled.revents, POLLHUP);
}

// Nobody reads while a driver comes and goes: the queue stays bounded, and questions
// still arrive.
TEST_F(LoopbackDevice, StatusEventsNobodyReadsAreCounted) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    const std::uint32_t index = stub.loopback().info().index;
    stub.read_events = false;
    std::this_thread::sleep_for(300ms);
    std::uint32_t seq = stub.events().back().seq;
    for (unsigned i = 0; i < 25; i++) {
        auto cycle = std::async(std::launch::async, [&] {
            return unbind_driver(index) == 0 && bind_driver(index) == 0;
        });
        // Answers by guessing what was asked.
        while (cycle.wait_for(1ms) != std::future_status::ready) {
            for (std::uint32_t guess = seq; guess < seq + 12; guess++) {
                if (stub.loopback().acknowledge(guess)) {
                    seq = guess;
                }
            }
        }
        if (!cycle.get()) {
            break; // no room for the next question: the session is dead
        }
    }
    stub.read_events = true;
    const auto death = stub.await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death) << "unread questions should end the session";
    EXPECT_TRUE(death->result == VLB_DEATH_RESET || death->result == VLB_DEATH_FEATURES);
    std::uint32_t lost = 0;
    for (const vlb_event& event : stub.events()) {
        lost += event.lost;
    }
    EXPECT_GT(lost, 0U);
    EXPECT_LE(stub.events().size(), 5U + 64U);
}
