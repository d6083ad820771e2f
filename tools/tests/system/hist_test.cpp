// SPDX-License-Identifier: GPL-2.0-only
//
// `vcoal hist`: of traffic whose parameters are known, and where BPF may not run.
#include "support/coal_bench.hpp"
#include "support/host_command.hpp"
#include "support/pairing.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host_control.hpp"

#include <array>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <memory>
#include <sys/utsname.h>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;
using Strings = std::vector<std::string>;

/// A running `vcoal hist --json`, watching since this was made.
class Hist {
public:
    explicit Hist(const Strings& arguments = {})
        : process_(argv(arguments), &first_netns(), bench::Errors::ours) {
        const auto line = process_.read_line(generous);
        if (!line || Json::parse(*line) != Json{{"event", "watching"}}) {
            throw Error("vcoal hist", "start", 0, line.value_or("it ended"));
        }
    }

    /// What it has seen, in the end.
    Json finish() {
        if (::kill(process_.pid(), SIGINT) != 0) {
            throw Error("vcoal hist", "interrupt", errno);
        }
        return end();
    }

    Json end() {
        const auto [output, status] = process_.finish(generous);
        EXPECT_EQ(status, 0);
        return Json::parse(output);
    }

private:
    static Strings argv(const Strings& arguments) {
        Strings all{vcoal_program(), "hist", "--json"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }

    bench::Child process_;
};

/// What was seen of the one device's queue; null: nothing.
Json seen_of(const Json& report, unsigned queue) {
    Json found;
    for (const Json& one : report.at("queues")) {
        if (one.at("direction") == (queue == VHN_VRING_RX ? "rx" : "tx")) {
            EXPECT_TRUE(found.is_null()) << report;
            found = one;
        }
    }
    return found;
}

std::chrono::nanoseconds most_held(const Json& seen) {
    return std::chrono::nanoseconds(seen.at("hold_ns").at("max").get<std::int64_t>());
}

class HistOf : public EachLayout {
protected:
    CoalBench bench{coalescing_options(coalescing_features | layout())};
};

/// Number of a bench's file.
std::uint32_t id_of(CoalBench& bench) {
    const InNetNs inside(first_netns());
    for (const HostFile& file : HostControl().files()) {
        if (file.ifname == bench.driver().tap().name()) {
            return file.id;
        }
    }
    throw Error(bench.driver().tap().name(), "find its file", ENOENT);
}

bench::Child::End run_hist(const Strings& before) {
    Strings argv = before;
    argv.insert(argv.end(), {vcoal_program(), "hist", "--seconds", "0.01"});
    return test::run(argv);
}

/// Kernels built here for debugging: their modules are not given types.
bool is_stock_kernel() {
    utsname kernel{};
    return ::uname(&kernel) == 0 && std::string(kernel.release).ends_with("-amd64");
}

struct FreeBtf {
    void operator()(btf* types) const noexcept { ::btf__free(types); }
};

/// The types of a module as the kernel has them; nothing when it has none.
Fd open_types(const std::string& module) {
    std::uint32_t id = 0;
    while (::bpf_btf_get_next_id(id, &id) == 0) {
        Fd types(::bpf_btf_get_fd_by_id(id));
        std::array<char, 64> name{};
        bpf_btf_info info{};
        info.name = reinterpret_cast<std::uintptr_t>(name.data());
        info.name_len = name.size();
        __u32 size = sizeof(info);
        if (types && ::bpf_obj_get_info_by_fd(types.get(), &info, &size) == 0 &&
            module == name.data()) {
            return types;
        }
    }
    return {};
}

} // namespace

TEST_P(HistOf, ANotificationIsAboutAsManyPacketsAsFramesSays) {
    constexpr unsigned frames = 32;
    constexpr unsigned batches = 20;
    undisturbed([&] {
        bench.quiesce(queue());
        bench.set(queue(), {frames, far_away});
        bench.mark();
        Hist hist;
        bench.flow(queue(), batches * frames);
        const bool by_count = bench.sent(queue()).timer == 0;
        const Json seen = seen_of(hist.finish(), queue());
        if (!by_count) {
            return false;
        }
        EXPECT_EQ(bench.sent(queue()).count, batches) << bench.sent(queue());
        EXPECT_EQ(seen.at("packets").at("buckets"),
                  (Json::array({{{"from", 32}, {"to", 63}, {"count", batches}}})));
        EXPECT_EQ(seen.at("packets").at("min"), frames);
        EXPECT_EQ(seen.at("packets").at("max"), frames);
        EXPECT_EQ(seen.at("packets").at("sum"), batches * frames);
        EXPECT_EQ(seen.at("hold_ns").at("count"), batches);
        EXPECT_LT(most_held(seen), std::chrono::microseconds(far_away));
        EXPECT_EQ(seen.at("suppressed"), 0);
        return true;
    });
}

