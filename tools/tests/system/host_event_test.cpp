// SPDX-License-Identifier: GPL-2.0-only
//
// What the host's operator is told as it happens: of files that come and go, and of
// parameters, by whom.
#include "support/host_bench.hpp"

#include <cerrno>
#include <memory>
#include <unistd.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

HostParams as_host(Parameters parameters) {
    return {parameters.packets, parameters.usecs};
}

class Events : public Control {};
class EventsOfDevice : public ControlOfDevice {};

} // namespace

TEST_F(Events, EventsOfAFilesLife) {
    Listener listener;
    auto bench = std::make_unique<CoalBench>();
    const std::uint32_t id = newest();
    auto added = listener.await(HostEventKind::added, id);
    ASSERT_TRUE(added);
    EXPECT_EQ(added->file->pid, static_cast<std::uint32_t>(::getpid()));
    EXPECT_EQ(added->file->comm, own_name());
    EXPECT_FALSE(added->by);
    added = listener.await(HostEventKind::added, id);
    ASSERT_TRUE(added);
    EXPECT_EQ(added->file->ifname, bench->driver().tap().name());
    const std::string name = bench->driver().tap().name();
    bench.reset();
    const auto removed = listener.await(HostEventKind::removed, id);
    ASSERT_TRUE(removed);
    EXPECT_EQ(removed->file->pid, static_cast<std::uint32_t>(::getpid()));
    EXPECT_EQ(removed->file->ifname, name);
    EXPECT_EQ(removed->queues.size(), 2U);
}

TEST_F(Events, AFileWithoutOwnerGoesUnnoticed) {
    Listener listener;
    std::uint32_t quiet = 0;
    {
        const VhostNet vhost;
        quiet = newest();
    }
    VhostNet other;
    other.set_owner();
    ASSERT_TRUE(wait_readable(listener.events().get(), generous));
    const auto first = listener.events().next();
    ASSERT_TRUE(first && first->file);
    EXPECT_GT(first->file->id, quiet);
}

TEST_F(EventsOfDevice, WhoChangedIt) {
    Listener listener;
    const auto expect = [&](vhn_nl_source source, Parameters effective) {
        const auto event = listener.await(HostEventKind::changed, id);
        ASSERT_TRUE(event && event->by);
        EXPECT_EQ(event->by->source, source);
        EXPECT_EQ(event->by->pid, static_cast<std::uint32_t>(::getpid()));
        EXPECT_EQ(event->by->uid, 0U);
        EXPECT_EQ(event->by->comm, own_name());
        ASSERT_EQ(event->queues.size(), 2U);
        EXPECT_EQ(event->queues.at(VHN_VRING_RX).effective, as_host(effective));
    };
    VhostNet& vhost = bench.vhost();
    vhost.set_coalescing(VHN_VRING_RX, VHN_COAL_QUEUE, {8, 80});
    expect(VHN_NL_SOURCE_GUEST, {8, 80});
    vhost.set_coalescing(VHN_VRING_RX, VHN_COAL_DIRECTION, {9, 90});
    expect(VHN_NL_SOURCE_GUEST, {9, 90});
    vhost.set_coalescing(VHN_VRING_RX, VHN_COAL_HOST, {3, 30});
    expect(VHN_NL_SOURCE_VMM, {9, 90});
    vhost.set_coalescing(VHN_VRING_RX, VHN_COAL_LIMIT, {5, 0});
    expect(VHN_NL_SOURCE_VMM, {5, 90});
    control.set(host_change(VHN_VRING_RX, {{}, {6, {}}, {}}, id));
    expect(VHN_NL_SOURCE_HOST, {6, 90});
    vhost.reset_coalescing(VHN_VRING_RX, VHN_RESET_DEVICE);
    expect(VHN_NL_SOURCE_GUEST, {0, 0});
    bench.driver().stop();
    vhost.set_features(feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_NET_F_MRG_RXBUF));
    expect(VHN_NL_SOURCE_GUEST, {3, 30});
}

