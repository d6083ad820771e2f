// SPDX-License-Identifier: GPL-2.0-only
//
// A packet reaches the driver through a queue that was in use when it came, or not at all:
// what waits in the tap for one that is not is thrown away.
#include "support/bench.hpp"
#include "support/drivers.hpp"
#include "support/frames.hpp"
#include "support/packets.hpp"
#include "support/pairing.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/packet_socket.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <span>

namespace vcoal::test {
namespace {

/// What the kernels at both ends say by themselves is less.
constexpr std::uint64_t chatter = 20;

class PairInUse : public EachDriver {
protected:
    /// Sends one packet of each of @p flows flows to the guest.
    static void send(const Pairing& pairing, unsigned flows) {
        PacketSocket socket(pairing.tap());
        for (unsigned flow = 0; flow < flows; flow++) {
            Bytes frame = ipv4("198.51.100.1", "198.51.100.2", {.protocol = udp});
            frame = frame + ports(1000 + flow, 9);
            frame.resize(ETH_ZLEN);
            std::fill_n(frame.begin(), ETH_ALEN, 0xff); // no filter of the guest's drops it
            EXPECT_TRUE(eventually([&] { return socket.send(std::as_bytes(std::span(frame))); }));
        }
    }

    static void set_interface(const Pairing& pairing, const char* state) {
        const auto end = pairing.in_guest({"ip", "link", "set", "dev", pairing.interface(), state});
        EXPECT_EQ(end.status, 0) << end.output;
    }

    static std::uint64_t delivered(Pairing& pairing, unsigned pair) {
        return counts_of(pairing.settled_stats(), 2 * pair).packets;
    }
};

INSTANTIATE_TEST_SUITE_P(Drivers, PairInUse, both_drivers(), driver_name);

TEST_P(PairInUse, CTRL_D9_NothingFromBeforeTheDriverArrives) {
    constexpr unsigned packets = 100;
    Pairing pairing(vhost_node, with_driver());
    const std::uint64_t before = delivered(pairing, 0);
    ASSERT_EQ(unbind_driver(pairing.virtio_index(), GetParam()), 0);
    pairing.await_event("down");
    send(pairing, packets);
    ASSERT_EQ(bind_driver(pairing.virtio_index(), GetParam()), 0);
    pairing.await_up();
    EXPECT_LT(delivered(pairing, 0), before + packets);
    send(pairing, packets);
    EXPECT_TRUE(eventually([&] { return delivered(pairing, 0) >= before + packets; }));
}

// A driver whose interface is down takes no packets: what its ring has no room for waits.
TEST_P(PairInUse, CTRL_D9_NothingFromBeforeAPairWasPutAsideArrives) {
    constexpr unsigned ring = 128;
    Pairing pairing(vhost_node,
                    with_driver({"--queues", "2", "--ring-size", std::to_string(ring)}));
    NetDev(pairing.tap()).disable_ipv6();
    pairing.ethtool("-L", {"combined", "2"});
    set_interface(pairing, "down");
    send(pairing, 10 * ring);
    const std::uint64_t before = delivered(pairing, 1);
    ASSERT_GT(before, 0U) << "no packet was for the second pair";
    ASSERT_LE(before, 2 * ring) << "none of them waits";

    pairing.ethtool("-L", {"combined", "1"});
    pairing.ethtool("-L", {"combined", "2"});
    set_interface(pairing, "up");
    EXPECT_LE(delivered(pairing, 1), before + chatter);
    send(pairing, 4 * ring);
    EXPECT_TRUE(eventually([&] { return delivered(pairing, 1) > before + ring; }));
}

} // namespace
} // namespace vcoal::test
