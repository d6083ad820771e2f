// SPDX-License-Identifier: GPL-2.0-only
//
// `vcoal monitor`, `metrics` and `doctor`, which watch the devices of a host and what they
// need.
#include "support/bench.hpp"
#include "support/host_command.hpp"
#include "support/modules.hpp"
#include "support/vmm_process.hpp"
#include "vcoal/command.hpp"
#include "vcoal/error.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

using Strings = std::vector<std::string>;
using End = bench::Child::End;

class HostWatch : public HostCommand {};

/// A `vcoal monitor` that watches.
class Monitor {
public:
    explicit Monitor(bool json = true)
        : process_(vcoal_command(json ? Strings{"monitor", "--json"} : Strings{"monitor"}),
                   &first_netns(), bench::Errors::output) {
        EXPECT_TRUE(mentions(line(), "watching"));
    }

    std::string line() {
        const auto text = process_.read_line(generous);
        if (!text) {
            throw Error("vcoal monitor", "read a line", EPIPE, "it has ended");
        }
        return *text;
    }
    /// The next event of a kind about a file; others are passed over.
    Json await(const std::string& kind) {
        for (;;) {
            Json event = Json::parse(line());
            if (event.at("event") == kind && event.contains("id")) {
                return event;
            }
        }
    }
    End end(int signal) {
        ::kill(process_.pid(), signal);
        return process_.finish(generous);
    }
    /// Does it end by SIGTERM although nobody reads what it says?
    bool ends_unread() {
        ::kill(process_.pid(), SIGTERM);
        return eventually([this] {
            siginfo_t info{};
            const auto id = static_cast<id_t>(process_.pid());
            return ::waitid(P_PID, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                   info.si_pid == process_.pid();
        });
    }
    End finish() { return process_.finish(generous); }

private:
    bench::Child process_;
};

/// A guest that cannot make up its mind.
void flood(VmmProcess& vmm) {
    constexpr std::uint32_t changes = 2000;
    for (std::uint32_t i = 0; i < changes; i++) {
        ASSERT_EQ(vmm.ask(VHN_VRING_RX, {8, 10 + i % 2}), 0);
    }
}

} // namespace

TEST_F(HostWatch, MonitorTellsWhatHappens) {
    Monitor monitor;
    std::optional<VmmProcess> vmm;
    vmm.emplace(VmmOptions{.uid = alice, .comm = "alices", .tap = "vnet0", .coalesces = true});
    const Json added = monitor.await("added");
    EXPECT_EQ(added.at("owner").at("pid"), vmm->pid());

    vcoal_json({"limit", "vnet0", "rx-usecs", "100"});
    Json by = Json::object();
    while (by.value("source", "") != "host") {
        by = monitor.await("changed").at("by");
    }
    EXPECT_EQ(by.at("comm"), "vcoal");
    EXPECT_EQ(by.at("uid"), 0);

    EXPECT_EQ(vmm->ask(VHN_VRING_RX, {8, 200}), ERANGE);
    const Json refused = monitor.await("refused");
    EXPECT_EQ(refused.at("id"), added.at("id"));
    EXPECT_EQ(refused.at("by").at("source"), "guest");
    EXPECT_EQ(refused.at("by").at("pid"), vmm->pid());
    ASSERT_EQ(refused.at("queues").size(), 1U);
    EXPECT_EQ(refused.at("queues").at(0).at("direction"), "rx");

    EXPECT_EQ(vmm->ask(VHN_VRING_RX, {8, 20}), 0);
    const Json changed = monitor.await("changed");
    EXPECT_EQ(changed.at("by").at("source"), "guest");
    EXPECT_EQ(changed.at("queues").at(0).at("effective"), params_json(8, 20));
    vmm.reset();
    EXPECT_EQ(monitor.await("removed").at("id"), added.at("id"));
    const End end = monitor.end(SIGINT);
    EXPECT_EQ(end.status, exit_ok) << end.output;
}

/// More than a pipe and a socket hold.
TEST_F(HostWatch, ASlowReaderIsToldThatItMissedSome) {
    VmmProcess vmm({.tap = "vnet0", .coalesces = true});
    Monitor monitor;
    flood(vmm);
    while (Json::parse(monitor.line()).at("event") != "lost") {
    }
    EXPECT_EQ(monitor.end(SIGINT).status, exit_ok);
}

TEST_F(HostWatch, AReaderThatIsStuckDoesNotKeepItFromEnding) {
    VmmProcess vmm({.tap = "vnet0", .coalesces = true});
    Monitor monitor;
    flood(vmm);
    EXPECT_TRUE(monitor.ends_unread());
    EXPECT_EQ(monitor.finish().status, exit_ok);
}

