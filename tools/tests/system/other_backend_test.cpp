// SPDX-License-Identifier: GPL-2.0-only
//
// Back ends that are no tun device: macvtap, and packet sockets.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/initial_netns.hpp"
#include "support/modules.hpp"
#include "support/nodes.hpp"
#include "support/pairing.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host_control.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr unsigned frames = 100;

void ip(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{"ip"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto end = run(command);
    if (end.status != 0) {
        throw Error("ip", end.output, EINVAL);
    }
}

/// Two interfaces, one at each end of a cable, for as long as this lives.
class Cable {
public:
    Cable() {
        load_system_module("veth");
        ip({"link", "add", near, "type", "veth", "peer", "name", far});
        for (const char* end : {near, far}) {
            NetDev(end).disable_ipv6();
            NetDev(end).set_up(true);
        }
    }
    Cable(const Cable&) = delete;
    Cable& operator=(const Cable&) = delete;
    ~Cable() { run({"ip", "link", "delete", near}); }

    static constexpr const char* near = "near";
    static constexpr const char* far = "far";
};

void check(const char* object, const char* operation, int result) {
    if (result != 0) {
        throw Error(object, operation, errno);
    }
}

/// Everything that comes through the near end, each with a virtio header of ten bytes.
Fd packet_socket() {
    Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    const int on = 1;
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(Cable::near));
    check("packet socket", "turn on headers",
          ::setsockopt(fd.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)));
    check("packet socket", "bind",
          ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
    return fd;
}

/// A macvtap on the near end, with a header as the driver has it.
Fd macvtap() {
    load_system_module("macvtap");
    ip({"link", "add", "link", Cable::near, "name", "mv", "type", "macvtap", "mode", "passthru"});
    NetDev("mv").disable_ipv6();
    NetDev("mv").set_up(true);
    Fd fd = open_file("/dev/tap" + std::to_string(::if_nametoindex("mv")), O_RDWR);
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    int header = sizeof(virtio_net_hdr_v1);
    check("macvtap", "turn on headers", ::ioctl(fd.get(), TUNSETIFF, &request));
    check("macvtap", "set length of headers", ::ioctl(fd.get(), TUNSETVNETHDRSZ, &header));
    return fd;
}

void move_to(Bench& bench, int fd) {
    NetDriver& driver = bench.driver();
    driver.stop();
    for (const unsigned index : {VHN_VRING_RX, VHN_VRING_TX}) {
        driver.queue(index).configure(driver.vhost(), index, driver.vhost().vring_base(index));
        driver.vhost().set_backend(index, fd);
    }
}

void expect_from_host(NetDriver& driver, std::uint64_t sequence) {
    bool came = false;
    EXPECT_TRUE(eventually([&] {
        while (const auto frame = driver.receive()) {
            came |= frame_sequence(frame->data) == sequence;
        }
        driver.post();
        driver.rx().publish();
        return came;
    })) << "frame "
        << sequence;
}

void expect_on_host(PacketSocket& host, std::uint64_t sequence) {
    for (;;) {
        const auto frame = host.receive(generous);
        ASSERT_TRUE(frame) << "frame " << sequence;
        if (frame_sequence(*frame) == sequence) {
            return;
        }
    }
}

void both_ways(Bench& bench) {
    NetDriver& driver = bench.driver();
    PacketSocket host(Cable::far);
    for (unsigned i = 0; i < frames && !testing::Test::HasFailure(); i++) {
        const auto in = make_frame(i, shortest_frame + 10UL * i);
        EXPECT_TRUE(eventually([&] { return host.send(in); }));
        expect_from_host(driver, i);
        EXPECT_TRUE(driver.send(make_frame(frames + i, shortest_frame + 10UL * i)));
        driver.tx().publish();
        expect_on_host(host, frames + i);
        EXPECT_TRUE(eventually([&] { return driver.reclaim() > 0; }));
    }
    EXPECT_EQ(bench.rx().errors() + bench.tx().errors(), 0U);
}

