// SPDX-License-Identifier: GPL-2.0-only
//
// `vcoal apply-filter` as its users have it, on interfaces of this kernel. What it follows
// is a stub on a real control socket; what it did is read back with ip(8) and bridge(8).
#include "support/bench.hpp"
#include "support/modules.hpp"
#include "support/pairing.hpp"
#include "vcoal/control_socket.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/rx_filter_json.hpp"
#include "vcoal/virtio_net.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <mutex>
#include <poll.h>
#include <set>
#include <thread>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr MacAddress own{0x02, 0, 0, 0, 0, 1};
constexpr MacAddress second{0x02, 0, 0, 0, 0, 2};
constexpr MacAddress third{0x02, 0, 0, 0, 0, 3};
constexpr MacAddress group{0x01, 0, 0x5e, 0, 0, 1};

/// The other end: a guest's filter and the socket that tells of it, in a thread.
class StubGuest {
public:
    explicit StubGuest(const std::string& path)
        : socket_(std::in_place, path,
                  [this](const vcoal::Json& request) { return answer(request); }) {
        filter_.begin(feature(VIRTIO_NET_F_MAC) | feature(VIRTIO_NET_F_CTRL_RX) |
                          feature(VIRTIO_NET_F_CTRL_VLAN),
                      own);
        thread_ = std::thread([this] { serve(); });
    }
    StubGuest(const StubGuest&) = delete;
    StubGuest& operator=(const StubGuest&) = delete;
    ~StubGuest() { close(); }

    /// The guest changes its mind.
    void change(const std::function<void(RxFilter&)>& what) {
        const std::scoped_lock lock(mutex_);
        what(filter_);
        socket_->announce(rx_filter_changed("tap0"));
    }
    /// What is answered instead of the filter.
    void lie(vcoal::Json answer) {
        const std::scoped_lock lock(mutex_);
        lie_ = std::move(answer);
    }
    void change_at_each_query() {
        const std::scoped_lock lock(mutex_);
        restless_ = true;
    }
    unsigned queries() {
        const std::scoped_lock lock(mutex_);
        return queries_;
    }
    void close() {
        if (thread_.joinable()) {
            stop_.signal();
            thread_.join();
            socket_.reset();
        }
    }

private:
    Reply answer(const vcoal::Json& request) {
        if (request != rx_filter_query()) {
            throw Error("request", "read", EINVAL);
        }
        queries_++;
        return {lie_ ? *lie_ : to_json(rx_filter_state(filter_, "tap0")),
                std::string(rx_filter_changed_event)};
    }

    void serve() {
        for (;;) {
            pollfd fds[] = {{stop_.get(), POLLIN, 0}, {socket_->get(), POLLIN, 0}};
            ::poll(fds, 2, -1);
            if (fds[0].revents != 0) {
                return;
            }
            const std::scoped_lock lock(mutex_);
            socket_->handle();
            if (restless_) {
                socket_->announce(rx_filter_changed("tap0"));
            }
        }
    }

    std::mutex mutex_;
    RxFilter filter_;
    std::optional<vcoal::Json> lie_;
    bool restless_ = false;
    unsigned queries_ = 0;
    EventFd stop_;
    std::optional<ControlSocket> socket_;
    std::thread thread_;
};

/// Runs ip(8) or bridge(8); its output as JSON where it gives any.
Json must(const Strings& argv) {
    const auto end = run(argv);
    if (end.status != 0) {
        throw Error(argv[0] + " " + argv[1] + " " + argv[2], "run", 0, end.output);
    }
    return Json::parse(end.output, nullptr, false);
}

std::string mac_of(const std::string& interface) {
    return must({"ip", "-j", "link", "show", interface}).at(0).at("address");
}

