// SPDX-License-Identifier: GPL-2.0-only
//
// The control queue's class MQ: pairs, RSS, hashes.
#include "unit/control_fixture.hpp"

#include <functional>

namespace vcoal::test {
namespace {

constexpr std::uint64_t all_features = feature(VIRTIO_NET_F_CTRL_VQ) | feature(VIRTIO_NET_F_MQ) |
                                       feature(VIRTIO_NET_F_RSS) |
                                       feature(VIRTIO_NET_F_HASH_REPORT);
constexpr unsigned mq = VIRTIO_NET_CTRL_MQ;
constexpr unsigned pairs = 4;

/// RSS_CONFIG as a driver writes it (spec 2.4), with every field its own.
struct Rss {
    std::uint32_t types = 0x3f;
    std::uint16_t mask = 3;
    std::uint16_t unclassified = 1;
    std::vector<std::uint16_t> table{0, 1, 2, 3};
    std::uint16_t transmit = 2;
    std::uint8_t key_length = 4;
    std::vector<std::uint8_t> key{1, 2, 3, 4};

    std::vector<std::byte> bytes() const {
        auto all = control_request(mq, VIRTIO_NET_CTRL_MQ_RSS_CONFIG, types, mask, unclassified);
        const auto append = [&all](std::span<const std::byte> part) {
            all.insert(all.end(), part.begin(), part.end());
        };
        append(std::as_bytes(std::span(table)));
        append(std::as_bytes(std::span(&transmit, 1)));
        append(std::as_bytes(std::span(&key_length, 1)));
        append(std::as_bytes(std::span(key)));
        return all;
    }
};

class ControlSteering : public ControlTest {
protected:
    ControlSteering() { negotiate(all_features); }

