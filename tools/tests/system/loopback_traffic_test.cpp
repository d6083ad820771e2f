// SPDX-License-Identifier: GPL-2.0-only
//
// The in-tree driver and a device in one kernel: packets, kicks and calls through
// the loopback transport.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/loopback_selftest.hpp"
#include "support/loopback_stub.hpp"
#include "support/nodes.hpp"
#include "vcoal/error.hpp"
#include "vcoal/netns.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/tap.hpp"
#include "vcoal/vhost.hpp"
#include "vcoal/virtio_net.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <netinet/ip_icmp.h>
#include <optional>
#include <sys/socket.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

class LoopbackTraffic : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }
};

/// vhost behind a loopback device: one pair, served by the kernel.
class VhostBackend {
public:
    explicit VhostBackend(const char* node) : vhost_(node) {
        tap_.set_header_size(sizeof(virtio_net_hdr_v1));
    }

    NetDev netdev() const { return tap_.netdev(); }
    std::uint64_t features() const { return vhost_.features(); }

    void start(LoopbackStub& stub, std::uint64_t features) {
        const vhost_memory_region region = stub.loopback().region();
        vhost_.set_owner();
        vhost_.set_features(features & vhost_.features() & ~(1ULL << VIRTIO_F_ACCESS_PLATFORM));
        vhost_.set_memory({&region, 1});
        for (unsigned i = 0; i < 2; i++) {
            const vlb_vq queue = stub.loopback().queue(i);
            vhost_.set_vring_size(i, queue.num);
            vhost_.set_vring_base(i, 0);
            vhost_.set_vring_addresses(i, {in_process(stub, queue.desc),
                                           in_process(stub, queue.driver),
                                           in_process(stub, queue.device)});
            vhost_.set_kick(i, stub.kick(i).get());
            vhost_.set_call(i, stub.call(i).get());
            vhost_.set_backend(i, tap_.get());
        }
    }

    void stop() {
        for (unsigned i = 0; i < 2; i++) {
            vhost_.set_backend(i, -1);
        }
    }

private:
    static std::uint64_t in_process(LoopbackStub& stub, std::uint64_t address) {
        return reinterpret_cast<std::uintptr_t>(stub.loopback().at(address, 1).data());
    }

    Tap tap_;
    VhostNet vhost_;
};

/// One ICMP echo to @p address; true when the answer is the same bytes.
bool ping(const char* address, std::uint16_t sequence, std::size_t size) {
    const Fd socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
    std::vector<std::byte> packet(sizeof(icmphdr) + size);
    fill_pattern(std::span(packet).subspan(sizeof(icmphdr)), sequence);
    icmphdr header{};
    header.type = ICMP_ECHO;
    header.un.echo.id = 0x4242;
    header.un.echo.sequence = sequence;
    std::memcpy(packet.data(), &header, sizeof(header));
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < packet.size(); i += 2) {
        std::uint16_t word = 0;
        std::memcpy(&word, packet.data() + i, sizeof(word));
        sum += word;
    }
    sum = (sum & 0xffffU) + (sum >> 16);
    header.checksum = static_cast<std::uint16_t>(~((sum & 0xffffU) + (sum >> 16)));
    std::memcpy(packet.data(), &header, sizeof(header));

    sockaddr_in to{};
    to.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &to.sin_addr);
    if (::sendto(socket.get(), packet.data(), packet.size(), 0,
                 reinterpret_cast<const sockaddr*>(&to), sizeof(to)) < 0) {
        throw Error(address, "send echo request", errno);
    }
    std::array<std::byte, 65536> answer{};
    while (wait_readable(socket.get(), std::chrono::seconds(5))) {
        const ssize_t got = ::recv(socket.get(), answer.data(), answer.size(), 0);
        constexpr std::size_t headers = 20 + sizeof(icmphdr);
        if (got != static_cast<ssize_t>(headers + size)) {
            continue;
        }
        icmphdr reply{};
        std::memcpy(&reply, answer.data() + 20, sizeof(reply));
        if (reply.type == ICMP_ECHOREPLY && reply.un.echo.sequence == sequence) {
            return !pattern_broken(std::span(answer).subspan(headers, size), sequence);
        }
    }
    return false;
}

