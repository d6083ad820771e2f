// SPDX-License-Identifier: GPL-2.0-only
//
// Reading what a device says of its counters (spec 4): right when it is right, and
// within its bytes when it is anything else.
#include "vcoal/virtio_net.hpp"

extern "C" {
#include "stats_reply.h"
}

#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <rapidcheck/gtest.h>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Found {
    std::uint16_t vq;
    std::uint32_t type;
    std::vector<std::uint64_t> counters;
    bool operator==(const Found&) const = default;
};

std::uint64_t read_le64(const std::uint8_t* at) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value |= std::uint64_t{at[i]} << (8 * i);
    }
    return value;
}

void collect(void* context, u16 vq, u32 type, const u8* counters) {
    Found found{vq, type, {}};
    for (unsigned i = 0; i < vnc_stats_types[type].n; i++) {
        found.counters.push_back(read_le64(counters + std::size_t{8} * i));
    }
    static_cast<std::vector<Found>*>(context)->push_back(found);
}

/// In memory of exactly that size, so that a sanitizer sees a step too far.
std::vector<Found> parse(const Bytes& reply) {
    std::vector<Found> found;
    const auto copy = std::make_unique<std::uint8_t[]>(reply.size());
    std::copy(reply.begin(), reply.end(), copy.get());
    const u32 count = vnc_stats_parse(copy.get(), static_cast<u32>(reply.size()), collect, &found);
    EXPECT_EQ(count, found.size());
    return found;
}

/// An entry of a reply; counters 1, 2, 3...
Bytes entry(unsigned type, unsigned vq, unsigned size, unsigned counters) {
    Bytes bytes{static_cast<std::uint8_t>(type),
                0,
                static_cast<std::uint8_t>(vq),
                static_cast<std::uint8_t>(vq >> 8),
                0,
                0,
                static_cast<std::uint8_t>(size),
                static_cast<std::uint8_t>(size >> 8)};
    for (unsigned i = 1; i <= counters; i++) {
        bytes.push_back(static_cast<std::uint8_t>(i));
        bytes.resize(bytes.size() + 7);
    }
    return bytes;
}

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

constexpr unsigned rx_basic = 0;
constexpr unsigned tx_basic = 16;
constexpr unsigned cvq = 32;

TEST(StatsReply, SizesAreThoseOfTheSpecification) {
    const std::pair<unsigned, unsigned> sizes[] = {{0, 56},  {1, 40},  {2, 40},  {3, 24}, {16, 56},
                                                   {17, 24}, {18, 56}, {19, 24}, {32, 24}};
    ASSERT_EQ(std::size(sizes), std::size_t{VNC_STATS_TYPES});
    for (unsigned i = 0; i < VNC_STATS_TYPES; i++) {
        EXPECT_EQ(vnc_stats_types[i].bit, sizes[i].first);
        EXPECT_EQ(vnc_stats_type_len(&vnc_stats_types[i]), sizes[i].second) << sizes[i].first;
    }
}

TEST(StatsReply, EntriesAreFoundInAnyOrder) {
    const auto found = parse(entry(cvq, 2, 24, 2) + entry(rx_basic, 0, 56, 6));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0], (Found{2, 8, {1, 2}}));
    EXPECT_EQ(found[1], (Found{0, 0, {1, 2, 3, 4, 5, 6}}));
}

// STAT-G3: a later standard may add types, and counters to a type.
TEST(StatsReply, WhatIsNotKnownIsSteppedOver) {
    EXPECT_EQ(parse(entry(77, 0, 24, 2) + entry(tx_basic, 1, 56, 6)).size(), 1U);
    const auto longer = parse(entry(rx_basic, 0, 72, 8) + entry(tx_basic, 1, 56, 6));
    ASSERT_EQ(longer.size(), 2U);
    EXPECT_EQ(longer[0].counters.size(), 6U);
}

