// SPDX-License-Identifier: GPL-2.0-only
//
// How a device ends: closed, killed, not answering, reset, frozen, unloaded. Whatever
// the driver is doing then, it gets away, and so does everybody who needs rtnl.
#include "support/bench.hpp"
#include "support/frames.hpp"
#include "support/loopback_selftest.hpp"
#include "support/loopback_stub.hpp"
#include "support/modules.hpp"
#include "vcoal/error.hpp"
#include "vcoal/packet_socket.hpp"
#include "vcoal/tap.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <optional>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

class LoopbackLifetime : public testing::Test {
protected:
    static void SetUpTestSuite() { load_loopback(); }
};

std::string device_path(std::uint32_t index) {
    return "/sys/bus/virtio/devices/virtio" + std::to_string(index);
}

bool gone(std::uint32_t index) {
    return eventually([&] { return !std::filesystem::exists(device_path(index)); });
}

/// True if nothing of any session is left in the driver core.
bool all_gone() {
    return eventually([] {
        for (const auto& entry :
             std::filesystem::directory_iterator("/sys/devices/virtio-loopback")) {
            if (entry.path().filename().string().starts_with("virtio-loopback.")) {
                return false;
            }
        }
        return true;
    });
}

/// A device whose process is another one, which also has a tap: closing that takes
/// rtnl, like the end of the driver's interface.
class DeviceProcess {
public:
    DeviceProcess(const std::function<void()>& device, bool wait) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            throw Error("pipe", "create", errno);
        }
        const Fd reader(ends[0]);
        Fd writer(ends[1]);
        pid_ = ::fork();
        if (pid_ == 0) {
            try {
                ready = writer.get();
                device();
            } catch (const std::exception&) {
            }
            ::_exit(1);
        }
        writer.reset();
        if (wait && ::read(reader.get(), &index_, sizeof(index_)) != sizeof(index_)) {
            throw Error("device process", "wait for its device", ECHILD);
        }
    }
    DeviceProcess(const DeviceProcess&) = delete;
    DeviceProcess& operator=(const DeviceProcess&) = delete;
    DeviceProcess(DeviceProcess&&) = delete;
    DeviceProcess& operator=(DeviceProcess&&) = delete;
    ~DeviceProcess() { kill(); }

    /// In the child: the device is up; wait for the end.
    [[noreturn]] static void up(LoopbackStub& stub) {
        const std::uint32_t index = stub.loopback().info().index;
        if (::write(ready, &index, sizeof(index)) == sizeof(index)) {
            ::pause();
        }
        ::_exit(1);
    }

    std::uint32_t index() const noexcept { return index_; }

    void kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
    }

private:
    static inline int ready = -1;
    pid_t pid_ = -1;
    std::uint32_t index_ = 0;
};

LoopbackOptions patient(LoopbackOptions options) {
    options.control_timeout = 60s;
    options.ack_timeout = 60s;
    return options;
}

void network_device(bool answers) {
    // Files are released in the order, or against it.
    const Tap before;
    LoopbackStub stub(patient(net_options()), net_roles());
    const Tap after;
    stub.start_and_wait();
    stub.answer_control = answers;
    DeviceProcess::up(stub);
}

/// The calling thread, and those it starts, run on these processors while this lives.
class OnCpus {
public:
    explicit OnCpus(const cpu_set_t& cpus) {
        if (::sched_getaffinity(0, sizeof(before_), &before_) != 0 ||
            ::sched_setaffinity(0, sizeof(cpus), &cpus) != 0) {
            throw Error("thread", "set CPU affinity", errno);
        }
    }
    OnCpus(const OnCpus&) = delete;
    OnCpus& operator=(const OnCpus&) = delete;
    OnCpus(OnCpus&&) = delete;
    OnCpus& operator=(OnCpus&&) = delete;
    ~OnCpus() { ::sched_setaffinity(0, sizeof(before_), &before_); }

