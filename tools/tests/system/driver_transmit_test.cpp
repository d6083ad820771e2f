// SPDX-License-Identifier: GPL-2.0-only
//
// Our guest driver's transmit queue at its limits: full, in bursts, and with a device
// that sends nothing any more.
#include "support/bench.hpp"
#include "support/coal_bench.hpp"
#include "support/frames.hpp"
#include "support/loopback_stub.hpp"
#include "support/modules.hpp"
#include "support/nodes.hpp"
#include "support/pairing.hpp"
#include "vcoal/features.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>
#include <string_view>

namespace vcoal::test {
namespace {

constexpr unsigned transmit_vq = 1;

/// A device that stops taking packets. The kernel's watchdog looks after five seconds.
class DriverTransmit : public testing::Test {
protected:
    static void SetUpTestSuite() { load_our_driver(); }

    void start(std::uint64_t features) {
        stub_.emplace(net_options(features), net_roles());
        stub_->start_and_wait();
        in_first_namespace([&] {
            bring_up(stub_->interface());
            socket_.emplace(stub_->interface());
        });
        EXPECT_TRUE(passes());
    }

    /// Nobody takes what is sent until the queue is full, and longer.
    void fill() {
        stub_->serve_transmit = false;
        // More than the queue takes before it is stopped, less than the socket does.
        for (unsigned i = 0; i < 100; i++) {
            ASSERT_TRUE(socket_->send(make_frame(i)));
        }
    }

    void stand_still() {
        const unsigned before = timeouts_in_log();
        ASSERT_NO_FATAL_FAILURE(fill());
        ASSERT_TRUE(eventually([&] { return timeouts_in_log() > before; }));
    }

    void go_on() {
        stub_->serve_transmit = true;
        // The driver has no reason to kick: the device looks by itself.
        stub_->kick(transmit_vq).signal();
    }

    /// A frame arrives at the device.
    bool passes() {
        const auto frame = make_frame(++sequence_);
        return eventually([&] { return socket_->send(frame); }) && eventually([&] {
                   for (const auto& sent : stub_->transmitted()) {
                       if (sent == frame) {
                           return true;
                       }
                   }
                   return false;
               });
    }

    static unsigned timeouts_in_log() {
        return occurrences(run({"dmesg"}).output,
                           "transmit queue 0 made no progress: virtqueue 1, ");
    }

    unsigned events(vlb_event_type type) const {
        unsigned n = 0;
        for (const vlb_event& event : stub_->events()) {
            n += event.type == static_cast<std::uint32_t>(type) ? 1 : 0;
        }
        return n;
    }

    LoopbackStub& stub() { return *stub_; }

private:
    std::optional<LoopbackStub> stub_;
    std::optional<PacketSocket> socket_;
    std::uint64_t sequence_ = 1000000;
};

TEST_F(DriverTransmit, AQueueWithoutProgressIsReset) {
    start(feature(VIRTIO_F_RING_RESET));
    stand_still();
    const auto reset = stub().await(VLB_EVENT_VQ_RESET);
    ASSERT_TRUE(reset);
    EXPECT_EQ(reset->result, std::int32_t{transmit_vq});
    go_on();
    EXPECT_TRUE(passes());
    EXPECT_EQ(events(VLB_EVENT_RESET), 0U);
}

TEST_F(DriverTransmit, WithoutRingResetTheDeviceIs) {
    start(0);
    stand_still();
    ASSERT_TRUE(stub().await(VLB_EVENT_RESET));
    go_on();
    ASSERT_TRUE(stub().await(VLB_EVENT_STATUS, 0x0f, 2));
    EXPECT_TRUE(passes());
}

TEST_F(DriverTransmit, WhereTheQueueDoesNotComeBackTheDeviceIs) {
    start(feature(VIRTIO_F_RING_RESET));
    stub().accept_queue_enable = false;
    stand_still();
    ASSERT_TRUE(stub().await(VLB_EVENT_VQ_RESET));
    ASSERT_TRUE(stub().await(VLB_EVENT_RESET));
    go_on();
    ASSERT_TRUE(stub().await(VLB_EVENT_STATUS, 0x0f, 2));
    EXPECT_TRUE(passes());
}

/// The kernel's messages leave through an interface, by netpoll.
class Netconsole {
public:
    explicit Netconsole(const std::string& interface) {
        in_first_namespace([&] {
            const auto end =
                run({"modprobe", "netconsole",
                     fmt::format("netconsole=6665@192.0.2.2/{},6666@192.0.2.1/02:00:00:00:00:99",
                                 interface)});
            EXPECT_EQ(end.status, 0) << end.output;
        });
    }
    Netconsole(const Netconsole&) = delete;
    Netconsole& operator=(const Netconsole&) = delete;
    Netconsole(Netconsole&&) = delete;
    Netconsole& operator=(Netconsole&&) = delete;
    ~Netconsole() { unload_module("netconsole"); }

