// SPDX-License-Identifier: GPL-2.0-only
//
// `vcoal show`, `set` and `limit`, as the host's operator calls them, in front of devices of
// several users: what they say, what they change, and how they end.
#include "support/coal_bench.hpp"
#include "support/host_command.hpp"
#include "support/vmm_process.hpp"
#include "vcoal/command.hpp"

#include <cerrno>
#include <initializer_list>
#include <optional>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

using Strings = std::vector<std::string>;
using End = bench::Child::End;

/// Fails, with its reason on standard error and the status of wrong usage.
void expect_usage(const Strings& arguments, const std::string& hint) {
    const End end = vcoal_run(arguments);
    EXPECT_EQ(end.status, exit_usage) << end.output;
    EXPECT_TRUE(end.output.starts_with("vcoal: ")) << end.output;
    EXPECT_TRUE(mentions(end.output, hint)) << end.output;
    EXPECT_EQ(occurrences(end.output, "\n"), 1U) << end.output;
}

} // namespace

TEST_F(HostCommand, WithoutDevicesShowSaysWhatToDo) {
    const End end = vcoal_run({"show"});
    EXPECT_EQ(end.status, exit_ok);
    EXPECT_TRUE(mentions(end.output, "There is no device. Start a guest")) << end.output;
    EXPECT_EQ(vcoal_json({"show"}).at("devices"), Json::array());
    expect_usage({"show", "vnet0"}, "there is no device");
}

TEST_F(HostCommand, ShowHasTheDevicesOfAllUsers) {
    const VmmProcess first({.uid = alice, .comm = "alices", .tap = "vnet0", .queues = 2});
    const VmmProcess second({.uid = bob, .comm = "bobs", .tap = "vnet1"});
    const Json devices = vcoal_json({"show"}).at("devices");
    ASSERT_EQ(devices.size(), 2U);
    const Json& one = devices.at(0);
    EXPECT_EQ(one.at("owner"), (Json{{"pid", first.pid()}, {"uid", alice}, {"comm", "alices"}}));
    EXPECT_EQ(one.at("interface").at("name"), "vnet0");
    EXPECT_EQ(one.at("ids").size(), 2U);
    ASSERT_EQ(one.at("queues").size(), 2U);
    EXPECT_EQ(one.at("queues").at(1).at("tx").at("running"), true);
    EXPECT_EQ(one.at("queues").at(1).at("tx").at("ring_size"), 64);
    EXPECT_EQ(devices.at(1).at("owner").at("uid"), bob);

    const End table = vcoal_run({"show"});
    EXPECT_EQ(table.status, exit_ok);
    EXPECT_EQ(occurrences(table.output, "\n"), 7U) << table.output;
    EXPECT_TRUE(mentions(table.output, "alices (pid " + std::to_string(first.pid()) + ")"));
    EXPECT_TRUE(mentions(table.output, "vnet1")) << table.output;
}

TEST_F(HostCommand, ADeviceHasAllItsNames) {
    const VmmProcess vmm({.tap = "vnet0", .queues = 2});
    const Json ids = shown_device("vnet0").at("ids");
    for (const std::string& name :
         {ids.at(0).dump(), ids.at(1).dump(), "pid:" + std::to_string(vmm.pid())}) {
        EXPECT_EQ(shown_device(name).at("ids"), ids) << name;
        const End text = vcoal_run({"show", name});
        EXPECT_EQ(text.status, exit_ok);
        EXPECT_TRUE(mentions(text.output, "queue 1 tx")) << text.output;
    }
}

TEST_F(HostCommand, AUserSeesItsOwn) {
    const VmmProcess first({.uid = alice, .tap = "vnet0"});
    const VmmProcess second({.uid = bob, .tap = "vnet1"});
    const Json devices = json_of(vcoal_as(alice, {"show", "--json"})).at("devices");
    ASSERT_EQ(devices.size(), 1U);
    EXPECT_EQ(devices.at(0).at("interface").at("name"), "vnet0");
    EXPECT_EQ(vcoal_as(alice, {"show", "vnet1"}).status, exit_usage);
    EXPECT_TRUE(mentions(vcoal_as(4003, {"show"}).output, "There is no device of yours"));
    EXPECT_FALSE(mentions(vcoal_as(alice, {"metrics"}).output, "vnet1"));
}

