// SPDX-License-Identifier: GPL-2.0-only
//
// What the host's operator sees of the devices, and what he may change (design 3.8, 3.14,
// 3.18), to the module's end.
#include "support/fault.hpp"
#include "support/host_bench.hpp"
#include "support/in_child.hpp"
#include "support/modules.hpp"
#include "support/other_user.hpp"
#include "support/raw_genl.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host_message.hpp"

#include <algorithm>
#include <cerrno>
#include <future>
#include <memory>
#include <sched.h>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr uid_t nobody = 65534;
constexpr std::uint32_t everything = 0xffffffff;

/// What the kernel said about it.
std::string words_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.hint();
    }
    return "nothing went wrong";
}

std::uint64_t own_netns() {
    struct stat status {};
    ::stat("/proc/self/ns/net", &status);
    return status.st_ino;
}

/// Everybody may open our node while this lives.
class OpenNode {
public:
    OpenNode() { ::chmod(vhost_node, 0666); }
    OpenNode(const OpenNode&) = delete;
    OpenNode& operator=(const OpenNode&) = delete;
    OpenNode(OpenNode&&) = delete;
    OpenNode& operator=(OpenNode&&) = delete;
    ~OpenNode() { ::chmod(vhost_node, 0600); }
};

} // namespace

// --- what is seen ---------------------------------------------------------------------

TEST_F(ControlOfDevice, WhoItIs) {
    ASSERT_TRUE(eventually([&] { return control.file(id).ifindex.has_value(); }));
    const HostFile file = control.file(id);
    EXPECT_EQ(file.pid, static_cast<std::uint32_t>(::getpid()));
    EXPECT_EQ(file.uid, ::geteuid());
    EXPECT_EQ(file.comm, own_name());
    EXPECT_EQ(file.ifname, bench.driver().tap().name());
    EXPECT_EQ(file.ifindex, static_cast<std::uint32_t>(bench.driver().tap().netdev().index()));
    EXPECT_EQ(file.netns, own_netns());
    EXPECT_EQ(file.features, bench.driver().options().features);
    EXPECT_EQ(file.backend_features, std::uint64_t{1} << VHN_BACKEND_F_COAL);
}

TEST_F(ControlOfDevice, WhatItsQueuesDo) {
    bench.set(VHN_VRING_RX, {1000, far_away});
    bench.deliver(5);
    bench.transmit(7);
    const HostQueue rx = queue(VHN_VRING_RX);
    EXPECT_EQ(rx.size, bench.driver().options().ring_size);
    EXPECT_TRUE(rx.running());
    EXPECT_TRUE(rx.by_guest());
    EXPECT_FALSE(rx.broken());
    EXPECT_FALSE(rx.locked());
    EXPECT_EQ(rx.effective, (HostParams{1000, far_away}));
    EXPECT_EQ(rx.requested, rx.effective);
    EXPECT_EQ(rx.direction, HostParams{});
    EXPECT_EQ(rx.host, HostParams{});
    EXPECT_EQ(rx.limit, (HostParams{everything, far_away}));
    EXPECT_EQ(rx.pending, 5U);
    EXPECT_EQ(rx.counters.packets, 5U);
    EXPECT_EQ(queue(VHN_VRING_TX).counters.packets, 7U);
}

// Every counter under its own name.
TEST_F(ControlOfDevice, CountersAreThoseOfTheIoctl) {
    bench.set(VHN_VRING_TX, {4, 1000});
    bench.transmit(10);
    bench.settle(VHN_VRING_TX);
    bench.quiesce(VHN_VRING_TX);
    const vhn_vring_stats stats = bench.vhost().statistics(VHN_VRING_TX);
    const HostCounters counters = queue(VHN_VRING_TX).counters;
    EXPECT_EQ(counters.packets, stats.packets);
    EXPECT_EQ(counters.bytes, stats.bytes);
    EXPECT_EQ(counters.kicks, stats.kicks);
    EXPECT_EQ(counters.notify_count, stats.notify_count);
    EXPECT_EQ(counters.notifications(), notifications(stats));
    EXPECT_EQ(counters.stalls, 0U);
    EXPECT_GE(stats.notify_count, 2U);
}

