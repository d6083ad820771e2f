// SPDX-License-Identifier: GPL-2.0-only
#include "check/tally.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <stdexcept>

namespace vcoal::check {

Tally& Tally::operator+=(const Tally& other) {
    passed += other.passed;
    failed += other.failed;
    skipped += other.skipped;
    return *this;
}

std::string Tally::text() const {
    std::string line = fmt::format("{} passed, {} failed", passed, failed);
    return skipped == 0 ? line : line + fmt::format(", {} skipped", skipped);
}

namespace {

void count(const nlohmann::json& test, Tally& tally) {
    const std::string result = test.at("result").get<std::string>();
    if (result != "COMPLETED") {
        ++tally.skipped;
    } else if (test.contains("failures")) {
        ++tally.failed;
    } else {
        ++tally.passed;
    }
}

} // namespace

Tally gtest_tally(const std::string& json) {
    Tally tally;
    try {
        const nlohmann::json report = nlohmann::json::parse(json);
        for (const auto& suite : report.at("testsuites")) {
            for (const auto& test : suite.at("testsuite")) {
                count(test, tally);
            }
        }
    } catch (const nlohmann::json::exception& error) {
        throw std::runtime_error(fmt::format("not a GoogleTest report: {}", error.what()));
    }
    return tally;
}

Tally judged(Tally reported, int status, std::size_t minimum) {
    const bool silent = status != 0 && reported.failed == 0;
    if (silent || reported.executed() < minimum) {
        ++reported.failed;
    }
    return reported;
}

} // namespace vcoal::check