    static cpu_set_t only(unsigned cpu) {
        cpu_set_t cpus{};
        CPU_SET(cpu, &cpus);
        return cpus;
    }

private:
    cpu_set_t before_{};
};

std::string interface_of(std::uint32_t index) {
    const std::filesystem::directory_iterator first(device_path(index) + "/net");
    return first->path().filename();
}

/// Frames out of the driver's interface, whether they come through or not.
void transmit(const std::string& interface, unsigned count) {
    in_first_namespace([&] {
        bring_up(interface);
        PacketSocket socket(interface);
        for (unsigned i = 0; i < count; i++) {
            eventually([&] { return socket.send(make_frame(i, 200)); });
        }
    });
}

bool works(LoopbackStub& stub) {
    const std::size_t before = stub.transmitted().size();
    transmit(stub.interface(), 10);
    return eventually([&] { return stub.transmitted().size() >= before + 10; });
}

} // namespace

TEST_F(LoopbackLifetime, ClosingRemovesTheDevice) {
    std::optional<LoopbackStub> stub(std::in_place, net_options(), net_roles());
    stub->start_and_wait();
    const std::uint32_t index = stub->loopback().info().index;
    stub.reset();
    EXPECT_FALSE(std::filesystem::exists(device_path(index)));
}

TEST_F(LoopbackLifetime, CreatorClosingADuplicateKills) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    ::close(::fcntl(stub.loopback().get(), F_DUPFD_CLOEXEC, 0));
    const auto death = stub.await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->result, VLB_DEATH_CLOSED);
    EXPECT_NE(stub.loopback().queue(2).flags & VLB_VQ_BROKEN, 0U);
}

// On a broken transmit ring that holds used buffers virtio_net loops for ever, with
// soft interrupts off: it can neither take them nor enable callbacks.
TEST_F(LoopbackLifetime, TransmitOnADeadDeviceDoesNotLoop) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    ASSERT_TRUE(works(stub));
    stub.signal_transmit = false;
    const std::size_t before = stub.transmitted().size();
    const std::string interface = stub.interface();
    transmit(interface, 5);
    ASSERT_TRUE(eventually([&] { return stub.transmitted().size() > before; }));
    ::close(::fcntl(stub.loopback().get(), F_DUPFD_CLOEXEC, 0));
    ASSERT_TRUE(stub.await(VLB_EVENT_DEAD));
    auto driver = std::async(std::launch::async, [&] { transmit(interface, 20); });
    ASSERT_EQ(driver.wait_for(generous), std::future_status::ready);
    EXPECT_EQ(unbind_driver(stub.loopback().info().index), 0);
}

TEST_F(LoopbackLifetime, OtherProcessClosingDoesNot) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(::dup(stub.loopback().get()));
        ::close(stub.loopback().get());
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(stub.loopback().info().death, std::uint32_t{VLB_DEATH_NONE});
    EXPECT_TRUE(works(stub));
}

TEST_F(LoopbackLifetime, KillOfTheProcessUnderTraffic) {
    DeviceProcess process([] { network_device(true); }, true);
    const std::string interface = interface_of(process.index());
    auto traffic = std::async(std::launch::async, [&] {
        try {
            for (;;) {
                transmit(interface, 100);
            }
        } catch (const Error&) {
            return true; // the interface is gone
        }
    });
    std::this_thread::sleep_for(500ms);
    process.kill();
    EXPECT_TRUE(gone(process.index()));
    ASSERT_EQ(traffic.wait_for(generous), std::future_status::ready);
}