TEST_F(ControlOfDevice, AStoppedQueueDoesNotRun) {
    bench.driver().stop();
    EXPECT_FALSE(queue(VHN_VRING_RX).running());
    EXPECT_FALSE(queue(VHN_VRING_TX).running());
    bench.driver().start();
    EXPECT_TRUE(queue(VHN_VRING_RX).running());
}

TEST_F(ControlOfDevice, ABrokenQueueIsCalledSo) {
    // More buffers than the ring has.
    const auto avail = bench.tx().split().raw().avail_idx();
    avail.store(static_cast<std::uint16_t>(avail.load() + 2 * bench.driver().options().ring_size));
    bench.tx().kick();
    ASSERT_TRUE(eventually([&] { return bench.tx().errors() == 1; }));
    EXPECT_TRUE(queue(VHN_VRING_TX).broken());
    EXPECT_FALSE(queue(VHN_VRING_TX).running());
    EXPECT_FALSE(queue(VHN_VRING_RX).broken());
}

TEST_F(ControlOfDevice, ItIsNobodysWithoutOwner) {
    ASSERT_TRUE(eventually([&] { return control.file(id).ifindex.has_value(); }));
    bench.vhost().reset_owner();
    const HostFile file = control.file(id);
    EXPECT_FALSE(file.pid);
    EXPECT_EQ(file.comm, "");
    EXPECT_FALSE(file.ifindex);
}

TEST_F(Control, AnUnknownNumber) {
    EXPECT_EQ(code_of([&] { control.file(everything); }), ENODEV);
    EXPECT_NE(words_of([&] { control.file(everything); }).find("no such file"), std::string::npos);
    const auto set = [&] { control.set(host_change(0, {{1, 1}, {}, {}}, everything)); };
    EXPECT_EQ(code_of(set), ENODEV);
    EXPECT_NE(words_of(set).find("no such file"), std::string::npos);
}

TEST_F(Control, AClosedFileIsGoneAndItsNumberIsNotUsedAgain) {
    std::uint32_t first = 0;
    {
        const VhostNet vhost;
        first = newest();
    }
    EXPECT_EQ(code_of([&] { control.file(first); }), ENODEV);
    const VhostNet other;
    EXPECT_GT(newest(), first);
}

// The tests themselves are in another network namespace.
TEST(ControlElsewhere, ThereIsNoFamily) {
    EXPECT_EQ(code_of([] { HostControl(); }), ENOENT);
    EXPECT_EQ(code_of([] { HostEvents(); }), ENOENT);
}

TEST_F(Control, AThousandFilesInOneDump) {
    constexpr unsigned many = 1000;
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = many + 100;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    const std::size_t before = control.files().size();
    std::vector<VhostNet> files(many);
    const auto all = control.files();
    ASSERT_EQ(all.size(), before + many);
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, &HostFile::id)) << "oldest first";
    std::set<std::uint32_t> ids;
    for (const HostFile& file : all) {
        ids.insert(file.id);
    }
    EXPECT_EQ(ids.size(), all.size());
}

namespace {

/// Numbers of the files in a datagram; true when a dump ends in it.
bool add_files(std::span<const std::byte> datagram, std::vector<std::uint32_t>& ids) {
    bool done = false;
    each_message(datagram, [&](const nlmsghdr& header, std::span<const std::byte>) {
        done |= header.nlmsg_type == NLMSG_DONE;
        if (header.nlmsg_type >= NLMSG_MIN_TYPE) {
            const auto* bytes = reinterpret_cast<const std::byte*>(&header);
            ids.push_back(parse_host_file(parse_genl_message({bytes, header.nlmsg_len})).id);
        }
    });
    return done;
}

struct Family {
    std::uint16_t number = [] {
        GenlSocket socket;
        const GenlAnswer answer = socket.call(genl_family_request(VHN_NL_NAME));
        return parse_genl_family(answer.messages.at(0), VHN_NL_GROUP_EVENTS).id;
    }();
};

} // namespace