class LoopbackVhost : public EachNode {
protected:
    static void SetUpTestSuite() { load_loopback(); }
};

} // namespace

// The whole path: virtio_net, transport, vhost, tap, and back.
TEST_P(LoopbackVhost, Ping) {
    VhostBackend backend(GetParam());
    backend.netdev().set_address("10.9.0.2", 24);
    backend.netdev().set_up(true);
    LoopbackOptions options = net_options();
    const std::uint64_t of_vhost = (1ULL << VIRTIO_RING_F_EVENT_IDX) |
                                   (1ULL << VIRTIO_RING_F_INDIRECT_DESC) |
                                   (1ULL << VIRTIO_NET_F_MRG_RXBUF);
    options.features &= ~of_vhost | backend.features();
    LoopbackStub stub(options, {Role::external, Role::external, Role::control});
    stub.on_driver_ok = [&](std::uint64_t features) { backend.start(stub, features); };
    stub.on_reset = [&] { backend.stop(); };
    stub.start_and_wait();

    in_first_namespace([&] {
        NetDev driver(stub.interface());
        driver.set_address("10.9.0.1", 24);
        bring_up(driver.name());
        for (std::uint16_t i = 1; i <= 100; i++) {
            ASSERT_TRUE(ping("10.9.0.2", i, std::size_t{12} * i)) << "request " << i;
        }
    });
    const vlb_vq_stats rx = stub.loopback().statistics(0);
    const vlb_vq_stats tx = stub.loopback().statistics(1);
    EXPECT_GT(rx.callbacks, 0U);
    EXPECT_GE(rx.signals, rx.wakeups);
    EXPECT_GE(rx.wakeups, rx.callbacks + rx.idle);
    EXPECT_GT(tx.kicks, 0U);
    EXPECT_EQ(tx.kicks_suppressed, 0U);
    const vlb_arena_stats arena = stub.loopback().arena_statistics();
    EXPECT_EQ(arena.fail_quota + arena.fail_space + arena.bad_unmap + arena.bad_sync, 0U);
    EXPECT_LT(arena.peak_bytes, 4U << 20) << "a pair should get by with a few megabytes";
    RecordProperty("peak_bytes", std::to_string(arena.peak_bytes));
}

INSTANTIATE_TEST_SUITE_P(Node, LoopbackVhost, both_nodes(), node_name);

// What the statistics count is the sum of the values, however few the wake-ups.
TEST_F(LoopbackTraffic, SignalsAreSummed) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    const vlb_vq_stats before = stub.loopback().statistics(0);
    stub.call(0).signal(5);
    stub.call(0).signal(1000);
    const vlb_vq_stats after = stub.loopback().statistics(0);
    EXPECT_EQ(after.signals - before.signals, 1005U);
    EXPECT_EQ(after.wakeups - before.wakeups, 2U);
    EXPECT_EQ(stub.call(0).take(), 0U) << "the transport consumes the signals";
}

TEST_F(LoopbackTraffic, SignalsBeforeAttachingAreDelivered) {
    LoopbackStub stub(net_options(), {Role::external, Role::external, Role::control});
    EventFd early;
    early.signal(3);
    stub.loopback().set_eventfds(0, -1, early.get());
    EXPECT_EQ(stub.loopback().statistics(0).signals, 3U);
    // And after detaching they stay where they are.
    stub.loopback().set_eventfds(0, -1, -1);
    early.signal(4);
    EXPECT_EQ(stub.loopback().statistics(0).signals, 3U);
    EXPECT_EQ(early.take(), 4U);
}

