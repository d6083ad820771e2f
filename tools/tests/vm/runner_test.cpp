// SPDX-License-Identifier: GPL-2.0-only
//
// The VM runner end to end: it boots machines and tells a pass from every kind of
// failure. VCOAL_CHECKOUT names the project's directory, VCOAL_KERNELS the kernels.

#include "vcoal/error.hpp"
#include "vm/files.hpp"
#include "vm/process.hpp"
#include "vm/temporary_directory.hpp"
#include "vm/verdict.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>

namespace vcoal::vm {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

fs::path checkout() {
    const char* path = std::getenv("VCOAL_CHECKOUT");
    if (path == nullptr) {
        throw Error("runner_test", "VCOAL_CHECKOUT is not set", 0, "run make check-vm-runner");
    }
    return path;
}

std::vector<std::string> kernels() {
    const char* list = std::getenv("VCOAL_KERNELS");
    std::istringstream words(list != nullptr ? list : "6.1 6.12");
    return {std::istream_iterator<std::string>(words), {}};
}

class Runner : public testing::Test {
protected:
    /// Starts the runner; its output goes to files in the scratch directory.
    Process start(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {checkout() / "tools/vm/vm", "--kernel", kernel});
        const Fd out = create_file(scratch.path() / "out");
        const Fd err = create_file(scratch.path() / "err");
        return Process({.argv = arguments, .keep = {}, .out = out.get(), .err = err.get()});
    }

    int run(const std::vector<std::string>& arguments) {
        // Three machines, of which the emulator spoils two.
        constexpr auto limit = 5min;
        Process runner = start(arguments);
        const std::optional<int> status = runner.wait(limit);
        if (!status || !WIFEXITED(*status)) {
            return -1;
        }
        return WEXITSTATUS(*status);
    }

    /// How often the runner said that it starts the machine again.
    int starts_again() const {
        constexpr std::string_view words = "starting again";
        const std::string text = err();
        int count = 0;
        for (auto at = text.find(words); at != std::string::npos;
             at = text.find(words, at + words.size())) {
            count++;
        }
        return count;
    }

    int run_script(const std::string& script) {
        return run({"--timeout", "100", "--", "sh", "-c", script});
    }

    std::string out() const { return read_file(scratch.path() / "out"); }
    std::string err() const { return read_file(scratch.path() / "err"); }

    void wait_for_output(const std::string& text) {
        for (int i = 0; i < 600 && out().find(text) == std::string::npos; ++i) {
            std::this_thread::sleep_for(100ms);
        }
        ASSERT_NE(out().find(text), std::string::npos) << err();
    }

    TemporaryDirectory scratch;
    std::string kernel = kernels().front();
};