bool has_flag(const std::string& interface, const std::string& flag) {
    const Json flags = must({"ip", "-j", "link", "show", interface}).at(0).at("flags");
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

bool floods(const std::string& port, const std::string& what) {
    return must({"bridge", "-j", "-d", "link", "show", "dev", port}).at(0).at(what);
}

/// The addresses of static entries of a port.
std::set<std::string> entries(const std::string& port) {
    std::set<std::string> macs;
    for (const Json& entry : must({"bridge", "-j", "fdb", "show", "br", "br0", "brport", port})) {
        if (entry.value("state", "") == "static") {
            macs.insert(entry.at("mac"));
        }
    }
    return macs;
}

class ApplyFilter : public testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const char* module : {"dummy", "veth", "macvlan", "macvtap", "bridge"}) {
            load_system_module(module);
        }
    }

    ApplyFilter() { std::filesystem::remove(path); }

    void TearDown() override {
        for (const char* interface : {"point0", "br0", "lower0", "port0", "other0"}) {
            run({"ip", "link", "delete", interface});
        }
    }

    static void make_lower() {
        must({"ip", "link", "add", "lower0", "type", "dummy"});
        must({"ip", "link", "set", "lower0", "up"});
    }
    /// A macvlan or macvtap named point0, up.
    static void make_point(const std::string& type, const std::string& mode = "bridge") {
        make_lower();
        must({"ip", "link", "add", "link", "lower0", "name", "point0", "address",
              "02:00:00:00:00:99", "type", type, "mode", mode});
        must({"ip", "link", "set", "point0", "up"});
    }
    /// br0 with the ports port0 and other0, up.
    static void make_bridge() {
        must({"ip", "link", "add", "br0", "address", "02:00:00:00:00:88", "type", "bridge"});
        for (const std::string port : {"port0", "other0"}) {
            must({"ip", "link", "add", port, "type", "veth", "peer", "name", port + "p"});
            for (const std::string& end : {port, port + "p"}) {
                NetDev(end).disable_ipv6();
                must({"ip", "link", "set", end, "up"});
            }
            must({"ip", "link", "set", port, "master", "br0"});
        }
        NetDev("br0").disable_ipv6();
        must({"ip", "link", "set", "br0", "up"});
    }

    Strings command(const std::string& interface, const Strings& more) const {
        Strings argv{vcoal_program(), "apply-filter", "--control", path, "--to", interface};
        argv.insert(argv.end(), more.begin(), more.end());
        return argv;
    }
    void start(const std::string& interface, const Strings& more = {"--json"}) {
        process.emplace(command(interface, more), nullptr, bench::Errors::output);
    }
    bench::Child::End once(const std::string& interface, Strings more = {}) const {
        more.emplace_back("--once");
        return run(command(interface, more));
    }
    Json next_line() {
        const auto line = process->read_line(generous);
        if (!line) {
            throw Error("apply-filter", "read a line", 0, "it has ended");
        }
        return Json::parse(*line);
    }
    /// The next lines are these, of one event.
    void expect_lines(const std::string& event, const std::vector<Json>& changes) {
        for (const Json& change : changes) {
            const Json line = next_line();
            EXPECT_EQ(line.at("event"), event) << line;
            EXPECT_EQ((Json{line.at("change"), line.at("value")}), change);
        }
    }
    int stop() {
        ::kill(process->pid(), SIGTERM);
        return process->finish(generous).status;
    }

    const std::string path = "/tmp/apply-filter-test.sock";
    std::optional<bench::Child> process;
};

class ApplyFilterMacvlan : public ApplyFilter, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Types, ApplyFilterMacvlan, testing::Values("macvlan", "macvtap"),
                         [](const auto& type) { return std::string(type.param); });

TEST_P(ApplyFilterMacvlan, FollowsTheGuestAndIsPutBack) {
    make_point(GetParam());
    StubGuest guest(path);
    start("point0");
    expect_lines("applied", {{"mac", "02:00:00:00:00:01"}});
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:01");
    EXPECT_FALSE(has_flag("point0", "PROMISC") || has_flag("point0", "ALLMULTI"));

    guest.change([](RxFilter& filter) { filter.set_tables({second}, {group}); });
    expect_lines("applied", {{"promiscuous", true}, {"all-multicast", true}});
    EXPECT_TRUE(has_flag("point0", "PROMISC") && has_flag("point0", "ALLMULTI"));

    guest.change([](RxFilter& filter) { filter.set_tables({}, {group}); });
    expect_lines("applied", {{"promiscuous", false}});
    EXPECT_TRUE(!has_flag("point0", "PROMISC") && has_flag("point0", "ALLMULTI"));

    guest.change([](RxFilter& filter) { filter.set_mode(VHN_FILTER_PROMISC, true); });
    expect_lines("applied", {{"promiscuous", true}});
    EXPECT_TRUE(has_flag("point0", "PROMISC"));

    EXPECT_EQ(stop(), 0);
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:99");
    EXPECT_FALSE(has_flag("point0", "PROMISC") || has_flag("point0", "ALLMULTI"));
}

