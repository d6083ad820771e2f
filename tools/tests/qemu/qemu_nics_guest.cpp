// SPDX-License-Identifier: GPL-2.0-only
//
// Our driver on QEMU's network cards, inside the machine that qemu_nics starts.
#include "qemu/nics.hpp"
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/loopback_stub.hpp"
#include "support/modules.hpp"
#include "support/multicast.hpp"
#include "support/pairing.hpp"
#include "support/qmp.hpp"
#include "support/tcp_server.hpp"
#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/packet_socket.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <memory>
#include <sstream>
#include <sys/socket.h>
#include <thread>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr const char* driver = "virtio_net_coal";
constexpr std::uint64_t megabyte = 1 << 20;

/// The name of the interface with an address; empty if there is none.
std::string interface_with(const std::string& mac) {
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) {
        throw Error("interfaces", "list", errno);
    }
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(all, ::freeifaddrs);
    for (const ifaddrs* entry = all; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_PACKET) {
            continue;
        }
        sockaddr_ll address{};
        std::memcpy(&address, entry->ifa_addr, sizeof(address));
        MacAddress found{};
        std::memcpy(found.data(), std::begin(address.sll_addr), found.size());
        if (format_mac(found) == mac) {
            return entry->ifa_name;
        }
    }
    return {};
}

bench::Child::End ethtool(const std::string& option, const std::string& interface,
                          const Strings& arguments = {}) {
    Strings argv{"ethtool", option, interface};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv);
}

bool has(std::size_t nic, const char* option) {
    return std::string(qemu_nics[nic].options).find(option) != std::string::npos;
}

bench::Child::End use_pairs(const std::string& interface, const char* pairs) {
    return ethtool("-L", interface, {"combined", pairs});
}

/// With RSS QEMU 7.2 stops delivering when it steers a packet that came from one tap queue
/// to a receive queue without buffers: it waits for buffers in the other. So bulk goes over
/// one pair there.
void configure(std::size_t nic) {
    NetDev device(interface_with(nic_mac(nic)));
    device.disable_ipv6();
    device.set_address(guest_address(nic), 24);
    device.set_up(true);
    if (has(nic, "rss=on")) {
        EXPECT_EQ(use_pairs(device.name(), "1").status, 0);
    }
}

void load_driver_for_all() {
    load_our_module("drivers/net/virtio_net_coal/virtio_net_coal.ko");
    for (std::size_t nic = 0; nic < qemu_nics.size(); nic++) {
        ASSERT_TRUE(eventually([&] { return !interface_with(nic_mac(nic)).empty(); })) << nic;
        configure(nic);
    }
}

/// Talks to QEMU over another card than the one it is about.
Qmp monitor(std::size_t nic) {
    return Qmp(connect_to_server(host_address(nic == 0 ? 1 : 0), monitor_port));
}

class Nic : public testing::TestWithParam<std::size_t> {
protected:
    static void SetUpTestSuite() {
        load_system_module("8021q");
        load_driver_for_all();
    }

    static std::size_t nic() { return GetParam(); }
    static const QemuNic& card() { return qemu_nics[nic()]; }
    std::string interface() const { return interface_; }

    /// Every byte there and back.
    static void expect_carries() {
        EXPECT_NO_THROW(exchange_with_echo(host_address(nic()), echo_port, megabyte));
    }
    static void expect_pings() {
        const auto end = run({"ping", "-c", "1", "-W", "10", host_address(nic())});
        EXPECT_EQ(end.status, 0) << end.output;
    }

private:
    std::string interface_ = interface_with(nic_mac(nic()));
};

INSTANTIATE_TEST_SUITE_P(Qemu, Nic, testing::Range(std::size_t{0}, qemu_nics.size()),
                         [](const auto& nic) { return qemu_nics[nic.param].name; });

TEST_P(Nic, CarriesEveryByte) {
    EXPECT_NE(ethtool("-i", interface()).output.find("driver: virtio_net_coal\n"),
              std::string::npos);
    expect_pings();
    expect_carries();
    EXPECT_EQ(NetDev(interface()).mtu(), has(nic(), "host_mtu") ? 1400U : 1500U);
}

TEST_P(Nic, TestsItself) {
    const auto end = ethtool("-t", interface());
    EXPECT_EQ(end.status, 0) << end.output;
}

TEST_P(Nic, TakesPartInAVlan) {
    const std::string tagged = interface() + ".5";
    ASSERT_EQ(
        run({"ip", "link", "add", "link", interface(), "name", tagged, "type", "vlan", "id", "5"})
            .status,
        0);
    NetDev(tagged).set_up(true);
    PacketSocket socket(tagged);
    for (const std::size_t length : {shortest_frame, std::size_t{1400}}) {
        const auto frame = make_frame(length, length);
        EXPECT_TRUE(socket.send(frame));
        EXPECT_EQ(socket.receive(generous), frame);
    }
    EXPECT_EQ(run({"ip", "link", "del", tagged}).status, 0);
    expect_pings();
}

TEST_P(Nic, TakesPartInAGroup) {
    EXPECT_TRUE(hears_group(guest_address(nic()), host_address(nic()), group_port, group));
    expect_pings();
}

