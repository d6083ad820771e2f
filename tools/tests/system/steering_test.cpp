// SPDX-License-Identifier: GPL-2.0-only
//
// Which queue receives a packet. The programs are run on single packets, where the
// kernel says what they answer, and on a tap with four queues.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/hash_reference.hpp"
#include "support/pairing.hpp"
#include "vcoal/error.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/steering.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bpf/bpf.h>
#include <cerrno>
#include <chrono>
#include <climits>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <poll.h>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace vcoal::test {
namespace {

constexpr std::uint32_t all_types = VHN_HASH_TYPES;
constexpr std::uint32_t plain_types = 0x3f;

/// What the program answers for a frame.
unsigned chosen(const Steering& steering, const Bytes& frame) {
    // The kernel takes an Ethernet header away before it runs a program of this kind.
    const Bytes data = ethernet(test_ethertype) + frame;
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    options.data_in = data.data();
    options.data_size_in = static_cast<__u32>(data.size());
    if (::bpf_prog_test_run_opts(steering.program(), &options) != 0) {
        throw Error("steering program", "run", errno);
    }
    return options.retval;
}

/// RSS by the published key, with a table that says what the hash's lowest bits are.
RssConfig published_rss(std::uint32_t types = all_types) {
    RssConfig config;
    config.hash = published_hash(types);
    config.unclassified = 200;
    for (std::uint16_t i = 0; i < rss_max_table; i++) {
        config.table.push_back(i);
    }
    return config;
}

void enable_all(Steering& steering, unsigned pairs) {
    for (unsigned pair = 0; pair < pairs; pair++) {
        steering.set_enabled(pair, true);
    }
}

TEST(SteeringProgram, RSS_D1_PublishedVectorsOfIpv4) {
    Steering steering;
    steering.set_rss(published_rss());
    for (const HashVector& v : published_ipv4) {
        const Bytes end = ports(v.source_port, v.destination_port);
        const auto pair = [&](std::uint8_t protocol) {
            return chosen(steering, ipv4(v.source, v.destination, {.protocol = protocol}) + end);
        };
        EXPECT_EQ(pair(tcp), v.with_ports % rss_max_table);
        EXPECT_EQ(pair(udp), v.with_ports % rss_max_table);
        EXPECT_EQ(pair(1), v.addresses % rss_max_table);
    }
}

TEST(SteeringProgram, RSS_D1_PublishedVectorsOfIpv6) {
    Steering steering;
    steering.set_rss(published_rss());
    const HashVector& v = published_ipv6;
    const Bytes end = ports(v.source_port, v.destination_port);
    const auto pair = [&](std::uint8_t protocol) {
        return chosen(steering, ipv6(v.source, v.destination, protocol) + end);
    };
    EXPECT_EQ(pair(tcp), v.with_ports % rss_max_table);
    EXPECT_EQ(pair(udp), v.with_ports % rss_max_table);
    EXPECT_EQ(pair(58), v.addresses % rss_max_table);
    const Bytes mobile = ipv6("2001:db8::1", "2001:db8::2", 60) +
                         destination_options(43, v.source) + routing_type_2(tcp, v.destination) +
                         end;
    EXPECT_EQ(chosen(steering, mobile), v.with_ports % rss_max_table);
}

/// A configuration of random types, key and table.
RssConfig random_rss(std::mt19937& dice) {
    RssConfig config;
    config.hash.types = static_cast<std::uint32_t>(dice() % 4 == 0 ? all_types : dice() % 0x200);
    config.hash.key.resize(dice() % 4 == 0 ? dice() % (rss_max_key + 1) : rss_max_key);
    std::ranges::generate(config.hash.key, [&] { return static_cast<std::uint8_t>(dice()); });
    config.unclassified = static_cast<unsigned>(dice() % steering_pairs);
    config.table.resize(std::size_t{1} << dice() % 8);
    std::ranges::generate(config.table,
                          [&] { return static_cast<std::uint16_t>(dice() % steering_pairs); });
    return config;
}

TEST(SteeringProgram, RSS_D1_TenThousandFlowsGoWhereTheReferenceSays) {
    Steering steering;
    std::mt19937 dice(5);
    RandomPackets packets(6);
    std::array<unsigned, VIRTIO_NET_HASH_REPORT_UDPv6_EX + 1> reports{};
    for (int round = 0; round < 100; round++) {
        const RssConfig config = random_rss(dice);
        steering.set_rss(config);
        for (int i = 0; i < 100; i++) {
            const Bytes frame = packets.next();
            reports.at(hashed(frame, config.hash).report)++;
            ASSERT_EQ(chosen(steering, frame), rss_pair(frame, config))
                << "packet " << i << " of round " << round << ", " << hashed(frame, config.hash);
        }
    }
    // No kind was forgotten.
    EXPECT_GT(*std::ranges::min_element(reports), 50U);
}

TEST(SteeringProgram, RSS_D1_WhatHasNoHashGoesToTheUnclassifiedQueue) {
    Steering steering;
    RssConfig config = published_rss(VIRTIO_NET_RSS_HASH_TYPE_TCPv6);
    steering.set_rss(config);
    EXPECT_EQ(chosen(steering, ethernet(0x0806) + Bytes(46)), 200U);
    EXPECT_EQ(chosen(steering, ipv4("10.0.0.1", "10.0.0.2") + ports(1, 2)), 200U);
    config.unclassified = 3;
    steering.set_rss(config);
    EXPECT_EQ(chosen(steering, ethernet(0x0806) + Bytes(46)), 3U);
}

TEST(SteeringProgram, RSS_G1_WhatCannotBeCarriedOutIsRefusedAndChangesNothing) {
    Steering steering;
    steering.set_rss(published_rss());
    const Bytes frame = ipv4("10.0.0.1", "10.0.0.2") + ports(1, 2);
    const unsigned before = chosen(steering, frame);
    const auto refused = [&](auto change) {
        RssConfig config = published_rss(0);
        change(config);
        EXPECT_THROW(steering.set_rss(config), Error);
        EXPECT_EQ(chosen(steering, frame), before);
    };
    refused([](RssConfig& config) { config.hash.key.resize(41); });
    refused([](RssConfig& config) { config.table.clear(); });
    refused([](RssConfig& config) { config.table.resize(127); });
    refused([](RssConfig& config) { config.table.resize(256); });
    refused([](RssConfig& config) { config.table[5] = steering_pairs; });
    refused([](RssConfig& config) { config.unclassified = steering_pairs; });
    EXPECT_THROW(steering.set_active_pairs(0), Error);
    EXPECT_THROW(steering.set_active_pairs(steering_pairs + 1), Error);
    EXPECT_THROW(steering.set_enabled(steering_pairs, true), Error);
    EXPECT_EQ(chosen(steering, frame), before);
}

// Hash by one configuration and table of another would be told apart from all. There are
// three, so that none is ever written over itself, and two changes at once, so that what
// a packet is being judged by is written over.
TEST(SteeringProgram, RSS_D1_EveryPacketIsJudgedByOneWholeConfiguration) {
    constexpr std::uint16_t mixed = 9;
    constexpr unsigned packets = 20000;
    constexpr unsigned enough_changes = 4000;
    const Bytes frame = ipv6("fd00::1", "fd00::2") + ports(1, 2);
    std::array<RssConfig, 3> configs;
    for (std::size_t i = 0; i < configs.size(); i++) {
        RssConfig& config = configs.at(i);
        config.hash = published_hash(all_types);
        config.hash.key[0] = static_cast<std::uint8_t>(i);
        config.hash.key[20] = static_cast<std::uint8_t>(41 * i);
        config.unclassified = mixed;
        config.table.assign(rss_max_table, mixed);
        const std::uint32_t hash = hashed(frame, config.hash).value;
        config.table[hash % rss_max_table] = static_cast<std::uint16_t>(i + 1);
    }
    Steering steering;
    steering.set_rss(configs[0]);
    std::atomic<bool> enough{false};
    std::atomic<unsigned> changes{0};
    std::thread changer([&] {
        for (std::size_t i = 1; !enough; i += 2) {
            steering.set_rss(configs.at(i % configs.size()));
            steering.set_rss(configs.at((i + 1) % configs.size()));
            changes += 2;
            std::this_thread::sleep_for(std::chrono::microseconds(1));
        }
    });
    std::array<unsigned, mixed + 1> seen{};
    for (unsigned i = 0; i < packets || changes < enough_changes; i++) {
        seen.at(chosen(steering, frame))++;
    }
    enough = true;
    changer.join();
    EXPECT_GT(seen[1], 0U);
    EXPECT_GT(seen[2], 0U);
    EXPECT_GT(seen[3], 0U);
    EXPECT_EQ(seen[mixed], 0U) << "judged by more than one";
}

/// Pair that an unknown flow goes to.
unsigned automatic_pair(const Bytes& frame, unsigned pairs) {
    return hashed(frame, published_hash(plain_types)).value % pairs;
}

TEST(SteeringProgram, CTRL_D10_FlowsThatAreNotKnownAreSpreadByTheirHash) {
    Steering steering;
    enable_all(steering, steering_pairs);
    RandomPackets packets(7);
    for (const unsigned pairs : {1U, 2U, 3U, 4U, 7U, 64U, 256U}) {
        steering.set_active_pairs(pairs);
        for (int i = 0; i < 300; i++) {
            const Bytes frame = packets.next();
            ASSERT_EQ(chosen(steering, frame), automatic_pair(frame, pairs)) << pairs;
        }
    }
}

TEST(SteeringProgram, CTRL_D9_OnlyTheFirstPairAfterReset) {
    Steering steering;
    RandomPackets packets(8);
    const auto expect_first = [&] {
        for (int i = 0; i < 100; i++) {
            EXPECT_EQ(chosen(steering, packets.next()), 0U);
        }
    };
    expect_first();
    enable_all(steering, 4);
    expect_first();
    steering.set_rss(published_rss());
    steering.reset();
    expect_first();
    steering.set_active_pairs(4);
    steering.reset();
    expect_first();
}

TEST(SteeringProgram, CTRL_D11_AutomaticSteeringGoesAroundAQueueInReset) {
    constexpr unsigned pairs = 5;
    Steering steering;
    steering.set_active_pairs(pairs);
    RandomPackets packets(9);
    for (unsigned mask = 1; mask < 1U << pairs; mask++) {
        for (unsigned pair = 0; pair < pairs; pair++) {
            steering.set_enabled(pair, (mask >> pair & 1U) != 0);
        }
        for (int i = 0; i < 20; i++) {
            const Bytes frame = packets.next();
            const unsigned wanted = automatic_pair(frame, pairs);
            const unsigned pair = chosen(steering, frame);
            EXPECT_TRUE((mask >> pair & 1U) != 0) << pair << " of " << mask;
            if ((mask >> wanted & 1U) != 0) {
                EXPECT_EQ(pair, wanted);
            }
        }
    }
}

constexpr unsigned queues = 4;

struct Arrival {
    unsigned pair;
    Bytes frame;
};

/// A tap of four queues, both ends in the hands of the test.
class SteeringTap : public testing::Test {
protected:
    SteeringTap() : taps_(open()) {
        steering_.attach(taps_.front());
        NetDev netdev = taps_.front().netdev();
        netdev.disable_ipv6();
        netdev.set_up(true);
        host_.emplace(taps_.front().name());
    }

