// SPDX-License-Identifier: GPL-2.0-only
//
// Parts of the check side by side.
#include "check/schedule.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <gtest/gtest.h>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace vcoal::check {
namespace {

std::vector<Part> parts_named(const std::vector<std::string>& names) {
    std::vector<Part> parts;
    for (const std::string& name : names) {
        parts.push_back({.name = name, .argv = {}, .report = {}});
        parts.back().alone = name.starts_with("alone");
    }
    return parts;
}

TEST(CheckSchedule, EachPartRunsOnce) {
    for (const unsigned lanes : {1U, 2U, 5U}) {
        const auto parts = parts_named({"a", "b", "c", "d", "e", "f"});
        std::vector<std::string> done;
        run_parts(
            parts, lanes, [](const Part&) { return Outcome{}; },
            [&](const Part& part, const Outcome&) { done.push_back(part.name); });
        std::ranges::sort(done);
        EXPECT_EQ(done, (std::vector<std::string>{"a", "b", "c", "d", "e", "f"})) << lanes;
    }
}

TEST(CheckSchedule, OneLaneKeepsTheOrder) {
    const auto parts = parts_named({"c", "alone", "b", "a"});
    std::vector<std::string> done;
    run_parts(
        parts, 1, [](const Part&) { return Outcome{}; },
        [&](const Part& part, const Outcome&) { done.push_back(part.name); });
    EXPECT_EQ(done, (std::vector<std::string>{"c", "alone", "b", "a"}));
}

// Either waits in its lane until the other is there: in one lane this would never end.
TEST(CheckSchedule, TwoLanesRunTwoAtATime) {
    const auto parts = parts_named({"a", "b"});
    std::mutex mutex;
    std::condition_variable changed;
    unsigned there = 0;
    run_parts(
        parts, 2,
        [&](const Part&) {
            std::unique_lock lock(mutex);
            there++;
            changed.notify_all();
            changed.wait(lock, [&] { return there == 2; });
            return Outcome{};
        },
        [](const Part&, const Outcome&) {});
    EXPECT_EQ(there, 2U);
}

TEST(CheckSchedule, WhatIsToBeAloneIs) {
    std::vector<std::string> names(200, "part");
    for (std::size_t i = 3; i < names.size(); i += 7) {
        names[i] = "alone";
    }
    const auto parts = parts_named(names);
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    std::atomic<bool> disturbed{false};
    run_parts(
        parts, 4,
        [&](const Part& part) {
            const int now = ++running;
            most = std::max(most.load(), now);
            for (int i = 0; i < 1000; i++) {
                disturbed = disturbed || (part.alone && running != 1);
            }
            running--;
            return Outcome{};
        },
        [](const Part&, const Outcome&) {});
    EXPECT_FALSE(disturbed);
    EXPECT_LE(most, 4);
}

TEST(CheckSchedule, WhatIsThrownEndsIt) {
    const auto parts = parts_named({"a", "b", "c"});
    unsigned begun = 0;
    const auto run = [&](const Part&) -> Outcome {
        begun++;
        throw std::runtime_error("no disk");
    };
    EXPECT_THROW(run_parts(parts, 1, run, [](const Part&, const Outcome&) {}), std::runtime_error);
    EXPECT_EQ(begun, 1U);
}

} // namespace
} // namespace vcoal::check