TEST_P(ApplyFilterMacvlan, FlagsThatWereSetBeforeAreSetAfter) {
    make_point(GetParam());
    must({"ip", "link", "set", "point0", "promisc", "on", "allmulticast", "on"});
    const StubGuest guest(path);
    start("point0");
    expect_lines("applied",
                 {{"mac", "02:00:00:00:00:01"}, {"promiscuous", false}, {"all-multicast", false}});
    EXPECT_FALSE(has_flag("point0", "PROMISC") || has_flag("point0", "ALLMULTI"));
    EXPECT_EQ(stop(), 0);
    EXPECT_TRUE(has_flag("point0", "PROMISC") && has_flag("point0", "ALLMULTI"));
}

TEST_F(ApplyFilter, InPassthruModeTheLowerInterfaceHasTheAddressToo) {
    make_point("macvtap", "passthru");
    const std::string before = mac_of("lower0");
    ASSERT_EQ(mac_of("point0"), before);
    const StubGuest guest(path);
    start("point0");
    expect_lines("applied", {{"mac", "02:00:00:00:00:01"}});
    EXPECT_EQ(mac_of("lower0"), "02:00:00:00:00:01");
    EXPECT_EQ(stop(), 0);
    EXPECT_EQ(mac_of("lower0"), before);
    EXPECT_EQ(mac_of("point0"), before);
}

TEST_F(ApplyFilter, AMacChangeIsDeniedByDefaultAndTheRestIsApplied) {
    make_point("macvtap");
    StubGuest guest(path);
    start("point0");
    expect_lines("applied", {{"mac", "02:00:00:00:00:01"}});
    guest.change([](RxFilter& filter) {
        filter.set_mac(second);
        filter.set_mode(VHN_FILTER_ALLMULTI, true);
    });
    expect_lines("refused", {{"mac", "02:00:00:00:00:02"}});
    expect_lines("applied", {{"all-multicast", true}});
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:01");
    guest.change([](RxFilter& filter) { filter.set_mode(VHN_FILTER_ALLMULTI, false); });
    expect_lines("applied", {{"all-multicast", false}}); // the refusal is told once
    guest.change([](RxFilter& filter) { filter.set_mac(own); });
    guest.change([](RxFilter& filter) {
        filter.set_mac(group);
        filter.set_mode(VHN_FILTER_PROMISC, true);
    });
    expect_lines("refused", {{"mac", "01:00:5e:00:00:01"}});
    EXPECT_EQ(stop(), 0);
}

TEST_F(ApplyFilter, AMacChangeIsAppliedWhereItIsAllowed) {
    make_point("macvtap");
    StubGuest guest(path);
    start("point0", {"--json", "--mac-change", "allow"});
    expect_lines("applied", {{"mac", "02:00:00:00:00:01"}});
    guest.change([](RxFilter& filter) { filter.set_mac(second); });
    expect_lines("applied", {{"mac", "02:00:00:00:00:02"}});
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:02");
    EXPECT_EQ(stop(), 0);
}

TEST_F(ApplyFilter, OfAListOnlyItsAddressesAreApplied) {
    make_point("macvtap");
    StubGuest guest(path);
    start("point0", {"--json", "--mac-change", "02:00:00:00:00:02,02:00:00:00:00:04"});
    expect_lines("refused", {{"mac", "02:00:00:00:00:01"}});
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:99");
    guest.change([](RxFilter& filter) { filter.set_mac(second); });
    expect_lines("applied", {{"mac", "02:00:00:00:00:02"}});
    guest.change([](RxFilter& filter) { filter.set_mac(third); });
    expect_lines("refused", {{"mac", "02:00:00:00:00:03"}});
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:02");
    EXPECT_EQ(stop(), 0);
}

