// SPDX-License-Identifier: GPL-2.0-only
//
// The ioctls of linux/vhost_net_coal.h: who may call them, what they refuse, and that
// they may grow.
#include "support/nodes.hpp"
#include "support/resized.hpp"
#include "support/vhost_states.hpp"
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <cerrno>
#include <cstring>
#include <sys/ioctl.h>

using namespace vcoal;
using namespace vcoal::test;

namespace {

constexpr unsigned long all_requests[] = {VHN_SET_COAL,   VHN_GET_COAL,   VHN_RESET_COAL,
                                          VHN_GET_STATS,  VHN_SET_FILTER, VHN_SET_HASH,
                                          VHN_GET_FILTER, VHN_GET_HASH};

/// More than any structure of ours, and zero.
struct Argument {
    std::uint32_t index = 0;
    std::uint8_t rest[2044] = {};
};

class CoalIoctl : public testing::Test {
protected:
    CoalIoctl() { vhost.enable_coalescing_ioctls(); }

    int set(std::uint32_t target, std::uint32_t flags = 0, std::uint32_t reserved = 0) {
        vhn_coal_set argument{};
        argument.target = target;
        argument.flags = flags;
        argument.reserved = reserved;
        return vhost.try_ioctl(VHN_SET_COAL, &argument);
    }

    VhostNet vhost;
};

} // namespace

TEST(CoalIoctlBefore, NotSupportedUntilAcknowledged) {
    VhostNet vhost;
    for (const unsigned long request : all_requests) {
        Argument argument;
        EXPECT_EQ(vhost.try_ioctl(request, &argument), EOPNOTSUPP);
    }
    vhost.enable_coalescing_ioctls();
    Argument argument;
    EXPECT_EQ(vhost.try_ioctl(VHN_GET_STATS, &argument), 0);
    vhost.set_backend_features(0);
    EXPECT_EQ(vhost.try_ioctl(VHN_GET_STATS, &argument), EOPNOTSUPP);
}

TEST(CoalIoctlBefore, TheInTreeNodeKnowsNothingOfThem) {
    VhostNet vhost(vhost_node_in_tree);
    EXPECT_EQ(vhost.backend_features() & feature(VHN_BACKEND_F_COAL), 0U);
    EXPECT_THROW(vhost.enable_coalescing_ioctls(), Error);
    EXPECT_THROW(vhost.set_backend_features(feature(VHN_BACKEND_F_COAL)), Error);
}

TEST(CoalIoctlBefore, OffersBothCoalescingFeatures) {
    const std::uint64_t offered = VhostNet().features();
    EXPECT_NE(offered & feature(VIRTIO_NET_F_NOTF_COAL), 0U);
    EXPECT_NE(offered & feature(VIRTIO_NET_F_VQ_NOTF_COAL), 0U);
    const std::uint64_t in_tree = VhostNet(vhost_node_in_tree).features();
    EXPECT_EQ(in_tree & feature(VIRTIO_NET_F_NOTF_COAL), 0U);
}

TEST_F(CoalIoctl, UnknownVring) {
    for (const unsigned long request : all_requests) {
        for (const unsigned index : {2U, 3U, 0x10000U, 0xffffffffU}) {
            Argument argument{index};
            EXPECT_EQ(vhost.try_ioctl(request, &argument), ENOBUFS) << index;
        }
    }
}

TEST_F(CoalIoctl, UnknownNumber) {
    Argument argument;
    for (const unsigned number : {8U, 0x7fU, 0xffU}) {
        EXPECT_EQ(vhost.try_ioctl(_IOWR(VHN_IOC_TYPE, number, Argument), &argument), ENOTTY);
    }
}

