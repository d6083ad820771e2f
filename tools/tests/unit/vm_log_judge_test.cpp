// SPDX-License-Identifier: GPL-2.0-only
//
// Which kernel logs the VM runner calls clean.

#include "vm/log_judge.hpp"

#include <gtest/gtest.h>

namespace vcoal::vm {
namespace {

class FaultLine : public testing::TestWithParam<const char*> {};

TEST_P(FaultLine, IsFound) {
    for (const char* stamp :
         {"", "[    5.140900] ", "[12345.140900][   T42] ", "[    1.0] [C1] "}) {
        const std::string log =
            "[    0.1] fine\n" + std::string(stamp) + GetParam() + "\n[    9.9] next\n";
        const LogFindings findings = judge_log(log);
        ASSERT_EQ(findings.faults.size(), 1u) << log;
        EXPECT_NE(findings.faults[0].find(GetParam()), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Kernel, FaultLine,
    testing::Values(
        "------------[ cut here ]------------",
        "WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 x+0x1/0x2",
        "WARNING: possible circular locking dependency detected", "WARNING: suspicious RCU usage",
        "BUG: unable to handle page fault for address: ffffc90000000000",
        "BUG: kernel NULL pointer dereference, address: 0000000000000008",
        "BUG: KASAN: slab-use-after-free in vhn_release+0x1/0x2 [vhost_net_coal]",
        "BUG: KCSAN: data-race in vhn_coal_flush [vhost_net_coal] / a",
        "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580",
        "BUG: scheduling while atomic: vcoal/123/0x00000002",
        "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 32s!",
        "BUG kmalloc-64 (Tainted: G           O     ): Redzone overwritten",
        "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [vhost-123:124]",
        "kernel BUG at lib/list_debug.c:56!", "Oops: 0002 [#1] PREEMPT SMP NOPTI",
        "general protection fault, probably for non-canonical address 0xdead000000000108: 0000 "
        "[#1]",
        "UBSAN: array-index-out-of-bounds in drivers/vhost/vring_split.c:10:2",
        "INFO: task vhost-123:124 blocked for more than 120 seconds.",
        "rcu: INFO: rcu_preempt self-detected stall on CPU",
        "rcu: rcu_preempt kthread starved for 5000 jiffies!",
        "INFO: trying to register non-static key.",
        "unreferenced object 0xffff888109862200 (size 64):",
        "unregister_netdevice: waiting for eth0 to become free. Usage count = 2",
        "Kernel panic - not syncing: Fatal exception"));

class HarmlessLine : public testing::TestWithParam<const char*> {};

TEST_P(HarmlessLine, IsPassedOver) {
    EXPECT_TRUE(judge_log(std::string("[    1.000000] ") + GetParam() + "\n").faults.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Kernel, HarmlessLine,
    testing::Values("vhost_net_coal: loading out-of-tree module taints kernel.",
                    "vhost_net_coal: module verification failed: signature and/or required key "
                    "missing - tainting kernel",
                    "kasan: KernelAddressSanitizer initialized",
                    "rcu: Hierarchical RCU implementation.",
                    "Spectre V2 : WARNING: Unprivileged eBPF is enabled",
                    "traps: fuzz[123] general protection fault ip:401000 sp:7ffe error:0 in fuzz",
                    "fuzz[123]: segfault at 0 ip 0000000000401000 sp 00007ffe",
                    "hrtimer: interrupt took 1500000 ns", "DEBUG: nothing", ""));

TEST(LogJudge, OneReportIsOneFault) {
    const LogFindings findings = judge_log("[    1.0] ------------[ cut here ]------------\n"
                                           "[    1.0] WARNING: CPU: 0 PID: 1 at a.c:1\n"
                                           "[    1.0] Call Trace:\n"
                                           "[    1.0] ---[ end trace 0000000000000000 ]---\n"
                                           "[    2.0] fine\n"
                                           "[    3.0] BUG: KASAN: use-after-free in f\n");
    ASSERT_EQ(findings.faults.size(), 2u);
    EXPECT_NE(findings.faults[0].find("Call Trace"), std::string::npos);
    EXPECT_EQ(findings.faults[0].find("fine"), std::string::npos);
}

TEST(LogJudge, AReportWithoutAnEndDoesNotSwallowTheLog) {
    std::string log = "[    1.0] BUG: bad\n";
    for (int i = 0; i < 100; ++i) {
        log += "[    1.0] filler\n";
    }
    log += "[    1.0] BUG: worse\n";
    EXPECT_EQ(judge_log(log).faults.size(), 2u);
}

std::string race(const char* one, const char* other) {
    return std::string("[    1.0] ==========================\n"
                       "[    1.0] BUG: KCSAN: data-race in a / b\n"
                       "[    1.0] write to 0xffff888003a12345 of 4 bytes by task 1 on cpu 0:\n"
                       "[    1.0]  ") +
           one + "\n[    1.0] read to 0xffff888003a12345 of 4 bytes by task 2 on cpu 1:\n" +
           "[    1.0]  " + other + "\n[    1.0] ==========================\n";
}

TEST(LogJudge, ADataRaceIsAFaultWhenCodeOfOursIsOnEitherSide) {
    const char* ours = " vhn_notify_get+0x1/0x2 [vhost_net_coal]";
    const char* theirs = " tun_net_xmit+0x1/0x2 [tun]";
    EXPECT_EQ(judge_log(race(ours, theirs)).faults.size(), 1U);
    EXPECT_EQ(judge_log(race(theirs, ours)).faults.size(), 1U);
    const LogFindings findings = judge_log(race(theirs, theirs));
    EXPECT_TRUE(findings.faults.empty());
    EXPECT_EQ(findings.foreign_races, 1U);
}

// Below the interrupt that races stands what it has interrupted, which does not.
TEST(LogJudge, ADataRaceOfAnInterruptIsNotThatOfWhatItInterrupts) {
    const char* ours = " vhn_worker_queue+0x1/0x2 [vhost_net_coal]";
    const std::string interrupt = " hrtimer_active+0x8b/0x100\n"
                                  "[    1.0]  asm_sysvec_apic_timer_interrupt+0x1b/0x20\n"
                                  "[    1.0] ";
    const std::string over_ours = interrupt + ours;
    EXPECT_EQ(judge_log(race(over_ours.c_str(), interrupt.c_str())).foreign_races, 1U);
    EXPECT_EQ(judge_log(race(over_ours.c_str(), ours)).faults.size(), 1U);
    EXPECT_EQ(judge_log(race(ours, over_ours.c_str())).faults.size(), 1U);
}

// The network stack has called it, far below; that is not where it races.
TEST(LogJudge, ADataRaceFarAboveOursIsNotOurs) {
    const std::string ours = " send_batch+0x1/0x2 [vhost_net_coal]";
    std::string stack = " ktime_get_seconds+0x35/0x50\n[    1.0]  tcp_ack+0x1/0x2\n"
                        "[    1.0]  tcp_v4_rcv+0x1/0x2\n[    1.0] ";
    EXPECT_EQ(judge_log(race((stack + ours).c_str(), stack.c_str())).faults.size(), 1U);
    stack += " tun_sendmsg+0x1/0x2 [tun]\n[    1.0] " + ours;
    EXPECT_EQ(judge_log(race(stack.c_str(), stack.c_str())).foreign_races, 1U);
}

// A report ends where it ends: what follows is judged on its own.
TEST(LogJudge, ADataRaceOfTheKernelHidesNothing) {
    const char* theirs = " tun_net_xmit+0x1/0x2 [tun]";
    EXPECT_EQ(judge_log(race(theirs, theirs) + "[    1.1] BUG: bad\n").faults.size(), 1U);
    const std::string cut = "[    1.0] BUG: KCSAN: data-race in a / b\n";
    EXPECT_EQ(judge_log(cut).foreign_races, 1U);
}

std::string leaked(const char* function) {
    return std::string("[    9.0] unreferenced object 0xffff888109862200 (size 64):\n"
                       "[    9.0]   comm \"ip\", pid 107, jiffies 4294915243\n"
                       "[    9.0]   backtrace:\n"
                       "[    9.0]     [<(____ptrval____)>] __kmalloc+0x51/0x170\n"
                       "[    9.0]     [<(____ptrval____)>] ") +
           function + "\n";
}

TEST(LogJudge, WhatTheKernelsOwnDriverIsKnownToLeakIsCounted) {
    const char* known = "virtnet_send_command+0x26d/0x350 [virtio_net]";
    const char* ours = "vnc_ctrl_send+0x1/0x2 [virtio_net_coal]";
    const std::string summary = "[    9.0] kmemleak: 3 new suspected memory leaks\n";
    const LogFindings findings = judge_log(summary + leaked(known) + leaked(known));
    EXPECT_TRUE(findings.faults.empty());
    EXPECT_EQ(findings.known, 2U);
    EXPECT_EQ(judge_log(summary + leaked(known) + leaked(ours) + leaked(ours)).faults.size(), 2U);
    EXPECT_EQ(judge_log(summary + leaked(ours) + leaked(known)).faults.size(), 1U);
    EXPECT_EQ(judge_log(leaked(known) + "[    9.1] BUG: bad\n").faults.size(), 1U);
}

TEST(LogJudge, TheHintOfTheVirtioCoreIsKnownToRace) {
    const char* core = " vring_interrupt+0xa6/0x110\n"
                       "[    1.0]  run_callback+0xad/0xf0 [virtio_loopback]";
    const char* ours = " run_callback+0xad/0xf0 [virtio_loopback]";
    std::string report = race(core, ours);
    EXPECT_EQ(judge_log(report).faults.size(), 1U);
    report.replace(report.find("in a / b"), 8, "in virtqueue_enable_cb_prepare / vring_interrupt");
    EXPECT_EQ(judge_log(report).known, 1U);
}

std::string mapped_twice(const char* function) {
    return std::string("[    9.0] ------------[ cut here ]------------\n"
                       "[    9.0] DMA-API:  virtio-loopback.0: cacheline tracking EEXIST, "
                       "overlapping mappings aren't supported\n"
                       "[    9.0] WARNING: CPU: 1 PID: 5 at add_dma_entry+0x2b2/0x340\n"
                       "[    9.0] Call Trace:\n"
                       "[    9.0]  virtqueue_add_inbuf+0xce/0xe0\n"
                       "[    9.0]  ") +
           function + "\n[    9.0] ---[ end trace 0000000000000000 ]---\n";
}

TEST(LogJudge, WhatTheKernelsOwnDriverIsKnownToMapIsCounted) {
    const LogFindings findings = judge_log(mapped_twice("try_fill_recv+0xb8a/0xda0 [virtio_net]"));
    EXPECT_TRUE(findings.faults.empty());
    EXPECT_EQ(findings.known, 1U);
    EXPECT_TRUE(findings.warned);
    const LogFindings ours = judge_log(mapped_twice("vnc_rx_fill+0x1/0x2 [virtio_net_coal]"));
    EXPECT_EQ(ours.faults.size(), 1U);
    EXPECT_FALSE(ours.warned);
}

TEST(LogJudge, CountsComplaintsAboutDevices) {
    const LogFindings findings =
        judge_log("[    1.0] virtio_net virtio0: input.0:id 300 out of range\n"
                  "[    1.1] virtio_net virtio0: input.0:id 3 is not a head!\n");
    EXPECT_TRUE(findings.faults.empty());
    EXPECT_EQ(findings.about_devices, 2u);
}

TEST(LogJudge, ADeviceComplaintDoesNotExcuseAFault) {
    EXPECT_EQ(
        judge_log("[    1.0] BUG: KASAN: slab-out-of-bounds: id 300 out of range\n").faults.size(),
        1u);
}

TEST(LogJudge, TakesConsoleLineEndsAndAnUnfinishedLine) {
    EXPECT_EQ(judge_log("[    1.0] fine\r\n[    1.1] BUG: bad").faults.size(), 1u);
    EXPECT_TRUE(judge_log("").faults.empty());
}

TEST(LogJudge, KnowsAPanic) {
    EXPECT_TRUE(judge_log("[    1.0] Kernel panic - not syncing: x\n").panicked);
    EXPECT_FALSE(judge_log("[    1.0] BUG: bad\n").panicked);
}

// As 6.12 writes it; 6.1 has no "Oops:".
std::string breakpoint_report(const char* prefix, const char* code) {
    return std::string("[    0.1] fine\n[    6.0] ") + prefix + "int3: 0000 [#1] PREEMPT SMP\n" +
           "[    6.0] RIP: 0010:netif_rx_internal+0x1e/0x120\n[    6.0] Code: " + code +
           "\n[    6.0] Kernel panic - not syncing: Fatal exception in interrupt\n";
}

TEST(PhantomBreakpoint, IsOneThatMemoryDoesNotHold) {
    for (const char* prefix : {"Oops: ", ""}) {
        EXPECT_TRUE(ran_phantom_breakpoint(breakpoint_report(prefix, "44 24 10 31 c0 66 <90> 0f")));
        EXPECT_TRUE(ran_phantom_breakpoint(breakpoint_report(prefix, "4c 89 0f <1f> 44 00")));
    }
}

TEST(PhantomBreakpoint, OneThatIsThereIsAFault) {
    EXPECT_FALSE(ran_phantom_breakpoint(breakpoint_report("Oops: ", "cc cc cc <cc> cc")));
    EXPECT_FALSE(ran_phantom_breakpoint(breakpoint_report("Oops: ", "31 c0 cc <90> 0f")));
}

TEST(PhantomBreakpoint, NothingElseIsTakenForOne) {
    const std::string report = breakpoint_report("Oops: ", "31 c0 66 <90> 0f");
    EXPECT_FALSE(ran_phantom_breakpoint(""));
    EXPECT_FALSE(ran_phantom_breakpoint("[    1.0] Oops: 0002 [#1]\nCode: 66 <90>\n"));
    EXPECT_FALSE(ran_phantom_breakpoint("[    1.0] BUG: bad\n" + report));
    for (const char* code : {"", "<90> 0f", "Unable to access opcode bytes"}) {
        EXPECT_FALSE(ran_phantom_breakpoint(breakpoint_report("Oops: ", code))) << code;
    }
    EXPECT_FALSE(ran_phantom_breakpoint(report.substr(0, report.find("Code: "))));
}

TEST(Taint, OutOfTreeAndUnsignedAreFine) {
    EXPECT_TRUE(bad_taints(0, {}).empty());
    EXPECT_TRUE(bad_taints(1u << 12 | 1u << 13, {}).empty());
}

TEST(Taint, EveryOtherBitIsNot) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        if (bit != 12 && bit != 13) {
            EXPECT_EQ(bad_taints(1ULL << bit | 1ULL << 12, {}).size(), 1u) << bit;
        }
    }
    EXPECT_EQ(bad_taints(1u << 9, {}).at(0).substr(0, 2), "W:");
}

TEST(Taint, AKnownWarningAccountsForItsOwnAlone) {
    const LogFindings leak = judge_log(leaked("virtnet_send_command+0x26d/0x350 [virtio_net]"));
    const LogFindings warning = judge_log(mapped_twice("try_fill_recv+0x1/0x2 [virtio_net]"));
    EXPECT_EQ(bad_taints(1u << 9, leak).size(), 1U);
    EXPECT_TRUE(bad_taints(1u << 9, warning).empty());
    EXPECT_EQ(bad_taints(1u << 9 | 1u << 5, warning).size(), 1U);
}

} // namespace
} // namespace vcoal::vm
