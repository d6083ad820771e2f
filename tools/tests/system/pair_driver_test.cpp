// SPDX-License-Identifier: GPL-2.0-only
//
// `vcoal pair --driver`: who gets the device, and what is said when nobody does.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/loopback_stub.hpp"
#include "support/modules.hpp"
#include "support/pairing.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/virtio_driver.hpp"
#include "vcoal/virtio_net.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr const char* autoprobe = "/sys/bus/virtio/drivers_autoprobe";

/// The kernel binds no driver by itself while this lives.
class NoAutoprobe {
public:
    NoAutoprobe() { set("0"); }
    NoAutoprobe(const NoAutoprobe&) = delete;
    NoAutoprobe& operator=(const NoAutoprobe&) = delete;
    NoAutoprobe(NoAutoprobe&&) = delete;
    NoAutoprobe& operator=(NoAutoprobe&&) = delete;
    ~NoAutoprobe() { set("1"); }

private:
    static void set(const char* value) { EXPECT_EQ(write_kernel_file(autoprobe, value), 0); }
};

/// virtio_net is not there while this lives.
class NoVirtioNet {
public:
    NoVirtioNet() { unload_module("virtio_net"); }
    NoVirtioNet(const NoVirtioNet&) = delete;
    NoVirtioNet& operator=(const NoVirtioNet&) = delete;
    NoVirtioNet(NoVirtioNet&&) = delete;
    NoVirtioNet& operator=(NoVirtioNet&&) = delete;
    ~NoVirtioNet() { load_system_module("virtio_net"); }
};

class PairDriver : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }
};

TEST_F(PairDriver, HasTheDeviceThatIsAskedFor) {
    Pairing pairing(vhost_node, {"--driver", "virtio_net"});
    EXPECT_EQ(pairing.up().at("driver"), "virtio_net");
    EXPECT_TRUE(pairing.ping());
}

TEST_F(PairDriver, IsBoundWhenTheKernelDoesNot) {
    const NoAutoprobe nobody;
    Pairing pairing(vhost_node, {"--driver", "virtio_net"});
    EXPECT_EQ(pairing.up().at("driver"), "virtio_net");
    EXPECT_TRUE(pairing.ping());
}

TEST_F(PairDriver, HasTheDeviceAgainAfterItWasUnbound) {
    Pairing pairing(vhost_node, {"--driver", "virtio_net"});
    pairing.rebind();
    EXPECT_EQ(pairing.up().at("driver"), "virtio_net");
    EXPECT_TRUE(pairing.ping());
}

// Both are there, and the kernel asks them in the order in which they came.
TEST_F(PairDriver, IsTheOneThatIsAskedForOfTwo) {
    load_our_driver();
    for (const char* driver : {"virtio_net", "virtio_net_coal", "virtio_net"}) {
        Pairing pairing(vhost_node, {"--driver", driver});
        EXPECT_EQ(pairing.up().at("driver"), driver);
        EXPECT_TRUE(pairing.ping());
    }
    unload_module("virtio_net_coal");
}

// ethtool(8) shows it as the interface's own.
TEST_F(PairDriver, IsToldTheSpeedOfTheDevice) {
    load_our_driver();
    for (const char* driver : {"virtio_net", "virtio_net_coal"}) {
        SCOPED_TRACE(driver);
        const auto settings = [](const Pairing& pairing) {
            return pairing.in_guest({"ethtool", pairing.interface()}).output;
        };
        const Pairing fast(vhost_node, {"--driver", driver, "--speed", "25000"});
        EXPECT_TRUE(fast.accepted("speed_duplex"));
        EXPECT_EQ(occurrences(settings(fast), "Speed: 25000Mb/s"), 1U) << settings(fast);
        EXPECT_EQ(occurrences(settings(fast), "Duplex: Full"), 1U) << settings(fast);
        const Pairing unknown(vhost_node, {"--driver", driver});
        EXPECT_FALSE(unknown.accepted("speed_duplex"));
        EXPECT_EQ(occurrences(settings(unknown), "Speed: Unknown!"), 1U) << settings(unknown);
    }
    unload_module("virtio_net_coal");
}