TEST_F(ApplyFilter, AnAddressThatTheKernelRefusesIsReportedAndTheRestIsApplied) {
    make_point("macvtap");
    must({"ip", "link", "add", "link", "lower0", "name", "other0", "address", "02:00:00:00:00:02",
          "type", "macvlan", "mode", "bridge"});
    must({"ip", "link", "set", "other0", "up"});
    StubGuest guest(path);
    start("point0", {"--json", "--mac-change", "allow"});
    expect_lines("applied", {{"mac", "02:00:00:00:00:01"}});
    guest.change([](RxFilter& filter) {
        filter.set_mac(second);
        filter.set_mode(VHN_FILTER_ALLMULTI, true);
    });
    expect_lines("refused", {{"mac", "02:00:00:00:00:02"}});
    expect_lines("applied", {{"all-multicast", true}});
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:01");
    EXPECT_EQ(stop(), 0);
}

TEST_F(ApplyFilter, ABridgePortFloodsWhatTheGuestReceivesAndIsPutBack) {
    make_bridge();
    must({"bridge", "link", "set", "dev", "port0", "mcast_flood", "off"});
    StubGuest guest(path);
    start("port0");
    expect_lines(
        "applied",
        {{"fdb-add", "02:00:00:00:00:01"}, {"unicast-flood", false}, {"multicast-flood", true}});
    EXPECT_FALSE(floods("port0", "flood"));
    EXPECT_TRUE(floods("port0", "mcast_flood") && floods("port0", "bcast_flood"));
    guest.change([](RxFilter& filter) {
        filter.set_mode(VHN_FILTER_ALLUNI, true);
        filter.set_mode(VHN_FILTER_NOMULTI, true);
        filter.set_mode(VHN_FILTER_NOBCAST, true);
    });
    expect_lines("applied",
                 {{"unicast-flood", true}, {"multicast-flood", false}, {"broadcast-flood", false}});
    EXPECT_TRUE(floods("port0", "flood"));
    EXPECT_FALSE(floods("port0", "mcast_flood") || floods("port0", "bcast_flood"));
    EXPECT_TRUE(floods("other0", "mcast_flood") && floods("other0", "bcast_flood"));
    EXPECT_EQ(stop(), 0);
    EXPECT_TRUE(floods("port0", "flood") && floods("port0", "bcast_flood"));
    EXPECT_FALSE(floods("port0", "mcast_flood"));
}

TEST_F(ApplyFilter, ForwardingEntriesComeAndGoAndThoseOfOthersStay) {
    make_bridge();
    must({"bridge", "fdb", "add", "02:00:00:00:00:03", "dev", "port0", "master", "static"});
    must({"bridge", "fdb", "add", "02:00:00:00:00:04", "dev", "port0", "master", "static"});
    StubGuest guest(path);
    guest.change([](RxFilter& filter) { filter.set_tables({second, third}, {}); });
    start("port0");
    // The third is there already, and stays somebody else's.
    expect_lines("applied", {{"fdb-add", "02:00:00:00:00:01"},
                             {"fdb-add", "02:00:00:00:00:02"},
                             {"unicast-flood", false}});
    EXPECT_EQ(entries("port0"), (std::set<std::string>{"02:00:00:00:00:01", "02:00:00:00:00:02",
                                                       "02:00:00:00:00:03", "02:00:00:00:00:04"}));
    guest.change([](RxFilter& filter) { filter.set_tables({{0x02, 0, 0, 0, 0, 5}}, {}); });
    expect_lines("applied",
                 {{"fdb-add", "02:00:00:00:00:05"}, {"fdb-remove", "02:00:00:00:00:02"}});
    EXPECT_EQ(entries("port0"), (std::set<std::string>{"02:00:00:00:00:01", "02:00:00:00:00:03",
                                                       "02:00:00:00:00:04", "02:00:00:00:00:05"}));
    EXPECT_EQ(stop(), 0);
    EXPECT_EQ(entries("port0"), (std::set<std::string>{"02:00:00:00:00:03", "02:00:00:00:00:04"}));
}