// The hold begins after a packet was sent and ends before its signal was there; the timer
// runs from when the packet was taken, just before that. How long a slow machine takes to
// wake a worker is not ours to judge, but it is this once in a while.
TEST_P(HistOf, NothingIsHeldLongerThanUsecsAndAWakeUp) {
    constexpr auto usecs = 200ms;
    constexpr auto slack = 100ms;
    bench.set(queue(), {1000, usecs / 1us});
    undisturbed([&] {
        bench.mark();
        Hist hist;
        const auto before = Clock::now();
        bench.flow(queue(), 1);
        bench.await(queue(), 1);
        const auto saw = Clock::now() - before;
        const Json seen = seen_of(hist.finish(), queue());
        EXPECT_EQ(seen.at("packets").at("count"), 1);
        EXPECT_LE(most_held(seen), saw);
        return most_held(seen) <= usecs + slack && most_held(seen) >= usecs - slack;
    });
}

TEST_P(HistOf, ManyPacketsAreHeldTogether) {
    constexpr auto usecs = 400ms;
    undisturbed([&] {
        bench.quiesce(queue());
        bench.set(queue(), {1000, usecs / 1us});
        bench.mark();
        Hist hist;
        for (unsigned i = 0; i < 5; i++) {
            bench.flow(queue(), 1);
        }
        if (bench.sent(queue()).signals > 0) {
            return false;
        }
        bench.await(queue(), 1);
        const Json seen = seen_of(hist.finish(), queue());
        EXPECT_EQ(seen.at("packets").at("buckets"),
                  (Json::array({{{"from", 4}, {"to", 7}, {"count", 1}}})));
        EXPECT_EQ(seen.at("packets").at("sum"), 5);
        return true;
    });
}

TEST_P(HistOf, WithoutCoalescingEachBatchIsNotifiedAtOnce) {
    bench.set(queue(), {0, 0});
    Hist hist;
    for (unsigned i = 0; i < 10; i++) {
        bench.flow(queue(), 1);
    }
    const Json seen = seen_of(hist.finish(), queue());
    EXPECT_EQ(seen.at("packets").at("buckets"),
              (Json::array({{{"from", 1}, {"to", 1}, {"count", 10}}})));
}

TEST_P(HistOf, WhatTheDriverDoesNotWantIsSuppressed) {
    constexpr unsigned frames = 4;
    bench.driver().queue(queue()).ring().disable_callbacks();
    undisturbed([&] {
        bench.quiesce(queue());
        bench.set(queue(), {frames, far_away});
        bench.mark();
        Hist hist;
        bench.flow(queue(), 3 * frames);
        const Sent sent = bench.sent(queue());
        const Json seen = seen_of(hist.finish(), queue());
        EXPECT_EQ(seen.at("packets").at("count"), 0);
        EXPECT_EQ(seen.at("hold_ns").at("count"), 0);
        return sent.suppressed == 3 && seen.at("suppressed") == 3;
    });
}

// How many they are and how long they wait already is not known.
TEST_P(HistOf, PacketsThatWaitedBeforeAreNotCounted) {
    undisturbed([&] {
        bench.quiesce(queue());
        bench.set(queue(), {10, far_away});
        bench.mark();
        bench.flow(queue(), 4);
        Hist hist;
        bench.flow(queue(), 6);
        bench.flow(queue(), 10);
        const Sent sent = bench.sent(queue());
        const Json seen = seen_of(hist.finish(), queue());
        if (sent.timer > 0) {
            return false;
        }
        EXPECT_EQ(sent.count, 2U);
        EXPECT_EQ(seen.at("packets").at("count"), 1);
        EXPECT_EQ(seen.at("packets").at("min"), 10);
        return true;
    });
}

INSTANTIATE_TEST_SUITE_P(Queue, HistOf, both_layouts(), layout_name);

TEST(Hist, EndsByItselfAfterAsLongAsItWasTold) {
    const auto before = Clock::now();
    Hist hist({"--seconds", "0.3"});
    const Json report = hist.end();
    EXPECT_GE(Clock::now() - before, 300ms);
    EXPECT_EQ(report.at("event"), "histograms");
    EXPECT_GE(report.at("seconds"), 0.3);
    EXPECT_EQ(report.at("missed_batches"), 0);
    EXPECT_TRUE(report.at("queues").empty());
}

TEST(Hist, OfOneDeviceSaysNothingOfOthers) {
    CoalBench one;
    CoalBench other;
    const std::uint32_t id = id_of(one);
    Hist hist({std::to_string(id)});
    one.flow(VHN_VRING_RX, 1);
    other.flow(VHN_VRING_RX, 1);
    const Json report = hist.finish();
    const Json seen = seen_of(report, VHN_VRING_RX);
    EXPECT_EQ(seen.at("id"), id) << report;
    EXPECT_EQ(seen.at("interface").at("name"), one.driver().tap().name()) << report;
    EXPECT_EQ(seen.at("queue"), 0) << report;
}

TEST(Hist, OfADeviceThatHasGoneSaysWhatItWas) {
    auto bench = std::make_unique<CoalBench>();
    const std::string tap = bench->driver().tap().name();
    Hist hist({tap});
    bench->flow(VHN_VRING_RX, 1);
    bench.reset();
    EXPECT_EQ(seen_of(hist.finish(), VHN_VRING_RX).at("interface").at("name"), tap);
}