TEST_F(HostCommand, SetSaysWhatItDidAndDoesIt) {
    const VmmProcess first({.uid = alice, .tap = "vnet0"});
    const VmmProcess second({.uid = bob, .tap = "vnet1"});
    const End end = vcoal_run({"set", "vnet0", "rx-usecs", "0.05ms", "rx-frames", "32"});
    EXPECT_EQ(end.status, exit_ok);
    EXPECT_TRUE(mentions(end.output, "queue 0 rx: host default off -> 50 us, 32 frames; in force "
                                     "off -> 50 us, 32 frames\n"))
        << end.output;
    EXPECT_EQ(occurrences(end.output, "\n"), 1U) << "nothing of tx, no warning: " << end.output;
    EXPECT_EQ(shown_queue("vnet0", 0, "rx").at("effective"), params_json(32, 50));
    EXPECT_EQ(shown_queue("vnet0", 0, "tx").at("effective"), params_json(0, 0));
    EXPECT_EQ(shown_queue("vnet1", 0, "rx").at("effective"), params_json(0, 0)) << "another device";

    // What is not named stays.
    const Json changed = vcoal_json({"set", "vnet0", "rx-usecs", "60"}).at("changed");
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed.at(0).at("before").at("host"), params_json(32, 50));
    EXPECT_EQ(changed.at(0).at("after").at("effective"), params_json(32, 60));
    EXPECT_EQ(changed.at(0).at("warnings"), Json::array());
}

TEST_F(HostCommand, SetOfOneQueueLeavesTheOthers) {
    const VmmProcess vmm({.tap = "vnet0", .queues = 2});
    const Json changed =
        vcoal_json({"set", "vnet0", "queue", "1", "tx-usecs", "9", "tx-frames", "3"}).at("changed");
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed.at(0).at("queue"), 1);
    EXPECT_EQ(shown_queue("vnet0", 0, "tx").at("host"), params_json(0, 0));
    EXPECT_EQ(shown_queue("vnet0", 1, "tx").at("host"), params_json(3, 9));
    EXPECT_EQ(vcoal_json({"set", "vnet0", "tx-usecs", "8"}).at("changed").size(), 2U);
    EXPECT_EQ(shown_queue("vnet0", 1, "tx").at("host"), params_json(3, 8));
}

TEST_F(HostCommand, SetAllHoldsForDevicesOpenedLater) {
    const VmmProcess first({.uid = alice, .tap = "vnet0"});
    const Json done = vcoal_json({"set", "all", "rx-usecs", "70", "rx-frames", "7"});
    EXPECT_EQ(done.at("changed").size(), 1U);
    EXPECT_EQ(done.at("defaults").at("rx").at("host"), params_json(7, 70));
    EXPECT_EQ(done.at("warnings"), Json::array());

    const VmmProcess later({.uid = bob, .tap = "vnet1"});
    for (const std::string name : {"vnet0", "vnet1"}) {
        EXPECT_EQ(shown_queue(name, 0, "rx").at("effective"), params_json(7, 70)) << name;
        EXPECT_EQ(shown_queue(name, 0, "tx").at("effective"), params_json(0, 0)) << name;
    }
    const End text = vcoal_run({"set", "all", "rx-frames", "0"});
    EXPECT_TRUE(mentions(text.output, "devices opened later begin with the host default: rx 70 us, "
                                      "0 frames (off)\n"))
        << text.output;
    EXPECT_EQ(occurrences(text.output, "rx-frames is 0: that is off"), 3U) << text.output;
}

TEST_F(HostCommand, AQueueOfAllIsNothingForLaterDevices) {
    const VmmProcess one({.tap = "vnet0"});
    const VmmProcess two({.tap = "vnet1", .queues = 2});
    const Json done = vcoal_json({"set", "all", "queue", "1", "rx-usecs", "70", "rx-frames", "7"});
    EXPECT_EQ(done.at("changed").size(), 1U);
    EXPECT_FALSE(done.contains("defaults"));
    EXPECT_EQ(shown_queue("vnet1", 1, "rx").at("host"), params_json(7, 70));
    EXPECT_EQ(shown_queue("vnet1", 0, "rx").at("host"), params_json(0, 0));
    expect_usage({"set", "all", "queue", "2", "rx-usecs", "1"}, "the queues there are: 0 to 1");
}

