// SPDX-License-Identifier: GPL-2.0-only
//
// Steering and hashes from the guest's `ethtool` to the packets that it receives, with the
// in-tree driver and ours.
#include "support/bench.hpp"
#include "support/drivers.hpp"
#include "support/packets.hpp"
#include "support/pairing.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/packet_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <numeric>
#include <span>
#include <sys/socket.h>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr MacAddress own{0x02, 0, 0, 0, 0, 0x11};
constexpr unsigned pairs = 4;
constexpr unsigned flows = 64;

std::string published_key_text() {
    std::string text;
    for (const std::uint8_t byte : published_key) {
        text += fmt::format("{}{:02x}", text.empty() ? "" : ":", byte);
    }
    return text;
}

class PairSteering : public EachDriver {
protected:
    static Strings arguments(Strings more) {
        more.insert(more.end(), {"--mac", format_mac(own)});
        return with_driver(std::move(more));
    }

    explicit PairSteering(const Strings& more = {"--queues", std::to_string(pairs),
                                                 "--features=+rss,+hash_report"})
        : pairing_(vhost_node, arguments(more)), socket_(pairing_.tap()) {
        NetDev(pairing_.tap()).disable_ipv6();
        const InNetNs inside(pairing_.guest_ns());
        NetDev(pairing_.interface()).disable_ipv6();
    }

    Pairing& pairing() { return pairing_; }

    void send(Bytes frame) {
        std::copy(own.begin(), own.end(), frame.begin());
        frame.resize(std::max<std::size_t>(frame.size(), ETH_ZLEN));
        EXPECT_TRUE(eventually([&] { return socket_.send(std::as_bytes(std::span(frame))); }));
    }

    /// Packets of each pair when the host sends one packet of each of many flows.
    std::vector<std::uint64_t> spread() {
        const auto before = received();
        for (unsigned flow = 0; flow < flows; flow++) {
            send(ipv4("198.51.100.1", "198.51.100.2", {.protocol = udp}) + ports(1000 + flow, 9));
        }
        std::vector<std::uint64_t> moved(pairs);
        EXPECT_TRUE(eventually([&] {
            const auto now = received();
            std::transform(now.begin(), now.end(), before.begin(), moved.begin(), std::minus<>());
            return std::accumulate(moved.begin(), moved.end(), std::uint64_t{0}) >= flows;
        }));
        return moved;
    }

    /// The guest receives the packet with this hash, as its driver tells the kernel.
    void expect_hash(const Bytes& frame, unsigned type, std::uint32_t hash) {
        const InNetNs inside(pairing_.guest_ns());
        PacketSocket guest(pairing_.interface(), static_cast<std::uint16_t>(type));
        sock_filter program[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<__u32>(SKF_AD_OFF + SKF_AD_RXHASH)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, hash, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, 0xffff),
            BPF_STMT(BPF_RET | BPF_K, 0),
        };
        const sock_fprog filter{std::size(program), program};
        ASSERT_EQ(::setsockopt(guest.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)),
                  0)
            << errno;
        send(frame);
        EXPECT_TRUE(guest.receive(generous).has_value()) << fmt::format("{:#x}", hash);
    }

    void expect_published_hashes() {
        pairing_.ethtool("-K", {"rxhash", "on"});
        pairing_.ethtool("-X", {"hkey", published_key_text()});
        for (const HashVector& vector : published_ipv4) {
            expect_hash(ipv4(vector.source, vector.destination) +
                            ports(vector.source_port, vector.destination_port),
                        ETH_P_IP, vector.with_ports);
        }
        expect_hash(ipv6(published_ipv6.source, published_ipv6.destination) +
                        ports(published_ipv6.source_port, published_ipv6.destination_port),
                    ETH_P_IPV6, published_ipv6.with_ports);
    }

private:
    std::vector<std::uint64_t> received() {
        const Json stats = pairing_.stats();
        std::vector<std::uint64_t> packets;
        for (unsigned pair = 0; pair < pairs; pair++) {
            packets.push_back(counts_of(stats, 2 * pair).packets);
        }
        return packets;
    }

    Pairing pairing_;
    PacketSocket socket_;
};

unsigned used(const std::vector<std::uint64_t>& spread) {
    return static_cast<unsigned>(std::count_if(spread.begin(), spread.end(),
                                               [](std::uint64_t packets) { return packets > 0; }));
}