NetDriverOptions on(const std::string& node, std::uint64_t features) {
    NetDriverOptions options;
    options.node = node;
    options.features = features;
    return options;
}

class OtherBackEnd : public EachNode {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Node, OtherBackEnd, both_nodes(), node_name);

TEST_P(OtherBackEnd, MacvtapCarriesFramesBothWays) {
    const Cable cable;
    const Fd fd = macvtap();
    Bench bench(on(GetParam(), basic_features));
    move_to(bench, fd.get());
    both_ways(bench);
}

TEST_P(OtherBackEnd, APacketSocketCarriesFramesBothWays) {
    const Cable cable;
    const Fd fd = packet_socket();
    Bench bench(on(GetParam(), 0));
    move_to(bench, fd.get());
    both_ways(bench);
}

// It goes on where it was when the guest comes back to it.
TEST_P(OtherBackEnd, APacketSocketLosesNothingWhenItsQueueStops) {
    const Cable cable;
    const Fd fd = packet_socket();
    Bench bench(on(GetParam(), 0));
    move_to(bench, fd.get());
    both_ways(bench);
    NetDriver& driver = bench.driver();
    driver.vhost().set_backend(VHN_VRING_RX, -1);
    PacketSocket host(Cable::far);
    EXPECT_TRUE(eventually([&] { return host.send(make_frame(7)); }));
    driver.vhost().set_backend(VHN_VRING_RX, fd.get());
    expect_from_host(driver, 7);
}

// An unbounded send buffer does not mean that it takes many packets at once.
TEST(OurBackEnd, APacketSocketIsNeverGivenABatch) {
    const Cable cable;
    const Fd fd = packet_socket();
    const int unbounded = 0x7fffffff;
    check("packet socket", "set send buffer",
          ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &unbounded, sizeof(unbounded)));
    Bench bench(on(vhost_node, 0));
    move_to(bench, fd.get());
    both_ways(bench);
}

// Somebody else reads from the same socket: what he takes does not come, and nothing else
// happens.
TEST(OurBackEnd, APacketSocketMayHaveOtherReaders) {
    const Cable cable;
    const Fd fd = packet_socket();
    Bench bench(on(vhost_node, 0));
    move_to(bench, fd.get());
    NetDriver& driver = bench.driver();
    PacketSocket host(Cable::far);
    std::byte buffer[4096];
    for (unsigned i = 0; i < 10 * frames; i++) {
        EXPECT_TRUE(eventually([&] { return host.send(make_frame(i)); }));
        ::recv(fd.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
    }
    while (::recv(fd.get(), buffer, sizeof(buffer), MSG_DONTWAIT) > 0) {
    }
    EXPECT_TRUE(eventually([&] { return host.send(make_frame(123456)); }));
    expect_from_host(driver, 123456);
    EXPECT_EQ(bench.rx().errors(), 0U);
}

namespace {

/// What the host's operator sees of the only file there is.
void expect_interface(const std::string& name) {
    auto control = make_in_initial_netns<HostControl>();
    EXPECT_TRUE(eventually([&] { return control.files().at(0).ifname == name; })) << name;
    EXPECT_EQ(control.files().at(0).ifindex, ::if_nametoindex(name.c_str()));
}

} // namespace

// Each has another way to tell, and the last one that was set counts.
TEST(OurBackEnd, TheOperatorSeesItsInterface) {
    const Cable cable;
    const Fd tap = macvtap();
    const Fd socket = packet_socket();
    Bench bench(on(vhost_node, 0));
    expect_interface(bench.driver().tap().name());
    move_to(bench, tap.get());
    expect_interface("mv");
    move_to(bench, socket.get());
    expect_interface(Cable::near);
    // A queue that stops does not change what the device is.
    bench.driver().stop();
    expect_interface(Cable::near);
}