// Who was there when the dump began and is there when it ends is in it, once.
TEST_F(Control, FilesThatGoInTheMiddleOfADump) {
    constexpr unsigned many = 100;
    std::vector<std::unique_ptr<VhostNet>> files;
    std::vector<std::uint32_t> ids;
    ASSERT_TRUE(control.files().empty());
    for (unsigned i = 0; i < many; i++) {
        files.push_back(std::make_unique<VhostNet>());
    }
    for (const HostFile& file : control.files()) {
        ids.push_back(file.id);
    }
    auto raw = make_in_initial_netns<RawGenl>();
    const auto family = make_in_initial_netns<Family>().number;
    ASSERT_EQ(raw.send(family, VHN_NL_CMD_GET, NLM_F_REQUEST | NLM_F_DUMP, {}), 0);
    std::vector<std::uint32_t> seen;
    ASSERT_FALSE(add_files(raw.receive(), seen)) << "that was no middle";
    ASSERT_LT(seen.size(), std::size_t{many});
    // The last one in it, and every other one of the rest.
    std::set<std::uint32_t> stay(ids.begin(), ids.end());
    for (std::size_t i = seen.size() - 1; i < many; i += 2) {
        files.at(i).reset();
        stay.erase(ids.at(i));
    }
    const VhostNet late;
    while (!add_files(raw.receive(), seen)) {
    }
    EXPECT_TRUE(std::ranges::is_sorted(seen));
    EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end()) << "one twice";
    for (const std::uint32_t id : stay) {
        EXPECT_TRUE(std::ranges::binary_search(seen, id)) << "file " << id << " is missing";
    }
}

TEST_F(Control, FilesComeAndGoWhileEverybodyLooks) {
    const VhostNet first;
    const std::uint32_t id = newest();
    std::jthread churn([](const std::stop_token& enough) {
        while (!enough.stop_requested()) {
            VhostNet file;
            file.set_owner();
        }
    });
    for (unsigned i = 0; i < 300; i++) {
        EXPECT_EQ(std::ranges::count(control.files(), id, &HostFile::id), 1);
        control.set(host_change(VHN_VRING_RX, {{i, i}, {}, {}}));
        EXPECT_EQ(control.file(id).queues.at(VHN_VRING_RX).host, (HostParams{i, i}));
    }
}

// --- who may ---------------------------------------------------------------------------

TEST_F(Control, AnotherUserSeesItsOwnFilesAlone) {
    const OpenNode open;
    const VhostNet ours;
    const std::uint32_t id = newest();
    std::unique_ptr<VhostNet> theirs;
    {
        const InNetNs there(NetNs::open("/proc/1/ns/net"));
        const OtherUser user(nobody);
        HostControl their_control;
        EXPECT_TRUE(their_control.files().empty());
        EXPECT_EQ(code_of([&] { their_control.file(id); }), ENODEV);
        theirs = std::make_unique<VhostNet>();
        const auto files = their_control.files();
        ASSERT_EQ(files.size(), 1U);
        EXPECT_EQ(files[0].uid, nobody);
        EXPECT_EQ(their_control.file(files[0].id).id, files[0].id);
        EXPECT_NO_THROW(their_control.defaults());
    }
    EXPECT_EQ(control.file(newest()).uid, nobody);
    EXPECT_EQ(control.file(id).uid, 0U);
}

// Not even of its own.
TEST_F(Control, AnotherUserSetsNothingAndHearsNothing) {
    const OpenNode open;
    const InNetNs there(NetNs::open("/proc/1/ns/net"));
    const OtherUser user(nobody);
    const VhostNet theirs;
    HostControl their_control;
    const std::uint32_t id = their_control.files().at(0).id;
    const HostQueueChange some{{1, 1}, {}, {}};
    EXPECT_EQ(code_of([&] { their_control.set(host_change(0, some, id)); }), EPERM);
    EXPECT_EQ(code_of([&] { their_control.set(host_change(0, some)); }), EPERM);
    EXPECT_EQ(code_of([] { HostEvents(); }), EPERM);
    EXPECT_EQ(their_control.file(id).queues.at(0).host, HostParams{});
}

