// SPDX-License-Identifier: GPL-2.0-only
//
// What our guest driver tells a device: the commands on the control queue, one by one,
// with a device that answers what the test wants, or nothing.
#include "support/bench.hpp"
#include "support/device_counters.hpp"
#include "support/ethtool_call.hpp"
#include "support/kernel_log.hpp"
#include "support/loopback_stub.hpp"
#include "support/modules.hpp"
#include "support/pairing.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/netns.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <gtest/gtest.h>
#include <linux/ethtool.h>
#include <map>
#include <mutex>
#include <net/if.h>
#include <stop_token>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>

namespace vcoal::test {
namespace {

using Bytes = std::vector<std::byte>;
using Strings = std::vector<std::string>;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::uint64_t by_direction = feature(VIRTIO_NET_F_NOTF_COAL);
constexpr std::uint64_t by_queue = feature(VIRTIO_NET_F_VQ_NOTF_COAL);

struct Params {
    std::uint32_t packets = 0;
    std::uint32_t usecs = 0;
    bool operator==(const Params&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Params& params) {
    return out << params.packets << " packets or " << params.usecs << " us";
}

/// What a device remembers of coalescing commands, and which of them it refuses.
class Memory {
public:
    /// Commands of class NOTF_COAL that are answered with ERR.
    std::atomic<int> refused{-1};
    /// Queue of which VQ_SET is refused.
    std::atomic<int> refused_queue{-1};

    std::optional<Bytes> reply(std::span<const std::byte> request) {
        const std::lock_guard lock(mutex_);
        const Bytes error{std::byte{VIRTIO_NET_ERR}};
        const Bytes ok{std::byte{VIRTIO_NET_OK}};
        if (request.size() < 2 ||
            std::to_integer<unsigned>(request[0]) != VIRTIO_NET_CTRL_NOTF_COAL) {
            return ok;
        }
        const auto command = std::to_integer<int>(request[1]);
        const auto data = request.subspan(2);
        sent_.push_back(command);
        if (command == refused) {
            return error;
        }
        switch (command) {
        case VIRTIO_NET_CTRL_NOTF_COAL_TX_SET:
        case VIRTIO_NET_CTRL_NOTF_COAL_RX_SET: {
            const unsigned first = command == VIRTIO_NET_CTRL_NOTF_COAL_TX_SET ? 1 : 0;
            for (unsigned vq = first; vq < 8; vq += 2) {
                params_[vq] = read(data);
            }
            return ok;
        }
        case VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET: {
            const unsigned vq = queue(data);
            if (static_cast<int>(vq) == refused_queue) {
                return error;
            }
            params_[vq] = read(data.subspan(4));
            return ok;
        }
        default: {
            Bytes answer(1 + sizeof(Params));
            const Params params = params_[queue(data)];
            std::memcpy(answer.data() + 1, &params, sizeof(params));
            return answer;
        }
        }
    }

    Params of(unsigned vq) {
        const std::lock_guard lock(mutex_);
        return params_[vq];
    }
    /// Commands since this was asked last, those that only ask left out.
    std::vector<int> sent() {
        const std::lock_guard lock(mutex_);
        std::vector<int> all;
        all.swap(sent_);
        std::erase(all, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET);
        return all;
    }
    /// As a device's reset does.
    void forget() {
        const std::lock_guard lock(mutex_);
        params_.clear();
    }

private:
    static Params read(std::span<const std::byte> data) {
        Params params;
        std::memcpy(&params, data.data(), std::min(sizeof(params), data.size()));
        return params;
    }
    static unsigned queue(std::span<const std::byte> data) {
        std::uint16_t vq = 0;
        std::memcpy(&vq, data.data(), std::min(sizeof(vq), data.size()));
        return vq;
    }

    std::mutex mutex_;
    std::map<unsigned, Params> params_;
    std::vector<int> sent_;
};

/// A device that coalesces in name only, with our driver.
class DriverControl : public testing::Test {
protected:
    static void SetUpTestSuite() { load_our_driver(); }

