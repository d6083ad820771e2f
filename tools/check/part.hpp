// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "check/tally.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace vcoal::check {

/// One part of `make check`: a command, and what is expected of it.
struct Part {
    std::string name;
    /// It can be given more arguments for the program of tests.
    std::vector<std::string> argv;
    /// Written by the command: GoogleTest's JSON report, or KTAP if it is called *.ktap. A name
    /// that ends in a slash is a directory: all of its *.json together.
    /// Empty: the exit status is all.
    std::string report;
    /// Fewer tests executed than these are a failure; meaningful with a report.
    std::size_t minimum = 0;
    std::chrono::minutes limit{15};
    /// Nothing else may run meanwhile: it measures, or it is about time.
    bool alone = false;
    /// The program of GoogleTest that it runs, and the kernel it runs on; empty: none, or in
    /// user space.
    std::string program = {};
    std::string kernel = {};
};

/// How a part went.
struct Outcome {
    Tally tally;
    double minutes = 0;
    /// Everything the command printed.
    std::string log;
    /// The tests that failed, if the part has a report.
    std::vector<Failure> failures;
    /// What else is wrong, in a sentence; empty if nothing is.
    std::string complaint;
};

/// Runs a part with its output in a log file in @p directory.
Outcome run(const Part& part, const std::string& directory);

} // namespace vcoal::check