    Steering& steering() { return steering_; }
    /// Automatic steering, once it is complete.
    void steer_among(unsigned pairs) {
        steering_.set_active_pairs(pairs);
        EXPECT_TRUE(eventually([&] { return steering_.learns(); }));
    }
    const std::string& name() const { return taps_.front().name(); }

    /// The guest transmits on a pair.
    void transmit(unsigned pair, const Bytes& frame) {
        ASSERT_EQ(::write(taps_.at(pair).get(), frame.data(), frame.size()),
                  static_cast<ssize_t>(frame.size()));
    }

    void send(const Bytes& frame) { send(frame, *host_); }

    static void send(const Bytes& frame, PacketSocket& from) {
        EXPECT_TRUE(eventually([&] { return from.send(std::as_bytes(std::span(frame))); }));
    }

    /// Where the next packet arrives.
    Arrival receive() {
        std::array<pollfd, queues> polled{};
        for (unsigned pair = 0; pair < queues; pair++) {
            polled.at(pair) = {taps_.at(pair).get(), POLLIN, 0};
        }
        const auto limit = std::chrono::milliseconds(generous).count();
        if (::poll(polled.data(), polled.size(), static_cast<int>(limit)) <= 0) {
            throw Error("tap " + name(), "wait for a packet", ETIMEDOUT);
        }
        for (unsigned pair = 0; pair < queues; pair++) {
            if ((polled.at(pair).revents & POLLIN) != 0) {
                Bytes frame(2048);
                const ssize_t got = ::read(taps_.at(pair).get(), frame.data(), frame.size());
                frame.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
                return {pair, frame};
            }
        }
        throw Error("tap " + name(), "find the packet", EPROTO);
    }