// The driver waits for an answer with rtnl held, which closing the tap needs: the
// wait must end before any file is released.
TEST_F(LoopbackLifetime, KillFreesADriverThatHoldsRtnl) {
    DeviceProcess process([] { network_device(false); }, true);
    const std::string interface = interface_of(process.index());
    auto driver = std::async(std::launch::async, [&] {
        in_first_namespace([&] {
            EXPECT_THROW(NetDev(interface).set_mac({0x02, 0, 0, 0, 1, 1}), Error);
        });
    });
    EXPECT_EQ(driver.wait_for(500ms), std::future_status::timeout);
    process.kill();
    ASSERT_EQ(driver.wait_for(generous), std::future_status::ready);
    use_rtnl();
    EXPECT_TRUE(gone(process.index()));
}

TEST_F(LoopbackLifetime, KillFreesADriverThatSpins) {
    if (std::thread::hardware_concurrency() < 2) {
        GTEST_SKIP() << "one CPU, on which nobody could be killed";
    }
    const auto device = [] {
        LoopbackSelftest selftest(60s);
        selftest.stub().answer_control = false;
        DeviceProcess::up(selftest.stub());
    };
    // A thread that waits behind the spinner could not do the killing.
    const OnCpus here(OnCpus::only(1));
    DeviceProcess process(device, true);
    const std::string directory = device_path(process.index());
    auto driver = std::async(std::launch::async, [&] {
        const OnCpus there(OnCpus::only(0));
        return write_kernel_file(directory + "/run", "control_atomic");
    });
    EXPECT_EQ(driver.wait_for(500ms), std::future_status::timeout);
    process.kill();
    EXPECT_EQ(driver.wait_for(std::chrono::milliseconds(VLB_MAX_SPIN_MS - 1500)),
              std::future_status::ready)
        << "not freed by the kill";
    EXPECT_TRUE(gone(process.index()));
}

TEST_F(LoopbackLifetime, ThirtyTimesCreatedAndKilled) {
    for (unsigned i = 0; i < 30; i++) {
        const bool wait = i % 3 == 0;
        DeviceProcess process([] { network_device(true); }, wait);
        if (!wait) {
            std::this_thread::sleep_for(std::chrono::milliseconds(7 * i));
        }
    }
    EXPECT_TRUE(all_gone());
    use_rtnl();
}

TEST_F(LoopbackLifetime, UnloadWhileInUseIsRefusedAndAfterwardsClean) {
    {
        const Loopback loopback(net_options());
        try {
            unload_module("virtio_loopback");
            FAIL() << "unloaded under an open file";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), EWOULDBLOCK);
        }
    }
    ASSERT_TRUE(all_gone());
    EXPECT_NO_THROW(unload_module("virtio_loopback"));
    EXPECT_FALSE(std::filesystem::exists("/sys/devices/virtio-loopback"));
    EXPECT_FALSE(std::filesystem::exists(loopback_node));
    load_loopback();
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    EXPECT_TRUE(works(stub));
}

TEST_F(LoopbackLifetime, ResetWaitsForTheAnswer) {
    LoopbackStub stub(patient(net_options()), net_roles());
    stub.start_and_wait();
    stub.answer_reset = false;
    const std::uint32_t index = stub.loopback().info().index;
    auto unbind = std::async(std::launch::async, [&] { return unbind_driver(index); });
    const auto question = stub.await(VLB_EVENT_RESET);
    ASSERT_TRUE(question);
    EXPECT_EQ(unbind.wait_for(500ms), std::future_status::timeout);
    EXPECT_NE(stub.loopback().queue(0).flags & VLB_VQ_ENABLED, 0U) << "rings went too early";
    EXPECT_TRUE(stub.loopback().acknowledge(question->seq));
    ASSERT_EQ(unbind.wait_for(generous), std::future_status::ready);
    EXPECT_EQ(unbind.get(), 0);
    EXPECT_EQ(stub.loopback().queue(0).flags & VLB_VQ_ENABLED, 0U);
    EXPECT_EQ(stub.loopback().arena_statistics().slots, 0U);
    // And once more from the beginning.
    stub.answer_reset = true;
    ASSERT_EQ(bind_driver(index), 0);
    ASSERT_TRUE(stub.await(VLB_EVENT_STATUS, 0x0f, 2));
    EXPECT_TRUE(works(stub));
}

