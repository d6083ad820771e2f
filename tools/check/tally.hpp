// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vcoal::check {

/// How tests went. A test that did not run is neither passed nor failed.
struct Tally {
    std::size_t passed = 0;
    std::size_t failed = 0;
    std::size_t skipped = 0;

    Tally& operator+=(const Tally& other);
    std::size_t executed() const noexcept { return passed + failed; }
    /// "12 passed, 0 failed", and what was skipped.
    std::string text() const;
};

/// A test that failed: "Suite.Test", and the first line of what it said that is more
/// than a place in a file.
struct Failure {
    std::string test;
    std::string text;
};

/// What GoogleTest reports.
struct Report {
    Tally tally;
    std::vector<Failure> failures;
};

/// Reads GoogleTest's JSON report. Throws std::runtime_error for anything else.
Report read_report(const std::string& json);

/// The tally a program's exit status and report make together. A program that fails
/// with every test passed, or with none run, counts as a failure of its own; so does
/// one that ran fewer tests than @p minimum.
Tally judged(Tally reported, int status, std::size_t minimum);

} // namespace vcoal::check