// A program that may more is given somebody's socket to write to, and does not know what it
// is: it says nothing there that the socket's owner may not be told, and changes nothing.
TEST_F(Control, ASocketIsItsOpeners) {
    const VhostNet ours;
    const auto family = make_in_initial_netns<Family>().number;
    std::unique_ptr<RawGenl> theirs;
    {
        const InNetNs there(NetNs::open("/proc/1/ns/net"));
        const OtherUser user(nobody);
        theirs = std::make_unique<RawGenl>();
    }
    std::vector<std::uint32_t> seen;
    ASSERT_EQ(theirs->write(family, VHN_NL_CMD_GET, NLM_F_REQUEST | NLM_F_DUMP, {}), 0);
    EXPECT_TRUE(add_files(theirs->receive(), seen));
    EXPECT_TRUE(seen.empty());
    RawAttributes id;
    id.put_u32(VHN_NL_FILE_ID, newest());
    ASSERT_EQ(theirs->write(family, VHN_NL_CMD_GET, NLM_F_REQUEST | NLM_F_ACK, id.bytes()), 0);
    EXPECT_EQ(theirs->outcome(), ENODEV);
    ASSERT_EQ(theirs->write(family, VHN_NL_CMD_SET, NLM_F_REQUEST | NLM_F_ACK, id.bytes()), 0);
    EXPECT_EQ(theirs->outcome(), EPERM);
}

// Process numbers are the reader's: it is 1 in its own namespace, and who is outside has
// none there.
TEST_F(Control, ProcessNumbersAreTheReaders) {
    VhostNet outside;
    outside.set_owner();
    const std::uint32_t outer = newest();
    const int result = in_child([&] {
        if (::unshare(CLONE_NEWPID) != 0) {
            return 1;
        }
        return in_child([&] {
            VhostNet inside;
            inside.set_owner();
            auto here = make_in_initial_netns<HostControl>();
            if (here.file(outer).pid) {
                return 2;
            }
            const auto files = here.files();
            return files.back().pid == 1U && files.back().id > outer ? 0 : 3;
        });
    });
    EXPECT_EQ(result, 0);
    EXPECT_EQ(control.file(outer).pid, static_cast<std::uint32_t>(::getpid()));
}

// --- what is set -----------------------------------------------------------------------

TEST_F(Control, AGuestThatDoesNotKnowCoalescingIsModerated) {
    CoalBench bench(
        coalescing_options(coalescing_features & ~(feature(VIRTIO_NET_F_NOTF_COAL) |
                                                   feature(VIRTIO_NET_F_VQ_NOTF_COAL))));
    const std::uint32_t id = newest();
    bench.settle(VHN_VRING_RX);
    control.set(host_change(VHN_VRING_RX, {{4, far_away}, {}, {}}, id));
    const HostQueue rx = control.file(id).queues.at(VHN_VRING_RX);
    EXPECT_EQ(rx.effective, (HostParams{4, far_away}));
    EXPECT_FALSE(rx.by_guest());
    bench.mark();
    bench.deliver(12);
    EXPECT_EQ(bench.await(VHN_VRING_RX, 3).count, 3U);
}

TEST_F(ControlOfDevice, WhatIsNotThereIsLeftAsItIs) {
    control.set(host_change(VHN_VRING_RX, {{8, 80}, {16, 160}, true}, id));
    control.set(host_change(VHN_VRING_RX, {{9, {}}, {}, {}}, id));
    control.set(host_change(VHN_VRING_RX, {{}, {{}, 170}, {}}, id));
    const HostQueue rx = queue(VHN_VRING_RX);
    EXPECT_EQ(rx.host, (HostParams{9, 80}));
    EXPECT_EQ(rx.limit, (HostParams{16, 170}));
    EXPECT_TRUE(rx.locked());
    EXPECT_EQ(queue(VHN_VRING_TX).host, HostParams{});
    control.set(host_change(VHN_VRING_RX, {{}, {0, 0}, false}, id));
    EXPECT_EQ(queue(VHN_VRING_RX).limit, (HostParams{everything, far_away}));
    EXPECT_FALSE(queue(VHN_VRING_RX).locked());
}