// 6.1's in-tree driver spins for the answer to its receive modes, and nothing else runs on
// that CPU meanwhile: our loop, which is bound to it, does not.
TEST_F(PairDriver, ThatSpinsIsAnsweredFromAnotherCpu) {
    Pairing pairing(vhost_node, {"--driver", "virtio_net"});
    ASSERT_TRUE(pairing.accepted("ctrl_rx"));
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    ASSERT_EQ(::sched_setaffinity(pairing.pid(), sizeof(first), &first), 0) << errno;
    for (const char* promisc : {"on", "off", "on", "off"}) {
        const auto end = pairing.in_guest({"taskset", "--cpu-list", "0", "ip", "link", "set",
                                           pairing.interface(), "promisc", promisc});
        EXPECT_EQ(end.status, 0) << end.output;
        Json event;
        do {
            event = pairing.await_event("control");
        } while (event.at("command") != "RX_PROMISC");
        EXPECT_EQ(event.at("ack"), "ok") << event;
    }
    EXPECT_TRUE(pairing.ping());
}

// Design 3.17: what is not named by bind= is left to others.
TEST_F(PairDriver, LeavesDevicesThatItIsNotToTake) {
    load_our_module("drivers/net/virtio_net_coal/virtio_net_coal.ko", "bind=virtio9999,nothing");
    Pairing pairing(vhost_node);
    EXPECT_EQ(pairing.up().at("driver"), "virtio_net");
    EXPECT_NE(bind_driver(pairing.virtio_index(), "virtio_net_coal"), 0);
    EXPECT_EQ(unbind_driver(pairing.virtio_index()), 0);
    pairing.await_event("down");
    EXPECT_EQ(bind_driver(pairing.virtio_index(), "virtio_net_coal"), ENODEV);
    EXPECT_EQ(bind_driver(pairing.virtio_index()), 0);
    pairing.await_up();
    EXPECT_TRUE(pairing.ping());
    unload_module("virtio_net_coal");
}

TEST_F(PairDriver, MustBeLoaded) {
    const NoVirtioNet gone;
    const auto end = run({vcoal_program(), "pair", "--json", "--driver", "virtio_net"});
    EXPECT_EQ(end.status, 1);
    const Json error = Json::parse(end.output).at("error");
    EXPECT_EQ(error.at("object"), "driver virtio_net");
    EXPECT_EQ(error.at("operation"), "find");
    EXPECT_EQ(error.at("errno"), "ENOENT");
    EXPECT_EQ(error.at("hint"), "load it: `modprobe virtio_net`, or insmod virtio_net.ko");
}

TEST_F(PairDriver, MustBeOneOfNetworkDevices) {
    const auto end = run({vcoal_program(), "pair", "--driver", "virtio_blk"});
    EXPECT_EQ(end.status, 2);
    EXPECT_NE(end.output.find("virtio_blk"), std::string::npos) << end.output;
}

TEST_F(PairDriver, ThatCannotBeBoundSaysWhy) {
    DriverBinder binder;
    binder.begin(999999, "virtio_net");
    ASSERT_TRUE(wait_readable(binder.get(), generous));
    try {
        binder.take();
        FAIL() << "bound to a device that does not exist";
    } catch (const Error& error) {
        EXPECT_EQ(error.object(), "driver virtio_net");
        EXPECT_EQ(error.operation(), "bind to virtio999999");
        EXPECT_EQ(error.code(), ENODEV);
        EXPECT_EQ(error.hint(), "the kernel log may say more");
    }
}

/// Both drivers are there, ours first; the in-tree one alone when this goes.
class OursFirst {
public:
    OursFirst() {
        unload_module("virtio_net");
        load_our_driver();
        load_system_module("virtio_net");
    }
    OursFirst(const OursFirst&) = delete;
    OursFirst& operator=(const OursFirst&) = delete;
    OursFirst(OursFirst&&) = delete;
    OursFirst& operator=(OursFirst&&) = delete;
    ~OursFirst() { unload_module("virtio_net_coal"); }
};

