// SPDX-License-Identifier: GPL-2.0-only
//
// XDP in our guest driver: every verdict, frames that others redirect to it, and what it
// refuses.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/loopback_stub.hpp"
#include "support/nodes.hpp"
#include "support/pairing.hpp"
#include "support/xdp_program.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>

namespace vcoal::test {
namespace {

constexpr unsigned frames = 200;
/// The loopback's device has no command that would switch receive offloads off.
constexpr const char* whole_packets = "--features=-guest_csum";

/// The driver will have no program, and says why.
void expect_refused(const std::string& interface, int code, const std::string& why) {
    try {
        XdpProgram(XDP_PASS).attach(interface);
        FAIL() << "was attached";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code);
        EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    }
}

class DriverXdp : public EachNode {
protected:
    static void SetUpTestSuite() { load_our_driver(); }

    DriverXdp() : pairing_(GetParam(), {whole_packets}) {}

    Pairing& pairing() { return pairing_; }
    std::string interface() const { return pairing_.interface(); }

    std::uint64_t counter(const std::string& name) const {
        return counter_in(pairing_.in_guest({"ethtool", "-S", interface()}).output,
                          "rx_queue_0_" + name);
    }

    void attach(const XdpProgram& program) const {
        const InNetNs inside(pairing_.guest_ns());
        program.attach(interface());
    }

    void detach() const {
        const InNetNs inside(pairing_.guest_ns());
        XdpProgram::detach(interface());
    }

    /// A pair of interfaces in the guest, over which frames come and go as XDP has them.
    void add_veth() const {
        ASSERT_EQ(
            pairing_.in_guest({"ip", "link", "add", "near", "type", "veth", "peer", "far"}).status,
            0);
        const InNetNs inside(pairing_.guest_ns());
        for (const char* name : {"near", "far"}) {
            NetDev device(name);
            device.disable_ipv6();
            device.set_up(true);
            // Its NAPI, without which it takes no redirected frames.
            pairing_.in_guest({"ethtool", "-K", name, "gro", "on"});
        }
    }

private:
    Pairing pairing_;
};

INSTANTIATE_TEST_SUITE_P(Nodes, DriverXdp, both_nodes(), node_name);

/// Sends frames of all lengths on one socket and has them arrive at another.
void expect_carried(PacketSocket& from, PacketSocket& to, std::size_t longest = 1514) {
    for (unsigned i = 0; i < frames; i++) {
        const std::size_t length = shortest_frame + i * (longest - shortest_frame) / (frames - 1);
        const auto sent = make_frame(i, length);
        ASSERT_TRUE(from.send(sent)) << i;
        const auto received = to.receive(generous);
        ASSERT_TRUE(received) << "frame " << i << " of " << length << " bytes";
        EXPECT_EQ(*received, sent) << i;
    }
}

TEST_P(DriverXdp, PassesToTheStack) {
    attach(XdpProgram(XDP_PASS));
    EXPECT_TRUE(pairing().ping());
    exchange_tcp(pairing().host(), pairing().guest(), 1 << 20);
    exchange_udp(pairing().host(), pairing().guest(), frames);
    EXPECT_GE(counter("xdp_packets"), frames);
    EXPECT_EQ(counter("xdp_drops"), 0U);
}

TEST_P(DriverXdp, DropsAndCounts) {
    attach(XdpProgram(XDP_DROP));
    PacketSocket tap(pairing().tap());
    const std::uint64_t before = counter("xdp_drops");
    for (unsigned i = 0; i < frames; i++) {
        ASSERT_TRUE(eventually([&] { return tap.send(make_frame(i)); }));
    }
    EXPECT_TRUE(eventually([&] { return counter("xdp_drops") >= before + frames; }));
    detach();
    EXPECT_TRUE(pairing().ping());
}

TEST_P(DriverXdp, SendsBack) {
    attach(XdpProgram(XDP_TX));
    PacketSocket tap(pairing().tap());
    expect_carried(tap, tap);
    EXPECT_GE(counter("xdp_tx"), frames);
    detach();
    EXPECT_TRUE(pairing().ping());
}

TEST_P(DriverXdp, Redirects) {
    add_veth();
    PacketSocket tap(pairing().tap());
    const InNetNs inside(pairing().guest_ns());
    PacketSocket far("far");
    XdpProgram(XDP_REDIRECT, "near").attach(interface());
    expect_carried(tap, far);
    EXPECT_GE(counter("xdp_redirects"), frames);
}

TEST_P(DriverXdp, IsATargetOfRedirection) {
    add_veth();
    PacketSocket tap(pairing().tap());
    const InNetNs inside(pairing().guest_ns());
    PacketSocket far("far");
    XdpProgram(XDP_REDIRECT, interface()).attach("near");
    expect_carried(far, tap);
}

// Programs come and go while packets do; none is lost but to the program that drops.
TEST_P(DriverXdp, ComesAndGoesUnderTraffic) {
    for (int round = 0; round < 10; round++) {
        attach(XdpProgram(XDP_PASS));
        exchange_udp(pairing().host(), pairing().guest(), 20);
        detach();
        exchange_udp(pairing().host(), pairing().guest(), 20);
    }
    EXPECT_TRUE(pairing().ping());
}

TEST_P(DriverXdp, RefusesAnMtuThatLeavesNoRoom) {
    attach(XdpProgram(XDP_PASS));
    {
        const InNetNs inside(pairing().guest_ns());
        NetDev device(interface());
        EXPECT_THROW(device.set_mtu(4000), Error);
        EXPECT_EQ(device.mtu(), 1500U);
    }
    detach();
    const InNetNs inside(pairing().guest_ns());
    NetDev device(interface());
    EXPECT_NO_THROW(device.set_mtu(4000));
    expect_refused(interface(), EINVAL, "MTU too large");
}

/// A device that may deliver what XDP cannot take.
class DriverXdpOffloads : public testing::Test {
protected:
    static void SetUpTestSuite() { load_our_driver(); }

