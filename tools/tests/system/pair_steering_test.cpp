// SPDX-License-Identifier: GPL-2.0-only
//
// Steering and hashes from the guest's `ethtool` to the packets that it receives, with the
// in-tree driver and ours.
#include "support/bench.hpp"
#include "support/conformance.hpp"
#include "support/drivers.hpp"
#include "support/hash_reference.hpp"
#include "support/packets.hpp"
#include "support/pairing.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/packet_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iterator>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <numeric>
#include <random>
#include <span>
#include <sstream>
#include <sys/socket.h>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr MacAddress own{0x02, 0, 0, 0, 0, 0x11};
constexpr unsigned pairs = 4;
constexpr unsigned flows = 64;
/// A protocol that nobody speaks (RFC 3692), without ports.
constexpr std::uint8_t experimental = 253;

/// The types that drivers ask for (spec 5.3): those without extension headers.
constexpr std::uint32_t types_of_drivers = 0x3f;

std::string text_of(std::span<const std::uint8_t> key) {
    std::string text;
    for (const std::uint8_t byte : key) {
        text += fmt::format("{}{:02x}", text.empty() ? "" : ":", byte);
    }
    return text;
}

/// The indirection table in what `ethtool -x` prints: rows of a number, ":" and entries.
std::vector<std::uint16_t> table_in(const std::string& output) {
    std::vector<std::uint16_t> table;
    std::istringstream lines(output.substr(0, output.find("RSS hash key")));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream row(line);
        std::size_t first = 0;
        char colon = 0;
        if (row >> first >> colon) {
            std::copy(std::istream_iterator<std::uint16_t>(row), {}, std::back_inserter(table));
        }
    }
    return table;
}

