// SPDX-License-Identifier: GPL-2.0-only
//
// What is offered, and what is said of the rest.
#include "vcoal/error.hpp"
#include "vcoal/feature_offer.hpp"
#include "vcoal/virtio_net.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <linux/virtio_ring.h>

namespace vcoal {
namespace {

constexpr std::uint64_t ring_bits =
    feature(VIRTIO_F_VERSION_1) | feature(VIRTIO_RING_F_INDIRECT_DESC) |
    feature(VIRTIO_RING_F_EVENT_IDX) | feature(VIRTIO_NET_F_MRG_RXBUF);
constexpr std::uint64_t coalescing =
    feature(VIRTIO_NET_F_NOTF_COAL) | feature(VIRTIO_NET_F_VQ_NOTF_COAL);

DeviceAbilities everything() {
    DeviceAbilities abilities;
    abilities.vhost = "/dev/x";
    abilities.vhost_features = ~std::uint64_t{0};
    abilities.vhost_additions = true;
    abilities.queues = 2;
    abilities.mtu = true;
    abilities.speed = true;
    abilities.tap_uso = true;
    return abilities;
}

FeatureOffer find(const std::vector<FeatureOffer>& offers, unsigned bit) {
    for (const FeatureOffer& offer : offers) {
        if (offer.bit == bit) {
            return offer;
        }
    }
    ADD_FAILURE() << "nothing is said of bit " << bit;
    return {};
}

/// Why a bit is not offered; empty when it is.
std::string why_not(const DeviceAbilities& abilities, unsigned bit,
                    const FeatureChoice& choice = {}) {
    const FeatureOffer offer = find(offer_features(abilities, choice), bit);
    EXPECT_EQ(offer.offered, offer.why_not.empty());
    return offer.why_not;
}

TEST(FeatureOffer, EveryBitIsOfferedOrSaysWhyNot) {
    for (const DeviceAbilities& abilities : {everything(), DeviceAbilities{}}) {
        for (const FeatureOffer& offer : offer_features(abilities, {})) {
            EXPECT_NE(offer.offered, !offer.why_not.empty()) << offer.name;
            EXPECT_EQ(offer.name.find("bit"), std::string::npos) << offer.name;
        }
    }
}

TEST(FeatureOffer, FEAT_D1_NothingIsOfferedWithoutWhatItNeeds) {
    for (unsigned bit = 0; bit < 64; bit++) {
        const FeatureChoice choice{0, feature(bit)};
        const auto mask = offered_mask(offer_features(everything(), choice));
        EXPECT_EQ(find_unmet(mask).has_value(), false) << bit;
        EXPECT_EQ(mask & feature(bit), 0U);
    }
}

TEST(FeatureOffer, FEAT_D1_WhatCouldNotBeCarriedOutIsNotOffered) {
    DeviceAbilities in_tree = everything();
    in_tree.vhost_additions = false;
    in_tree.vhost_features = ring_bits;
    const auto mask = offered_mask(offer_features(in_tree, {}));
    EXPECT_EQ(mask & ring_bits, ring_bits);
    EXPECT_EQ(mask & coalescing, 0U);
    EXPECT_NE(why_not(in_tree, VIRTIO_NET_F_CTRL_RX).find("/dev/x"), std::string::npos);
    EXPECT_NE(why_not(in_tree, VIRTIO_NET_F_CTRL_VLAN).find("/dev/x"), std::string::npos);
    EXPECT_NE(why_not(in_tree, VIRTIO_NET_F_MTU).find("/dev/x"), std::string::npos);

    // The bits alone are not the ioctls.
    in_tree.vhost_features |= coalescing;
    EXPECT_EQ(offered_mask(offer_features(in_tree, {})) & coalescing, 0U);
}

TEST(FeatureOffer, OptionsMakeSomePossible) {
    DeviceAbilities plain = everything();
    plain.queues = 1;
    plain.mtu = plain.speed = plain.tap_uso = false;
    EXPECT_NE(why_not(plain, VIRTIO_NET_F_MQ).find("--queues"), std::string::npos);
    EXPECT_NE(why_not(plain, VIRTIO_NET_F_MTU).find("--mtu"), std::string::npos);
    EXPECT_NE(why_not(plain, VIRTIO_NET_F_SPEED_DUPLEX).find("--speed"), std::string::npos);
    EXPECT_NE(why_not(plain, VIRTIO_NET_F_HOST_USO), "");
    constexpr unsigned bits[] = {VIRTIO_NET_F_MQ, VIRTIO_NET_F_MTU, VIRTIO_NET_F_SPEED_DUPLEX,
                                 VIRTIO_NET_F_HOST_USO, VIRTIO_NET_F_GUEST_USO6};
    for (const unsigned bit : bits) {
        EXPECT_EQ(why_not(everything(), bit), "");
    }
}

TEST(FeatureOffer, ADriverThatMayTakeAllCpusGetsNoReceiveModes) {
    DeviceAbilities few_cpus = everything();
    few_cpus.driver_may_starve_us = true;
    EXPECT_NE(why_not(few_cpus, VIRTIO_NET_F_CTRL_RX).find("spin"), std::string::npos);
    EXPECT_NE(why_not(few_cpus, VIRTIO_NET_F_CTRL_RX_EXTRA), "");
    EXPECT_EQ(why_not(few_cpus, VIRTIO_NET_F_CTRL_VLAN), "");
    EXPECT_EQ(why_not(few_cpus, VIRTIO_NET_F_CTRL_RX, {feature(VIRTIO_NET_F_CTRL_RX), 0}), "");
    EXPECT_EQ(why_not(everything(), VIRTIO_NET_F_CTRL_RX), "");
}

TEST(FeatureOffer, AChoiceLeavesOutAndTakesAlong) {
    const FeatureChoice choice{0, feature(VIRTIO_NET_F_CSUM)};
    EXPECT_NE(why_not(everything(), VIRTIO_NET_F_CSUM, choice).find("left out"), std::string::npos);
    EXPECT_EQ(why_not(everything(), VIRTIO_NET_F_HOST_TSO4, choice), "it needs csum");
}

TEST(FeatureOffer, WhatIsRequiredAndImpossibleIsAnErrorThatSaysWhy) {
    try {
        offer_features(everything(), {feature(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS), 0});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.object(), "/dev/x");
        EXPECT_EQ(error.code(), EOPNOTSUPP);
        EXPECT_NE(error.hint().find("rtnl"), std::string::npos) << error.hint();
    }
    EXPECT_THROW(
        offer_features(everything(), {feature(VIRTIO_NET_F_MQ), feature(VIRTIO_NET_F_CTRL_VQ)}),
        Error);
}

TEST(FeatureOffer, FEAT_D1_BitsBeyondTheTransportAreNamedAndNotOffered) {
    for (unsigned bit = VIRTIO_NET_F_RSS_CONTEXT; bit <= VIRTIO_NET_F_IPSEC; bit++) {
        EXPECT_NE(why_not(everything(), bit).find("64"), std::string::npos) << bit;
    }
}

TEST(FeatureOffer, VhostIsToldOfItsOwnBitsOnly) {
    EXPECT_EQ(vhost_bits() & (ring_bits | coalescing), ring_bits | coalescing);
    // That one would switch vhost's IOTLB on.
    EXPECT_EQ(vhost_bits() & feature(VIRTIO_F_ACCESS_PLATFORM), 0U);
    EXPECT_EQ(vhost_bits() & feature(VIRTIO_NET_F_CTRL_VQ), 0U);
}

} // namespace
} // namespace vcoal
