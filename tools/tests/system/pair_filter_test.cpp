// SPDX-License-Identifier: GPL-2.0-only
//
// What the guest wants to receive, from its command line to the device: `ip`, `bridge` and
// `ethtool` in the guest, frames of every kind on the host, and the device's counters.
#include "support/bench.hpp"
#include "support/drivers.hpp"
#include "support/frames.hpp"
#include "support/pairing.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/packet_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <map>
#include <optional>
#include <sys/socket.h>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr MacAddress first{0x02, 0, 0, 0, 0, 0x11};
constexpr MacAddress second{0x02, 0, 0, 0, 0, 0x22};
constexpr MacAddress somebody{0x02, 0, 0, 0, 0, 0x66};
constexpr MacAddress group{0x01, 0, 0x5e, 0x01, 0x02, 0x03};
constexpr MacAddress everybody{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr const char* some_station = "02:00:00:00:00:66";
constexpr const char* some_group = "01:00:5e:01:02:03";
constexpr std::uint16_t vlan = 5;

class PairFilter : public EachDriver {
protected:
    static Strings arguments(Strings more) {
        more.insert(more.end(), {"--mac", format_mac(first)});
        return with_driver(std::move(more));
    }

    explicit PairFilter(const Strings& more = {}) : pairing_(vhost_node, arguments(more)) {
        // The host says nothing by itself.
        NetDev(pairing_.tap()).disable_ipv6();
        frames_.emplace(pairing_.tap());
    }

    Pairing& pairing() { return pairing_; }

    void guest(const Strings& argv) const {
        const auto end = pairing_.in_guest(argv);
        EXPECT_EQ(end.status, 0) << end.output;
    }

    /// Commands that the device was given and answered OK, from now on until this one came.
    void await_command(const std::string& command) {
        Json event;
        do {
            event = pairing_.await_event("control");
            EXPECT_EQ(event.at("ack"), "ok") << event;
        } while (event.at("command") != command);
    }

    /// What the receive queues did with a frame that the host sends: "packets" or a cause.
    std::string fate(const std::vector<std::byte>& frame) {
        std::string fate;
        EXPECT_TRUE(eventually([&] { return !(fate = fate_of_all(frame)).empty(); }));
        return fate;
    }
    std::string fate(const MacAddress& mac, std::optional<std::uint16_t> tag = std::nullopt) {
        return fate(frame_to(mac, tag));
    }

private:
    /// What they did with each of some copies; nothing when they did not do the same with
    /// all, because the filter changed meanwhile. The kernels at both ends say something now
    /// and then; that is less often.
    std::string fate_of_all(const std::vector<std::byte>& frame) {
        constexpr unsigned copies = 5;
        const auto before = counters();
        for (unsigned i = 0; i < copies; i++) {
            EXPECT_TRUE(eventually([&] { return frames_->send(frame); }));
        }
        std::string fate;
        EXPECT_TRUE(eventually([&] {
            std::uint64_t seen = 0;
            for (const auto& [name, value] : counters()) {
                const std::uint64_t more = value - before.at(name);
                fate = more >= copies ? name : fate;
                seen += more;
            }
            return seen >= copies;
        }));
        return fate;
    }

    std::map<std::string, std::uint64_t> counters() {
        std::map<std::string, std::uint64_t> all;
        const Json queues = pairing_.stats().at("queues");
        for (std::size_t vq = 0; vq < queues.size(); vq += 2) {
            const Json& vhost = queues.at(vq).at("vhost");
            for (const auto& [cause, drops] : vhost.at("drops").items()) {
                all[cause] += drops.get<std::uint64_t>();
            }
            all["packets"] += vhost.at("packets").get<std::uint64_t>();
        }
        return all;
    }

    Pairing pairing_;
    std::optional<PacketSocket> frames_;
};

TEST_P(PairFilter, CTRL_D6_TheGuestReceivesItsOwnAndWhatIsForAll) {
    EXPECT_TRUE(pairing().accepted("ctrl_rx"));
    EXPECT_EQ(fate(first), "packets");
    EXPECT_EQ(fate(everybody), "packets");
    EXPECT_EQ(fate(somebody), "unicast");
    EXPECT_EQ(fate(group), "multicast");
    EXPECT_TRUE(pairing().ping());
}

TEST_P(PairFilter, CTRL_D2_PromiscuityDeliversEverything) {
    guest({"ip", "link", "set", pairing().interface(), "promisc", "on"});
    await_command("RX_PROMISC");
    EXPECT_EQ(fate(somebody), "packets");
    EXPECT_EQ(fate(group), "packets");
    EXPECT_EQ(fate(first, vlan), "packets");
    guest({"ip", "link", "set", pairing().interface(), "promisc", "off"});
    EXPECT_TRUE(eventually([&] { return fate(somebody) == "unicast"; }));
}

TEST_P(PairFilter, CTRL_D1_AllGroupsOrThoseOfTheTable) {
    guest({"ip", "link", "set", pairing().interface(), "allmulticast", "on"});
    EXPECT_TRUE(eventually([&] { return fate(group) == "packets"; }));
    guest({"ip", "link", "set", pairing().interface(), "allmulticast", "off"});
    EXPECT_TRUE(eventually([&] { return fate(group) == "multicast"; }));
    guest({"ip", "maddress", "add", some_group, "dev", pairing().interface()});
    EXPECT_TRUE(eventually([&] { return fate(group) == "packets"; }));
    guest({"ip", "maddress", "del", some_group, "dev", pairing().interface()});
    EXPECT_TRUE(eventually([&] { return fate(group) == "multicast"; }));
}

TEST_P(PairFilter, CTRL_D5_FurtherAddressesComeAndGo) {
    guest({"bridge", "fdb", "add", some_station, "dev", pairing().interface(), "self"});
    EXPECT_TRUE(eventually([&] { return fate(somebody) == "packets"; }));
    guest({"bridge", "fdb", "del", some_station, "dev", pairing().interface(), "self"});
    EXPECT_TRUE(eventually([&] { return fate(somebody) == "unicast"; }));
}

// More than the table holds: all of that kind is received, as the specification allows.
TEST_P(PairFilter, CTRL_D6_AnOverfullTableReceivesAllOfItsKind) {
    const InNetNs inside(pairing().guest_ns());
    const Fd member(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    for (std::uint8_t i = 0; i < 80; i++) {
        packet_mreq request{};
        request.mr_ifindex = NetDev(pairing().interface()).index();
        request.mr_type = PACKET_MR_MULTICAST;
        request.mr_alen = ETH_ALEN;
        const MacAddress address{0x01, 0, 0x5e, 0, 1, i};
        std::copy(address.begin(), address.end(), std::begin(request.mr_address));
        ASSERT_EQ(::setsockopt(member.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request,
                               sizeof(request)),
                  0)
            << errno;
    }
    EXPECT_TRUE(eventually([&] { return fate(group) == "packets"; }));
    EXPECT_EQ(fate(somebody), "unicast");
}

TEST_P(PairFilter, CTRL_D7_OnlyVlansOfTheTable) {
    EXPECT_TRUE(pairing().accepted("ctrl_vlan"));
    const std::string tagged = pairing().interface() + ".5";
    EXPECT_EQ(fate(first, vlan), "vlan");
    guest({"ip", "link", "add", "link", pairing().interface(), "name", tagged, "type", "vlan", "id",
           std::to_string(vlan)});
    EXPECT_TRUE(eventually([&] { return fate(first, vlan) == "packets"; }));
    EXPECT_EQ(fate(first, vlan + 1), "vlan");
    EXPECT_EQ(fate(first), "packets");
    guest({"ip", "link", "del", tagged});
    EXPECT_TRUE(eventually([&] { return fate(first, vlan) == "vlan"; }));
}

TEST_P(PairFilter, CTRL_G3_ANewAddressIsTheDevices) {
    guest({"ip", "link", "set", pairing().interface(), "address", format_mac(second)});
    EXPECT_EQ(fate(second), "packets");
    EXPECT_EQ(fate(first), "unicast");
    EXPECT_TRUE(pairing().ping());
}

// CTRL-D5: the tables are empty again; the address is the one it had.
TEST_P(PairFilter, CTRL_D5_AResetForgetsWhatTheGuestAskedFor) {
    guest({"ip", "link", "set", pairing().interface(), "address", format_mac(second)});
    guest({"ip", "link", "set", pairing().interface(), "promisc", "on"});
    EXPECT_TRUE(eventually([&] { return fate(somebody) == "packets"; }));
    pairing().rebind();
    EXPECT_TRUE(eventually([&] { return fate(first) == "packets"; }));
    EXPECT_EQ(fate(second), "unicast");
    EXPECT_EQ(fate(somebody), "unicast");
}

TEST_P(PairFilter, CTRL_D8_CTRL_G4_TheGuestAnnouncesItselfWhenAsked) {
    EXPECT_TRUE(pairing().accepted("guest_announce"));
    PacketSocket arp(pairing().tap(), ETH_P_ARP);
    for (int round = 0; round < 2; round++) {
        EXPECT_EQ(pairing().request(R"({"set":"announce"})", "announce"), true);
        await_command("ANNOUNCE_ACK");
        const auto frame = arp.receive(generous);
        ASSERT_TRUE(frame.has_value());
        EXPECT_TRUE(std::equal(first.begin(), first.end(), frame->begin() + 6,
                               [](auto a, auto b) { return std::byte{a} == b; }));
    }
}

// The guest cannot flood its host: one event, and the next after somebody asked.
TEST_P(PairFilter, TheHostHearsOnceOfAChangeAndAsks) {
    constexpr const char* query = R"({"execute":"query-rx-filter"})";
    constexpr const char* changed = "RX_FILTER_CHANGED";
    const auto change = [&](const MacAddress& address) {
        guest({"ip", "link", "set", pairing().interface(), "address", format_mac(address)});
    };
    pairing().request(query, "rx-filter");
    for (const MacAddress& address : {second, first, second}) {
        change(address);
        EXPECT_EQ(pairing().await_event(changed).at("name"), pairing().tap());
        // Each of several questions may have been followed by an event.
        pairing().commands("");
        change(somebody);
        change(address);
        guest({"ip", "maddress", "add", some_group, "dev", pairing().interface()});
        guest({"ip", "maddress", "del", some_group, "dev", pairing().interface()});
        // A change that is found with a request may be told of after its answer, but not
        // after the answer to the next.
        pairing().stats();
        pairing().stats();
        EXPECT_EQ(pairing().pending(changed), 0U);
        EXPECT_TRUE(eventually([&] {
            const Json filter = pairing().request(query, "rx-filter");
            return filter.at("main-mac") == format_mac(address) &&
                   !filter.at("promiscuous").get<bool>() && filter.at("vlan") == "normal";
        }));
    }
}

TEST_P(PairFilter, TheFeaturesAreExplained) {
    const Json features = pairing().request(R"({"get":"features"})", "features");
    const auto find = [&](const char* name) {
        return *std::find_if(features.begin(), features.end(),
                             [&](const Json& row) { return row.at("name") == name; });
    };
    for (const auto& row : features) {
        EXPECT_EQ(pairing().accepted(row.at("name")), row.at("acknowledged").get<bool>()) << row;
        EXPECT_NE(row.at("acknowledged").get<bool>(), row.contains("why")) << row;
    }
    EXPECT_EQ(find("ctrl_vlan").at("acknowledged"), true);
    EXPECT_EQ(find("mq").at("why"), "there is one pair of queues; see --queues");
}

INSTANTIATE_TEST_SUITE_P(Drivers, PairFilter, both_drivers(), driver_name);

/// A port of a bridge that follows its guest.
class PairControl : public PairFilter {
protected:
    static constexpr const char* path = "/tmp/pair_filter_test.control";

    PairControl() : PairFilter({"--control", path}) {}

    void host(const Strings& argv) {
        const auto end = pairing().on_host(argv);
        EXPECT_EQ(end.status, 0) << end.output;
    }
    void apply() {
        host({vcoal_program(), "apply-filter", "--control", path, "--to", pairing().tap(), "--once",
              "--mac-change", "allow"});
    }
    std::string known() {
        return pairing().on_host({"bridge", "fdb", "show", "brport", pairing().tap()}).output;
    }
};

TEST_P(PairControl, TheBridgeKnowsTheGuestsAddress) {
    host({"ip", "link", "add", "br-filter", "type", "bridge"});
    host({"ip", "link", "set", pairing().tap(), "master", "br-filter"});
    apply();
    EXPECT_NE(known().find(format_mac(first)), std::string::npos) << known();
    guest({"ip", "link", "set", pairing().interface(), "address", format_mac(second)});
    apply();
    EXPECT_NE(known().find(format_mac(second)), std::string::npos) << known();
    host({"ip", "link", "del", "br-filter"});
}

INSTANTIATE_TEST_SUITE_P(Drivers, PairControl, both_drivers(), driver_name);

/// Two pairs of queues, steered by a table, in packed rings.
class PairFilterQueues : public PairFilter {
protected:
    PairFilterQueues() : PairFilter({"--queues", "2", "--features=+rss,+ring_packed"}) {}
};

TEST_P(PairFilterQueues, CTRL_D12_EveryQueueFiltersBeforePacketsAreSteered) {
    EXPECT_TRUE(pairing().accepted("ring_packed"));
    pairing().ethtool("-L", {"combined", "2"});
    for (const Strings& table : {Strings{"weight", "1", "0"}, Strings{"weight", "0", "1"}}) {
        pairing().ethtool("-X", table);
        EXPECT_EQ(fate(first), "packets") << table.back();
        EXPECT_EQ(fate(somebody), "unicast") << table.back();
        EXPECT_EQ(fate(group), "multicast") << table.back();
    }
    guest({"ip", "link", "set", pairing().interface(), "address", format_mac(second)});
    EXPECT_EQ(fate(first), "unicast");
    EXPECT_EQ(fate(second), "packets");
    EXPECT_TRUE(pairing().ping());
}

INSTANTIATE_TEST_SUITE_P(Drivers, PairFilterQueues, both_drivers(), driver_name);

class PairMtu : public PairFilter {
protected:
    PairMtu() : PairFilter({"--mtu", "1280"}) {}
};

TEST_P(PairMtu, CFG_D1_ALongerFrameIsNotDelivered) {
    EXPECT_EQ(NetDev(pairing().tap()).mtu(), 1280U);
    NetDev(pairing().tap()).set_mtu(9000);
    EXPECT_EQ(fate(frame_to(first, std::nullopt, 14 + 1280)), "packets");
    EXPECT_EQ(fate(frame_to(first, std::nullopt, 14 + 1281)), "oversize");
    EXPECT_TRUE(pairing().ping());
}

INSTANTIATE_TEST_SUITE_P(Drivers, PairMtu, both_drivers(), driver_name);

} // namespace
} // namespace vcoal::test