TEST_F(HostCommand, SetWarnsWhereTheGuestDecides) {
    VmmProcess vmm({.tap = "vnet0", .coalesces = true});
    ASSERT_EQ(vmm.ask(VHN_VRING_RX, {8, 20}), 0);
    const End end = vcoal_run({"set", "vnet0", "rx-usecs", "50", "rx-frames", "32"});
    EXPECT_EQ(end.status, exit_ok);
    EXPECT_TRUE(mentions(end.output, "vcoal: warning: vnet0 (id ")) << end.output;
    EXPECT_TRUE(mentions(end.output, "not in force: the guest decides itself, and asked for: 20 "
                                     "us, 8 frames\n"))
        << end.output;
    const Json rx = shown_queue("vnet0", 0, "rx");
    EXPECT_EQ(rx.at("by_guest"), true);
    EXPECT_EQ(rx.at("effective"), params_json(8, 20));
    EXPECT_EQ(rx.at("host"), params_json(32, 50));
}

TEST_F(HostCommand, ALimitBoundsBoth) {
    VmmProcess guest({.tap = "vnet0", .coalesces = true});
    const VmmProcess plain({.tap = "vnet1"});
    ASSERT_EQ(guest.ask(VHN_VRING_RX, {8, 500}), 0);
    vcoal_json({"set", "vnet1", "rx-usecs", "400", "rx-frames", "32"});

    const End end = vcoal_run({"limit", "all", "rx-usecs", "100us"});
    EXPECT_EQ(end.status, exit_ok);
    EXPECT_TRUE(mentions(end.output, "in force 500 us, 8 frames -> 100 us, 8 frames"))
        << end.output;
    EXPECT_TRUE(mentions(end.output, "bounds what the guest asked for (500 us, 8 frames)"))
        << end.output;
    EXPECT_TRUE(mentions(end.output, "bounds what the host asked for (400 us, 32 frames)"))
        << end.output;
    EXPECT_EQ(shown_queue("vnet0", 0, "rx").at("effective"), params_json(8, 100));
    EXPECT_EQ(shown_queue("vnet1", 0, "rx").at("effective"), params_json(32, 100));
    EXPECT_EQ(guest.ask(VHN_VRING_RX, {8, 101}), ERANGE);
    const End set = vcoal_run({"set", "vnet1", "rx-usecs", "300"});
    EXPECT_TRUE(mentions(set.output, "the limit bounds it: 100 us")) << set.output;

    EXPECT_EQ(vcoal_run({"limit", "vnet0", "rx-usecs", "0"}).status, exit_ok);
    EXPECT_EQ(shown_queue("vnet0", 0, "rx").at("effective"), params_json(8, 500))
        << "what it asked for";
}

TEST_F(HostCommand, ALockKeepsTheGuestOut) {
    VmmProcess vmm({.tap = "vnet0", .coalesces = true});
    const End end = vcoal_run({"limit", "vnet0", "lock"});
    EXPECT_EQ(end.status, exit_ok);
    EXPECT_EQ(occurrences(end.output, ", not locked -> locked"), 2U) << end.output;
    EXPECT_EQ(vmm.ask(VHN_VRING_TX, {8, 20}), EPERM);
    EXPECT_EQ(shown_queue("vnet0", 0, "tx").at("locked"), true);
    EXPECT_EQ(shown_queue("vnet0", 0, "tx").at("counters").at("refused"), 1);
    EXPECT_EQ(vcoal_run({"limit", "vnet0", "unlock"}).status, exit_ok);
    EXPECT_EQ(vmm.ask(VHN_VRING_TX, {8, 20}), 0);
}

TEST_F(HostCommand, AnAmbiguousNameIsAnsweredByTheCandidates) {
    const VmmProcess first({.uid = alice, .tap = "vnet0"});
    const NetNs other = NetNs::create();
    std::optional<InNetNs> inside(other);
    const VmmProcess second({.uid = bob, .tap = "vnet0"});
    inside.reset();
    const Json devices = vcoal_json({"show"}).at("devices");
    ASSERT_EQ(devices.size(), 2U);
    const std::string ids[] = {devices.at(0).at("ids").at(0).dump(),
                               devices.at(1).at("ids").at(0).dump()};
    for (const std::string command : {"set", "limit"}) {
        expect_usage({command, "vnet0", "rx-usecs", "50"}, "ENOTUNIQ");
        expect_usage({command, "vnet0", "rx-usecs", "50"}, "id " + ids[0] + " (");
        expect_usage({command, "vnet0", "rx-usecs", "50"}, "id " + ids[1] + " (");
    }
    expect_usage({"show", "vnet0"}, "ENOTUNIQ");
    for (const std::string& id : ids) {
        EXPECT_EQ(shown_queue(id, 0, "rx").at("host"), params_json(0, 0));
    }
    EXPECT_EQ(vcoal_run({"set", ids[1], "rx-usecs", "50"}).status, exit_ok);
    EXPECT_EQ(shown_queue(ids[0], 0, "rx").at("host"), params_json(0, 0));
}

