// SPDX-License-Identifier: GPL-2.0-only
#include "check/tally.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sstream>
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

/// GoogleTest writes "FILE:LINE" into the first line, the reason into the next.
std::string reason(const nlohmann::json& failures) {
    std::istringstream lines(failures.at(0).at("failure").get<std::string>());
    std::string line;
    std::getline(lines, line);
    std::string next;
    return std::getline(lines, next) ? next : line;
}

Failure failure_of(const nlohmann::json& suite, const nlohmann::json& test) {
    return {.test = fmt::format("{}.{}", suite.at("name").get<std::string>(),
                                test.at("name").get<std::string>()),
            .text = reason(test.at("failures"))};
}

} // namespace

Report read_report(const std::string& json) {
    Report report;
    try {
        const nlohmann::json root = nlohmann::json::parse(json);
        for (const auto& suite : root.at("testsuites")) {
            for (const auto& test : suite.at("testsuite")) {
                count(test, report.tally);
                if (test.contains("failures")) {
                    report.failures.push_back(failure_of(suite, test));
                }
            }
        }
    } catch (const nlohmann::json::exception& error) {
        throw std::runtime_error(fmt::format("not a GoogleTest report: {}", error.what()));
    }
    return report;
}

Tally judged(Tally reported, int status, std::size_t minimum) {
    const bool silent = status != 0 && reported.failed == 0;
    if (silent || reported.executed() < minimum) {
        ++reported.failed;
    }
    return reported;
}

} // namespace vcoal::check
