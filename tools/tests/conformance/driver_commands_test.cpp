// SPDX-License-Identifier: GPL-2.0-only
//
// The commands a driver sends, and those it does not: spec 3.4, 5.2, 5.3.
#include "conformance/driver_row.hpp"
#include "support/bench.hpp"
#include "support/frames.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <set>
#include <span>

namespace vcoal::test {
namespace {

using Bytes = std::vector<std::byte>;
using Requests = std::vector<Bytes>;

constexpr std::uint64_t by_direction = feature(VIRTIO_NET_F_NOTF_COAL);
constexpr std::uint64_t by_queue = feature(VIRTIO_NET_F_VQ_NOTF_COAL);

constexpr auto promiscuous = class_command(VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC);
constexpr auto all_groups = class_command(VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI);
constexpr auto table_set = class_command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET);
constexpr auto address_set = class_command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET);
constexpr auto announce_ack = class_command(VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK);
constexpr auto pairs_set = class_command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET);
constexpr auto rss_config = class_command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG);
constexpr auto hash_config = class_command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG);
constexpr auto offloads_set =
    class_command(VIRTIO_NET_CTRL_GUEST_OFFLOADS, VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET);
constexpr auto tx_set = class_command(VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_TX_SET);
constexpr auto rx_set = class_command(VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_RX_SET);
constexpr auto vq_set = class_command(VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET);
constexpr auto vq_get = class_command(VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET);
constexpr unsigned hash_tunnel_class = 7;

class Commands : public DriverRow {
protected:
    /// A device that answers OK to everything, and 0/0 to who asks for parameters.
    void begin(const LoopbackOptions& options, const std::vector<Role>& roles = net_roles()) {
        make(options, roles);
        stub().reply = [this](std::span<const std::byte> request) {
            if (on_request) {
                on_request(request);
            }
            const bool asks = code_of({request.begin(), request.end()}) == vq_get;
            return Bytes(asks ? 9 : 1, std::byte{VIRTIO_NET_OK});
        };
        stub().start_and_wait();
        bring_interface_up();
    }
    void begin(std::uint64_t features) { begin(net_options(features)); }

    Requests sent(std::uint16_t code) {
        Requests all = stub().requests();
        std::erase_if(all, [code](const Bytes& request) { return code_of(request) != code; });
        return all;
    }
    bool has_sent(std::uint16_t code) { return !sent(code).empty(); }

    /// Classes of all commands so far.
    std::set<unsigned> classes() {
        std::set<unsigned> all;
        for (const std::uint16_t code : stub().commands()) {
            all.insert(code & 0xffU);
        }
        return all;
    }

    bool coalesce(const std::vector<std::string>& settings) {
        return ethtool("-C", settings).status == 0;
    }
    bool coalesce_queues(const std::string& mask) {
        return ethtool("--per-queue",
                       {"queue_mask", mask, "--coalesce", "rx-usecs", "9", "rx-frames", "4"})
                   .status == 0;
    }
    /// The in-tree driver of 6.1 takes receive parameters only along with these.
    static std::vector<std::string> receive_parameters() {
        return {"rx-usecs", "50", "rx-frames", "32", "tx-frames", "1"};
    }