// Without control queue the device is not told; then it lets everything through.
TEST_P(Nic, ChangesItsAddress) {
    const std::string other = fmt::format("02:00:00:00:01:{:02x}", nic());
    const auto set = [&](const std::string& mac) {
        return run({"ip", "link", "set", interface(), "address", mac}).status;
    };
    ASSERT_EQ(set(other), 0);
    run({"ip", "neigh", "flush", "all"});
    expect_pings();
    ASSERT_EQ(set(nic_mac(nic())), 0);
    run({"ip", "neigh", "flush", "all"});
    expect_pings();
}

TEST_P(Nic, ResizesItsRings) {
    for (const char* size : {"64", "128"}) {
        const auto end = ethtool("-G", interface(), {"rx", size, "tx", size});
        ASSERT_EQ(end.status, 0) << end.output;
        expect_carries();
    }
}

TEST_P(Nic, SwitchesItsOffloads) {
    constexpr std::pair<const char*, const char*> offloads[] = {{"rx", "rx-checksumming"},
                                                                {"tx", "tx-checksumming"},
                                                                {"tso", "tcp-segmentation-offload"},
                                                                {"rx-gro-hw", "rx-gro-hw"}};
    for (const std::string state : {"off", "on"}) {
        for (const auto& [option, name] : offloads) {
            ethtool("-K", interface(), {option, state});
            const std::string shown = ethtool("-k", interface()).output;
            const std::string line = fmt::format("{}: ", name);
            EXPECT_TRUE(shown.find(line + state) != std::string::npos ||
                        shown.find(line + "off [fixed]") != std::string::npos ||
                        shown.find(line + "on [fixed]") != std::string::npos)
                << option << " " << state << "\n"
                << shown;
        }
        expect_carries();
    }
}

TEST_P(Nic, UsesAsManyQueuesAsAsked) {
    if (card().pairs == 1) {
        EXPECT_NE(use_pairs(interface(), "2").status, 0);
        return;
    }
    for (const char* pairs : {"3", "1", "4"}) {
        ASSERT_EQ(use_pairs(interface(), pairs).status, 0);
        expect_pings();
    }
    if (!has(nic(), "rss=on")) {
        expect_carries();
        return;
    }
    for (const Strings& weights : {Strings{"0", "0", "1", "0"}, Strings{"1", "1", "1", "1"}}) {
        Strings spread{"weight"};
        spread.insert(spread.end(), weights.begin(), weights.end());
        EXPECT_EQ(ethtool("-X", interface(), spread).status, 0);
        EXPECT_NE(ethtool("-x", interface()).output.find("RSS hash key"), std::string::npos);
        expect_pings();
    }
    // Queues that are spread over cannot go.
    EXPECT_NE(use_pairs(interface(), "1").status, 0);
    EXPECT_EQ(ethtool("-X", interface(), {"default"}).status, 0);
    EXPECT_EQ(use_pairs(interface(), "1").status, 0);
    expect_carries();
}

TEST_P(Nic, SeesItsLinkGoAndCome) {
    Qmp qemu = monitor(nic());
    const std::string carrier = "/sys/class/net/" + interface() + "/carrier";
    for (const bool up : {false, true}) {
        qemu.run("set_link", {{"name", fmt::format("nic{}", nic())}, {"up", up}});
        EXPECT_TRUE(eventually([&] { return read_kernel_file(carrier) == (up ? "1" : "0"); }));
    }
    expect_pings();
}

/// Sends and receives as long as it lives, whatever becomes of the interface.
class Traffic {
public:
    explicit Traffic(std::size_t nic)
        : thread_([this, nic] {
              while (!enough_) {
                  run({"ping", "-f", "-c", "200", "-w", "1", host_address(nic)});
              }
          }) {}
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;
    Traffic(Traffic&&) = delete;
    Traffic& operator=(Traffic&&) = delete;
    ~Traffic() {
        enough_ = true;
        thread_.join();
    }

private:
    std::atomic<bool> enough_{false};
    std::thread thread_;
};

TEST_P(Nic, IsPulledAndPluggedUnderTraffic) {
    Qmp qemu = monitor(nic());
    const std::string id = fmt::format("nic{}", nic());
    const std::string mac = nic_mac(nic());
    {
        const Traffic traffic(nic());
        qemu.run("device_del", {{"id", id}});
        ASSERT_TRUE(eventually([&] { return interface_with(mac).empty(); }));
    }
    nlohmann::json device{{"driver", "virtio-net-pci"},
                          {"id", id},
                          {"netdev", fmt::format("net{}", nic())},
                          {"mac", mac},
                          {"disable-legacy", "on"}};
    std::istringstream options(card().options);
    for (std::string option; std::getline(options, option, ',');) {
        const auto equals = option.find('=');
        device[option.substr(0, equals)] = option.substr(equals + 1);
    }
    ASSERT_TRUE(eventually([&] {
        try {
            qemu.run("device_add", device);
            return true;
        } catch (const Error&) {
            // The old one is not quite gone.
            return false;
        }
    }));
    ASSERT_TRUE(eventually([&] { return !interface_with(mac).empty(); }));
    configure(nic());
    expect_pings();
}

TEST(Nics, ModuleGoesUnderTraffic) {
    load_driver_for_all();
    {
        const Traffic first(0);
        const Traffic second(1);
        EXPECT_NO_THROW(unload_module(driver));
    }
    EXPECT_TRUE(interface_with(nic_mac(0)).empty());
    EXPECT_NO_THROW(load_driver_for_all());
    EXPECT_NO_THROW(exchange_with_echo(host_address(0), echo_port, megabyte));
}

} // namespace
} // namespace vcoal::test

// The cards are in the first network namespace: here is no other.
int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