/// What depends on the kernel is tried on each.
class EveryKernel : public Runner, public testing::WithParamInterface<std::string> {
protected:
    EveryKernel() { kernel = GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Kernel, EveryKernel, testing::ValuesIn(kernels()), [](const auto& test) {
    std::string name = test.param;
    std::ranges::replace_if(
        name, [](char c) { return !std::isalnum(c); }, '_');
    return name;
});

/// A process that has @p text in its command line, if there is one.
std::optional<pid_t> find_process(const std::string& text) {
    for (const auto& entry : fs::directory_iterator("/proc")) {
        std::error_code none;
        if (!fs::exists(entry.path() / "cmdline", none)) {
            continue;
        }
        try {
            if (read_file(entry.path() / "cmdline").find(text) != std::string::npos) {
                return std::stoi(entry.path().filename());
            }
        } catch (const std::exception&) {
            continue; // it has just ended, or is this one by another name
        }
    }
    return {};
}

bool process_exists(const std::string& text) {
    return find_process(text).has_value();
}

bool goes_away(const std::string& text) {
    for (int i = 0; i < 50; ++i) {
        if (!process_exists(text)) {
            return true;
        }
        std::this_thread::sleep_for(100ms);
    }
    return false;
}

TEST_P(EveryKernel, PassesACommandThatPasses) {
    EXPECT_EQ(run({"--", "true"}), 0) << err();
}

TEST_F(Runner, ReturnsTheCommandsStatus) {
    EXPECT_EQ(run_script("exit 7"), 7) << err();
}

TEST_F(Runner, ReportsASignal) {
    EXPECT_EQ(run_script("kill -SEGV $$"), 128 + SIGSEGV) << err();
}

TEST_F(Runner, ReportsACommandThatDoesNotExist) {
    EXPECT_EQ(run({"--", "no-such-command"}), exit_not_found) << err();
}

TEST_P(EveryKernel, APanicFails) {
    EXPECT_EQ(run_script("echo c >/proc/sysrq-trigger"), exit_panic) << err();
    EXPECT_NE(err().find("sysrq triggered crash"), std::string::npos) << err();
}

TEST_P(EveryKernel, AnEarlyPowerOffFails) {
    EXPECT_EQ(run_script("echo o >/proc/sysrq-trigger; sleep 100"), exit_machine_ended) << err();
}

TEST_F(Runner, AnEarlyRebootFails) {
    EXPECT_EQ(run_script("echo b >/proc/sysrq-trigger; sleep 100"), exit_machine_ended) << err();
}

/// Ends the machine as QEMU does when it executes a breakpoint that is not there, after a
/// mark in the shared directory.
constexpr const char* phantom_breakpoint =
    "echo >>$VCOAL_OUT/starts;"
    "printf 'Oops: int3: 0000 [#1]\\nCode: 31 c0 66 <90> 0f\\n' >/dev/ttyS0; sync;"
    "echo b >/proc/sysrq-trigger; sleep 100";

TEST_F(Runner, APhantomBreakpointIsTriedAgain) {
    const std::string script =
        "test -e $VCOAL_OUT/starts && echo fine && exit 0;" + std::string(phantom_breakpoint);
    EXPECT_EQ(run({"--out", scratch.path(), "--timeout", "100", "--", "sh", "-c", script}), 0)
        << err();
    EXPECT_EQ(out(), "fine\n");
    EXPECT_NE(err().find("starting again"), std::string::npos) << err();
}

// Three machines, and no more; one of them may be spoilt by itself before the command runs.
TEST_F(Runner, PhantomBreakpointsWithoutEndFail) {
    EXPECT_EQ(
        run({"--out", scratch.path(), "--timeout", "100", "--", "sh", "-c", phantom_breakpoint}),
        exit_machine_ended)
        << err();
    EXPECT_EQ(starts_again(), 2) << err();
}

TEST_F(Runner, AMachineThatDoesNotBootIsTriedAgain) {
    EXPECT_EQ(run({"--boot-timeout", "1", "--timeout", "100", "--", "echo", "fine"}), 0) << err();
    EXPECT_EQ(out(), "fine\n");
    EXPECT_NE(err().find("did not boot within 1 s; starting again"), std::string::npos) << err();
}

// -S: QEMU starts, and its CPUs do not.
TEST_F(Runner, OneThatNeverBootsFails) {
    EXPECT_EQ(run({"--boot-timeout", "1", "--timeout", "3", "--qemu=-S", "--", "true"}),
              exit_timeout)
        << err();
    EXPECT_NE(err().find("FAILED: the machine did not boot within 3 s"), std::string::npos)
        << err();
    EXPECT_EQ(starts_again(), 2) << err();
}

// -S: QEMU would stay where it is until it is killed, three times.
TEST_F(Runner, AMachineThatEndsBeforeItHasBootedIsTriedAgain) {
    Process runner = start({"--timeout", "100", "--qemu=-S", "--", "true"});
    const std::string console = fmt::format("console-{}.log", runner.pid());
    std::optional<int> status;
    for (int i = 0; i < 300 && !status; ++i) {
        if (const auto qemu = find_process(console)) {
            ::kill(*qemu, SIGKILL);
        }
        status = runner.wait(100ms);
    }
    ASSERT_TRUE(status);
    EXPECT_EQ(WEXITSTATUS(*status), exit_cannot_run) << err();
    EXPECT_EQ(starts_again(), 2) << err();
}

TEST_F(Runner, QemuThatRefusesIsNotAskedAgain) {
    EXPECT_EQ(run({"--timeout", "100", "--qemu=-no-such-option", "--", "true"}), exit_cannot_run)
        << err();
    EXPECT_EQ(starts_again(), 0) << err();
}

TEST_P(EveryKernel, AHangFailsAndIsShown) {
    EXPECT_EQ(run({"--boot-timeout", "20", "--timeout", "30", "--", "sleep", "1000"}), exit_timeout)
        << err();
    EXPECT_NE(err().find("(sleep) in "), std::string::npos) << err();
}

TEST_P(EveryKernel, AWarningInTheLogFails) {
    EXPECT_EQ(run_script("echo 'WARNING: CPU: 0 PID: 1 at made-up.c:1' >/dev/kmsg"),
              exit_kernel_fault)
        << err();
    EXPECT_NE(err().find("made-up.c:1"), std::string::npos) << err();
}

TEST_F(Runner, ATaintedKernelFails) {
    EXPECT_EQ(run_script("echo 512 >/proc/sys/kernel/tainted"), exit_kernel_fault) << err();
}

TEST_F(Runner, AHostileDevicesLinesAreAllowed) {
    EXPECT_EQ(run_script("echo 'virtio_net virtio0: input.0:id 300 out of range' >/dev/kmsg"), 0)
        << err();
    EXPECT_NE(err().find("complained 1 times"), std::string::npos) << err();
}

TEST_F(Runner, WhatTheCommandLeavesRunningDoesNotHoldItUp) {
    EXPECT_EQ(run_script("sleep 1000 & setsid sleep 1000 & exit 5"), 5) << err();
}

// A write to a frozen file system is one of the few waits that no signal ends.
TEST_F(Runner, AProcessThatCannotBeKilledFails) {
    EXPECT_EQ(run_script("set -e; truncate -s 16M /tmp/image; /sbin/mkfs.ext4 -q /tmp/image;"
                         "modprobe loop; mkdir /tmp/m; mount -o loop /tmp/image /tmp/m;"
                         "fsfreeze -f /tmp/m; touch /tmp/m/x & sleep 1"),
              exit_kernel_fault)
        << err();
    EXPECT_NE(err().find("SIGKILL does not end process"), std::string::npos) << err();
    EXPECT_NE(err().find("(touch) in "), std::string::npos) << err();
}

TEST_F(Runner, OutputArrivesWholeAndApart) {
    ASSERT_EQ(run_script("head -c 3000000 /dev/urandom >/tmp/x; cat /tmp/x; sha256sum </tmp/x >&2"),
              0)
        << err();
    ASSERT_EQ(out().size(), 3000000u);
    const std::string sum = capture({"sha256sum", (scratch.path() / "out").string()}).substr(0, 64);
    EXPECT_NE(err().find(sum), std::string::npos) << err();
}

TEST_F(Runner, OutputIsSeenWhileTheCommandRuns) {
    Process runner = start({"--", "sh", "-c", "echo started; sleep 1000"});
    wait_for_output("started");
    EXPECT_FALSE(runner.wait(0ms).has_value());
}

TEST_F(Runner, TheHostStaysAsItIs) {
    const fs::path mark = checkout() / "build/vm/must-not-appear";
    EXPECT_EQ(run_script("touch " + mark.string() + " && test -e " + mark.string()), 0) << err();
    EXPECT_FALSE(fs::exists(mark));
}

TEST_F(Runner, FilesComeBackThroughTheSharedDirectory) {
    const fs::path shared = scratch.path() / "a, b";
    EXPECT_EQ(run({"--out", shared, "--", "sh", "-c", "echo hello >$VCOAL_OUT/file"}), 0) << err();
    EXPECT_EQ(read_file(shared / "file"), "hello\n");
}

TEST_P(EveryKernel, TheMachineIsFitForTheTests) {
    EXPECT_EQ(run_script("set -e; test $(uname -r) = $VCOAL_KERNEL; modprobe tun;"
                         "modprobe virtio_net; modprobe vhost_net; test -c /dev/vhost-net;"
                         "ip netns add x; ip netns exec x ip link set lo up;"
                         "ip tuntap add mode tap name t0; grep -q tracefs /proc/mounts;"
                         "test -d /sys/kernel/debug/bdi; test -e /sys/fs/cgroup/cgroup.procs;"
                         "unshare -Um true; bpftool prog >/dev/null; cd " +
                         checkout().string()),
              0)
        << out() << err();
}

TEST_F(Runner, AnInterruptStopsTheMachine) {
    Process runner = start({"--", "sh", "-c", "echo started; sleep 1000"});
    wait_for_output("started");
    const std::string console = fmt::format("console-{}.log", runner.pid());
    ASSERT_TRUE(process_exists(console));
    ::kill(runner.pid(), SIGINT);
    const std::optional<int> status = runner.wait(10s);
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(WEXITSTATUS(*status), 128 + SIGINT);
    EXPECT_FALSE(process_exists(console));
}

TEST_F(Runner, TheMachineDoesNotOutliveTheRunner) {
    Process runner = start({"--", "sh", "-c", "echo started; sleep 1000"});
    wait_for_output("started");
    const std::string console = fmt::format("console-{}.log", runner.pid());
    ASSERT_TRUE(process_exists(console));
    ::kill(runner.pid(), SIGKILL);
    EXPECT_TRUE(goes_away(console));
}

// The program and its data are in memory: the clock leaps while a machine waits for
// the host, since nothing else is left to do.
TEST_P(EveryKernel, InstructionCountsRepeat) {
    constexpr const char* script =
        "test $VCOAL_ICOUNT = 1 && cp /bin/busybox /tmp/ && "
        "/tmp/busybox sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; "
        "cat /proc/$$/schedstat'";
    double nanoseconds[2] = {};
    for (double& value : nanoseconds) {
        ASSERT_EQ(run({"--icount", "--", "sh", "-c", script}), 0) << err();
        value = std::stod(out());
    }
    fmt::print("{:.0f} and {:.0f} instructions\n", nanoseconds[0], nanoseconds[1]);
    EXPECT_GT(nanoseconds[0], 1e7);
    EXPECT_NEAR(nanoseconds[0], nanoseconds[1], nanoseconds[0] / 100);
}

} // namespace
} // namespace vcoal::vm
