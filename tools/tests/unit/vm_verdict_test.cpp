// SPDX-License-Identifier: GPL-2.0-only
//
// The VM runner's answer: nothing but a complete report of a clean run passes.

#include "vm/verdict.hpp"

#include <cerrno>
#include <csignal>
#include <functional>
#include <gtest/gtest.h>

namespace vcoal::vm {
namespace {

Outcome clean(int wait_status = 0) {
    Outcome outcome;
    outcome.report.up = true;
    outcome.report.wait_status = wait_status;
    outcome.report.taint = 0;
    outcome.report.kernel_log = "[    0.1] fine\n";
    outcome.report.complete = true;
    return outcome;
}

bool mentions(const Verdict& verdict, const std::string& text) {
    for (const std::string& line : verdict.lines) {
        if (line.find(text) != std::string::npos) {
            return true;
        }
    }
    return false;
}

TEST(Verdict, ACleanRunPassesWithoutAWord) {
    const Verdict verdict = judge(clean());
    EXPECT_EQ(verdict.exit_status, 0);
    EXPECT_TRUE(verdict.lines.empty());
    EXPECT_FALSE(verdict.keep_log);
}

TEST(Verdict, TheCommandsStatusIsTheRunners) {
    for (const int status : {1, 7, 255}) {
        const Verdict verdict = judge(clean(status << 8));
        EXPECT_EQ(verdict.exit_status, status);
        EXPECT_TRUE(verdict.keep_log);
    }
}

TEST(Verdict, ASignalIsAFailure) {
    EXPECT_EQ(judge(clean(SIGSEGV)).exit_status, 128 + SIGSEGV);
}

TEST(Verdict, TellsMissingFromNotExecutable) {
    Outcome outcome = clean();
    outcome.report.wait_status.reset();
    outcome.report.exec_error = ENOENT;
    EXPECT_EQ(judge(outcome).exit_status, exit_not_found);
    outcome.report.exec_error = EACCES;
    EXPECT_EQ(judge(outcome).exit_status, exit_cannot_execute);
}

struct KernelFault {
    const char* name;
    std::function<void(Report&)> cause;
};

class FaultyKernel : public testing::TestWithParam<KernelFault> {};

TEST_P(FaultyKernel, FailsAPassAndAFailureAlike) {
    for (const int status : {0, 3}) {
        Outcome outcome = clean(status << 8);
        GetParam().cause(outcome.report);
        const Verdict verdict = judge(outcome);
        EXPECT_EQ(verdict.exit_status, exit_kernel_fault);
        EXPECT_TRUE(verdict.keep_log);
        EXPECT_TRUE(mentions(verdict, "FAILED"));
        EXPECT_EQ(mentions(verdict, "the command's status was 3"), status == 3);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Report, FaultyKernel,
    testing::Values(KernelFault{"log", [](Report& r) { r.kernel_log = "[    1.0] BUG: bad\n"; }},
                    KernelFault{"taint", [](Report& r) { r.taint = 1 << 9; }},
                    KernelFault{"stuck", [](Report& r) { r.stuck = {"12 (vcoal)"}; }},
                    KernelFault{"lost", [](Report& r) { r.lost_records = 1; }}),
    [](const auto& test) { return test.param.name; });

TEST(Verdict, ShowsTheOffendingLines) {
    Outcome outcome = clean();
    outcome.report.kernel_log = "[    0.1] fine\n[    1.0] BUG: bad\n[    1.0] in f\n";
    const Verdict verdict = judge(outcome);
    EXPECT_TRUE(mentions(verdict, "BUG: bad"));
    EXPECT_TRUE(mentions(verdict, "in f"));
    EXPECT_FALSE(mentions(verdict, "fine"));
}

TEST(Verdict, ManyFaultsAreShownInPart) {
    Outcome outcome = clean();
    std::string log;
    for (int i = 0; i < 5; ++i) {
        log += "[    1.0] BUG: bad " + std::to_string(i) + "\n[    1.0] ---[ end trace 0 ]---\n";
    }
    outcome.report.kernel_log = log;
    const Verdict verdict = judge(outcome);
    EXPECT_TRUE(mentions(verdict, "the kernel reported 5 faults"));
    EXPECT_TRUE(mentions(verdict, "bad 2"));
    EXPECT_FALSE(mentions(verdict, "bad 3"));
    EXPECT_TRUE(mentions(verdict, "... and 2 more"));
}

// It passes, and is told all the same.
TEST(Verdict, WhatTheKernelMayComplainOfIsCounted) {
    Outcome outcome = clean();
    outcome.report.kernel_log = "[    1.0] virtio_net virtio0: input.0:id 300 out of range\n"
                                "[    1.1] BUG: KCSAN: data-race in a / b\n"
                                "[    1.1] ==========================\n"
                                "[    1.2] unreferenced object 0xffff888109862200 (size 64):\n"
                                "[    1.2]     virtnet_send_command+0x26d/0x350 [virtio_net]\n";
    const Verdict verdict = judge(outcome);
    EXPECT_EQ(verdict.exit_status, 0);
    EXPECT_TRUE(mentions(verdict, "complained 1 times about a device"));
    EXPECT_TRUE(mentions(verdict, "1 data races of its own"));
    EXPECT_TRUE(mentions(verdict, "1 errors that its own modules are known to have"));
}

TEST(Verdict, NothingButACompleteReportPasses) {
    Outcome outcome = clean();
    outcome.report.complete = false;
    EXPECT_NE(judge(outcome).exit_status, 0);
    for (const End end : {End::machine_ended, End::timeout, End::interrupted}) {
        outcome = clean();
        outcome.end = end;
        outcome.signal = SIGINT;
        EXPECT_NE(judge(outcome).exit_status, 0);
    }
}

TEST(Verdict, TellsPanicFromPowerOff) {
    Outcome outcome;
    outcome.end = End::machine_ended;
    outcome.report.up = true;
    outcome.console = "[    1.0] reboot: Power down\n";
    EXPECT_EQ(judge(outcome).exit_status, exit_machine_ended);
    outcome.console = "[    1.0] Kernel panic - not syncing: sysrq triggered crash\n";
    EXPECT_EQ(judge(outcome).exit_status, exit_panic);
    EXPECT_TRUE(mentions(judge(outcome), "sysrq triggered crash"));
}

TEST(Verdict, TellsAHangFromAFailureToBoot) {
    Outcome outcome;
    outcome.end = End::timeout;
    outcome.timeout = std::chrono::seconds(9);
    EXPECT_EQ(judge(outcome).exit_status, exit_timeout);
    EXPECT_TRUE(mentions(judge(outcome), "did not boot within 9 s"));
    outcome.report.up = true;
    outcome.report.running = {"12 (sleep) in hrtimer_nanosleep"};
    EXPECT_TRUE(mentions(judge(outcome), "did not end within 9 s"));
    EXPECT_TRUE(mentions(judge(outcome), "12 (sleep)"));
    // The console is shown where nothing else tells why, or where it does.
    outcome.console = "[    1.0] fine\n";
    EXPECT_FALSE(mentions(judge(outcome), "fine"));
    outcome.console += "[    1.0] BUG: bad\n";
    EXPECT_TRUE(mentions(judge(outcome), "BUG: bad"));
}

TEST(Verdict, QemusOwnWordsAreShown) {
    Outcome outcome;
    outcome.end = End::machine_ended;
    outcome.qemu_messages = "qemu-system-x86_64: cannot set up guest memory\n";
    const Verdict verdict = judge(outcome);
    EXPECT_EQ(verdict.exit_status, exit_cannot_run);
    EXPECT_TRUE(mentions(verdict, "cannot set up guest memory"));
}

TEST(Verdict, ALongConsoleIsShownFromItsEnd) {
    Outcome outcome;
    outcome.end = End::machine_ended;
    for (int i = 0; i < 1000; ++i) {
        outcome.console += "line " + std::to_string(i) + "\n";
    }
    const Verdict verdict = judge(outcome);
    EXPECT_TRUE(mentions(verdict, "line 999"));
    EXPECT_LT(verdict.lines.size(), 50u);
}

} // namespace
} // namespace vcoal::vm
