// SPDX-License-Identifier: GPL-2.0-only
//
// Real guests: a stock kernel in a stock QEMU, whose network card vhost_net_coal serves. Runs
// in a machine of tools/vm/vm with 4G of memory; VCOAL_GUEST is what make-guest has made.
#include "qemu/figures.hpp"
#include "qemu/guest.hpp"
#include "qemu/host_view.hpp"
#include "qemu/long_transfer.hpp"
#include "qemu/paced_udp.hpp"
#include "support/bench.hpp"
#include "support/modules.hpp"
#include "support/pairing.hpp"
#include "support/tcp_server.hpp"
#include "vcoal/error.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net_coal.h>

namespace vcoal::test {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

constexpr std::uint64_t megabyte = 1 << 20;
constexpr unsigned rx = VHN_VRING_RX;
constexpr unsigned tx = VHN_VRING_TX;

void expect_pings(Guest& guest) {
    const auto there = run({"ping", "-c", "2", "-W", "20", guest_address});
    EXPECT_EQ(there.status, 0) << there.output;
    const auto back = guest.agent().ask(fmt::format("ping -c 2 -W 20 {}", host_address));
    EXPECT_EQ(back.status, 0) << back.output;
}

void expect_carries(std::uint64_t bytes = megabyte) {
    EXPECT_NO_THROW(exchange_with_echo(guest_address, guest_echo_port, bytes));
}

/// Bytes that iperf3 has received within some seconds at the end of a stream.
double iperf(const Strings& arguments) {
    Strings argv{"iperf3", "-J", "-c", guest_address, "-t", "2"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const auto end = run(argv);
    EXPECT_EQ(end.status, 0) << end.output;
    return end.status == 0
               ? Json::parse(end.output).at("end").at("sum_received").at("bytes").get<double>()
               : 0;
}

struct Hardware {
    const char* driver;
    bool iommu;
};

class QemuGuest : public testing::TestWithParam<Hardware> {};

INSTANTIATE_TEST_SUITE_P(
    With, QemuGuest,
    testing::Values(Hardware{"virtio_net", false}, Hardware{"virtio_net", true},
                    Hardware{"virtio_net_coal", false}, Hardware{"virtio_net_coal", true}),
    [](const auto& one) {
        return fmt::format("{}{}", one.param.driver, one.param.iommu ? "_behind_an_iommu" : "");
    });

TEST_P(QemuGuest, CarriesEveryByteBothWays) {
    Guest guest({.driver = GetParam().driver, .iommu = GetParam().iommu});
    EXPECT_EQ(guest.run("basename $(readlink /sys/class/net/eth0/device/driver)"),
              GetParam().driver);
    EXPECT_EQ(guest.negotiated(VIRTIO_F_ACCESS_PLATFORM), GetParam().iommu);
    expect_pings(guest);
    expect_carries(4 * megabyte);
    EXPECT_GT(iperf({}), 0);
    EXPECT_GT(iperf({"-R"}), 0);
    // QEMU would do without vhost as well.
    const HostView host(guest.pid());
    ASSERT_EQ(host.pairs(), 1U);
    for (const unsigned vring : {rx, tx}) {
        EXPECT_GT(host.counters(0, vring).bytes, 4 * megabyte);
        EXPECT_EQ(host.counters(0, vring).drop_malformed, 0U);
    }
    report_guest(guest.run("uname -r"), GetParam().driver, GetParam().iommu);
}

TEST(QemuVhost, FourPairsCarryAll) {
    Guest guest({.pairs = 4, .processors = 4});
    const std::string channels = guest.run("ethtool -l eth0");
    EXPECT_EQ(occurrences(channels, "Combined:\t4"), 2U) << channels;
    const HostView host(guest.pid());
    ASSERT_EQ(host.pairs(), 4U);
    // Which pair a connection takes is chance.
    const auto all_carry = [&] {
        for (std::size_t pair = 0; pair < host.pairs(); pair++) {
            if (host.counters(pair, rx).packets == 0 || host.counters(pair, tx).packets == 0) {
                return false;
            }
        }
        return true;
    };
    EXPECT_TRUE(eventually([&] {
        expect_carries(megabyte / 16);
        return all_carry();
    }));
    EXPECT_GT(iperf({"-P", "8"}), 0);
    EXPECT_GT(iperf({"-P", "8", "-R"}), 0);
    expect_carries();
}

TEST(QemuVhost, AGuestRebootsFiveTimes) {
    constexpr vhn_coal_params params{16, 300};
    Guest guest;
    HostView host(guest.pid());
    host.set(params);
    for (int i = 0; i < 5; i++) {
        guest.reboot();
        expect_pings(guest);
        expect_carries();
    }
    // What the host wants does not end with a kernel of the guest's.
    EXPECT_EQ(host.effective(0, rx).max_packets, params.max_packets);
    EXPECT_EQ(host.effective(0, rx).max_usecs, params.max_usecs);
}

/// Two taps and the host behind a bridge.
class Bridge {
public:
    Bridge() {
        load_system_module("bridge");
        expect_runs({"ip", "link", "add", "br0", "type", "bridge"});
        NetDev bridge("br0");
        bridge.disable_ipv6();
        bridge.set_address(host_address, 24);
        bridge.set_up(true);
    }
    Bridge(const Bridge&) = delete;
    Bridge& operator=(const Bridge&) = delete;
    Bridge(Bridge&&) = delete;
    Bridge& operator=(Bridge&&) = delete;
    ~Bridge() { run({"ip", "link", "del", "br0"}); }

    static void attach(const std::string& tap) {
        expect_runs({"ip", "link", "set", tap, "master", "br0", "up"});
    }

private:
    static void expect_runs(const Strings& argv) {
        const auto end = run(argv);
        EXPECT_EQ(end.status, 0) << end.output;
    }
};

/// What QEMU says of a migration that has ended.
Json migrate(Guest& from, Guest& to) {
    const vm::TemporaryDirectory directory;
    const Json where{{"uri", fmt::format("unix:{}/migration", directory.path().string())}};
    to.monitor().run("migrate-incoming", where);
    from.monitor().run("migrate", where);
    Json state;
    const auto ended = [&] {
        state = from.monitor().run("query-migrate");
        const std::string status = state.value("status", "");
        return status == "completed" || status == "failed";
    };
    EXPECT_TRUE(eventually(ended, std::chrono::minutes(3))) << state;
    return state;
}

TEST(QemuVhost, AGuestMigratesUnderTraffic) {
    const Bridge bridge;
    Guest source({.tap = "tap0", .with_host_address = false});
    Bridge::attach("tap0");
    Guest target({.incoming = true, .tap = "tap1", .with_host_address = false});
    Bridge::attach("tap1");
    const std::string sum =
        source.run("dd if=/dev/urandom of=/tmp/file bs=1M count=16 && sha256sum /tmp/file | "
                   "tee /tmp/sum");
    LongTransfer transfer(guest_address, guest_echo_port);
    EXPECT_TRUE(transfer.moves());
    const Json state = migrate(source, target);
    ASSERT_EQ(state.value("status", ""), "completed") << state;
    EXPECT_TRUE(transfer.moves());
    EXPECT_TRUE(transfer.moves());
    const std::string failure = transfer.end();
    EXPECT_EQ(failure, "");
    EXPECT_NO_THROW(target.run("sha256sum -c /tmp/sum"));
    EXPECT_GT(HostView(target.pid()).counters(0, rx).packets, 0U);
    expect_carries();
    report_migration(failure.empty(), state.value("downtime", std::uint64_t{0}));
}

TEST(QemuVhost, AQemuKilledUnderTrafficLeavesNothing) {
    {
        Guest guest;
        LongTransfer transfer(guest_address, guest_echo_port);
        EXPECT_TRUE(transfer.moves());
        guest.kill();
        transfer.abandon();
    }
    EXPECT_FALSE(fs::exists("/sys/class/net/tap0"));
    // Nobody has a file of it open any more.
    EXPECT_NO_THROW(unload_module("vhost_net_coal"));
    EXPECT_NO_THROW(load_our_module("drivers/vhost/vhost_net_coal.ko"));
    Guest next;
    expect_pings(next);
    expect_carries();
}

/// What happened in one phase of a load.
struct Phase {
    std::uint64_t packets;
    std::uint64_t notified;
    std::uint64_t coalesced;
    std::uint64_t immediate;
    std::uint64_t suppressed;
    std::uint64_t interrupts;

    double per_1000() const {
        return static_cast<double>(notified) * 1000 / static_cast<double>(packets);
    }
};

class Moderation : public testing::Test {
protected:
    static constexpr unsigned packets = 20000;
    static constexpr unsigned rate = 20000;
    static constexpr std::uint16_t port = 4791;

    /// As the guest itself counts them.
    std::uint64_t interrupts() {
        return std::stoull(guest_.run(R"(awk '/virtio.*-input.0/ { n += $2 } END { print n + 0 }' )"
                                      "/proc/interrupts"));
    }

    Phase phase(const char* name) {
        const auto before = host_.counters(0, rx);
        const std::uint64_t interrupts_before = interrupts();
        send_paced_udp(guest_address, port, packets, rate);
        EXPECT_TRUE(eventually([&] {
            return host_.counters(0, rx).packets - before.packets >= packets;
        })) << name
            << ": packets are lost on the way, so the sender is too fast";
        const auto now = host_.counters(0, rx);
        Phase phase{.packets = now.packets - before.packets,
                    .notified = notifications(now) - notifications(before),
                    .coalesced = now.notify_count + now.notify_timer - before.notify_count -
                                 before.notify_timer,
                    .immediate = now.notify_immediate - before.notify_immediate,
                    .suppressed = now.suppressed - before.suppressed,
                    .interrupts = interrupts() - interrupts_before};
        fmt::print("{}: {} packets, {} notifications ({:.1f} per 1000; {} by count or time, {} "
                   "immediate), {} suppressed; {} interrupts\n",
                   name, phase.packets, phase.notified, phase.per_1000(), phase.coalesced,
                   phase.immediate, phase.suppressed, phase.interrupts);
        return phase;
    }

    Guest guest_;
    HostView host_{guest_.pid()};
};

TEST_F(Moderation, HostValuesModerateAStockGuest) {
    constexpr double bar = 17;
    ASSERT_FALSE(guest_.negotiated(VIRTIO_NET_F_NOTF_COAL));
    expect_pings(guest_);
    const Phase before = phase("before");
    host_.set({64, 5000});
    const Phase set = phase("set");
    host_.set({0, 0});
    const Phase restored = phase("restored");

    EXPECT_EQ(before.coalesced, 0U);
    EXPECT_GT(before.per_1000(), bar);
    EXPECT_EQ(set.immediate, 0U);
    EXPECT_LE(set.per_1000(), bar);
    EXPECT_EQ(restored.coalesced, 0U);
    EXPECT_GT(restored.per_1000(), bar);
    report_moderation({before.per_1000(), set.per_1000(), restored.per_1000()});
}

} // namespace
} // namespace vcoal::test