TEST_F(HostWatch, MonitorHasLinesForPeople) {
    Monitor monitor(false);
    const VmmProcess vmm({.comm = "the\nvmm", .tap = "vnet0"});
    std::string line = monitor.line();
    while (!mentions(line, "vnet0")) {
        line = monitor.line();
    }
    EXPECT_TRUE(mentions(line, "added vnet0 (id ")) << line;
    EXPECT_TRUE(mentions(line, "the\\x0avmm (pid " + std::to_string(vmm.pid()) + ")")) << line;
    EXPECT_EQ(monitor.end(SIGTERM).status, exit_ok);
}

TEST_F(HostWatch, MetricsAreWrittenAsAWhole) {
    const std::string path = std::filesystem::temp_directory_path() / "host_command_test.prom";
    const VmmProcess vmm({.tap = "vnet0", .queues = 2});
    const End text = vcoal_run({"metrics"});
    EXPECT_EQ(text.status, exit_ok);
    EXPECT_TRUE(text.output.ends_with("# EOF\n"));
    EXPECT_TRUE(mentions(text.output, "netdev=\"vnet0\",queue=\"1\",direction=\"tx\"} "));

    const Json done = vcoal_json({"metrics", "--output", path});
    EXPECT_EQ(done, (Json{{"written", path}, {"devices", 1}}));
    std::ifstream file(path);
    const std::string written{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(written.ends_with("# EOF\n"));
    EXPECT_TRUE(mentions(written, "\nvcoal_devices 1\n"));
    std::filesystem::remove(path);

    const End failed = vcoal_run({"metrics", "--output", "/nowhere/x.prom"});
    EXPECT_EQ(failed.status, exit_failed) << failed.output;
    EXPECT_EQ(run({"sh", "-c", vcoal_program() + " metrics >/dev/full"}, &first_netns()).status,
              exit_failed);
}

TEST_F(HostWatch, DoctorFindsAHealthyHost) {
    const VmmProcess vmm({.tap = "vnet0", .coalesces = true});
    const Json found = vcoal_json({"doctor"}, exit_failed);
    std::set<std::string> troubles;
    for (const Json& finding : found.at("findings")) {
        if (finding.at("kind") == "trouble") {
            troubles.insert(finding.at("text"));
        }
    }
    // The node is open to everybody, which this test did.
    ASSERT_EQ(troubles.size(), 1U) << found.dump(1);
    EXPECT_TRUE(mentions(*troubles.begin(), "everybody may open it"));
    ::chmod(vhost_node, 0660);
    const End end = vcoal_run({"doctor"});
    EXPECT_EQ(end.status, exit_ok) << end.output;
    EXPECT_TRUE(mentions(end.output, "the guest negotiated coalescing and decides")) << end.output;
    EXPECT_TRUE(mentions(end.output, "netlink  1 device to be seen")) << end.output;
}

TEST_F(HostWatch, DoctorTellsAUserHowToGetIn) {
    ::chmod(vhost_node, 0600);
    const End end = vcoal_as(alice, {"doctor"});
    EXPECT_EQ(end.status, exit_failed);
    EXPECT_TRUE(mentions(end.output, "4001 may not open /dev/vhost-net-coal")) << end.output;
    EXPECT_TRUE(mentions(end.output, "-> chgrp kvm")) << end.output;
}

TEST_F(HostWatch, InAnotherNamespaceItSaysWhereToGo) {
    for (const std::string command : {"show", "monitor", "metrics"}) {
        const End end = run(vcoal_command({command}));
        EXPECT_EQ(end.status, exit_failed);
        EXPECT_TRUE(mentions(end.output, "nsenter --net=/proc/1/ns/net")) << end.output;
    }
    EXPECT_EQ(run(vcoal_command({"doctor"})).status, exit_failed);
}

/// The last one: it puts the module back, with other numbers.
TEST_F(HostWatch, WithoutTheModuleItSaysHowToLoadIt) {
    Monitor monitor;
    unload_module("vhost_net_coal");
    const End ended = monitor.finish();
    EXPECT_EQ(ended.status, exit_failed);
    EXPECT_TRUE(mentions(ended.output, "the module was unloaded")) << ended.output;
    for (const std::string command : {"show", "monitor", "metrics"}) {
        const End end = vcoal_run({command});
        EXPECT_EQ(end.status, exit_failed);
        EXPECT_TRUE(mentions(end.output, "modprobe vhost_net_coal")) << end.output;
    }
    const Json doctor = vcoal_json({"doctor"}, exit_failed);
    EXPECT_EQ(doctor.at("trouble"), true);
    load_our_module("drivers/vhost/vhost_net_coal.ko");
}