TEST_F(Control, AllFilesAndThoseOpenedLater) {
    const VhostNet before;
    const VhostNet with_a_mind_of_its_own;
    const std::uint32_t id = newest();
    HostChange all = host_change(VHN_VRING_TX, {{32, 50}, {64, 100}, true});
    control.set(all);
    const VhostNet after;
    for (const HostFile& file : control.files()) {
        const HostQueue& tx = file.queues.at(VHN_VRING_TX);
        EXPECT_EQ(tx.host, (HostParams{32, 50})) << file.id;
        EXPECT_EQ(tx.limit, (HostParams{64, 100})) << file.id;
        EXPECT_TRUE(tx.locked()) << file.id;
        EXPECT_EQ(file.queues.at(VHN_VRING_RX).host, HostParams{}) << file.id;
    }
    const HostQueueDefaults defaults = control.defaults().queues.at(VHN_VRING_TX);
    EXPECT_EQ(defaults.host, (HostParams{32, 50}));
    EXPECT_EQ(defaults.limit, (HostParams{64, 100}));
    EXPECT_TRUE(defaults.locked);
    // One file alone changes nothing of the rest.
    control.set(host_change(VHN_VRING_TX, {{1, 1}, {}, {}}, id));
    EXPECT_EQ(control.defaults().queues.at(VHN_VRING_TX).host, (HostParams{32, 50}));
    EXPECT_EQ(control.file(newest()).queues.at(VHN_VRING_TX).host, (HostParams{32, 50}));
}

// Not the first half of it either.
TEST_F(Control, AllOfAMessageOrNothing) {
    const VhostNet vhost;
    const std::uint32_t id = newest();
    HostChange both = host_change(VHN_VRING_RX, {{1, 1}, {}, {}});
    both.queues.at(VHN_VRING_TX) = {{1, far_away + 1}, {}, {}};
    EXPECT_EQ(code_of([&] { control.set(both); }), ERANGE);
    both.id = id;
    EXPECT_EQ(code_of([&] { control.set(both); }), ERANGE);
    EXPECT_EQ(control.file(id).queues.at(VHN_VRING_RX).host, HostParams{});
    EXPECT_EQ(control.defaults().queues.at(VHN_VRING_RX).host, HostParams{});
}

TEST_F(Control, NothingToSetIsSaid) {
    EXPECT_EQ(code_of([&] { control.set({}); }), EINVAL);
    EXPECT_NE(words_of([&] { control.set({}); }).find("no queue"), std::string::npos);
}

TEST_F(ControlOfDevice, ALimitBelowWhatRunsIsInForceAtOnce) {
    bench.set(VHN_VRING_RX, {1000, far_away});
    bench.mark();
    bench.deliver(5);
    ASSERT_EQ(bench.pending(VHN_VRING_RX), 5U);
    control.set(host_change(VHN_VRING_RX, {{}, {2, {}}, {}}, id));
    // Without any traffic.
    EXPECT_EQ(bench.await(VHN_VRING_RX, 1).count, 1U);
    EXPECT_EQ(bench.pending(VHN_VRING_RX), 0U);
    HostQueue rx = queue(VHN_VRING_RX);
    EXPECT_EQ(rx.effective, (HostParams{2, far_away}));
    EXPECT_EQ(rx.requested, (HostParams{1000, far_away}));
    // Raised again, it restores what was asked for.
    control.set(host_change(VHN_VRING_RX, {{}, {0, {}}, {}}, id));
    EXPECT_EQ(queue(VHN_VRING_RX).effective, (HostParams{1000, far_away}));
}

// --- a worker that is kept waiting -----------------------------------------------------

namespace {

/// A worker that waits for guest memory, in the middle of work on a queue.
class ControlOfBlocked : public ControlOfDevice, public testing::WithParamInterface<unsigned> {
protected:
    std::span<std::byte> buffers() {
        const auto& options = bench.driver().options();
        const std::size_t bytes = std::size_t{options.ring_size} * options.receive_buffer;
        return bench.driver().memory().at(GetParam() == VHN_VRING_RX
                                              ? bench.driver().receive_buffers()
                                              : bench.driver().transmit_buffers(),
                                          bytes);
    }

    void prepare() {
        bench.flow(GetParam(), 3);
        bench.set(GetParam(), {1000, 1000});
        if (GetParam() == VHN_VRING_TX) {
            // Published and not kicked: the worker finds it after the memory has gone.
            bench.tx().ring().disable_callbacks();
            ASSERT_TRUE(bench.driver().send(std::vector<std::byte>(64)));
            bench.tx().ring().publish();
        }
    }

    void provoke() {
        if (GetParam() == VHN_VRING_RX) {
            bench.inject();
        } else {
            bench.tx().kick();
        }
    }

