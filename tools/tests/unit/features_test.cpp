// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/error.hpp"
#include "vcoal/features.hpp"
#include "vcoal/virtio_net.hpp"

#include <cerrno>
#include <gtest/gtest.h>

namespace vcoal {
namespace {

using Names = std::vector<std::string>;

constexpr auto csum = feature(VIRTIO_NET_F_CSUM);
constexpr auto ctrl_vq = feature(VIRTIO_NET_F_CTRL_VQ);
constexpr auto host_tso4 = feature(VIRTIO_NET_F_HOST_TSO4);
constexpr auto host_ecn = feature(VIRTIO_NET_F_HOST_ECN);
constexpr auto mq = feature(VIRTIO_NET_F_MQ);
constexpr auto notf_coal = feature(VIRTIO_NET_F_NOTF_COAL);
constexpr auto vq_notf_coal = feature(VIRTIO_NET_F_VQ_NOTF_COAL);

TEST(Features, HaveNamesOrNumbers) {
    EXPECT_EQ(feature_names(csum | notf_coal | feature(4)), (Names{"csum", "bit 4", "notf_coal"}));
    EXPECT_EQ(feature_names(feature(VIRTIO_F_RING_PACKED) | feature(VIRTIO_F_IN_ORDER)),
              (Names{"ring_packed", "in_order"}));
    EXPECT_EQ(feature_names(0), Names{});
}

TEST(Features, FEAT_D2_AMissingPrerequisiteIsFound) {
    for (const auto bit : {mq, notf_coal, vq_notf_coal}) {
        EXPECT_TRUE(find_unmet(bit).has_value());
        EXPECT_EQ(find_unmet(bit)->needs, ctrl_vq);
        EXPECT_FALSE(find_unmet(bit | ctrl_vq).has_value());
    }
    EXPECT_TRUE(find_unmet(csum | host_ecn).has_value());
    EXPECT_FALSE(find_unmet(csum | host_tso4 | host_ecn).has_value());
    EXPECT_FALSE(find_unmet(vq_notf_coal | ctrl_vq).has_value()); // does not need bit 53
}

TEST(Features, FEAT_D1_WhatNeedsWhatIsMissingGoesToo) {
    EXPECT_EQ(drop_unmet(host_tso4 | host_ecn | ctrl_vq | mq), ctrl_vq | mq);
    EXPECT_EQ(drop_unmet(csum | host_tso4 | host_ecn | mq), csum | host_tso4 | host_ecn);
}

TEST(Features, AChoiceIsRead) {
    const FeatureChoice choice = parse_feature_choice("-csum,+notf_coal");
    EXPECT_EQ(choice.excluded, csum);
    EXPECT_EQ(choice.required, notf_coal);
    EXPECT_EQ(parse_feature_choice("").required, 0U);
    EXPECT_EQ(parse_feature_choice("-ipsec").excluded, 0U);
}

TEST(Features, ABadChoiceIsRefused) {
    for (const char* text : {"csum", "+", "-", "+nonsense", "-csum,+csum", "-csum,,+mq",
                             "-version_1", "-access_platform", "- csum", "+rss_context"}) {
        EXPECT_THROW(parse_feature_choice(text), Error) << text;
    }
}

} // namespace
} // namespace vcoal