TEST_F(ApplyFilter, WithVlansOnThePortNoEntryIsLeftBehind) {
    make_bridge();
    must({"ip", "link", "set", "br0", "type", "bridge", "vlan_filtering", "1"});
    must({"bridge", "vlan", "add", "vid", "7", "dev", "port0"});
    const StubGuest guest(path);
    start("port0");
    expect_lines("applied", {{"fdb-add", "02:00:00:00:00:01"}, {"unicast-flood", false}});
    EXPECT_EQ(entries("port0"), std::set<std::string>{"02:00:00:00:00:01"});
    EXPECT_EQ(stop(), 0);
    EXPECT_EQ(entries("port0"), std::set<std::string>{});
}

TEST_F(ApplyFilter, AnAddressThatTheBridgeKnowsElsewhereStaysThere) {
    make_bridge();
    must({"bridge", "fdb", "add", "02:00:00:00:00:02", "dev", "other0", "master", "static"});
    must({"bridge", "fdb", "add", "02:00:00:00:00:03", "dev", "other0", "master", "dynamic"});
    StubGuest guest(path);
    guest.change([](RxFilter& filter) {
        filter.set_tables({second, third, {0x02, 0, 0, 0, 0, 0x88}}, {});
    });
    start("port0");
    expect_lines("applied", {{"fdb-add", "02:00:00:00:00:01"}});
    expect_lines("refused", {{"fdb-add", "02:00:00:00:00:02"},
                             {"fdb-add", "02:00:00:00:00:03"},
                             {"fdb-add", "02:00:00:00:00:88"}});
    expect_lines("applied", {{"unicast-flood", false}});
    EXPECT_EQ(entries("port0"), std::set<std::string>{"02:00:00:00:00:01"});
    EXPECT_EQ(entries("other0"), std::set<std::string>{"02:00:00:00:00:02"});
    EXPECT_EQ(stop(), 0);
    EXPECT_EQ(entries("other0"), std::set<std::string>{"02:00:00:00:00:02"});
}

TEST_F(ApplyFilter, TheGuestsOwnAddressMayHaveBeenLearnedAnywhere) {
    make_bridge();
    for (const char* port : {"other0", "port0"}) {
        SCOPED_TRACE(port);
        must({"bridge", "fdb", "replace", "02:00:00:00:00:01", "dev", port, "master", "dynamic"});
        const StubGuest guest(path);
        start("port0");
        expect_lines("applied", {{"fdb-add", "02:00:00:00:00:01"}, {"unicast-flood", false}});
        EXPECT_EQ(entries("port0"), std::set<std::string>{"02:00:00:00:00:01"});
        EXPECT_EQ(stop(), 0);
        EXPECT_EQ(entries("port0"), std::set<std::string>{});
        process.reset();
    }
}

TEST_F(ApplyFilter, OnceLeavesTheInterfaceProgrammedAndAgainFindsNothingToDo) {
    make_bridge();
    const StubGuest guest(path);
    const auto first = once("port0");
    EXPECT_EQ(first.status, 0) << first.output;
    EXPECT_EQ(first.output, "port0: applied: static forwarding entry for 02:00:00:00:00:01\n"
                            "port0: applied: unicast-flood off\n");
    EXPECT_FALSE(floods("port0", "flood"));
    EXPECT_EQ(entries("port0"), std::set<std::string>{"02:00:00:00:00:01"});
    const auto again = once("port0");
    EXPECT_EQ(again.status, 0);
    EXPECT_EQ(again.output, "");
}

TEST_F(ApplyFilter, OnceFailsWhenSomethingIsRefused) {
    make_point("macvtap");
    const StubGuest guest(path);
    const auto end = once("point0", {"--mac-change", "02:00:00:00:00:02"});
    EXPECT_EQ(end.status, 1);
    EXPECT_EQ(end.output, "vcoal: warning: point0: refused: MAC address 02:00:00:00:00:01: "
                          "--mac-change does not allow it\n");
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:99");
}

TEST_F(ApplyFilter, OtherInterfacesAreRefusedInWords) {
    make_lower();
    const StubGuest guest(path);
    const auto end = once("lower0");
    EXPECT_EQ(end.status, 1);
    EXPECT_NE(end.output.find("a macvlan, a macvtap or a port of a bridge"), std::string::npos)
        << end.output;
    EXPECT_NE(once("missing0").output.find("ENODEV"), std::string::npos);
    EXPECT_NE(once("name-that-is-too-long").output.find("15 characters"), std::string::npos);
    EXPECT_EQ(once("lower0", {"--mac-change", "perhaps"}).status, 2);
}