/// A socket receives only packets of which the kernel knows this (SKF_AD_*).
void receive_only(const PacketSocket& socket, int what, std::uint32_t value) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<__u32>(SKF_AD_OFF + what)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const sock_fprog filter{std::size(program), program};
    ASSERT_EQ(::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)), 0)
        << errno;
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

    /// The frame as it is sent: to the guest, and not too short.
    static Bytes to_guest(Bytes frame) {
        std::copy(own.begin(), own.end(), frame.begin());
        frame.resize(std::max<std::size_t>(frame.size(), ETH_ZLEN));
        return frame;
    }

    void send(const Bytes& frame) {
        const Bytes sent = to_guest(frame);
        EXPECT_TRUE(eventually([&] { return socket_.send(std::as_bytes(std::span(sent))); }));
    }

    /// Packets of each pair when the host sends one packet of each of many flows. They have
    /// nothing in common: the hash is linear, and a key whose bits below a few changing ones
    /// are alike has all flows that differ in no others on one pair.
    std::vector<std::uint64_t> spread() {
        const auto before = received();
        for (unsigned flow = 0; flow < flows; flow++) {
            send(ipv4(some_address(), some_address(), {.protocol = udp}) +
                 ports(dice_() % 0x10000, dice_() % 0x10000));
        }
        std::vector<std::uint64_t> moved(pairs);
        EXPECT_TRUE(eventually([&] {
            const auto now = received();
            std::transform(now.begin(), now.end(), before.begin(), moved.begin(), std::minus<>());
            return std::accumulate(moved.begin(), moved.end(), std::uint64_t{0}) >= flows;
        }));
        return moved;
    }

    /// Sockets in the guest, each of which sees what one of its queues has received.
    std::vector<PacketSocket> queues_of_the_guest() {
        const InNetNs inside(pairing_.guest_ns());
        std::vector<PacketSocket> queues;
        for (unsigned pair = 0; pair < pairs; pair++) {
            queues.emplace_back(pairing_.interface(), static_cast<std::uint16_t>(ETH_P_ALL));
            receive_only(queues.back(), SKF_AD_QUEUE, pair + 1); // 0: not known
        }
        return queues;
    }

    /// Sends a frame of the host's, which arrives there.
    bool arrives(const Bytes& frame, PacketSocket& there) {
        const Bytes sent = to_guest(frame);
        send(sent);
        while (const auto received = there.receive(generous)) {
            if (std::ranges::equal(*received, std::as_bytes(std::span(sent)))) {
                return true;
            }
        }
        return false;
    }

    RssConfig set_table_and_key() {
        RssConfig config;
        config.hash.types = types_of_drivers;
        for (unsigned i = 0; i < rss_max_key; i++) {
            config.hash.key.push_back(static_cast<std::uint8_t>(11 + 37 * i));
        }
        pairing_.ethtool("-L", {"combined", std::to_string(pairs)});
        pairing_.ethtool("-X", {"hkey", text_of(config.hash.key), "weight", "1", "2", "3", "4"});
        config.table = table_in(pairing_.in_guest({"ethtool", "-x", pairing_.interface()}).output);
        return config;
    }

    /// Packets arrive on each of the first pairs, and nowhere else.
    void expect_on_the_first(std::size_t count) {
        const auto packets = spread();
        for (std::size_t pair = 0; pair < packets.size(); pair++) {
            EXPECT_EQ(packets[pair] > 0, pair < count) << packets[pair] << " on " << pair;
        }
    }

    /// The guest receives the packet with this hash, as its driver tells the kernel.
    void expect_hash(const Bytes& frame, unsigned type, std::uint32_t hash) {
        const InNetNs inside(pairing_.guest_ns());
        PacketSocket guest(pairing_.interface(), static_cast<std::uint16_t>(type));
        receive_only(guest, SKF_AD_RXHASH, hash);
        send(frame);
        EXPECT_TRUE(guest.receive(generous).has_value()) << fmt::format("{:#x}", hash);
    }

    /// What the driver asks to be hashed: the six types without extension headers.
    void expect_published_hashes() {
        pairing_.ethtool("-K", {"rxhash", "on"});
        pairing_.ethtool("-X", {"hkey", text_of(published_key)});
        const auto expect = [&](const HashVector& vector, unsigned type, const auto& packet) {
            const Bytes end = ports(vector.source_port, vector.destination_port);
            expect_hash(packet(vector, tcp) + end, type, vector.with_ports);
            expect_hash(packet(vector, udp) + end, type, vector.with_ports);
            expect_hash(packet(vector, experimental) + end, type, vector.addresses);
        };
        for (const HashVector& vector : published_ipv4) {
            expect(vector, ETH_P_IP, [](const HashVector& v, std::uint8_t protocol) {
                return ipv4(v.source, v.destination, {.protocol = protocol});
            });
        }
        expect(published_ipv6, ETH_P_IPV6, [](const HashVector& v, std::uint8_t protocol) {
            return ipv6(v.source, v.destination, protocol);
        });
    }

private:
    std::string some_address() {
        return fmt::format("10.{}.{}.{}", dice_() % 256, dice_() % 256, dice_() % 256);
    }

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
    std::minstd_rand dice_{5};
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

/// Packets without a VLAN tag, which the guest would take off.
Bytes next_untagged(RandomPackets& packets) {
    for (;;) {
        Bytes frame = packets.next();
        if (const unsigned type = frame[12] * 256U + frame[13];
            type != ETH_P_8021Q && type != ETH_P_8021AD) {
            return frame;
        }
    }
}

// The kernel's key is random, and may be one of those: the flows of this test spread anyhow.
TEST_P(PairSteering, FlowsSpreadWhateverTheKey) {
    auto key = published_key;
    std::fill_n(key.begin() + 12, 4, 0); // decides which pair of four the ports choose
    pairing().ethtool("-L", {"combined", std::to_string(pairs)});
    pairing().ethtool("-X", {"hkey", text_of(key), "equal", std::to_string(pairs)});
    EXPECT_EQ(used(spread()), pairs);
}