// The eventfds may be closed once the transport has them.
TEST_F(LoopbackTraffic, EventfdsOutliveTheirDescriptors) {
    LoopbackStub stub(net_options(), {Role::external, Role::external, Role::control});
    {
        EventFd kick;
        EventFd call;
        stub.loopback().set_eventfds(0, kick.get(), call.get());
    }
    stub.start_and_wait();
    const auto kicked = [&] { return stub.loopback().statistics(0).kicks > 0; };
    in_first_namespace([&] { NetDev(stub.interface()).set_up(true); });
    EXPECT_TRUE(eventually(kicked));
}

TEST_F(LoopbackTraffic, FramesBothWaysAndTheirCounts) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    std::optional<PacketSocket> driver;
    in_first_namespace([&] {
        bring_up(stub.interface());
        driver.emplace(stub.interface());
    });
    for (unsigned i = 0; i < 500; i++) {
        ASSERT_TRUE(eventually([&] { return stub.inject(make_frame(i, 60 + i)); }));
        const auto frame = driver->receive(generous);
        ASSERT_TRUE(frame);
        ASSERT_EQ(frame_sequence(*frame), i);
        ASSERT_TRUE(driver->send(make_frame(i, 60 + i)));
    }
    ASSERT_TRUE(eventually([&] { return stub.transmitted().size() >= 500; }));
    for (unsigned i = 0; i < 500; i++) {
        EXPECT_EQ(frame_sequence(stub.transmitted()[i]), i);
    }
    const vlb_vq_stats receive = stub.loopback().statistics(0);
    EXPECT_GT(receive.callbacks, 0U);
    EXPECT_LE(receive.callbacks, receive.wakeups);
    EXPECT_EQ(receive.signals, receive.wakeups) << "each signal here is one write";
    const vlb_arena_stats arena = stub.loopback().arena_statistics();
    EXPECT_EQ(arena.fail_quota + arena.fail_space + arena.bad_unmap + arena.bad_sync, 0U);
}

// Nobody but the test reads this kick eventfd: it holds exactly what was sent.
TEST_F(LoopbackTraffic, KicksSentAreCounted) {
    LoopbackStub stub(net_options(), {Role::external, Role::external, Role::control});
    stub.start_and_wait();
    in_first_namespace([&] { NetDev(stub.interface()).set_up(true); });
    const auto kicked = [&] { return stub.loopback().statistics(0).kicks > 0; };
    ASSERT_TRUE(eventually(kicked));
    EXPECT_EQ(stub.kick(0).take(), stub.loopback().statistics(0).kicks);
    EXPECT_EQ(stub.loopback().statistics(0).kicks_suppressed, 0U);
}

TEST_F(LoopbackTraffic, KicksWithoutEventfdAreCountedAsSuppressed) {
    LoopbackSelftest selftest;
    selftest.loopback().set_eventfds(0, -1, -1);
    EXPECT_EQ(selftest.run("kick"), "ok");
    const vlb_vq_stats stats = selftest.loopback().statistics(0);
    EXPECT_EQ(stats.kicks, 0U);
    EXPECT_EQ(stats.kicks_suppressed, 1U);
}

// One eventfd for both directions, and a callback that kicks: each kick is a call.
// Were the callback run from the eventfd's wake-up, it would find itself on the stack.
TEST_F(LoopbackTraffic, KickInsideACallbackDoesNotRecurse) {
    LoopbackSelftest selftest;
    Loopback& loopback = selftest.loopback();
    EventFd both;
    loopback.set_eventfds(0, both.get(), both.get());
    ASSERT_EQ(selftest.run("kick"), "ok");
    const auto ring = make_device_ring(loopback, loopback.queue(0), loopback.info().accepted[0]);
    const auto chain = ring->pop();
    ASSERT_TRUE(chain);
    ring->push(chain->head, 0);
    both.signal();
    EXPECT_TRUE(eventually([&] { return selftest.run("callbacks") == "ok"; }));
    const vlb_vq_stats stats = loopback.statistics(0);
    EXPECT_GE(stats.kicks, 1001U);
    EXPECT_GE(stats.callbacks, 1001U);
    EXPECT_EQ(stats.signals, stats.kicks + 1);
}