    /// @param pairs more than 1: with MQ
    void start(std::uint64_t features, unsigned pairs = 1) {
        LoopbackOptions options = net_options(features);
        std::vector<Role> roles{Role::receive, Role::transmit};
        if (pairs > 1) {
            options.features |= feature(VIRTIO_NET_F_MQ);
            options.queue_sizes.assign(std::size_t{2} * pairs, 64);
            options.queue_sizes.push_back(64);
            roles.assign(std::size_t{2} * pairs, Role::external);
            const auto max = static_cast<std::uint16_t>(pairs);
            std::memcpy(options.config.data() + offsetof(virtio_net_config, max_virtqueue_pairs),
                        &max, sizeof(max));
        }
        roles.push_back(Role::patient);
        stub_.emplace(options, roles);
        stub_->reply = [this](std::span<const std::byte> request) { return memory.reply(request); };
        stub_->on_reset = [this] { memory.forget(); };
        stub_->start_and_wait();
        memory.sent();
    }

    LoopbackStub& stub() { return *stub_; }

    bench::Child::End ethtool(Strings arguments) {
        arguments.insert(arguments.begin(), "ethtool");
        arguments.insert(arguments.begin() + 2, stub_->interface());
        const NetNs first = NetNs::open("/proc/1/ns/net");
        return run(arguments, &first);
    }

    bench::Child::End change(const Strings& settings) {
        Strings arguments{"-C"};
        arguments.insert(arguments.end(), settings.begin(), settings.end());
        return ethtool(arguments);
    }

    /// What `ethtool -c` shows of a parameter.
    std::string shown(const std::string& name) {
        const auto end = ethtool({"-c"});
        const auto at = end.output.find("\n" + name + ":");
        if (at == std::string::npos) {
            return end.output;
        }
        const auto from = end.output.find_first_not_of(" \t", at + name.size() + 2);
        return end.output.substr(from, end.output.find('\n', from) - from);
    }