    /// Where a packet from the host arrives.
    unsigned pass(const Bytes& frame) {
        send(frame);
        const Arrival arrival = receive();
        EXPECT_EQ(arrival.frame, frame);
        return arrival.pair;
    }

    /// Packets that are lost; the one after them is not.
    void expect_dropped(const std::vector<Bytes>& frames, const std::function<void()>& after) {
        for (const Bytes& frame : frames) {
            send(frame);
        }
        after();
        pass(ethernet(test_ethertype) + Bytes(46, 0x5a));
    }

private:
    static std::vector<Tap> open() {
        TapOptions options{"steer%d", false, true};
        std::vector<Tap> taps;
        for (unsigned queue = 0; queue < queues; queue++) {
            taps.emplace_back(options);
            options.name = taps.front().name();
        }
        return taps;
    }

    std::vector<Tap> taps_;
    Steering steering_;
    std::optional<PacketSocket> host_;
};

/// A flow between guest and host.
struct Flow {
    std::string guest;
    std::string host;
    unsigned guest_port;
    unsigned host_port;
    std::uint8_t protocol;

    Bytes sent() const { return packet(guest, host) + ports(guest_port, host_port); }
    Bytes answer() const { return packet(host, guest) + ports(host_port, guest_port); }

private:
    Bytes packet(const std::string& from, const std::string& to) const {
        return from.find(':') == std::string::npos ? ipv4(from, to, {.protocol = protocol})
                                                   : ipv6(from, to, protocol);
    }
};

std::vector<Flow> some_flows(unsigned count) {
    std::vector<Flow> flows;
    constexpr std::uint8_t protocols[] = {tcp, udp, 132};
    for (unsigned i = 0; i < count; i++) {
        const bool six = i % 2 != 0;
        const std::string number = std::to_string(i % 250 + 1);
        flows.push_back({six ? "fd00::1:" + number : "10.1.0." + number,
                         six ? "fd00::2:" + number : "10.2.0." + number, 1000 + i, 80,
                         protocols[i / 2 % 3]});
    }
    return flows;
}

TEST_F(SteeringTap, CTRL_D10_AFlowSentOnTransmitqXComesBackOnReceiveqX) {
    enable_all(steering(), queues);
    steer_among(queues);
    const std::vector<Flow> flows = some_flows(240);
    for (unsigned i = 0; i < flows.size(); i++) {
        transmit(i % queues, flows[i].sent());
    }
    unsigned elsewhere = 0;
    for (unsigned i = 0; i < flows.size(); i++) {
        EXPECT_EQ(pass(flows[i].answer()), i % queues) << i;
        elsewhere += automatic_pair(flows[i].answer(), queues) != i % queues ? 1 : 0;
    }
    // It was not their hash that brought them there.
    EXPECT_GT(elsewhere, flows.size() / 2);
}

TEST_F(SteeringTap, CTRL_D10_AFlowThatMovesIsFollowed) {
    enable_all(steering(), queues);
    steer_among(queues);
    const Flow flow = some_flows(1).front();
    for (const unsigned pair : {2U, 0U, 3U, 1U, 2U}) {
        transmit(pair, flow.sent());
        EXPECT_EQ(pass(flow.answer()), pair);
    }
    // A tag changes nothing, on either side.
    transmit(3, tagged(flow.sent(), 0x8100, 5));
    EXPECT_EQ(pass(flow.answer()), 3U);
    EXPECT_EQ(pass(tagged(flow.answer(), 0x8100, 5)), 3U);
}

TEST_F(SteeringTap, CTRL_D9_APairBeyondTheActiveOnesDoesNotCount) {
    enable_all(steering(), queues);
    steer_among(queues);
    const std::vector<Flow> flows = some_flows(60);
    for (const Flow& flow : flows) {
        transmit(3, flow.sent());
    }
    for (const unsigned pairs : {1U, 2U, 3U}) {
        steering().set_active_pairs(pairs);
        for (const Flow& flow : flows) {
            EXPECT_EQ(pass(flow.answer()), automatic_pair(flow.answer(), pairs));
        }
    }
    steer_among(queues);
    for (const Flow& flow : flows) {
        EXPECT_EQ(pass(flow.answer()), 3U);
    }
}

TEST_F(SteeringTap, CTRL_D11_AFlowWhoseQueueIsInResetGoesToAnother) {
    enable_all(steering(), queues);
    steer_among(queues);
    const Flow flow = some_flows(1).front();
    transmit(2, flow.sent());
    steering().set_enabled(2, false);
    EXPECT_NE(pass(flow.answer()), 2U);
    steering().set_enabled(0, false);
    steering().set_enabled(1, false);
    EXPECT_EQ(pass(flow.answer()), 3U);
    steering().set_enabled(2, true);
    EXPECT_EQ(pass(flow.answer()), 2U);
}

TEST_F(SteeringTap, CTRL_D11_WithAllQueuesInResetPacketsAreDropped) {
    const std::vector<Bytes> frames(10, some_flows(1).front().answer());
    // Before a queue is set up, whatever the count.
    expect_dropped(frames, [&] { steering().set_enabled(0, true); });
    steer_among(queues);
    steering().set_enabled(0, false);
    expect_dropped(frames, [&] { steering().set_enabled(1, true); });
    steering().reset();
    expect_dropped(frames, [&] { steering().set_enabled(0, true); });
}

RssConfig spread_rss() {
    RssConfig config = published_rss();
    for (std::uint16_t& pair : config.table) {
        pair %= queues;
    }
    config.unclassified = 1;
    return config;
}

TEST_F(SteeringTap, CTRL_D11_RssDropsWhatGoesToAQueueInReset) {
    const RssConfig config = spread_rss();
    enable_all(steering(), queues);
    steering().set_rss(config);
    std::vector<Bytes> lost;
    for (const Flow& flow : some_flows(60)) {
        if (rss_pair(flow.answer(), config) == 2) {
            lost.push_back(flow.answer());
        }
    }
    ASSERT_GT(lost.size(), 5U);
    EXPECT_EQ(pass(lost.front()), 2U);
    steering().set_enabled(2, false);
    expect_dropped(lost, [] {});
    for (const Flow& flow : some_flows(60)) {
        const unsigned pair = rss_pair(flow.answer(), config);
        if (pair != 2) {
            EXPECT_EQ(pass(flow.answer()), pair);
        }
    }
    steering().set_enabled(2, true);
    EXPECT_EQ(pass(lost.front()), 2U);
}

TEST_F(SteeringTap, RSS_D1_PacketsArriveWhereTheReferenceSays) {
    const RssConfig config = spread_rss();
    enable_all(steering(), queues);
    steering().set_rss(config);
    RandomPackets packets(10);
    for (int i = 0; i < 500; i++) {
        const Bytes frame = packets.next();
        ASSERT_EQ(pass(frame), rss_pair(frame, config)) << i;
    }
}

// The kernel keeps the tag beside the packet when a VLAN device sends.
TEST_F(SteeringTap, RSS_D1_ATagBesideThePacketChangesNothing) {
    const RssConfig config = spread_rss();
    enable_all(steering(), queues);
    steering().set_rss(config);
    const std::string vlan = name() + ".5";
    ASSERT_EQ(
        run({"ip", "link", "add", "link", name(), "name", vlan, "type", "vlan", "id", "5"}).status,
        0);
    NetDev device(vlan);
    device.disable_ipv6();
    device.set_up(true);
    PacketSocket socket(vlan);
    for (const Flow& flow : some_flows(40)) {
        send(flow.answer(), socket);
        const Arrival arrival = receive();
        EXPECT_EQ(arrival.frame, tagged(flow.answer(), 0x8100, 5));
        EXPECT_EQ(arrival.pair, rss_pair(flow.answer(), config));
    }
}

// RSS learns nothing and needs nothing learnt (the last command decides).
TEST_F(SteeringTap, RSS_D1_WhatTheGuestSendsDoesNotMoveAFlow) {
    const RssConfig config = spread_rss();
    enable_all(steering(), queues);
    steering().set_rss(config);
    const Flow flow = some_flows(1).front();
    for (unsigned pair = 0; pair < queues; pair++) {
        transmit(pair, flow.sent());
        EXPECT_EQ(pass(flow.answer()), rss_pair(flow.answer(), config));
    }
    steer_among(queues);
    EXPECT_EQ(pass(flow.answer()), automatic_pair(flow.answer(), queues));
}

/// How a frame comes from the guest's ring to the tap.
enum class Way { batches, one_by_one };

class SteeringVhost : public testing::TestWithParam<Way> {};

INSTANTIATE_TEST_SUITE_P(Ways, SteeringVhost, testing::Values(Way::batches, Way::one_by_one),
                         [](const testing::TestParamInfo<Way>& way) {
                             return way.param == Way::batches ? "Batches" : "OneByOne";
                         });

// As SteeringTap's, through rings.
TEST_P(SteeringVhost, CTRL_D10_AFlowSentOnTransmitqXComesBackOnReceiveqX) {
    NetDriverOptions options;
    options.multi_queue = true;
    NetDriver first(options);
    options.tap = first.tap().name();
    NetDriver second(options);
    Steering steering;
    steering.attach(first.tap());
    enable_all(steering, 2);
    EXPECT_FALSE(steering.learns()) << "with one pair there is nothing to learn";
    steering.set_active_pairs(2);
    EXPECT_TRUE(eventually([&] { return steering.learns(); }));
    first.tap().set_send_buffer(GetParam() == Way::batches ? INT_MAX : 1 << 20);
    second.tap().set_send_buffer(GetParam() == Way::batches ? INT_MAX : 1 << 20);
    NetDev netdev = first.tap().netdev();
    netdev.disable_ipv6();
    netdev.set_up(true);
    PacketSocket host(netdev.name());
    const std::array drivers{&first, &second};
    for (NetDriver* driver : drivers) {
        driver->start();
        driver->post();
    }
    const std::vector<Flow> flows = some_flows(60);
    for (unsigned i = 0; i < flows.size(); i++) {
        NetDriver& driver = *drivers.at(i % 2);
        const Bytes sent = flows[i].sent();
        ASSERT_TRUE(driver.send(std::as_bytes(std::span(sent))));
        driver.tx().publish();
        ASSERT_TRUE(eventually([&] { return driver.reclaim() == 1; }));
    }
    for (unsigned i = 0; i < flows.size(); i++) {
        const Bytes answer = flows[i].answer();
        ASSERT_TRUE(eventually([&] { return host.send(std::as_bytes(std::span(answer))); }));
        NetDriver& driver = *drivers.at(i % 2);
        EXPECT_TRUE(eventually([&] { return driver.rx().ring().returned() == 1; })) << i;
        const auto frame = driver.receive();
        ASSERT_TRUE(frame.has_value());
        EXPECT_TRUE(std::ranges::equal(frame->data, std::as_bytes(std::span(answer))));
        driver.post();
    }
}

} // namespace
} // namespace vcoal::test
