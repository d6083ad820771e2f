// SPDX-License-Identifier: GPL-2.0-only
#include "check/ktap.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

using namespace vcoal::check;

namespace {

constexpr const char* console = R"(Run /init as init process
KTAP version 1
    KTAP version 1
    # Subtest: ring
    1..4
    ok 1 empty
    # full: EXPECTATION FAILED at ring_test.c:7
    Expected a == b, but
        a == 1
    not ok 2 full
        KTAP version 1
        # Subtest: sizes
        ok 1 one # SKIP no memory
        ok 2 two
    # sizes: pass:1 fail:0 skip:1 total:2
    ok 3 sizes
    ok 4 last
# ring: pass:3 fail:1 skip:0 total:4
not ok 1 ring
    KTAP version 1
    # Subtest: coal
    1..1
eth0: something else that the kernel says
    ok 1 timer
ok 2 coal
reboot: System halted
)";

TEST(CheckKtap, CountsTestsWithoutSubtests) {
    const Tally tally = read_ktap(console).tally;
    EXPECT_EQ(tally.passed, 4U);
    EXPECT_EQ(tally.failed, 1U);
    EXPECT_EQ(tally.skipped, 1U);
}

TEST(CheckKtap, WhatTheKernelSaysMeanwhileIsNoResult) {
    const Tally tally = read_ktap("KTAP version 1\n    KTAP version 1\n    1..1\n\n    \n"
                                  "    ok computer\n    ok 1\n    ok 2x\n    ok 1 a\nok 1 s\n")
                            .tally;
    EXPECT_EQ(tally.text(), "1 passed, 0 failed");
}

TEST(CheckKtap, NamesWhatFailedAndWhy) {
    const auto failures = read_ktap(console).failures;
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].test, "full");
    EXPECT_EQ(failures[0].text, "Expected a == b, but");
}

TEST(CheckKtap, ASuiteThatDidNotEndIsAFailure) {
    const Report report = read_ktap("KTAP version 1\n    KTAP version 1\n    1..2\n    ok 1 a\n");
    EXPECT_EQ(report.tally.passed, 1U);
    EXPECT_EQ(report.tally.failed, 1U);
}

TEST(CheckKtap, ASuiteThatDidNotEndBeforeTheNextIsAFailure) {
    const Report report = read_ktap("KTAP version 1\n    KTAP version 1\n        KTAP version 1\n"
                                    "        ok 1 x\n    KTAP version 1\n    ok 1 a\nok 1 s\n");
    EXPECT_EQ(report.tally.passed, 2U);
    EXPECT_EQ(report.tally.failed, 2U); // it and its test
}

TEST(CheckKtap, FewerTestsThanPlannedAreAFailure) {
    const Report report =
        read_ktap("KTAP version 1\n    KTAP version 1\n    1..3\n    ok 1 a\nok 1 s\n");
    EXPECT_EQ(report.tally.failed, 1U);
    EXPECT_EQ(report.failures.at(0).text, "1 of 3 tests ran");
}

TEST(CheckKtap, ASuiteThatFailsByItselfIsAFailure) {
    const Report report =
        read_ktap("KTAP version 1\n    KTAP version 1\n    1..1\n    ok 1 a\nnot ok 1 s\n");
    EXPECT_EQ(report.tally.failed, 1U);
}

TEST(CheckKtap, RefusesWhatIsNoKtap) {
    EXPECT_THROW(read_ktap("ok 1 a\n"), std::runtime_error);
    EXPECT_THROW(read_ktap(""), std::runtime_error);
}

} // namespace