TEST_F(ApplyFilter, WithoutAnOtherEndItSaysSo) {
    make_point("macvlan");
    const auto end = once("point0");
    EXPECT_EQ(end.status, 1);
    EXPECT_NE(end.output.find("vcoal pair --control"), std::string::npos) << end.output;
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:99");
}

TEST_F(ApplyFilter, WhenTheOtherEndClosesEverythingIsPutBack) {
    make_point("macvlan");
    StubGuest guest(path);
    start("point0");
    expect_lines("applied", {{"mac", "02:00:00:00:00:01"}});
    guest.close();
    expect_lines("restored", {{"mac", "02:00:00:00:00:99"}});
    EXPECT_EQ(process->finish(generous).status, 0);
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:99");
}

TEST_F(ApplyFilter, ALieEndsItAndEverythingIsPutBack) {
    make_point("macvlan");
    const std::string deep = std::string(5000, '[') + std::string(5000, ']');
    const vcoal::Json lies[] = {
        vcoal::Json{{"rx-filter", nullptr}},
        vcoal::Json{{"rx-filter", {{"main-mac", "02:00:00:00:00:02"}}}},
        vcoal::Json{{"error", {{"message", "no\x1b[2J"}}}},
        vcoal::Json{{"error", 1}},
        vcoal::Json::array(),
        vcoal::Json(std::string(100000, 'x')),
        vcoal::Json{{"rx-filter", vcoal::Json::parse(deep)}},
        vcoal::Json{{"error", {{"message", vcoal::Json::parse(deep)}}}},
    };
    for (const vcoal::Json& lie : lies) {
        SCOPED_TRACE(lie.dump().substr(0, 100));
        StubGuest guest(path);
        start("point0");
        expect_lines("applied", {{"mac", "02:00:00:00:00:01"}});
        guest.lie(lie);
        guest.change([](RxFilter&) {});
        expect_lines("restored", {{"mac", "02:00:00:00:00:99"}});
        EXPECT_TRUE(next_line().contains("error"));
        EXPECT_EQ(process->finish(generous).status, 1);
        EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:99");
        process.reset();
    }
}

TEST_F(ApplyFilter, AnInterfaceThatGoesEndsIt) {
    make_point("macvlan");
    StubGuest guest(path);
    start("point0");
    expect_lines("applied", {{"mac", "02:00:00:00:00:01"}});
    must({"ip", "link", "delete", "point0"});
    guest.change([](RxFilter&) {});
    EXPECT_TRUE(next_line().contains("error"));
    EXPECT_EQ(process->finish(generous).status, 1);
}

TEST_F(ApplyFilter, AReaderThatEndsDoesNotKeepTheInterfaceFromBeingPutBack) {
    make_point("macvlan");
    const StubGuest guest(path);
    const std::string script = R"({
        "$0" "$@" & pid=$!
        until ip link show point0 | grep -q 02:00:00:00:00:01; do :; done
        kill $pid; wait $pid; echo status $? >&2
    } | true)";
    const auto end = run(
        {"sh", "-c", script, vcoal_program(), "apply-filter", "--control", path, "--to", "point0"});
    EXPECT_EQ(end.output, "status 0\n");
    EXPECT_EQ(mac_of("point0"), "02:00:00:00:00:99");
}

// How often the host is programmed is not the guest's to say.
TEST_F(ApplyFilter, AGuestThatChangesAllTheTimeIsAskedTenTimesASecond) {
    make_point("macvlan");
    StubGuest guest(path);
    guest.change_at_each_query();
    const auto before = std::chrono::steady_clock::now();
    start("point0");
    constexpr unsigned intervals = 10;
    ASSERT_TRUE(eventually([&] { return guest.queries() > intervals; }));
    EXPECT_GE(std::chrono::steady_clock::now() - before,
              intervals * std::chrono::milliseconds(100));
    guest.change([](RxFilter& filter) { filter.set_mode(VHN_FILTER_PROMISC, true); });
    expect_lines("applied", {{"mac", "02:00:00:00:00:01"}, {"promiscuous", true}});
    EXPECT_EQ(stop(), 0);
}

} // namespace
} // namespace vcoal::test