TEST(StatsReply, ASizeOfNothingEndsTheWalk) {
    EXPECT_EQ(parse(entry(rx_basic, 0, 0, 6)).size(), 0U);
    EXPECT_EQ(parse(entry(rx_basic, 0, 7, 6)).size(), 0U);
    EXPECT_EQ(parse(entry(77, 0, 0, 6) + entry(rx_basic, 0, 56, 6)).size(), 0U);
}

TEST(StatsReply, AnEntryShorterThanItsCountersEndsTheWalk) {
    EXPECT_EQ(parse(entry(rx_basic, 0, 48, 5)).size(), 0U);
    EXPECT_EQ(parse(entry(tx_basic, 1, 56, 6) + entry(rx_basic, 0, 9, 6)).size(), 1U);
}

TEST(StatsReply, NothingIsReadBehindWhatWasWritten) {
    const Bytes whole = entry(rx_basic, 0, 56, 6) + entry(tx_basic, 1, 56, 6);
    for (std::size_t len = 0; len <= whole.size(); len++) {
        EXPECT_EQ(
            parse(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(len))).size(),
            len / 56)
            << len;
    }
}

// Every byte that can be wrong, and the walk ends.
RC_GTEST_PROP(StatsReply, AnyBytesAreWalkedInFiniteSteps, (const Bytes& reply)) {
    RC_ASSERT(parse(reply).size() <= reply.size() / 24);
}

RC_GTEST_PROP(StatsReply, ADamagedReplyIsWalkedInFiniteSteps,
              (std::uint8_t at, std::uint8_t value, std::uint8_t cut)) {
    Bytes reply = entry(rx_basic, 0, 56, 6) + entry(1, 0, 40, 4) + entry(cvq, 2, 24, 2);
    reply[at % reply.size()] = value;
    reply.resize(reply.size() - cut % reply.size());
    RC_ASSERT(parse(reply).size() <= 3U);
}

// STAT-G1, STAT-G2: only what is supported, negotiated and of that kind of queue.
TEST(StatsReply, STAT_G2_OnlyTypesOfTheQueueAreAskedFor) {
    constexpr std::uint64_t all = ~std::uint64_t{0};
    EXPECT_EQ(vnc_stats_bitmap(VNC_STATS_RX, all, all), 0xfU);
    EXPECT_EQ(vnc_stats_bitmap(VNC_STATS_TX, all, all), 0xf0000U);
    EXPECT_EQ(vnc_stats_bitmap(VNC_STATS_CVQ, all, all), std::uint64_t{1} << 32);
}

TEST(StatsReply, STAT_G1_OnlyWhatTheDeviceSupports) {
    EXPECT_EQ(vnc_stats_bitmap(VNC_STATS_RX, 0x1, ~std::uint64_t{0}), 0x1U);
    EXPECT_EQ(vnc_stats_bitmap(VNC_STATS_CVQ, 0xffffffff, ~std::uint64_t{0}), 0U);
}

TEST(StatsReply, OnlyTypesOfNegotiatedFeatures) {
    constexpr std::uint64_t all = ~std::uint64_t{0};
    EXPECT_EQ(vnc_stats_bitmap(VNC_STATS_RX, all, 0), 0x9U);
    EXPECT_EQ(vnc_stats_bitmap(VNC_STATS_TX, all, 0), 0x90000U);
    EXPECT_EQ(vnc_stats_bitmap(VNC_STATS_RX, all, std::uint64_t{1} << VIRTIO_NET_F_GUEST_USO4),
              0x9U);
    EXPECT_EQ(vnc_stats_bitmap(VNC_STATS_TX, all, std::uint64_t{1} << VIRTIO_NET_F_HOST_USO),
              0xd0000U);
}

TEST(StatsReply, STAT_G3_ThereIsRoomForAllThatIsAskedFor) {
    EXPECT_EQ(vnc_stats_reply_len(0), 0U);
    EXPECT_EQ(vnc_stats_reply_len(0xf), 56U + 40 + 40 + 24);
    EXPECT_EQ(vnc_stats_reply_len(std::uint64_t{1} << 32), 24U);
}

} // namespace