TEST_F(LoopbackLifetime, UnansweredResetKillsTheSession) {
    LoopbackOptions options = net_options();
    options.ack_timeout = 500ms;
    LoopbackStub stub(options, net_roles());
    stub.start_and_wait();
    stub.answer_reset = false;
    const std::uint32_t index = stub.loopback().info().index;
    EXPECT_EQ(unbind_driver(index), 0);
    const auto death = stub.await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->result, VLB_DEATH_RESET);
    EXPECT_NE(bind_driver(index), 0) << "a dead device took a driver";
}

TEST_F(LoopbackLifetime, NoCallbackAfterAReset) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    ASSERT_EQ(unbind_driver(stub.loopback().info().index), 0);
    const vlb_vq_stats before = stub.loopback().statistics(0);
    stub.call(0).signal();
    const auto idle = [&] { return stub.loopback().statistics(0).idle == before.idle + 1; };
    EXPECT_TRUE(eventually(idle));
    EXPECT_EQ(stub.loopback().statistics(0).callbacks, before.callbacks);
}

TEST_F(LoopbackLifetime, FreezeAndRestore) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    ASSERT_TRUE(works(stub));
    for (unsigned i = 1; i <= 3; i++) {
        stub.loopback().freeze();
        ASSERT_TRUE(stub.await(VLB_EVENT_FROZEN, -1, i));
        EXPECT_EQ(stub.await(VLB_EVENT_FROZEN, -1, i)->result, 0);
        EXPECT_EQ(stub.loopback().queue(0).flags & VLB_VQ_ENABLED, 0U);
        EXPECT_THROW(stub.loopback().freeze(), Error);
        stub.loopback().restore();
        ASSERT_TRUE(stub.await(VLB_EVENT_RESTORED, -1, i));
        EXPECT_EQ(stub.await(VLB_EVENT_RESTORED, -1, i)->result, 0);
        EXPECT_TRUE(works(stub));
    }
    EXPECT_EQ(stub.loopback().arena_statistics().bad_unmap, 0U);
}

TEST_F(LoopbackLifetime, FrozenDriverIsNotUnbound) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    stub.loopback().freeze();
    ASSERT_TRUE(stub.await(VLB_EVENT_FROZEN));
    const std::uint32_t index = stub.loopback().info().index;
    auto unbind = std::async(std::launch::async, [&] { return unbind_driver(index); });
    EXPECT_EQ(unbind.wait_for(500ms), std::future_status::timeout);
    stub.loopback().restore();
    ASSERT_EQ(unbind.wait_for(generous), std::future_status::ready);
    EXPECT_EQ(unbind.get(), 0);
}

TEST_F(LoopbackLifetime, DeathOfAFrozenDevice) {
    std::optional<LoopbackStub> stub(std::in_place, net_options(), net_roles());
    stub->start_and_wait();
    const std::uint32_t index = stub->loopback().info().index;
    stub->loopback().freeze();
    ASSERT_TRUE(stub->await(VLB_EVENT_FROZEN));
    stub.reset();
    EXPECT_FALSE(std::filesystem::exists(device_path(index)));
    use_rtnl();
}

// The driver needs its queues back to be removed in order: refusing costs the session.
TEST_F(LoopbackLifetime, FeaturesRefusedAtRestoreKillTheSession) {
    LoopbackStub stub(net_options(), net_roles());
    stub.start_and_wait();
    stub.loopback().freeze();
    ASSERT_TRUE(stub.await(VLB_EVENT_FROZEN));
    stub.accept_features = false;
    stub.loopback().restore();
    const auto death = stub.await(VLB_EVENT_DEAD);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->result, VLB_DEATH_FEATURES);
    EXPECT_EQ(unbind_driver(stub.loopback().info().index), 0);
}
