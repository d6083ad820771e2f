// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "conformance/row.hpp"
#include "conformance/test_run.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace vcoal::conformance {

enum class Result { pass, fail, unobservable };

/// "pass", "fail", "unobservable".
std::string_view result_name(Result result);

/// What one run of a test says of one row.
struct Cell {
    std::string id;
    std::string test;
    std::string driver;
    std::string device;
    std::string kernel;
    Result result = Result::pass;
    /// Why it is not a pass.
    std::string why;
};

/// Who is judged: our module of a side, with whichever kernel, or the kernel's own.
struct Peer {
    /// Shown: "ours", "in-tree 6.1".
    std::string name;
    /// Of the in-tree one; empty for ours.
    std::string kernel;
};

/// Whether one peer does what one row says.
struct Verdict {
    Result result = Result::unobservable;
    std::string why;
};

/// The rows and what the runs say of them.
class Matrix {
public:
    Matrix(std::vector<TestRun> runs, const std::vector<std::string>& kernels);

    const std::vector<Peer>& peers() const noexcept { return peers_; }
    /// Every run of every row, and one for each row or in-tree peer that nobody observes.
    std::vector<Cell> cells() const;
    Verdict verdict(const Row& row, const Peer& peer) const;
    /// The tests of a row.
    std::vector<const TestRun*> tests_of(const Row& row) const;
    /// What is wrong, a sentence each; empty: every row that can be observed passes for ours.
    std::vector<std::string> problems() const;

private:
    std::vector<const TestRun*> runs_of(const Row& row, const Peer& peer) const;

    std::vector<TestRun> runs_;
    /// Places in it.
    std::map<std::string, std::vector<std::size_t>, std::less<>> by_id_;
    std::vector<Peer> peers_;
};

} // namespace vcoal::conformance