// What is as it was is no event, so that the next one is that of a real change.
TEST_F(EventsOfDevice, WhatChangesNothingIsNoEvent) {
    bench.set(VHN_VRING_RX, {8, 80});
    Listener listener;
    bench.set(VHN_VRING_RX, {8, 80});
    control.set(host_change(VHN_VRING_RX, {{0, 0}, {0, 0}, false}, id));
    control.set(host_change(VHN_VRING_RX, {{0, 0}, {0, 0}, false}));
    bench.set(VHN_VRING_RX, {7, 70});
    ASSERT_TRUE(wait_readable(listener.events().get(), generous));
    const auto event = listener.events().next();
    ASSERT_TRUE(event && event->by);
    EXPECT_EQ(event->by->source, VHN_NL_SOURCE_GUEST);
    EXPECT_EQ(event->queues.at(VHN_VRING_RX).effective, (HostParams{7, 70}));
}

// One for the defaults, and one for each file that is another than before.
TEST_F(Events, AChangeOfAllIsOneEventForEachFile) {
    const VhostNet changed;
    const std::uint32_t first = newest();
    const VhostNet unchanged;
    const std::uint32_t second = newest();
    control.set(host_change(VHN_VRING_TX, {{5, 50}, {}, {}}, second));
    Listener listener;
    control.set(host_change(VHN_VRING_TX, {{5, 50}, {}, {}}));
    const auto defaults = listener.await(HostEventKind::changed, std::nullopt);
    ASSERT_TRUE(defaults && defaults->by);
    EXPECT_EQ(defaults->queues.at(VHN_VRING_TX).host, (HostParams{5, 50}));
    ASSERT_TRUE(listener.await(HostEventKind::changed, first));
    EXPECT_FALSE(listener.events().next()) << "the other file was so before";
}

TEST_F(EventsOfDevice, ALockRefusesTheGuest) {
    bench.set(VHN_VRING_RX, {8, 80});
    control.set(host_change(VHN_VRING_RX, {{}, {}, true}, id));
    Listener listener;
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_QUEUE, {9, 90}), EPERM);
    const auto refused = listener.await(HostEventKind::refused, id);
    ASSERT_TRUE(refused && refused->by);
    EXPECT_EQ(refused->by->source, VHN_NL_SOURCE_GUEST);
    EXPECT_EQ(refused->by->pid, static_cast<std::uint32_t>(::getpid()));
    ASSERT_EQ(refused->queues.size(), 1U);
    EXPECT_EQ(refused->queues[0].index, unsigned{VHN_VRING_RX});
    EXPECT_EQ(refused->queues[0].effective, (HostParams{8, 80}));
    EXPECT_EQ(queue(VHN_VRING_RX).counters.refused, 1U);
    control.set(host_change(VHN_VRING_RX, {{}, {}, false}, id));
    EXPECT_EQ(bench.try_set(VHN_VRING_RX, VHN_COAL_QUEUE, {9, 90}), 0);
}

TEST_F(EventsOfDevice, MoreThanTheLimitIsRefused) {
    control.set(host_change(VHN_VRING_TX, {{}, {10, {}}, {}}, id));
    Listener listener;
    EXPECT_EQ(bench.try_set(VHN_VRING_TX, VHN_COAL_DIRECTION, {11, 90}), ERANGE);
    const auto refused = listener.await(HostEventKind::refused, id);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->queues.at(0).index, unsigned{VHN_VRING_TX});
}

// A guest may change its mind as often as it likes: a listener that does not keep up is
// told, and hears what comes then.
TEST_F(EventsOfDevice, AFloodOfCommands) {
    Listener listener;
    for (unsigned i = 0; i < 20'000; i++) {
        bench.set(VHN_VRING_RX, {1 + i % 2, 50});
    }
    bool lost = false;
    while (const auto event = listener.events().next()) {
        lost |= event->kind == HostEventKind::lost;
    }
    EXPECT_TRUE(lost);
    bench.set(VHN_VRING_RX, {77, 50});
    const auto last = listener.await(HostEventKind::changed, id);
    ASSERT_TRUE(last);
    EXPECT_EQ(last->queues.at(VHN_VRING_RX).effective, (HostParams{77, 50}));
}
