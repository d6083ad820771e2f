// SPDX-License-Identifier: GPL-2.0-only
#include "check/tally.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

using namespace vcoal::check;

namespace {

constexpr const char* report = R"({"tests": 4, "testsuites": [{"name": "S", "testsuite": [
    {"name": "a", "status": "RUN", "result": "COMPLETED"},
    {"name": "b", "status": "RUN", "result": "COMPLETED", "failures": [{"failure": "no"}]},
    {"name": "c", "status": "RUN", "result": "SKIPPED"},
    {"name": "d", "status": "NOTRUN", "result": "SUPPRESSED"}]}]})";

TEST(CheckTally, CountsEachTestOnce) {
    const Tally tally = read_report(report).tally;
    EXPECT_EQ(tally.passed, 1U);
    EXPECT_EQ(tally.failed, 1U);
    EXPECT_EQ(tally.skipped, 2U);
    EXPECT_EQ(tally.text(), "1 passed, 1 failed, 2 skipped");
}

TEST(CheckTally, TalliesAddUp) {
    Tally sum{.passed = 1, .failed = 2, .skipped = 3};
    sum += {.passed = 10, .failed = 20, .skipped = 30};
    EXPECT_EQ(sum.text(), "11 passed, 22 failed, 33 skipped");
}

TEST(CheckTally, NamesWhatFailedAndWhy) {
    const auto failures = read_report(
                              R"({"testsuites": [{"name": "S", "testsuite": [
            {"name": "a", "result": "COMPLETED"},
            {"name": "b", "result": "COMPLETED", "failures": [
                {"failure": "b.cpp:7\nExpected equality\n  one"}, {"failure": "later"}]},
            {"name": "c", "result": "COMPLETED", "failures": [{"failure": "thrown"}]}]}]})")
                              .failures;
    ASSERT_EQ(failures.size(), 2U);
    EXPECT_EQ(failures[0].test, "S.b");
    EXPECT_EQ(failures[0].text, "Expected equality");
    EXPECT_EQ(failures[1].test, "S.c");
    EXPECT_EQ(failures[1].text, "thrown");
}

TEST(CheckTally, RefusesWhatIsNoReport) {
    EXPECT_THROW(read_report("[]"), std::runtime_error);
    EXPECT_THROW(read_report(""), std::runtime_error);
    EXPECT_THROW(read_report("{}"), std::runtime_error);
    EXPECT_THROW(read_report(R"({"testsuites": [{"testsuite": [{"name": "x"}]}]})"),
                 std::runtime_error);
}

TEST(CheckTally, CrashWithEveryTestPassedIsAFailure) {
    EXPECT_EQ(judged({.passed = 3}, 0, 1).failed, 0U);
    EXPECT_EQ(judged({.passed = 3}, 121, 1).failed, 1U);
    EXPECT_EQ(judged({.passed = 3, .failed = 1}, 1, 1).failed, 1U);
}

TEST(CheckTally, TooFewTestsAreAFailure) {
    EXPECT_EQ(judged({}, 0, 1).failed, 1U);
    EXPECT_EQ(judged({.passed = 1, .skipped = 9}, 0, 10).failed, 1U);
    EXPECT_EQ(judged({.passed = 10}, 0, 10).failed, 0U);
}

} // namespace