    /// All that an owner may ask of an interface, whether or not it can be done.
    void ask_for_everything() {
        set_link({"promisc", "on"});
        set_link({"promisc", "off"});
        set_link({"allmulticast", "on"});
        set_link({"allmulticast", "off"});
        set_link({"address", "02:00:00:00:00:77"});
        run_inside({"ip", "maddr", "add", "01:00:5e:00:00:05", "dev", interface()});
        run_inside({"bridge", "fdb", "add", "02:00:00:00:00:99", "dev", interface(), "self"});
        ethtool("-L", {"combined", "2"});
        ethtool("-L", {"combined", "1"});
        ethtool("-K", {"rx-gro-hw", "off", "lro", "off", "rxhash", "off"});
        ethtool("-K", {"rx-gro-hw", "on", "lro", "on", "rxhash", "on"});
        ethtool("-X", {"equal", "1"});
        coalesce(receive_parameters());
        coalesce_queues("1");
        ethtool("-S");
        stub().set_status(VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
        expect_traffic(3);
    }

    /// Called in the stub's thread at every command.
    std::function<void(std::span<const std::byte>)> on_request;
};

INSTANTIATE_TEST_SUITE_P(Drivers, Commands, both_drivers(), driver_name);

// --- coalescing -------------------------------------------------------------------------

TEST_P(Commands, COAL_G1_OnlyQueuesThatAreThereAreNamed) {
    begin(pairs_options(by_direction | by_queue, 2), pairs_roles(2));
    ethtool("-L", {"combined", "2"});
    if (!ours() && !in_tree_driver_knows_queues()) {
        EXPECT_FALSE(coalesce_queues("1"));
        EXPECT_FALSE(has_sent(vq_set));
        record_unobservable("virtio_net of 6.1 knows no parameters of queues");
        return;
    }
    EXPECT_TRUE(coalesce_queues("3"));
    EXPECT_FALSE(coalesce_queues("4"));
    const Requests all = sent(vq_set);
    EXPECT_FALSE(all.empty());
    for (const Bytes& request : all) {
        EXPECT_LT(number_at<std::uint16_t>(request, 0), 4);
    }
}

TEST_P(Commands, COAL_G2_DirectionsAreSetWithTheirFeatureOnly) {
    begin(by_queue);
    coalesce(receive_parameters());
    EXPECT_FALSE(has_sent(tx_set) || has_sent(rx_set));
    begin(by_direction);
    EXPECT_TRUE(coalesce(receive_parameters()));
    EXPECT_TRUE(has_sent(tx_set) && has_sent(rx_set));
}

TEST_P(Commands, COAL_G3_QueuesAreSetAndAskedWithTheirFeatureOnly) {
    begin(by_direction);
    EXPECT_TRUE(coalesce(receive_parameters()));
    // The in-tree driver of 6.12 says that it did.
    const bool done = coalesce_queues("1");
    EXPECT_FALSE(done && ours());
    ethtool("-c");
    ethtool("--per-queue", {"queue_mask", "1", "--show-coalesce"});
    EXPECT_FALSE(has_sent(vq_set) || has_sent(vq_get));
    EXPECT_TRUE(has_sent(rx_set));
}

/// Ours is asked in driver_control_test.cpp.
class InTreeCommands : public Commands {};

INSTANTIATE_TEST_SUITE_P(Drivers, InTreeCommands, testing::Values(in_tree_driver), driver_name);

TEST_P(InTreeCommands, COAL_G4_ItNeverAsksForParameters) {
    begin(by_direction | by_queue);
    ethtool("-c");
    ethtool("--per-queue", {"queue_mask", "1", "--show-coalesce"});
    EXPECT_FALSE(has_sent(vq_get));
    record_unobservable("virtio_net never sends VQ_GET");
}

// --- what each command needs ------------------------------------------------------------

TEST_P(Commands, CTRL_G1_NoCommandWithoutItsFeature) {
    LoopbackOptions options = net_options();
    options.features &= ~feature(VIRTIO_NET_F_CTRL_MAC_ADDR);
    begin(options);
    ask_for_everything();
    if (ours()) {
        EXPECT_EQ(classes(), std::set<unsigned>{});
        return;
    }
    EXPECT_TRUE(eventually([&] { return has_sent(announce_ack); }));
    EXPECT_EQ(classes(), std::set<unsigned>{VIRTIO_NET_CTRL_ANNOUNCE});
    record_known_failure("sends ANNOUNCE_ACK when the status says ANNOUNCE, also where "
                         "GUEST_ANNOUNCE was not negotiated");
}

TEST_P(Commands, CTRL_G1_EachCommandWithItsFeature) {
    begin(pairs_options(feature(VIRTIO_NET_F_CTRL_RX) | feature(VIRTIO_NET_F_GUEST_ANNOUNCE), 2),
          pairs_roles(2));
    ask_for_everything();
    EXPECT_TRUE(eventually([&] {
        return has_sent(promiscuous) && has_sent(all_groups) && has_sent(table_set) &&
               has_sent(address_set) && has_sent(announce_ack) && has_sent(pairs_set);
    }));
    const std::set<std::uint16_t> allowed{promiscuous, all_groups,   table_set,
                                          address_set, announce_ack, pairs_set};
    for (const std::uint16_t code : stub().commands()) {
        EXPECT_TRUE(allowed.contains(code)) << std::hex << code;
    }
}

TEST_P(Commands, CTRL_G2_TablesStandBehindTheirCounts) {
    begin(feature(VIRTIO_NET_F_CTRL_RX));
    const auto counts = [](const Bytes& request) {
        const auto unicast = number_at<std::uint32_t>(request, 0);
        const auto groups = number_at<std::uint32_t>(request, 4 + std::size_t{6} * unicast);
        return std::pair{unicast, groups};
    };
    const auto comes = [&](std::uint32_t unicast, std::uint32_t at_least) {
        return eventually([&] {
            const Requests all = sent(table_set);
            return !all.empty() && counts(all.back()).first == unicast &&
                   counts(all.back()).second >= at_least;
        });
    };
    run_inside({"ip", "maddr", "add", "01:00:5e:00:00:05", "dev", interface()});
    EXPECT_TRUE(comes(0, 1));
    for (const char* address : {"02:00:00:00:00:98", "02:00:00:00:00:99"}) {
        run_inside({"bridge", "fdb", "add", address, "dev", interface(), "self"});
    }
    EXPECT_TRUE(comes(2, 1));
    for (const Bytes& request : sent(table_set)) {
        const auto [unicast, groups] = counts(request);
        EXPECT_EQ(request.size(), 2 + 4 + 4 + std::size_t{6} * (unicast + groups));
    }
}

// --- pairs of queues --------------------------------------------------------------------

TEST_P(Commands, CTRL_G5_PairsFromOneToTheMaximumOnQueuesThatAreThere) {
    std::atomic<unsigned> wrong{0};
    on_request = [&](std::span<const std::byte> bytes) {
        const Bytes request(bytes.begin(), bytes.end());
        if (code_of(request) != pairs_set) {
            return;
        }
        const unsigned pairs = number_at<std::uint16_t>(request, 0);
        wrong += pairs < 1 || pairs > 2 ? 1 : 0;
        for (unsigned queue = 0; queue < 2 * pairs && queue < 4; queue++) {
            const vlb_vq vq = stub().loopback().queue(queue);
            wrong += (vq.flags & VLB_VQ_ENABLED) == 0 ? 1 : 0;
        }
    };
    begin(pairs_options(0, 2), pairs_roles(2));
    ethtool("-L", {"combined", "1"});
    EXPECT_EQ(ethtool("-L", {"combined", "2"}).status, 0);
    ASSERT_TRUE(has_sent(pairs_set));
    EXPECT_EQ(number_at<std::uint16_t>(sent(pairs_set).back(), 0), 2);
    stub().forget_commands();
    EXPECT_NE(ethtool("-L", {"combined", "3"}).status, 0);
    EXPECT_NE(ethtool("-L", {"combined", "0"}).status, 0);
    EXPECT_FALSE(has_sent(pairs_set));
    EXPECT_EQ(wrong, 0U);
}

TEST_P(Commands, CTRL_G5_NothingIsSentOnQueuesPutAside) {
    begin(pairs_options(0, 2), pairs_roles(2));
    ethtool("-L", {"combined", "2"});
    EXPECT_EQ(ethtool("-L", {"combined", "1"}).status, 0);
    const auto kicks = [&] {
        const vlb_vq_stats second = stub().loopback().statistics(3);
        return second.kicks + second.kicks_suppressed;
    };
    const std::uint64_t before = kicks();
    expect_traffic(200);
    EXPECT_EQ(kicks(), before);
}

TEST_P(Commands, CTRL_G6_OnlyNegotiatedOffloadsAreSwitched) {
    const std::uint64_t offloads = feature(VIRTIO_NET_F_GUEST_CSUM) |
                                   feature(VIRTIO_NET_F_GUEST_TSO4) |
                                   feature(VIRTIO_NET_F_GUEST_TSO6);
    begin(offloads | feature(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS));
    for (const char* state : {"off", "on"}) {
        for (const char* name : {"rx-gro-hw", "lro", "rx"}) {
            ethtool("-K", {name, state});
        }
    }
    const Requests all = sent(offloads_set);
    EXPECT_FALSE(all.empty());
    for (const Bytes& request : all) {
        EXPECT_EQ(number_at<std::uint64_t>(request, 0) & ~offloads, 0U);
    }
}

// --- RSS --------------------------------------------------------------------------------

LoopbackOptions hash_options(std::uint64_t features) {
    LoopbackOptions options = pairs_options(features, 2);
    set_field(options, offsetof(virtio_net_config, rss_max_key_size), std::uint8_t{40});
    set_field(options, offsetof(virtio_net_config, rss_max_indirection_table_length),
              std::uint16_t{128});
    set_field(options, offsetof(virtio_net_config, supported_hash_types), std::uint32_t{0x3f});
    return options;
}

void expect_valid_rss(const Bytes& request) {
    EXPECT_EQ(number_at<std::uint32_t>(request, 0) & ~0x3fU, 0U) << "types";
    const unsigned mask = number_at<std::uint16_t>(request, 4);
    EXPECT_LT(mask, 128U);
    EXPECT_TRUE(std::has_single_bit(mask + 1)) << mask;
    EXPECT_LT(number_at<std::uint16_t>(request, 6), 2) << "unclassified_queue";
    for (unsigned i = 0; i <= mask; i++) {
        EXPECT_LT(number_at<std::uint16_t>(request, 8 + std::size_t{2} * i), 2) << i;
    }
    const std::size_t behind = 8 + std::size_t{2} * (mask + 1);
    EXPECT_LE(number_at<std::uint16_t>(request, behind), 2) << "max_tx_vq";
    const unsigned key = number_at<std::uint8_t>(request, behind + 2);
    EXPECT_LE(key, 40U);
    EXPECT_GE(request.size(), 2 + behind + 3 + key);
}

TEST_P(Commands, RSS_G1_TheTableIsValid) {
    begin(hash_options(feature(VIRTIO_NET_F_RSS)), pairs_roles(2));
    ethtool("-L", {"combined", "2"});
    EXPECT_EQ(ethtool("-X", {"equal", "2"}).status, 0);
    EXPECT_EQ(ethtool("-X", {"equal", "1"}).status, 0);
    EXPECT_NE(ethtool("-X", {"equal", "3"}).status, 0);
    const Requests all = sent(rss_config);
    EXPECT_FALSE(all.empty());
    for (const Bytes& request : all) {
        expect_valid_rss(request);
    }
}

TEST_P(Commands, RSS_G2_ReservedWordsAreZero) {
    begin(hash_options(feature(VIRTIO_NET_F_HASH_REPORT)), pairs_roles(2));
    ethtool("-K", {"rxhash", "off"});
    ethtool("-K", {"rxhash", "on"});
    EXPECT_FALSE(has_sent(rss_config));
    const Requests all = sent(hash_config);
    if (!ours() && all.empty()) {
        record_unobservable("virtio_net sends no HASH_CONFIG");
        return;
    }
    EXPECT_FALSE(all.empty());
    const bool of_later_kernels = !ours() && in_tree_driver_knows_queues();
    const std::uint64_t transmit_queues = std::uint64_t{2} << 48;
    for (const Bytes& request : all) {
        EXPECT_EQ(number_at<std::uint64_t>(request, 4), of_later_kernels ? transmit_queues : 0);
        EXPECT_GE(request.size(), 2 + 13U + number_at<std::uint8_t>(request, 12));
    }
    if (of_later_kernels) {
        record_known_failure("puts the number of transmit queues into the last reserved word");
    }
}

// No driver here knows it.
TEST_P(Commands, RSS_G3_TunnelsAreNotHashedWithoutTheFeature) {
    begin(hash_options(feature(VIRTIO_NET_F_RSS) | feature(VIRTIO_NET_F_HASH_REPORT) |
                       feature(VIRTIO_NET_F_HASH_TUNNEL)),
          pairs_roles(2));
    ethtool("-X", {"equal", "1"});
    EXPECT_FALSE(has_accepted(VIRTIO_NET_F_HASH_TUNNEL));
    EXPECT_FALSE(classes().contains(hash_tunnel_class));
}

} // namespace
} // namespace vcoal::test