TEST_F(CoalIoctl, BadPointer) {
    for (const unsigned long request : all_requests) {
        EXPECT_EQ(vhost.try_ioctl(request, std::uintptr_t{0}), EFAULT);
        EXPECT_EQ(vhost.try_ioctl(request, std::uintptr_t{0xffff'8880'0000'0000}), EFAULT);
    }
}

TEST_F(CoalIoctl, SetRefusesWhatIsNotDefined) {
    EXPECT_EQ(set(VHN_COAL_QUEUE), 0);
    EXPECT_EQ(set(4), EINVAL);
    EXPECT_EQ(set(0xffffffff), EINVAL);
    EXPECT_EQ(set(VHN_COAL_QUEUE, 1), EINVAL);
    EXPECT_EQ(set(VHN_COAL_LIMIT, 1), 0);
    EXPECT_EQ(set(VHN_COAL_LIMIT, 2), EINVAL);
    EXPECT_EQ(set(VHN_COAL_LIMIT, 0x80000001), EINVAL);
    for (unsigned target = 0; target < 4; target++) {
        EXPECT_EQ(set(target, 0, 1), EINVAL) << target;
    }
}

TEST_F(CoalIoctl, ResetRefusesAnUnknownScope) {
    for (const unsigned scope : {2U, 0xffffffffU}) {
        vhn_coal_reset argument{0, scope};
        EXPECT_EQ(vhost.try_ioctl(VHN_RESET_COAL, &argument), EINVAL);
    }
}

// A caller built against newer headers, whose additions are zero.
TEST_F(CoalIoctl, ALargerArgumentWithZeroesIsTheSame) {
    vhost.set_coalescing(0, VHN_COAL_QUEUE, {7, 700});
    for (const unsigned long request : all_requests) {
        Argument argument;
        EXPECT_EQ(vhost.try_ioctl(resized(request, sizeof(argument)), &argument), 0);
    }
    // The first of them set 0/0.
    EXPECT_EQ(vhost.coalescing(0).requested.max_packets, 0U);
}

TEST_F(CoalIoctl, ALargerArgumentWithMoreInItIsRefused) {
    for (const unsigned long request : all_requests) {
        Argument argument;
        argument.rest[sizeof(argument.rest) - 1] = 1;
        EXPECT_EQ(vhost.try_ioctl(resized(request, sizeof(argument)), &argument), E2BIG);
    }
}

// A caller built against older headers gets what it has room for and no byte more.
TEST_F(CoalIoctl, ASmallerArgumentIsFilledAsFarAsItGoes) {
    vhost.set_coalescing(1, VHN_COAL_QUEUE, {7, 700});
    struct {
        vhn_coal_state state;
        std::uint8_t guard;
    } small{};
    std::memset(&small, 0x55, sizeof(small));
    small.state.index = 1;
    constexpr std::size_t known = offsetof(vhn_coal_state, direction);
    ASSERT_EQ(vhost.try_ioctl(resized(VHN_GET_COAL, known), &small), 0);
    EXPECT_EQ(small.state.requested.max_packets, 7U);
    EXPECT_EQ(small.state.requested.max_usecs, 700U);
    EXPECT_EQ(small.state.direction.max_packets, 0x55555555U);
    EXPECT_EQ(small.guard, 0x55);
}

TEST_F(CoalIoctl, ASmallerSetLeavesTheRestZero) {
    vhn_coal_set argument{};
    argument.params = {7, 700};
    argument.flags = 0xffffffff;
    const auto request = resized(VHN_SET_COAL, offsetof(vhn_coal_set, flags));
    EXPECT_EQ(vhost.try_ioctl(request, &argument), 0);
    EXPECT_EQ(vhost.coalescing(0).requested.max_usecs, 700U);
}

TEST_F(CoalIoctl, TooSmallForItsIndexIsRefused) {
    for (const unsigned long request : all_requests) {
        Argument argument;
        EXPECT_EQ(vhost.try_ioctl(resized(request, 3), &argument), EINVAL);
        EXPECT_EQ(vhost.try_ioctl(resized(request, 0), &argument), EINVAL);
    }
}

// Parameters belong to the file: they are there before an owner is, and stay in every
// state.
TEST(CoalIoctlStates, AnswerInEveryState) {
    Tap tap;
    tap.set_header_size(sizeof(virtio_net_hdr_v1));
    for (const State state : all_states) {
        VhostSetup setup(vhost_node, tap, state);
        setup.vhost.enable_coalescing_ioctls();
        for (unsigned queue = 0; queue < VHN_NR_VRINGS; queue++) {
            SCOPED_TRACE(state_name(state));
            EXPECT_NO_THROW(setup.vhost.set_coalescing(queue, VHN_COAL_QUEUE, {9, 90}));
            EXPECT_EQ(setup.vhost.coalescing(queue).requested.max_packets, 9U);
            EXPECT_EQ(setup.vhost.statistics(queue).packets, 0U);
            EXPECT_NO_THROW(setup.vhost.reset_coalescing(queue, VHN_RESET_DEVICE));
            EXPECT_EQ(setup.vhost.coalescing(queue).requested.max_packets, 0U);
        }
    }
}

// RESET_OWNER is what QEMU does for a reset: the guest's parameters go, the host's stay.
TEST(CoalIoctlStates, ResetOwnerForgetsTheGuestsParametersNotTheHosts) {
    Tap tap;
    tap.set_header_size(sizeof(virtio_net_hdr_v1));
    VhostSetup setup(vhost_node, tap, State::running);
    setup.vhost.enable_coalescing_ioctls();
    setup.vhost.set_coalescing(0, VHN_COAL_DIRECTION, {9, 90});
    setup.vhost.set_coalescing(0, VHN_COAL_HOST, {8, 80});
    setup.vhost.set_coalescing(0, VHN_COAL_LIMIT, {5, 50}, VHN_COAL_F_LOCKED);
    setup.vhost.reset_owner();
    setup.vhost.enable_coalescing_ioctls();
    const vhn_coal_state state = setup.vhost.coalescing(0);
    EXPECT_EQ(state.requested.max_packets, 0U);
    EXPECT_EQ(state.direction.max_packets, 0U);
    EXPECT_EQ(state.host.max_packets, 8U);
    EXPECT_EQ(state.limit.max_usecs, 50U);
    EXPECT_EQ(state.flags, VHN_COAL_F_LOCKED);
}