    static void say(const std::string& line) {
        EXPECT_EQ(write_kernel_file("/dev/kmsg", "<1>" + line + "\n"), 0);
    }
};

bool contains(const std::vector<std::byte>& frame, const std::string& text) {
    const auto* begin = reinterpret_cast<const char*>(frame.data());
    return std::string_view(begin, frame.size()).find(text) != std::string_view::npos;
}

// Asked by netpoll while NAPI is not scheduled, the driver must not leave callbacks off:
// then nobody would wake the queue.
TEST_F(DriverTransmit, NetpollOfAFullQueueDoesNotSilenceIt) {
    start(0);
    const Netconsole console(stub().interface());
    undisturbed([&] {
        const unsigned before = timeouts_in_log();
        fill();
        Netconsole::say("vcoal: into a full queue");
        const bool in_time = timeouts_in_log() == before;
        go_on();
        EXPECT_TRUE(passes());
        EXPECT_TRUE(!in_time || timeouts_in_log() == before);
        return in_time;
    });
    Netconsole::say("vcoal: over and out");
    EXPECT_TRUE(eventually([&] {
        return std::ranges::any_of(stub().transmitted(), [](const auto& frame) {
            return contains(frame, "vcoal: over and out");
        });
    }));
}

/// Has the kernel's packet generator send from the guest; returns when it has, with what
/// it says.
std::string generate(const Pairing& pairing, const std::vector<std::string>& options) {
    const InNetNs inside(pairing.guest_ns());
    const std::string directory = "/proc/thread-self/net/pktgen/";
    const auto write = [&](const std::string& file, const std::string& line) {
        EXPECT_EQ(write_kernel_file(directory + file, line + "\n"), 0) << line;
    };
    write("kpktgend_0", "rem_device_all");
    write("kpktgend_0", "add_device " + pairing.interface());
    for (const std::string& option : options) {
        write(pairing.interface(), option);
    }
    write("pgctrl", "start");
    std::string result = read_kernel_file(directory + pairing.interface());
    write("kpktgend_0", "rem_device_all");
    return result;
}

class DriverBursts : public EachNode {
protected:
    static void SetUpTestSuite() {
        load_our_driver();
        load_system_module("pktgen");
    }
};

INSTANTIATE_TEST_SUITE_P(Nodes, DriverBursts, both_nodes(), node_name);

// xmit_more up to the brim: whoever is told that more will come kicks when it does not.
TEST_P(DriverBursts, FillTheQueueAndFinish) {
    constexpr unsigned packets = 20000;
    for (const char* ring_size : {"32", "256"}) {
        Pairing pairing(GetParam(), {"--ring-size", ring_size});
        const auto sent = [&] {
            return counter_in(pairing.in_guest({"ethtool", "-S", pairing.interface()}).output,
                              "tx_queue_0_packets");
        };
        for (const char* burst : {"1", "32", "300"}) {
            SCOPED_TRACE(fmt::format("ring {}, burst {}", ring_size, burst));
            const std::uint64_t before = sent();
            const std::string result =
                generate(pairing, {fmt::format("count {}", packets), std::string("burst ") + burst,
                                   "delay 0", "pkt_size 60", "dst_mac 02:00:00:00:00:99"});
            EXPECT_NE(result.find("Result: OK"), std::string::npos) << result;
            EXPECT_NE(result.find("errors: 0"), std::string::npos) << result;
            EXPECT_TRUE(eventually([&] { return sent() >= before + packets; })) << sent();
        }
        EXPECT_TRUE(pairing.ping());
    }
}

// Adaptive moderation follows the load: under a stream it holds packets longer than for
// one packet at a time.
TEST(DriverAdaptive, FollowsTheLoad) {
    load_our_driver();
    Pairing pairing(vhost_node);
    const auto holds_us = [&] {
        return pairing.stats()
            .at("queues")
            .at(0)
            .at("coalescing")
            .at("effective")
            .at("max_usecs")
            .get<unsigned>();
    };
    pairing.ethtool("-C", {"adaptive-rx", "on"});
    for (int round = 0; round < 2; round++) {
        unsigned under_stream = 0;
        EXPECT_TRUE(eventually([&] {
            exchange_tcp(pairing.host(), pairing.guest(), 4 << 20);
            under_stream = holds_us();
            return under_stream >= 64;
        })) << under_stream;
        EXPECT_TRUE(eventually([&] {
            step_udp(pairing.host(), pairing.guest(), 200);
            return holds_us() < under_stream;
        })) << holds_us();
    }
}

} // namespace
} // namespace vcoal::test