TEST(Hist, OfADeviceThatIsNotThereIsWrongUsage) {
    const auto [output, status] = vcoal_run({"hist", "nothing"});
    EXPECT_EQ(status, 2) << output;
    EXPECT_TRUE(output.starts_with("vcoal: device \"nothing\": ")) << output;
    EXPECT_EQ(occurrences(output, "\n"), 1U) << output;
}

TEST(Hist, DrawsTables) {
    CoalBench bench;
    bench.set(VHN_VRING_RX, {4, far_away});
    bench::Child hist({vcoal_program(), "hist"}, &first_netns(), bench::Errors::output);
    EXPECT_EQ(hist.read_line(generous), "Watching notifications; Ctrl-C ends it and shows them.");
    bench.flow(VHN_VRING_RX, 8);
    ::kill(hist.pid(), SIGINT);
    const auto [output, status] = hist.finish(generous);
    EXPECT_EQ(status, 0);
    EXPECT_NE(output.find("packets per notification:"), std::string::npos) << output;
    EXPECT_NE(output.find("distribution\n"), std::string::npos) << output;
    EXPECT_NE(output.find("|****************************************|"), std::string::npos)
        << output;
}

TEST(HistWhereItMayNotRun, WithoutCapBpfSaysWhatToDo) {
    const auto [output, status] =
        run_hist({"setpriv", "--bounding-set", "-sys_admin,-bpf,-perfmon", "--"});
    EXPECT_EQ(status, 1) << output;
    EXPECT_EQ(output, "vcoal: histogram program: load: Operation not permitted (EPERM); this "
                      "needs CAP_BPF and CAP_PERFMON: run it as root\n");
}

TEST(HistWhereItMayNotRun, WithoutRootSaysWhatToDo) {
    const auto [output, status] =
        run_hist({"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"});
    EXPECT_EQ(status, 1) << output;
    EXPECT_EQ(occurrences(output, "\n"), 1U) << output;
    EXPECT_NE(output.find("(EACCES); run this as root"), std::string::npos) << output;
}

TEST(HistWhereItMayNotRun, WithoutTracefsSaysWhatToDo) {
    const auto [output, status] =
        run_hist({"unshare", "--mount", "sh", "-c",
                  "mount -t tmpfs none /sys/kernel/debug && mount -t tmpfs none "
                  "/sys/kernel/tracing && exec \"$@\"",
                  "sh"});
    EXPECT_EQ(status, 1) << output;
    EXPECT_EQ(occurrences(output, "\n"), 1U) << output;
    EXPECT_NE(output.find("mount -t tracefs tracefs /sys/kernel/tracing"), std::string::npos)
        << output;
}

TEST(HistWhereItMayNotRun, InJsonItIsAnErrorObject) {
    const auto [output, status] =
        test::run({"setpriv", "--bounding-set", "-sys_admin,-bpf,-perfmon", "--", vcoal_program(),
                   "hist", "--json", "--seconds", "1"});
    EXPECT_EQ(status, 1) << output;
    EXPECT_EQ(Json::parse(output).at("error").at("errno"), "EPERM");
}

// What the build does for it: tp_btf and fentry programs attach by types.
TEST(ModuleTypes, ATracepointTakesAProgramByType) {
    if (!is_stock_kernel()) {
        GTEST_SKIP() << "this kernel's modules have no types";
    }
    const std::unique_ptr<btf, FreeBtf> kernel(::btf__load_vmlinux_btf());
    ASSERT_TRUE(kernel);
    const std::unique_ptr<btf, FreeBtf> types(
        ::btf__load_module_btf("vhost_net_coal", kernel.get()));
    ASSERT_TRUE(types) << "vhost_net_coal.ko has no BTF";
    const Fd object = open_types("vhost_net_coal");
    ASSERT_TRUE(object);
    EXPECT_GT(::btf__find_by_name_kind(types.get(), "vhn_vring", BTF_KIND_STRUCT), 0);
    const int id = ::btf__find_by_name_kind(types.get(), "btf_trace_vhn_notify", BTF_KIND_TYPEDEF);
    ASSERT_GT(id, 0);

    const bpf_insn code[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K,
         .dst_reg = BPF_REG_0,
         .src_reg = 0,
         .off = 0,
         .imm = 0},
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    bpf_prog_load_opts options{};
    options.sz = sizeof(options);
    options.expected_attach_type = BPF_TRACE_RAW_TP;
    options.attach_btf_id = static_cast<__u32>(id);
    options.attach_btf_obj_fd = static_cast<__u32>(object.get());
    const Fd program(
        ::bpf_prog_load(BPF_PROG_TYPE_TRACING, "by_type", "GPL", code, std::size(code), &options));
    ASSERT_TRUE(program) << errno_name(errno);
    const Fd attached(::bpf_raw_tracepoint_open(nullptr, program.get()));
    EXPECT_TRUE(attached) << errno_name(errno);
}
