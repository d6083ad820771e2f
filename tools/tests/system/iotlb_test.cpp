// SPDX-License-Identifier: GPL-2.0-only
//
// A guest behind an IOMMU: the device asks where addresses lead, uses what it is told, and
// nothing that was taken back.
#include "support/bench.hpp"
#include "support/dirty_log.hpp"
#include "support/in_child.hpp"
#include "support/iommu.hpp"
#include "support/nodes.hpp"
#include "vcoal/error.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <future>
#include <linux/vhost.h>
#include <unistd.h>
#include <vector>

using namespace vcoal;
using namespace vcoal::test;

namespace {

NetDriverOptions on(const std::string& node, std::uint64_t features = basic_features) {
    NetDriverOptions options;
    options.node = node;
    options.features = features;
    return options;
}

/// A bench whose driver is behind an IOMMU.
class Behind {
public:
    explicit Behind(const NetDriverOptions& options, bool v2 = true)
        : bench(options), iommu((bench.driver().stop(), bench.driver()), v2) {
        iommu.start();
    }

    void both_ways(unsigned rounds = 5) {
        for (unsigned i = 0; i < rounds; i++) {
            bench.deliver(100, 1400);
            bench.drain();
            bench.transmit(100, 1400);
            bench.expect_on_host(100);
        }
        EXPECT_EQ(bench.rx().errors() + bench.tx().errors(), 0U);
    }