    static constexpr std::uint64_t offloads =
        feature(VIRTIO_NET_F_GUEST_CSUM) | feature(VIRTIO_NET_F_GUEST_TSO4);

    void start(std::uint64_t more) {
        stub_.emplace(net_options(offloads | more), net_roles());
        stub_->start_and_wait();
        in_first_namespace([&] { vcoal::test::bring_up(stub_->interface()); });
        stub_->forget_commands();
    }

    /// What the device was told last about its receive offloads.
    std::optional<std::uint64_t> told() const {
        std::optional<std::uint64_t> value;
        for (const auto& request : stub_->requests()) {
            if (request.size() == 2 + sizeof(*value) &&
                request[0] == std::byte{VIRTIO_NET_CTRL_GUEST_OFFLOADS}) {
                std::memcpy(&value.emplace(), request.data() + 2, sizeof(*value));
            }
        }
        return value;
    }

    std::optional<LoopbackStub> stub_;
};

TEST_F(DriverXdpOffloads, AreSwitchedOffWhileAProgramIsThere) {
    start(feature(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS));
    in_first_namespace([&] {
        XdpProgram(XDP_PASS).attach(stub_->interface());
        EXPECT_EQ(told(), std::uint64_t{0});
        XdpProgram(XDP_DROP).attach(stub_->interface());
        XdpProgram::detach(stub_->interface());
        EXPECT_EQ(told(), offloads);
    });
}

TEST_F(DriverXdpOffloads, ThatCannotBeSwitchedOffExcludeIt) {
    start(0);
    in_first_namespace(
        [&] { expect_refused(stub_->interface(), EOPNOTSUPP, "CTRL_GUEST_OFFLOADS"); });
    EXPECT_EQ(told(), std::nullopt);
}

} // namespace
} // namespace vcoal::test