    Memory memory;

private:
    std::optional<LoopbackStub> stub_;
};

constexpr int tx_set = VIRTIO_NET_CTRL_NOTF_COAL_TX_SET;
constexpr int rx_set = VIRTIO_NET_CTRL_NOTF_COAL_RX_SET;
constexpr int vq_set = VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET;

TEST_F(DriverControl, SendsWhatIsAskedForAndShowsWhatIsDone) {
    start(by_direction | by_queue);
    EXPECT_EQ(
        change({"rx-usecs", "50", "rx-frames", "32", "tx-usecs", "7", "tx-frames", "3"}).status, 0);
    EXPECT_EQ(memory.sent(), (std::vector<int>{tx_set, rx_set}));
    EXPECT_EQ(memory.of(0), (Params{32, 50}));
    EXPECT_EQ(memory.of(1), (Params{3, 7}));
    EXPECT_EQ(shown("rx-usecs"), "50");
    EXPECT_EQ(shown("rx-frames"), "32");
    EXPECT_EQ(shown("tx-usecs"), "7");
    EXPECT_EQ(shown("tx-frames"), "3");
}

// COAL-G2, COAL-G3: a command goes only where its feature was negotiated.
TEST_F(DriverControl, COAL_G3_OnlyNotfCoalMeansNoCommandsOfQueues) {
    start(by_direction);
    EXPECT_EQ(change({"rx-usecs", "50", "rx-frames", "32"}).status, 0);
    EXPECT_EQ(memory.sent(), (std::vector<int>{tx_set, rx_set}));
    EXPECT_EQ(shown("rx-usecs"), "50");
    const auto end = ethtool({"--per-queue", "queue_mask", "1", "--coalesce", "rx-usecs", "9"});
    EXPECT_NE(end.status, 0);
    EXPECT_EQ(memory.sent(), std::vector<int>{});
}

TEST_F(DriverControl, COAL_G2_OnlyVqNotfCoalMeansALoopOverTheQueues) {
    start(by_queue, 3);
    EXPECT_EQ(
        change({"rx-usecs", "50", "rx-frames", "32", "tx-usecs", "7", "tx-frames", "3"}).status, 0);
    EXPECT_EQ(memory.sent(), (std::vector<int>(6, vq_set)));
    for (unsigned pair = 0; pair < 3; pair++) {
        EXPECT_EQ(memory.of(2 * pair), (Params{32, 50})) << pair;
        EXPECT_EQ(memory.of(2 * pair + 1), (Params{3, 7})) << pair;
    }
}

TEST_F(DriverControl, SaysWhyADeviceCannot) {
    start(0);
    const auto end = change({"rx-usecs", "50"});
    EXPECT_NE(end.status, 0);
    EXPECT_NE(end.output.find("does not offer notification coalescing"), std::string::npos)
        << end.output;
}

// ethtool's "no limit of frames" is virtio's largest number; its 0 would mean "always".
TEST_F(DriverControl, TimeAloneIsALargeNumberOfPackets) {
    start(by_direction | by_queue);
    EXPECT_EQ(change({"rx-usecs", "100", "rx-frames", "0"}).status, 0);
    EXPECT_EQ(memory.of(0), (Params{0xffffffff, 100}));
    EXPECT_EQ(shown("rx-frames"), "0");
    EXPECT_EQ(change({"rx-usecs", "0", "rx-frames", "0"}).status, 0);
    EXPECT_EQ(memory.of(0), (Params{0, 0}));
    EXPECT_EQ(change({"rx-usecs", "0", "rx-frames", "1"}).status, 0);
    EXPECT_EQ(memory.of(0), (Params{1, 0}));
}

TEST_F(DriverControl, FramesWithoutTimeAreRefusedAndNothingIsSent) {
    start(by_direction | by_queue);
    const auto end = change({"rx-usecs", "0", "rx-frames", "8"});
    EXPECT_NE(end.status, 0);
    EXPECT_NE(end.output.find("cannot wait for frames without a time limit"), std::string::npos)
        << end.output;
    EXPECT_EQ(memory.sent(), std::vector<int>{});
}

// The program ethtool asks by netlink; others by ioctl, with no room for a reason.
TEST_F(DriverControl, AskedByIoctlItRefusesWithoutAReason) {
    start(by_direction | by_queue);
    ethtool_coalesce frames_without_time{};
    frames_without_time.cmd = ETHTOOL_SCOALESCE;
    frames_without_time.rx_max_coalesced_frames = 8;
    in_first_namespace(
        [&] { EXPECT_EQ(ethtool_call(stub().interface(), &frames_without_time), EINVAL); });
    memory.refused = tx_set;
    ethtool_coalesce refused{};
    refused.cmd = ETHTOOL_SCOALESCE;
    refused.tx_coalesce_usecs = 9;
    in_first_namespace([&] { EXPECT_EQ(ethtool_call(stub().interface(), &refused), EINVAL); });
}

TEST_F(DriverControl, AllOrNothing) {
    start(by_direction | by_queue);
    ASSERT_EQ(
        change({"rx-usecs", "50", "rx-frames", "32", "tx-usecs", "7", "tx-frames", "3"}).status, 0);
    ASSERT_EQ(ethtool({"--per-queue", "queue_mask", "1", "--coalesce", "tx-usecs", "8"}).status, 0);
    memory.refused = rx_set;
    EXPECT_NE(change({"rx-usecs", "60", "tx-usecs", "70"}).status, 0);
    EXPECT_EQ(memory.of(0), (Params{32, 50}));
    EXPECT_EQ(memory.of(1), (Params{3, 8}));
    EXPECT_EQ(shown("tx-usecs"), "8");
}

TEST_F(DriverControl, AllOrNothingInALoopOverTheQueues) {
    start(by_queue, 3);
    ASSERT_EQ(change({"rx-usecs", "50", "rx-frames", "32"}).status, 0);
    memory.refused_queue = 4;
    EXPECT_NE(change({"rx-usecs", "60"}).status, 0);
    for (const unsigned vq : {0U, 2U, 4U}) {
        EXPECT_EQ(memory.of(vq), (Params{32, 50})) << vq;
    }
}

TEST_F(DriverControl, COAL_G1_OneQueueIsSetAndTheOthersStay) {
    start(by_direction | by_queue, 2);
    ASSERT_EQ(change({"rx-usecs", "50", "rx-frames", "32"}).status, 0);
    memory.sent();
    EXPECT_EQ(
        ethtool({"--per-queue", "queue_mask", "2", "--coalesce", "rx-usecs", "9", "rx-frames", "4"})
            .status,
        0);
    EXPECT_EQ(memory.sent(), (std::vector<int>{vq_set, vq_set}));
    EXPECT_EQ(memory.of(0), (Params{32, 50}));
    EXPECT_EQ(memory.of(2), (Params{4, 9}));
}

// COAL-D9: a device that was reset has forgotten.
TEST_F(DriverControl, COAL_D9_TellsAgainAfterAResume) {
    start(by_direction | by_queue, 2);
    ASSERT_EQ(
        change({"rx-usecs", "50", "rx-frames", "32", "tx-usecs", "7", "tx-frames", "3"}).status, 0);
    ASSERT_EQ(
        ethtool({"--per-queue", "queue_mask", "2", "--coalesce", "rx-usecs", "9", "rx-frames", "4"})
            .status,
        0);
    for (unsigned round = 1; round <= 3; round++) {
        stub().loopback().freeze();
        ASSERT_TRUE(stub().await(VLB_EVENT_FROZEN, -1, round));
        EXPECT_EQ(memory.of(0), (Params{}));
        stub().loopback().restore();
        ASSERT_TRUE(stub().await(VLB_EVENT_RESTORED, -1, round));
        EXPECT_EQ(memory.of(0), (Params{32, 50}));
        EXPECT_EQ(memory.of(1), (Params{3, 7}));
        EXPECT_EQ(memory.of(2), (Params{4, 9}));
        EXPECT_EQ(memory.of(3), (Params{3, 7}));
    }
}

// The user's values are kept apart from the chosen ones, and come back.
TEST_F(DriverControl, AdaptiveModerationKeepsTheUsersValues) {
    start(by_direction | by_queue);
    ASSERT_EQ(change({"rx-usecs", "50", "rx-frames", "32"}).status, 0);
    memory.sent();
    EXPECT_EQ(change({"adaptive-rx", "on"}).status, 0);
    EXPECT_NE(memory.of(0), (Params{32, 50}));
    EXPECT_NE(shown("rx-usecs"), "50");
    EXPECT_NE(change({"rx-usecs", "60"}).status, 0);
    EXPECT_EQ(change({"tx-usecs", "5", "tx-frames", "5"}).status, 0);
    EXPECT_NE(memory.of(0), (Params{32, 50}));
    EXPECT_EQ(change({"adaptive-rx", "off"}).status, 0);
    EXPECT_EQ(memory.of(0), (Params{32, 50}));
    EXPECT_EQ(memory.of(1), (Params{5, 5}));
}

TEST_F(DriverControl, AdaptiveModerationNeedsParametersOfQueues) {
    start(by_direction);
    const auto end = change({"adaptive-rx", "on"});
    EXPECT_NE(end.status, 0);
    EXPECT_NE(end.output.find("needs parameters per queue"), std::string::npos) << end.output;
}

// The device never answers: the command that waits is bounded, all later ones do not wait.
TEST_F(DriverControl, SilenceIsBoundedAndRemembered) {
    ASSERT_EQ(write_kernel_file("/sys/module/virtio_net_coal/parameters/ctrl_timeout", "2"), 0);
    start(by_direction | by_queue);
    stub().answer_control = false;
    const auto begin = Clock::now();
    auto waiting = std::async(std::launch::async, [&] { return change({"rx-usecs", "50"}); });
    ASSERT_TRUE(eventually([&] { return !memory.sent().empty() || !stub().commands().empty(); }));
    // Whoever wants something of another interface waits for this one, but no longer.
    const auto sent = Clock::now();
    in_first_namespace(use_rtnl);
    EXPECT_LE(Clock::now() - sent, 3s);
    EXPECT_NE(waiting.get().status, 0);
    EXPECT_GE(Clock::now() - begin, 2s);
    // Answers that come now are answers to nothing. The next is not asked for at all.
    stub().answer_control = true;
    stub().forget_commands();
    const auto later = change({"rx-usecs", "50"});
    EXPECT_NE(later.status, 0);
    EXPECT_NE(later.output.find("timed out"), std::string::npos) << later.output;
    EXPECT_TRUE(stub().commands().empty());
    EXPECT_EQ(occurrences(run({"dmesg"}).output, "not answered within 2 s"), 1U);
    EXPECT_EQ(stub().loopback().info().death, std::uint32_t{VLB_DEATH_NONE});

    // Until the device is reset.
    stub().loopback().freeze();
    ASSERT_TRUE(stub().await(VLB_EVENT_FROZEN));
    stub().loopback().restore();
    ASSERT_TRUE(stub().await(VLB_EVENT_RESTORED));
    EXPECT_EQ(change({"rx-usecs", "50"}).status, 0);
    EXPECT_EQ(memory.of(0).usecs, 50U);
    write_kernel_file("/sys/module/virtio_net_coal/parameters/ctrl_timeout", "5");
}

// COAL-G4, and answers of no length at all.
TEST_F(DriverControl, COAL_G4_AnswersThatAreNoneAreErrors) {
    start(by_direction | by_queue);
    ASSERT_EQ(change({"rx-usecs", "50", "rx-frames", "32"}).status, 0);
    const Bytes answers[] = {
        {},
        {std::byte{VIRTIO_NET_ERR}, std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
         std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}},
        {std::byte{VIRTIO_NET_OK}, std::byte{1}},
        {std::byte{0x77}},
    };
    for (const Bytes& answer : answers) {
        stub().reply = [&answer](std::span<const std::byte>) { return answer; };
        EXPECT_NE(ethtool({"-c"}).status, 0) << answer.size();
    }
    stub().reply = [this](std::span<const std::byte> request) { return memory.reply(request); };
    EXPECT_EQ(shown("rx-usecs"), "50");
}

TEST_F(DriverControl, TestsItself) {
    start(by_direction | by_queue);
    const auto good = ethtool({"-t"});
    EXPECT_EQ(good.status, 0) << good.output;
    EXPECT_NE(good.output.find("PASS"), std::string::npos) << good.output;
    memory.refused = vq_set;
    const auto bad = ethtool({"-t"});
    EXPECT_NE(bad.output.find("FAIL"), std::string::npos) << bad.output;
}

TEST_F(DriverControl, CountersOfTheDeviceAreShown) {
    LoopbackOptions options =
        net_options(feature(VIRTIO_NET_F_DEVICE_STATS) | feature(VIRTIO_NET_F_GUEST_CSUM) |
                    feature(VIRTIO_NET_F_GUEST_TSO4) | feature(VIRTIO_NET_F_CSUM));
    LoopbackStub device(options, {Role::receive, Role::transmit, Role::patient});
    device.reply = [](std::span<const std::byte> request) {
        return is_stats(request) ? all_counters(request) : Bytes{std::byte{VIRTIO_NET_OK}};
    };
    device.start_and_wait();
    const NetNs first = NetNs::open("/proc/1/ns/net");
    const auto shown = [&] { return run({"ethtool", "-S", device.interface()}, &first).output; };
    const std::string counters = shown();
    for (const char* line :
         {"rx0_hw_notifications: 0", "rx0_hw_drop_overruns: 5", "rx0_hw_csum_bad: 103",
          "rx0_hw_gso_bytes_coalesced: 203", "rx0_hw_ratelimit_bytes: 301",
          "tx0_hw_notifications: 1000", "tx0_hw_drop_malformed: 1005", "tx0_hw_needs_csum: 1101",
          "tx0_hw_ratelimit_packets: 1300", "cvq_hw_command_num: 2000", "cvq_hw_ok_num: 2001"}) {
        EXPECT_NE(counters.find(std::string(line) + "\n"), std::string::npos) << line;
    }
    // STAT-G1: HOST_TSO was not negotiated.
    EXPECT_EQ(counters.find("tx0_hw_gso"), std::string::npos);

    // Answers of every wrong shape leave the values alone.
    const Bytes good = all_counters(device.requests().back());
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{9}, std::size_t{60}}) {
        device.reply = [&](std::span<const std::byte>) {
            return Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
        };
        EXPECT_EQ(shown(), counters) << length;
    }
    constexpr std::size_t first_queue = 1 + 2;
    constexpr std::size_t first_size = 1 + 6;
    for (const auto& [at, value] : {std::pair{first_size, 0x00}, {first_queue, 0xff}}) {
        device.reply = [&, at = at, value = value](std::span<const std::byte> request) {
            Bytes answer = all_counters(request);
            answer[at] = answer[at + 1] = static_cast<std::byte>(value);
            return answer;
        };
        EXPECT_EQ(shown(), counters) << at;
    }
}