TEST_P(PairSteering, RSS_D1_TheTableOfTheGuestDecides) {
    EXPECT_TRUE(pairing().accepted("rss"));
    pairing().ethtool("-L", {"combined", std::to_string(pairs)});
    pairing().ethtool("-X", {"equal", std::to_string(pairs)});
    EXPECT_EQ(used(spread()), pairs);
    pairing().ethtool("-X", {"weight", "0", "0", "1", "0"});
    EXPECT_GE(spread()[2], flows);
    pairing().ethtool("-X", {"equal", "2"});
    const auto two = spread();
    EXPECT_EQ(two[2] + two[3], 0U);
    EXPECT_EQ(used(two), 2U);
    EXPECT_TRUE(pairing().ping());
}

TEST_P(PairSteering, CTRL_D9_OnlyPairsInUseReceive) {
    for (const unsigned count : {1U, 3U, 2U, pairs}) {
        pairing().ethtool("-L", {"combined", std::to_string(count)});
        const auto packets = spread();
        EXPECT_EQ(std::accumulate(packets.begin() + count, packets.end(), std::uint64_t{0}), 0U)
            << count;
        EXPECT_EQ(used(packets), count);
    }
}

TEST_P(PairSteering, TheHashInThePacketIsThePublishedOne) {
    EXPECT_TRUE(pairing().accepted("hash_report"));
    expect_published_hashes();
}

TEST_P(PairSteering, TrafficPassesWithTheLongHeader) {
    pairing().ethtool("-L", {"combined", std::to_string(pairs)});
    exchange_tcp(pairing().host(), pairing().guest(), 4 << 20);
    exchange_tcp(pairing().guest(), pairing().host(), 4 << 20);
}

// A reset takes the table away: automatic steering over one pair, until the driver sets
// up its own again.
TEST_P(PairSteering, CTRL_D9_AResetEndsRss) {
    pairing().ethtool("-L", {"combined", std::to_string(pairs)});
    pairing().ethtool("-X", {"weight", "0", "0", "1", "0"});
    ASSERT_EQ(unbind_driver(pairing().virtio_index(), GetParam()), 0);
    pairing().await_event("down");
    ASSERT_EQ(bind_driver(pairing().virtio_index(), GetParam()), 0);
    pairing().await_up();
    EXPECT_LT(spread()[2], flows);
    EXPECT_TRUE(pairing().ping());
}

INSTANTIATE_TEST_SUITE_P(Drivers, PairSteering, both_drivers(), driver_name);

/// Hashes without RSS (RSS-D2), and one pair of queues.
class PairHash : public PairSteering {
protected:
    PairHash() : PairSteering({"--features=+hash_report"}) {}

    bool driver_takes_hashes() {
        return occurrences(pairing().in_guest({"ethtool", "-k", pairing().interface()}).output,
                           "receive-hashing: off [fixed]") == 0;
    }

    /// What types of hashes the next command for them asks for, in hexadecimal digits.
    std::string types_told() {
        constexpr std::size_t header = 2;
        Json event;
        do {
            event = pairing().await_event("control");
        } while (event.at("command") != "MQ_HASH_CONFIG");
        EXPECT_EQ(event.at("ack"), "ok") << event;
        return event.at("request").get<std::string>().substr(2 * header, 2 * sizeof(__le32));
    }
};

TEST_P(PairHash, RSS_D2_OnePairIsEnough) {
    EXPECT_FALSE(pairing().accepted("rss"));
    EXPECT_TRUE(pairing().accepted("hash_report"));
    EXPECT_TRUE(pairing().ping());
    if (!driver_takes_hashes()) {
        GTEST_SKIP() << "6.12's in-tree driver takes no hashes without RSS";
    }
    expect_published_hashes();
}

// RSS-D3: no types, no reports, and the device computes nothing.
TEST_P(PairHash, RSS_D3_WithRxhashOffTheDeviceIsToldSo) {
    if (!driver_takes_hashes()) {
        GTEST_SKIP() << "6.12's in-tree driver takes no hashes without RSS";
    }
    pairing().ethtool("-K", {"rxhash", "on"});
    pairing().commands("MQ");
    pairing().ethtool("-K", {"rxhash", "off"});
    EXPECT_EQ(types_told(), "00000000");
    expect_hash(ipv4(published_ipv4[0].source, published_ipv4[0].destination), ETH_P_IP, 0);
    pairing().ethtool("-K", {"rxhash", "on"});
    EXPECT_NE(types_told(), "00000000");
    expect_published_hashes();
}

INSTANTIATE_TEST_SUITE_P(Drivers, PairHash, both_drivers(), driver_name);

} // namespace
} // namespace vcoal::test
