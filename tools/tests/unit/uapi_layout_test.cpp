// SPDX-License-Identifier: GPL-2.0-only
//
// What must never change: sizes, offsets and numbers of the interfaces.
#include "vcoal/vhost.hpp"
#include "vcoal/virtio_net.hpp"

#include <cstddef>
#include <gtest/gtest.h>
#include <sys/ioctl.h>

TEST(UapiLayout, CoalParameters) {
    EXPECT_EQ(sizeof(vhn_coal_params), 8U);
    EXPECT_EQ(offsetof(vhn_coal_params, max_packets), 0U);
    EXPECT_EQ(offsetof(vhn_coal_params, max_usecs), 4U);
}

TEST(UapiLayout, CoalSet) {
    EXPECT_EQ(sizeof(vhn_coal_set), 24U);
    EXPECT_EQ(offsetof(vhn_coal_set, index), 0U);
    EXPECT_EQ(offsetof(vhn_coal_set, target), 4U);
    EXPECT_EQ(offsetof(vhn_coal_set, params), 8U);
    EXPECT_EQ(offsetof(vhn_coal_set, flags), 16U);
    EXPECT_EQ(offsetof(vhn_coal_set, reserved), 20U);
}

TEST(UapiLayout, CoalState) {
    EXPECT_EQ(sizeof(vhn_coal_state), 56U);
    EXPECT_EQ(offsetof(vhn_coal_state, flags), 4U);
    EXPECT_EQ(offsetof(vhn_coal_state, effective), 8U);
    EXPECT_EQ(offsetof(vhn_coal_state, requested), 16U);
    EXPECT_EQ(offsetof(vhn_coal_state, direction), 24U);
    EXPECT_EQ(offsetof(vhn_coal_state, host), 32U);
    EXPECT_EQ(offsetof(vhn_coal_state, limit), 40U);
    EXPECT_EQ(offsetof(vhn_coal_state, pending), 48U);
    EXPECT_EQ(offsetof(vhn_coal_state, reserved), 52U);
}

TEST(UapiLayout, CoalReset) {
    EXPECT_EQ(sizeof(vhn_coal_reset), 8U);
    EXPECT_EQ(offsetof(vhn_coal_reset, scope), 4U);
}

TEST(UapiLayout, VringStats) {
    EXPECT_EQ(sizeof(vhn_vring_stats), 8U + 19 * 8U);
    EXPECT_EQ(offsetof(vhn_vring_stats, packets), 8U);
    EXPECT_EQ(offsetof(vhn_vring_stats, bytes), 16U);
    EXPECT_EQ(offsetof(vhn_vring_stats, kicks), 24U);
    EXPECT_EQ(offsetof(vhn_vring_stats, spurious_kicks), 32U);
    EXPECT_EQ(offsetof(vhn_vring_stats, notify_count), 40U);
    EXPECT_EQ(offsetof(vhn_vring_stats, notify_timer), 48U);
    EXPECT_EQ(offsetof(vhn_vring_stats, notify_immediate), 56U);
    EXPECT_EQ(offsetof(vhn_vring_stats, notify_flush), 64U);
    EXPECT_EQ(offsetof(vhn_vring_stats, suppressed), 72U);
    EXPECT_EQ(offsetof(vhn_vring_stats, drop_malformed), 80U);
    EXPECT_EQ(offsetof(vhn_vring_stats, drop_truncated), 88U);
    EXPECT_EQ(offsetof(vhn_vring_stats, drop_backend), 96U);
    EXPECT_EQ(offsetof(vhn_vring_stats, refused), 104U);
    EXPECT_EQ(offsetof(vhn_vring_stats, drop_unicast), 112U);
    EXPECT_EQ(offsetof(vhn_vring_stats, drop_multicast), 120U);
    EXPECT_EQ(offsetof(vhn_vring_stats, drop_broadcast), 128U);
    EXPECT_EQ(offsetof(vhn_vring_stats, drop_vlan), 136U);
    EXPECT_EQ(offsetof(vhn_vring_stats, drop_oversize), 144U);
    EXPECT_EQ(offsetof(vhn_vring_stats, stalls), 152U);
}