// The rx mode is changed where nobody may wait, and under rtnl: nobody does.
TEST_F(DriverControl, RxModeNeverWaitsUnderRtnl) {
    const std::string timeout = "/sys/module/virtio_net_coal/parameters/ctrl_timeout";
    ASSERT_EQ(write_kernel_file(timeout, "20"), 0);
    start(feature(VIRTIO_NET_F_CTRL_RX));
    stub().answer_control = false;
    in_first_namespace([&] {
        NetDev interface(stub().interface());
        const auto begin = Clock::now();
        interface.set_up(true);
        use_rtnl();
        EXPECT_LT(Clock::now() - begin, 10s);
    });
    EXPECT_TRUE(eventually([&] { return !stub().commands().empty(); }));
    write_kernel_file(timeout, "5");
}

/// Interfaces whose links change all the time while this lives: the kernel looks at its list
/// of such links once a second then, and not at once.
class RestlessLinks {
public:
    RestlessLinks() {
        load_system_module("veth");
        const auto end = run({"ip", "link", "add", "near", "type", "veth", "peer", "far"});
        if (end.status != 0) {
            throw Error("veth", "add", ENODEV, end.output);
        }
        changes_ = std::jthread(change);
    }
    RestlessLinks(const RestlessLinks&) = delete;
    RestlessLinks& operator=(const RestlessLinks&) = delete;
    RestlessLinks(RestlessLinks&&) = delete;
    RestlessLinks& operator=(RestlessLinks&&) = delete;
    ~RestlessLinks() {
        changes_ = {};
        run({"ip", "link", "del", "near"});
    }

private:
    static void change(const std::stop_token& enough) {
        NetDev("near").set_up(true);
        for (bool up = true; !enough.stop_requested(); up = !up) {
            NetDev("far").set_up(up);
            std::this_thread::sleep_for(50ms);
        }
    }