TEST_P(PairSteering, RSS_D1_EachFlowArrivesOnItsQueue) {
    const RssConfig config = set_table_and_key();
    ASSERT_EQ(config.table.size(), rss_max_table);
    auto queues = queues_of_the_guest();
    std::vector<unsigned> arrived(pairs);
    RandomPackets packets(12);
    for (unsigned flow = 0; flow < 200; flow++) {
        const Bytes frame = next_untagged(packets);
        const unsigned pair = rss_pair(to_guest(frame), config);
        ASSERT_TRUE(arrives(frame, queues.at(pair)))
            << flow << " on " << pair << ", " << hashed(to_guest(frame), config.hash);
        arrived.at(pair)++;
    }
    // No queue was left out.
    EXPECT_GT(*std::ranges::min_element(arrived), 0U);
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

// A reset takes the table away. What receives then is what the driver has asked for anew.
TEST_P(PairSteering, CTRL_D9_AResetEndsRss) {
    pairing().ethtool("-L", {"combined", std::to_string(pairs)});
    pairing().ethtool("-X", {"weight", "0", "0", "1", "0"});
    EXPECT_GE(spread()[2], flows);
    pairing().rebind();
    const std::size_t in_use = pairing().stats().at("active_pairs");
    EXPECT_LT(in_use, pairs);
    expect_on_the_first(in_use);
    EXPECT_TRUE(pairing().ping());
}

INSTANTIATE_TEST_SUITE_P(Drivers, PairSteering, both_drivers(), driver_name);

/// The same in packed rings.
class PairSteeringPacked : public PairSteering {
protected:
    PairSteeringPacked()
        : PairSteering(
              {"--queues", std::to_string(pairs), "--features=+rss,+hash_report,+ring_packed"}) {}
};

TEST_P(PairSteeringPacked, RSS_D1_TheTableDecidesAndTheHashIsThePublishedOne) {
    EXPECT_TRUE(pairing().accepted("ring_packed"));
    pairing().ethtool("-L", {"combined", std::to_string(pairs)});
    pairing().ethtool("-X", {"weight", "0", "1", "0", "0"});
    EXPECT_GE(spread()[1], flows);
    expect_published_hashes();
    exchange_tcp(pairing().host(), pairing().guest(), 1 << 20);
    exchange_tcp(pairing().guest(), pairing().host(), 1 << 20);
}

INSTANTIATE_TEST_SUITE_P(Drivers, PairSteeringPacked, both_drivers(), driver_name);

/// Without VIRTIO_NET_F_MQ the in-tree driver of 6.1 says nothing of its queues by itself.
/// The others have a table of their own in force before the interface is up.
class PairSteeringWithoutMq : public PairSteering {
protected:
    PairSteeringWithoutMq()
        : PairSteering({"--queues", std::to_string(pairs), "--features=+rss,-mq"}) {}
};

TEST_P(PairSteeringWithoutMq, CTRL_D9_OnlyTheFirstQueueReceivesAfterAReset) {
    if (in_tree_driver_knows_queues()) {
        record_unobservable("virtio_net of 6.12 sends a table at once");
        GTEST_SKIP();
    }
    pairing().ethtool("-X", {"weight", "0", "1"});
    EXPECT_GE(spread()[1], flows);
    pairing().rebind();
    expect_on_the_first(1);
    EXPECT_TRUE(pairing().ping());
}

INSTANTIATE_TEST_SUITE_P(Drivers, PairSteeringWithoutMq, testing::Values(in_tree_driver),
                         driver_name);

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
        record_unobservable("virtio_net of 6.12 takes no hashes without RSS");
        GTEST_SKIP();
    }
    expect_published_hashes();
}

// RSS-D3: no types, no reports, and the device computes nothing.
TEST_P(PairHash, RSS_D3_WithRxhashOffTheDeviceIsToldSo) {
    if (!driver_takes_hashes()) {
        record_unobservable("virtio_net of 6.12 takes no hashes without RSS");
        GTEST_SKIP();
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