    Bench bench;
    Iommu iommu;
};

class Iotlb : public EachNode {};

std::vector<std::byte> copy(std::span<const std::byte> bytes) {
    return {bytes.begin(), bytes.end()};
}

vhost_iotlb_msg update(std::uint64_t address, std::uint64_t bytes, std::uint64_t user) {
    vhost_iotlb_msg message{};
    message.iova = address;
    message.size = bytes;
    message.uaddr = user;
    message.perm = VHOST_ACCESS_RW;
    message.type = VHOST_IOTLB_UPDATE;
    return message;
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Node, Iotlb, both_nodes(), node_name);

TEST_P(Iotlb, AsksForEachPageAndCarriesTraffic) {
    Behind guest(on(GetParam()));
    guest.both_ways();
    EXPECT_GT(guest.iommu.asked(), 10U);
    const std::uint64_t before = guest.iommu.asked();
    guest.both_ways();
    EXPECT_EQ(guest.iommu.asked(), before);
}

TEST_P(Iotlb, HasMessagesOfTheFirstLayoutToo) {
    Behind guest(on(GetParam()), false);
    guest.both_ways();
    EXPECT_GT(guest.iommu.asked(), 10U);
}

TEST_P(Iotlb, AsksAgainForWhatWasTakenBack) {
    Behind guest(on(GetParam()));
    for (unsigned i = 0; i < 20; i++) {
        const std::uint64_t before = guest.iommu.asked();
        guest.iommu.forget_everything();
        guest.both_ways(1);
        EXPECT_GT(guest.iommu.asked(), before);
    }
}

TEST_P(Iotlb, WhatWasTakenBackIsNotWritten) {
    Behind guest(on(GetParam()));
    guest.both_ways();
    guest.iommu.set_answering(false);
    guest.iommu.forget_everything();
    const auto before = copy(guest.bench.driver().memory().bytes());
    const std::uint64_t asked = guest.iommu.asked();
    guest.bench.inject();
    EXPECT_TRUE(eventually([&] { return guest.iommu.asked() > asked; }));
    EXPECT_TRUE(std::ranges::equal(before, guest.bench.driver().memory().bytes()));
    guest.iommu.set_answering(true);
    guest.bench.await_published(1);
    guest.bench.drain();
    guest.both_ways();
}

TEST(OurIotlb, WhatMayOnlyBeReadIsNotWritten) {
    Behind guest(on(vhost_node));
    guest.both_ways(1);
    guest.iommu.set_writable(false);
    guest.iommu.forget_everything();
    const auto before = copy(guest.bench.driver().memory().bytes());
    guest.bench.inject();
    EXPECT_TRUE(eventually([&] { return guest.bench.rx().errors() > 0; }));
    EXPECT_TRUE(std::ranges::equal(before, guest.bench.driver().memory().bytes()));
}

TEST_P(Iotlb, MessagesThatAreNone) {
    Behind guest(on(GetParam()));
    const vhost_memory_region region = guest.bench.driver().memory().region();
    const std::uint64_t user = region.userspace_addr;
    EXPECT_EQ(guest.iommu.try_send(update(0x1000, 0, user)), EINVAL);
    EXPECT_EQ(guest.iommu.try_send(update(0x1000, 0x1000, 0xffff'8000'0000'0000)), EFAULT);
    vhost_iotlb_msg other = update(0x1000, 0x1000, user);
    other.type = VHOST_IOTLB_MISS;
    EXPECT_EQ(guest.iommu.try_send(other), EFAULT);
    const int fd = guest.bench.vhost().get();
    EXPECT_EQ(::write(fd, "abc", 3), -1);
    EXPECT_EQ(errno, EINVAL);
    const int type = 77;
    EXPECT_EQ(::write(fd, &type, sizeof(type)), -1);
    EXPECT_EQ(errno, EINVAL);
    guest.both_ways(1);
}

TEST_P(Iotlb, WithoutAnIommuThereIsNothingToSay) {
    Bench bench(on(GetParam()));
    vhost_msg_v2 message{};
    message.type = VHOST_IOTLB_MSG_V2;
    message.iotlb = update(0x1000, 0x1000, bench.driver().memory().region().userspace_addr);
    EXPECT_EQ(::write(bench.vhost().get(), &message, sizeof(message)), -1);
    EXPECT_EQ(errno, EFAULT);
}

TEST(OurIotlb, CarriesPackedRings) {
    Behind guest(on(vhost_node, basic_features | feature(VIRTIO_F_RING_PACKED)));
    guest.both_ways();
    guest.iommu.forget_everything();
    guest.both_ways();
    EXPECT_GT(guest.iommu.asked(), 10U);
}

TEST(OurIotlb, WrapsAroundNoAddress) {
    Behind guest(on(vhost_node));
    const std::uint64_t user = guest.bench.driver().memory().region().userspace_addr;
    EXPECT_EQ(guest.iommu.try_send(update(~0ULL, 2, user)), EINVAL);
    EXPECT_EQ(guest.iommu.try_send(update(0x1000, ~0ULL, user)), EINVAL);
    EXPECT_EQ(guest.iommu.try_send(update(0x1000, 0x1000, ~0ULL - 10)), EFAULT);
}

// Who has the file, but not the memory, has no say about the memory.
TEST(OurIotlb, IsTheOwnersAlone) {
    Behind guest(on(vhost_node));
    const vhost_memory_region region = guest.bench.driver().memory().region();
    EXPECT_EQ(
        in_child([&] { return guest.iommu.try_send(update(0, 0x1000, region.userspace_addr)); }),
        EPERM);
    guest.both_ways(1);
}

// What was found of a ring is no more of it than the ring had then.
TEST(OurIotlb, ALargerRingIsLookedUpAnew) {
    Behind guest(on(vhost_node));
    guest.both_ways(1);
    NetDriver& driver = guest.bench.driver();
    driver.stop();
    driver.vhost().set_vring_size(VHN_VRING_TX, 32768);
    vhost_vring_file backend{VHN_VRING_TX, driver.tap().get()};
    EXPECT_EQ(driver.vhost().try_ioctl(VHOST_NET_SET_BACKEND, &backend), EFAULT);
    driver.start_queue(VHN_VRING_RX);
    driver.start_queue(VHN_VRING_TX);
    guest.both_ways(1);
}

// A place for the owner that nobody has checked would be used otherwise.
TEST(OurIotlb, DoesNotGoAwayUnderARunningQueue) {
    Behind guest(on(vhost_node));
    std::uint64_t features = basic_features;
    EXPECT_EQ(guest.bench.vhost().try_ioctl(VHOST_SET_FEATURES, &features), EBUSY);
    guest.both_ways(1);
}

TEST(OurIotlb, WhoeverWaitsForAQuestionIsToldThatThereWillBeNone) {
    VhostNet vhost(vhost_node);
    vhost.set_features(basic_features | feature(VIRTIO_F_ACCESS_PLATFORM));
    auto reader = std::async(std::launch::async, [&] {
        vhost_msg message{};
        return ::read(vhost.get(), &message, sizeof(message)) < 0 ? errno : 0;
    });
    vhost.set_features(basic_features);
    EXPECT_EQ(reader.get(), EBADFD);

    ASSERT_EQ(::fcntl(vhost.get(), F_SETFL, O_NONBLOCK), 0);
    char little[8];
    vhost_msg message{};
    EXPECT_EQ(::read(vhost.get(), little, sizeof(little)), 0);
    EXPECT_EQ(::read(vhost.get(), &message, sizeof(message)), -1);
    EXPECT_EQ(errno, EAGAIN);
}

TEST(OurIotlb, DirtyPagesAreNotedWhereTheyAreForTheGuest) {
    Behind guest(on(vhost_node));
    NetDriver& driver = guest.bench.driver();
    DirtyLog log(driver.memory());
    driver.vhost().set_log_base(log.address());
    driver.vhost().set_features(driver.options().features | feature(VHOST_F_LOG_ALL) |
                                feature(VIRTIO_F_ACCESS_PLATFORM));
    for (const unsigned index : {VHN_VRING_RX, VHN_VRING_TX}) {
        driver.vhost().set_vring_addresses(index, driver.queue(index).ring().addresses(), 0);
    }
    guest.both_ways();
    const DirtyLog::Pages noted = log.take();
    EXPECT_FALSE(noted.contains(0));
    EXPECT_TRUE(std::ranges::includes(noted, ring_pages(driver, VHN_VRING_RX)));
    EXPECT_TRUE(std::ranges::includes(noted, ring_pages(driver, VHN_VRING_TX)));
    EXPECT_TRUE(noted.contains(driver.receive_buffers() / DirtyLog::page_bytes));
}
