// SPDX-License-Identifier: GPL-2.0-only
//
// FEAT-G1: a bit is accepted only with those it needs.
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

extern "C" {
#include "feature.h"
}

#include <cstdint>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

using vcoal::feature;

namespace {

struct Need {
    unsigned feature;
    std::uint64_t any_of;
};

constexpr std::uint64_t control = feature(VIRTIO_NET_F_CTRL_VQ);
constexpr std::uint64_t guest_csum = feature(VIRTIO_NET_F_GUEST_CSUM);
constexpr std::uint64_t csum = feature(VIRTIO_NET_F_CSUM);

// Spec 1.1, written down a second time.
constexpr Need needs[] = {
    {VIRTIO_NET_F_GUEST_TSO4, guest_csum},
    {VIRTIO_NET_F_GUEST_TSO6, guest_csum},
    {VIRTIO_NET_F_GUEST_ECN, feature(VIRTIO_NET_F_GUEST_TSO4) | feature(VIRTIO_NET_F_GUEST_TSO6)},
    {VIRTIO_NET_F_GUEST_UFO, guest_csum},
    {VIRTIO_NET_F_GUEST_USO4, guest_csum},
    {VIRTIO_NET_F_GUEST_USO6, guest_csum},
    {VIRTIO_NET_F_HOST_TSO4, csum},
    {VIRTIO_NET_F_HOST_TSO6, csum},
    {VIRTIO_NET_F_HOST_ECN, feature(VIRTIO_NET_F_HOST_TSO4) | feature(VIRTIO_NET_F_HOST_TSO6)},
    {VIRTIO_NET_F_HOST_USO, csum},
    {VIRTIO_NET_F_CTRL_RX, control},
    {VIRTIO_NET_F_CTRL_VLAN, control},
    {VIRTIO_NET_F_GUEST_ANNOUNCE, control},
    {VIRTIO_NET_F_MQ, control},
    {VIRTIO_NET_F_CTRL_MAC_ADDR, control},
    {VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, control},
    {VIRTIO_NET_F_DEVICE_STATS, control},
    {VIRTIO_NET_F_VQ_NOTF_COAL, control},
    {VIRTIO_NET_F_NOTF_COAL, control},
    {VIRTIO_NET_F_HASH_REPORT, control},
    {VIRTIO_NET_F_RSS, control},
};

TEST(DriverFeatures, FEAT_G1_EachIsGivenUpWithoutWhatItNeeds) {
    for (const Need& need : needs) {
        EXPECT_EQ(vnc_features_settle(feature(need.feature)), 0U) << need.feature;
    }
}

TEST(DriverFeatures, FEAT_G1_GivingUpOneGivesUpWhatNeedsThat) {
    const std::uint64_t chain = feature(VIRTIO_NET_F_HOST_TSO4) | feature(VIRTIO_NET_F_HOST_ECN);
    EXPECT_EQ(vnc_features_settle(chain), 0U);
    EXPECT_EQ(vnc_features_settle(chain | csum), chain | csum);
}

TEST(DriverFeatures, VqNotfCoalDoesNotNeedNotfCoal) {
    const std::uint64_t features = control | feature(VIRTIO_NET_F_VQ_NOTF_COAL);
    EXPECT_EQ(vnc_features_settle(features), features);
}

RC_GTEST_PROP(DriverFeatures, FEAT_G1_WhateverIsOffered, (std::uint64_t offered)) {
    const std::uint64_t accepted = vnc_features_settle(offered);
    RC_ASSERT((accepted & ~offered) == 0U);
    for (const Need& need : needs) {
        RC_ASSERT((accepted & feature(need.feature)) == 0U || (accepted & need.any_of) != 0U);
    }
    RC_ASSERT(vnc_features_settle(accepted) == accepted);
}

TEST(DriverFeatures, EachIsListedOnce) {
    const std::set<unsigned> listed(vnc_features, vnc_features + vnc_nr_features);
    EXPECT_EQ(listed.size(), vnc_nr_features);
    EXPECT_TRUE(listed.contains(VIRTIO_NET_F_NOTF_COAL));
    EXPECT_TRUE(listed.contains(VIRTIO_NET_F_VQ_NOTF_COAL));
    EXPECT_TRUE(listed.contains(VIRTIO_NET_F_DEVICE_STATS));
    // Legacy, and never to be negotiated (spec 1.1).
    for (const unsigned unassigned : {4U, 6U, 58U}) {
        EXPECT_FALSE(listed.contains(unassigned));
    }
}

} // namespace