// Design 3.17: a device that one driver will not have is the other's.
TEST_F(PairDriver, AFailedProbeLeavesTheDeviceToTheOther) {
    const OursFirst both;
    LoopbackOptions options = net_options(feature(VIRTIO_NET_F_MTU)); // of 0 bytes
    LoopbackStub refused(options, net_roles());
    refused.start();
    // Ours has reset it; then the core has marked it FAILED, which it does not take back
    // for the next driver.
    ASSERT_TRUE(refused.await(VLB_EVENT_STATUS, 0x8e));
    ASSERT_TRUE(refused.await(VLB_EVENT_REGISTERED));
    EXPECT_EQ(driver_of(refused.loopback().info().index), "virtio_net");
    in_first_namespace([&] {
        bring_up(refused.interface());
        PacketSocket socket(refused.interface());
        const auto frame = make_frame(1);
        EXPECT_TRUE(eventually([&] { return refused.inject(frame); }));
        EXPECT_EQ(socket.receive(generous), frame);
    });

    const std::uint16_t mtu = 1500;
    std::memcpy(options.config.data() + offsetof(virtio_net_config, mtu), &mtu, sizeof(mtu));
    LoopbackStub taken(options, net_roles());
    taken.start_and_wait();
    EXPECT_EQ(driver_of(taken.loopback().info().index), "virtio_net_coal");
}

/// Lets the calling thread's Nth allocation fail, on a kernel that can (fail-nth).
class FailingMemory {
public:
    static bool possible() { return std::filesystem::exists(path); }
    FailingMemory() {
        // Otherwise only memory that cannot be waited for runs out.
        EXPECT_EQ(write_kernel_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "N"), 0);
    }

    /// Has allocation number @p nth from here on fail.
    void arm(unsigned nth) { write(std::to_string(nth)); }
    /// Ends that; whether there were as many allocations.
    bool disarm() {
        char left = '0';
        EXPECT_EQ(::pread(file_.get(), &left, 1, 0), 1);
        write("0");
        return left == '0';
    }

private:
    static constexpr const char* path = "/proc/thread-self/fail-nth";

    void write(const std::string& number) {
        EXPECT_EQ(::pwrite(file_.get(), number.data(), number.size(), 0),
                  static_cast<ssize_t>(number.size()));
    }

    // Opened before: that takes memory, too.
    Fd file_ = open_file(path, O_RDWR);
};

TEST_F(PairDriver, AProbeWithoutMemoryLeavesTheDeviceToTheOther) {
    if (!FailingMemory::possible()) {
        GTEST_SKIP() << "this kernel has no fault injection";
    }
    constexpr unsigned seldom = 16;
    const OursFirst both;
    LoopbackStub device(net_options(), net_roles());
    device.start_and_wait();
    const std::uint32_t index = device.loopback().info().index;
    ASSERT_EQ(unbind_driver(index, "virtio_net_coal"), 0);
    const Fd bind = open_file("/sys/bus/virtio/drivers/virtio_net_coal/bind", O_WRONLY);
    const std::string name = "virtio" + std::to_string(index);
    FailingMemory memory;
    unsigned failed = 0;
    bool reached = true;
    for (unsigned nth = 1; reached; nth++) {
        memory.arm(nth);
        const bool bound = ::pwrite(bind.get(), name.data(), name.size(), 0) > 0;
        reached = memory.disarm();
        // Some memory can be done without.
        if (bound) {
            ASSERT_EQ(unbind_driver(index, "virtio_net_coal"), 0) << nth;
            continue;
        }
        ASSERT_EQ(driver_of(index), "") << nth;
        if (failed++ % seldom == 0) {
            ASSERT_EQ(bind_driver(index), 0) << nth;
            ASSERT_EQ(driver_of(index), "virtio_net") << nth;
            ASSERT_EQ(unbind_driver(index), 0) << nth;
        }
    }
    EXPECT_GT(failed, 10U);
}

} // namespace
} // namespace vcoal::test
