// SPDX-License-Identifier: GPL-2.0-only
//
// Which MAC addresses a guest may give itself.
#include "vcoal/error.hpp"
#include "vcoal/mac_policy.hpp"

#include <gtest/gtest.h>

namespace vcoal {
namespace {

constexpr MacAddress first{0x02, 0, 0, 0, 0, 1};
constexpr MacAddress second{0x02, 0, 0, 0, 0, 2};
constexpr MacAddress third{0x02, 0, 0, 0, 0, 3};

TEST(MacPolicy, DenyAcceptsTheFirstOneSeenAndNoOther) {
    MacPolicy policy = MacPolicy::parse("deny");
    EXPECT_EQ(policy.accepted(), std::nullopt);
    EXPECT_TRUE(policy.accept(first));
    EXPECT_FALSE(policy.accept(second));
    EXPECT_EQ(policy.accepted(), first);
    EXPECT_TRUE(policy.accept(first));
    EXPECT_FALSE(policy.accept(second));
}

TEST(MacPolicy, AllowAcceptsAny) {
    MacPolicy policy = MacPolicy::parse("allow");
    EXPECT_TRUE(policy.accept(first));
    EXPECT_TRUE(policy.accept(second));
    EXPECT_EQ(policy.accepted(), second);
}

TEST(MacPolicy, AListIsAllThereIsFromTheFirstOneOn) {
    MacPolicy policy = MacPolicy::parse("02:00:00:00:00:01,02:00:00:00:00:02");
    EXPECT_FALSE(policy.accept(third));
    EXPECT_EQ(policy.accepted(), std::nullopt);
    EXPECT_TRUE(policy.accept(second));
    EXPECT_TRUE(policy.accept(first));
    EXPECT_FALSE(policy.accept(third));
    EXPECT_EQ(policy.accepted(), first);
}

TEST(MacPolicy, WhatIsNoStationsAddressIsNeverAccepted) {
    for (const char* text : {"deny", "allow", "02:00:00:00:00:01"}) {
        MacPolicy policy = MacPolicy::parse(text);
        EXPECT_FALSE(policy.accept({}));
        EXPECT_FALSE(policy.accept({0x01, 0, 0x5e, 0, 0, 1}));
        EXPECT_FALSE(policy.accept({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
        EXPECT_EQ(policy.accepted(), std::nullopt) << "so that the first real one counts";
        EXPECT_TRUE(policy.accept(first));
    }
}

TEST(MacPolicy, OtherWordsAreErrors) {
    for (const char* text :
         {"", "Deny", "allow,deny", ",", "02:00:00:00:00:01,", ",02:00:00:00:00:01",
          "02:00:00:00:00:01;02:00:00:00:00:02", "01:00:5e:00:00:01", "02:00:00:00:00:01,allow"}) {
        EXPECT_THROW(MacPolicy::parse(text), Error) << text;
    }
}

} // namespace
} // namespace vcoal