TEST_F(HostCommand, WhatThereIsNotIsWrongUsage) {
    const VmmProcess vmm({.tap = "vnet0"});
    expect_usage({"show", "vnet1"}, "interface vnet0");
    expect_usage({"set", "vnet1", "rx-usecs", "1"}, "interface vnet0");
    expect_usage({"limit", "pid:1", "rx-usecs", "1"}, "interface vnet0");
    expect_usage({"set", "vnet0", "queue", "1", "rx-usecs", "1"}, "it has queue 0 alone");
    expect_usage({"set", "vnet0", "rx-usec", "1"}, "there are rx-usecs, rx-frames");
    expect_usage({"set", "vnet0", "lock"}, "there are rx-usecs, rx-frames");
    expect_usage({"set", "vnet0", "rx-usecs"}, "a value has to follow it");
    expect_usage({"set", "vnet0", "rx-usecs", "1ns"}, "write 50us, 0.05ms, 1s");
    expect_usage({"set", "vnet0", "rx-usecs", "1000001"}, "the longest time is 1000000 us");
    expect_usage({"limit", "vnet0", "rx-usecs", "2s"}, "the longest time is 1000000 us");
    expect_usage({"set", "all", "rx-usecs", "4294967296"}, "the longest is 4294967295us");
    expect_usage({"set", "vnet0"}, "SETTINGS");
    expect_usage({"set"}, "DEV");
    expect_usage({"show", "vnet0", "vnet0"}, "vcoal --help");
    EXPECT_EQ(shown_queue("vnet0", 0, "rx").at("host"), params_json(0, 0));
}

TEST_F(HostCommand, OfSeveralQueuesAllAreSetOrNone) {
    const VmmProcess vmm({.tap = "vnet0", .queues = 2});
    expect_usage({"set", "vnet0", "tx-usecs", "5", "rx-usecs", "1000001"}, "ERANGE");
    for (const unsigned number : {0U, 1U}) {
        EXPECT_EQ(shown_queue("vnet0", number, "tx").at("host"), params_json(0, 0));
    }
}

TEST_F(HostCommand, ErrorsAreJsonToo) {
    const VmmProcess vmm({.tap = "vnet0"});
    const Json error = vcoal_json({"show", "vnet1"}, exit_usage).at("error");
    EXPECT_EQ(error.at("object"), "device \"vnet1\"");
    EXPECT_EQ(error.at("errno"), "ENODEV");
    EXPECT_TRUE(mentions(error.at("hint"), "vnet0"));
    EXPECT_EQ(vcoal_json({"set", "vnet0", "rx-usecs", "x"}, exit_usage).at("error").at("errno"),
              "EINVAL");
}

TEST_F(HostCommand, AUserMaySetNothing) {
    const VmmProcess vmm({.uid = alice, .tap = "vnet0"});
    for (const std::string target : {"vnet0", "all"}) {
        for (const std::string command : {"set", "limit"}) {
            const End end = vcoal_as(alice, {command, target, "rx-usecs", "50"});
            EXPECT_EQ(end.status, exit_failed) << end.output;
            EXPECT_TRUE(mentions(end.output, "EPERM")) << end.output;
            EXPECT_TRUE(mentions(end.output, "run it as root")) << end.output;
        }
    }
    EXPECT_EQ(shown_queue("vnet0", 0, "rx").at("host"), params_json(0, 0));
    const End monitor = vcoal_as(alice, {"monitor"});
    EXPECT_EQ(monitor.status, exit_failed);
    EXPECT_TRUE(mentions(monitor.output, "CAP_NET_ADMIN")) << monitor.output;
}

TEST_F(HostCommand, CountersAreThoseOfTheDevice) {
    CoalBench bench;
    bench.deliver(10);
    const Json counters = shown_queue("pid:" + std::to_string(::getpid()), 0, "rx").at("counters");
    const vhn_vring_stats stats = bench.vhost().statistics(VHN_VRING_RX);
    EXPECT_EQ(counters.at("packets"), 10);
    EXPECT_EQ(counters.at("bytes"), stats.bytes);
    EXPECT_EQ(counters.at("notifications").at("total"), notifications(stats));
    EXPECT_EQ(counters.at("kicks"), stats.kicks);
    EXPECT_EQ(counters.at("stalls"), 0);
}