TEST(UapiLayout, Filter) {
    EXPECT_EQ(sizeof(vhn_filter), 1304U);
    EXPECT_EQ(offsetof(vhn_filter, modes), 4U);
    EXPECT_EQ(offsetof(vhn_filter, nr_unicast), 8U);
    EXPECT_EQ(offsetof(vhn_filter, nr_multicast), 12U);
    EXPECT_EQ(offsetof(vhn_filter, mac), 16U);
    EXPECT_EQ(offsetof(vhn_filter, mtu), 22U);
    EXPECT_EQ(offsetof(vhn_filter, macs), 24U);
    EXPECT_EQ(offsetof(vhn_filter, vlans), 792U);
}

TEST(UapiLayout, Hash) {
    EXPECT_EQ(sizeof(vhn_hash), 48U);
    EXPECT_EQ(offsetof(vhn_hash, types), 4U);
    EXPECT_EQ(offsetof(vhn_hash, key), 8U);
}

TEST(UapiLayout, IoctlNumbers) {
    EXPECT_EQ(VHN_SET_COAL, 0x4018d600U);
    EXPECT_EQ(VHN_GET_COAL, 0xc038d601U);
    EXPECT_EQ(VHN_RESET_COAL, 0x4008d602U);
    EXPECT_EQ(VHN_GET_STATS, 0xc0a0d603U);
    EXPECT_EQ(VHN_SET_FILTER, 0x4518d604U);
    EXPECT_EQ(VHN_SET_HASH, 0x4030d605U);
    EXPECT_EQ(VHN_GET_FILTER, 0xc518d606U);
    EXPECT_EQ(VHN_GET_HASH, 0xc030d607U);
    EXPECT_NE(VHN_IOC_TYPE, VHOST_VIRTIO);
    EXPECT_EQ(VHN_BACKEND_F_COAL, 62);
}

TEST(UapiLayout, Constants) {
    EXPECT_EQ(VHN_VRING_RX, 0);
    EXPECT_EQ(VHN_VRING_TX, 1);
    EXPECT_EQ(VHN_NR_VRINGS, 2);
    EXPECT_EQ(VHN_COAL_QUEUE, 0);
    EXPECT_EQ(VHN_COAL_DIRECTION, 1);
    EXPECT_EQ(VHN_COAL_HOST, 2);
    EXPECT_EQ(VHN_COAL_LIMIT, 3);
    EXPECT_EQ(VHN_COAL_F_LOCKED, 1U);
    EXPECT_EQ(VHN_COAL_F_GUEST, 2U);
    EXPECT_EQ(VHN_RESET_QUEUE, 0);
    EXPECT_EQ(VHN_RESET_DEVICE, 1);
}

// Spec 3.1: packets come before microseconds.
TEST(UapiLayout, CommandsOfTheControlQueue) {
    EXPECT_EQ(sizeof(virtio_net_coal), 8U);
    EXPECT_EQ(offsetof(virtio_net_coal, max_packets), 0U);
    EXPECT_EQ(offsetof(virtio_net_coal, max_usecs), 4U);
    EXPECT_EQ(sizeof(virtio_net_coal_vq), 12U);
    EXPECT_EQ(offsetof(virtio_net_coal_vq, vq_index), 0U);
    EXPECT_EQ(offsetof(virtio_net_coal_vq, reserved), 2U);
    EXPECT_EQ(offsetof(virtio_net_coal_vq, coal), 4U);
    EXPECT_EQ(VIRTIO_NET_F_VQ_NOTF_COAL, 52);
    EXPECT_EQ(VIRTIO_NET_F_NOTF_COAL, 53);
    EXPECT_EQ(VIRTIO_NET_CTRL_NOTF_COAL, 6);
    EXPECT_EQ(VIRTIO_NET_CTRL_NOTF_COAL_TX_SET, 0);
    EXPECT_EQ(VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, 1);
    EXPECT_EQ(VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, 2);
    EXPECT_EQ(VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET, 3);
}