    void negotiate(std::uint64_t features) {
        server.negotiate(features, {.max_pairs = pairs, .hash_types = 0x1ff});
    }
    /// A configuration with one thing changed.
    bool rss(const std::function<void(Rss&)>& change) {
        Rss config;
        change(config);
        return acked(config.bytes());
    }
};

TEST_F(ControlSteering, RSS_D1_EveryFieldArrives) {
    EXPECT_TRUE(acked(Rss{}.bytes()));
    ASSERT_EQ(device.rss.size(), 1U);
    const RssConfig& config = device.rss.front();
    EXPECT_EQ(config.hash.types, 0x3fU);
    EXPECT_EQ(config.hash.key, (std::vector<std::uint8_t>{1, 2, 3, 4}));
    EXPECT_EQ(config.unclassified, 1U);
    EXPECT_EQ(config.table, (std::vector<std::uint16_t>{0, 1, 2, 3}));
    EXPECT_EQ(config.transmit_pairs, 2U);
}

TEST_F(ControlSteering, RSS_G1_TheTableIsAPowerOfTwoWithinItsBounds) {
    for (const unsigned entries : {1U, 2U, 64U, 128U}) {
        EXPECT_TRUE(rss([entries](Rss& config) {
            config.mask = static_cast<std::uint16_t>(entries - 1);
            config.table.assign(entries, 3);
        })) << entries;
    }
    for (const unsigned entries : {3U, 5U, 127U, 129U, 256U, 0x8000U, 0x10000U}) {
        EXPECT_FALSE(rss([entries](Rss& config) {
            config.mask = static_cast<std::uint16_t>(entries - 1);
            config.table.assign(entries, 0);
        })) << entries;
    }
    EXPECT_EQ(device.rss.size(), 4U);
}

TEST_F(ControlSteering, RSS_G1_OnlyReceiveQueuesThatExist) {
    for (const unsigned wrong : {pairs, 0x7fffU, 0x8000U, 0xffffU}) {
        const auto id = static_cast<std::uint16_t>(wrong);
        EXPECT_FALSE(rss([id](Rss& config) { config.table[3] = id; })) << wrong;
        EXPECT_FALSE(rss([id](Rss& config) { config.unclassified = id; })) << wrong;
    }
    EXPECT_TRUE(device.untouched());
}

TEST_F(ControlSteering, RSS_G1_OnlyHashTypesThatAreKnown) {
    EXPECT_TRUE(rss([](Rss& config) { config.types = 0x1ff; }));
    EXPECT_TRUE(rss([](Rss& config) { config.types = 0; }));
    EXPECT_FALSE(rss([](Rss& config) { config.types = 0x200; }));
    EXPECT_FALSE(rss([](Rss& config) { config.types = 0x80000001; }));
}

TEST_F(ControlSteering, AKeyOfUpTo40Bytes) {
    for (const unsigned length : {0U, 1U, 40U}) {
        EXPECT_TRUE(rss([length](Rss& config) {
            config.key_length = static_cast<std::uint8_t>(length);
            config.key.assign(length, 9);
        }));
        EXPECT_EQ(device.rss.back().hash.key.size(), length);
    }
    EXPECT_FALSE(rss([](Rss& config) {
        config.key_length = 41;
        config.key.assign(41, 9);
    }));
    EXPECT_FALSE(rss([](Rss& config) { config.key_length = 5; }));
}

TEST_F(ControlSteering, TransmitQueuesFrom1ToAll) {
    for (const unsigned good : {1U, pairs}) {
        EXPECT_TRUE(rss([good](Rss& c) { c.transmit = static_cast<std::uint16_t>(good); }));
    }
    for (const unsigned bad : {0U, pairs + 1, 0xffffU}) {
        EXPECT_FALSE(rss([bad](Rss& c) { c.transmit = static_cast<std::uint16_t>(bad); }));
    }
}

TEST_F(ControlSteering, ShortDataIsAnErrorAndChangesNothing) {
    const auto bytes = Rss{}.bytes();
    for (std::size_t length = 0; length < bytes.size(); length++) {
        EXPECT_FALSE(acked(std::span(bytes).first(length))) << length;
    }
    EXPECT_TRUE(device.untouched());
}

TEST_F(ControlSteering, RSS_D2_TheHashAloneIsSet) {
    const std::uint16_t reserved[4]{};
    EXPECT_TRUE(acked(control_request(mq, 2U, std::uint32_t{7}, reserved, std::uint8_t{2},
                                      std::uint16_t{0x0201})));
    ASSERT_EQ(device.hash.size(), 1U);
    EXPECT_EQ(device.hash.front().types, 7U);
    EXPECT_EQ(device.hash.front().key, (std::vector<std::uint8_t>{1, 2}));
    EXPECT_TRUE(device.rss.empty());
}

TEST_F(ControlSteering, RSS_G2_ReservedWordsAreZero) {
    for (unsigned word = 0; word < 4; word++) {
        std::uint16_t reserved[4]{};
        reserved[word] = 1;
        EXPECT_FALSE(acked(control_request(mq, 2U, std::uint32_t{7}, reserved, std::uint8_t{0})));
    }
    EXPECT_TRUE(device.untouched());
}

TEST_F(ControlSteering, AMB_12_EachCommandNeedsItsOwnFeature) {
    const std::uint16_t reserved[4]{};
    const auto hash = control_request(mq, 2U, std::uint32_t{7}, reserved, std::uint8_t{0});
    const auto set_pairs = control_request(mq, 0U, std::uint16_t{2});
    negotiate(all_features & ~feature(VIRTIO_NET_F_RSS));
    EXPECT_FALSE(acked(Rss{}.bytes()));
    EXPECT_TRUE(acked(hash));
    EXPECT_TRUE(acked(set_pairs));
    negotiate(all_features & ~feature(VIRTIO_NET_F_HASH_REPORT));
    EXPECT_FALSE(acked(hash));
    EXPECT_TRUE(acked(Rss{}.bytes()));
    negotiate(all_features & ~feature(VIRTIO_NET_F_MQ));
    EXPECT_FALSE(acked(set_pairs));
    EXPECT_TRUE(acked(Rss{}.bytes()));
}

TEST_F(ControlSteering, PairsExistWithMqOrRss) {
    EXPECT_EQ(server.pairs(), pairs);
    negotiate(all_features & ~feature(VIRTIO_NET_F_MQ));
    EXPECT_EQ(server.pairs(), pairs);
    negotiate(all_features & ~feature(VIRTIO_NET_F_RSS));
    EXPECT_EQ(server.pairs(), pairs);
    negotiate(feature(VIRTIO_NET_F_CTRL_VQ) | feature(VIRTIO_NET_F_HASH_REPORT));
    EXPECT_EQ(server.pairs(), 1U);
}

} // namespace
} // namespace vcoal::test
