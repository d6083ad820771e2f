// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "check/part.hpp"

#include <string>
#include <vector>

namespace vcoal::conformance {

/// Kernel of what runs in user space.
constexpr const char* user_space = "user space";

/// One run of one test, as its program reports it.
struct TestRun {
    std::string program;
    /// "Suite.Test", with the parameters of both.
    std::string name;
    /// Source, from the top of the checkout.
    std::string file;
    std::string kernel;
    bool failed = false;
    bool skipped = false;
    /// Who the two sides were. A side that somebody else played has another name.
    std::string driver;
    std::string device;
    /// What the test itself says (support/conformance.hpp).
    std::string known_failure;
    std::string unobservable;

    /// "Test", without suite and parameters.
    std::string test() const;
    /// "Suite.Test" without parameters.
    std::string plain_name() const;
};

/// Reads what a program left as its report; throws std::runtime_error.
std::vector<TestRun> parse_report(const std::string& json, const std::string& program,
                                  const std::string& kernel);

/// The tests of one part of `make check`.
std::vector<TestRun> read_runs(const check::Part& part);

} // namespace vcoal::conformance