    std::jthread changes_;
};

// The kernel's list of links that have changed loses an interface when that goes. A link that
// changed after that left an entry of freed memory there: here while removal waited for the
// receive mode, which waited for a device that does not answer.
TEST_F(DriverControl, ALinkThatChangesDuringRemovalIsLeftAlone) {
    const std::string timeout = "/sys/module/virtio_net_coal/parameters/ctrl_timeout";
    ASSERT_EQ(write_kernel_file(timeout, "2"), 0);
    start(feature(VIRTIO_NET_F_CTRL_RX) | feature(VIRTIO_NET_F_GUEST_ANNOUNCE));
    const std::uint32_t index = stub().loopback().info().index;
    const RestlessLinks others;
    for (unsigned round = 0; round < 8; round++) {
        in_first_namespace([&] { bring_up(stub().interface()); });
        const auto commands = [&] { return stub().commands().size(); };
        const std::size_t before = commands();
        stub().answer_control = false;
        stub().set_status(VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
        ASSERT_TRUE(eventually([&] { return commands() > before; }));
        in_first_namespace([&] {
            run({"ip", "link", "set", stub().interface(), "promisc", "on"});
        });
        stub().set_status(0);
        ASSERT_EQ(unbind_driver(index, "virtio_net_coal"), 0);
        stub().set_status(VIRTIO_NET_S_LINK_UP);
        stub().answer_control = true;
        ASSERT_EQ(bind_driver(index, "virtio_net_coal"), 0);
    }
    write_kernel_file(timeout, "5");
}

/// One after the other, as fast as can be.
void join_groups(const std::string& interface, unsigned groups) {
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    interface.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
    for (unsigned i = 0; i < groups; i++) {
        const std::array<std::uint8_t, 6> group{0x01,
                                                0x00,
                                                0x5e,
                                                0x00,
                                                static_cast<std::uint8_t>(i >> 8),
                                                static_cast<std::uint8_t>(i)};
        std::memcpy(request.ifr_hwaddr.sa_data, group.data(), group.size());
        ASSERT_EQ(::ioctl(socket.get(), SIOCADDMULTI, &request), 0) << i;
    }
}

/// Multicast addresses in the command that sets the tables; nothing for another command.
std::optional<std::uint32_t> groups_in(std::span<const std::byte> request) {
    if (std::to_integer<unsigned>(request[0]) != VIRTIO_NET_CTRL_MAC ||
        std::to_integer<unsigned>(request[1]) != VIRTIO_NET_CTRL_MAC_TABLE_SET) {
        return std::nullopt;
    }
    const auto count_at = [&](std::size_t at) {
        std::uint32_t count = 0;
        std::memcpy(&count, request.subspan(at, sizeof(count)).data(), sizeof(count));
        return count;
    };
    return count_at(2 + 4 + std::size_t{6} * count_at(2));
}

// A list that grew while its table was built was taken for a lack of memory.
TEST_F(DriverControl, CTRL_G2_AListThatGrowsReachesTheDevice) {
    constexpr unsigned groups = 1000;
    KernelLog log;
    start(feature(VIRTIO_NET_F_CTRL_RX));
    std::atomic<std::uint32_t> known{0};
    stub().reply = [&](std::span<const std::byte> request) {
        known = groups_in(request).value_or(known);
        return memory.reply(request);
    };
    in_first_namespace([&] {
        bring_up(stub().interface());
        ASSERT_NO_FATAL_FAILURE(join_groups(stub().interface(), groups));
    });
    EXPECT_TRUE(eventually([&] { return known >= groups; })) << known;
    EXPECT_EQ(log.read().find("no memory"), std::string::npos);
}

} // namespace
} // namespace vcoal::test