    /// A request must be answered although the worker waits.
    static void expect_answer(BlockedMemory& blocked, const char* name,
                              const std::function<void()>& action) {
        auto answer = std::async(std::launch::async, action);
        if (answer.wait_for(generous) != std::future_status::ready) {
            ADD_FAILURE() << name << " waits for the worker";
            blocked.resolve();
        }
        EXPECT_NO_THROW(answer.get()) << name;
    }
};

} // namespace

TEST_P(ControlOfBlocked, IsSeenAndSetAllTheSame) {
    prepare();
    BlockedMemory blocked(buffers());
    provoke();
    ASSERT_TRUE(blocked.wait_blocked(generous));
    HostFile file;
    expect_answer(blocked, "dump", [&] { control.files(); });
    expect_answer(blocked, "get", [&] { file = control.file(id); });
    EXPECT_TRUE(file.queues.at(GetParam()).running());
    EXPECT_EQ(file.queues.at(GetParam()).counters.packets, 3U);
    for (unsigned index = 0; index < VHN_NR_VRINGS; index++) {
        expect_answer(blocked, "set", [&] {
            control.set(host_change(index, {{5, 50}, {6, 60}, true}, id));
        });
        expect_answer(blocked, "set all", [&] {
            control.set(host_change(index, {{7, 70}, {}, {}}));
        });
        EXPECT_EQ(queue(index).host, (HostParams{7, 70}));
    }
    blocked.resolve();
    EXPECT_TRUE(eventually([&] { return queue(GetParam()).counters.packets == 4; }));
}

INSTANTIATE_TEST_SUITE_P(Queue, ControlOfBlocked, both_queues(), queue_name);

// --- the end ---------------------------------------------------------------------------

namespace {

/// The module goes, and is there again when this ends.
class Unload : public testing::Test {
protected:
    void TearDown() override { load_our_module("drivers/vhost/vhost_net_coal.ko"); }

    static int try_unload() {
        return code_of([] { unload_module("vhost_net_coal"); });
    }
};

} // namespace

TEST_F(Unload, UnderOpenListeners) {
    std::vector<HostEvents> listeners;
    for (unsigned i = 0; i < 3; i++) {
        listeners.push_back(make_in_initial_netns<HostEvents>());
    }
    auto control = make_in_initial_netns<HostControl>();
    EXPECT_EQ(try_unload(), 0);
    for (HostEvents& listener : listeners) {
        EXPECT_EQ(code_of([&] {
                      eventually([&] {
                          listener.next();
                          return false;
                      });
                  }),
                  ENODEV);
    }
    EXPECT_NE(code_of([&] { control.files(); }), 0);
}

TEST_F(Unload, AfterFilesThatWereClosedInAnyOrder) {
    std::vector<std::unique_ptr<VhostNet>> files;
    for (unsigned i = 0; i < 8; i++) {
        files.push_back(std::make_unique<VhostNet>());
        files.back()->set_owner();
    }
    EXPECT_EQ(try_unload(), EWOULDBLOCK);
    for (const unsigned i : {3U, 0U, 7U, 1U, 6U, 2U, 5U, 4U}) {
        files.at(i).reset();
    }
    // The last file is let go of after the process has closed it.
    EXPECT_TRUE(eventually([] { return try_unload() == 0; }));
}

// The rest of the dump is still to come, and with it the module's code to run.
TEST_F(Unload, NotInTheMiddleOfADump) {
    {
        auto raw = make_in_initial_netns<RawGenl>();
        const auto family = make_in_initial_netns<Family>().number;
        {
            std::vector<VhostNet> files(100);
            ASSERT_EQ(raw.send(family, VHN_NL_CMD_GET, NLM_F_REQUEST | NLM_F_DUMP, {}), 0);
            raw.receive();
        }
        EXPECT_EQ(try_unload(), EWOULDBLOCK);
    }
    EXPECT_TRUE(eventually([] { return try_unload() == 0; }));
}

// What is found out of a back end behind its owner's back is found out before the end.
TEST_F(Unload, RightAfterABackEndWasSet) {
    for (unsigned i = 0; i < 5; i++) {
        { const CoalBench bench; }
        EXPECT_TRUE(eventually([] { return try_unload() == 0; }));
        load_our_module("drivers/vhost/vhost_net_coal.ko");
    }
}
