// SPDX-License-Identifier: GPL-2.0-only
#include "conformance/matrix.hpp"

#include "conformance/test_ids.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vcoal::conformance {
namespace {

constexpr std::string_view comes_later = "comes with the device's counters";
constexpr std::string_view no_test = "no test";

const std::string& side_of(const TestRun& run, const Row& row) {
    return row.side == Side::driver ? run.driver : run.device;
}

std::string_view module_of(Side side, bool ours) {
    if (side == Side::driver) {
        return ours ? "virtio_net_coal" : "virtio_net";
    }
    return ours ? "vhost_net_coal" : "vhost_net";
}

Verdict verdict_of(const TestRun& run) {
    if (run.failed) {
        return {Result::fail, "the test fails"};
    }
    if (!run.known_failure.empty()) {
        return {Result::fail, run.known_failure};
    }
    if (run.skipped || !run.unobservable.empty()) {
        return {Result::unobservable, run.unobservable};
    }
    return {Result::pass, ""};
}

/// Why there is no run of a row; empty: there should be one.
std::string_view excuse(const Row& row, const Peer& peer) {
    if (!row.unobservable.empty()) {
        return row.unobservable;
    }
    if (row.later) {
        return comes_later;
    }
    return peer.kernel.empty() ? std::string_view() : row.in_tree;
}

/// What no run says.
Cell absent(const Row& row, const Peer& peer) {
    Cell cell;
    cell.id = row.id;
    cell.result = Result::unobservable;
    cell.kernel = peer.kernel;
    cell.why = excuse(row, peer);
    (row.side == Side::driver ? cell.driver : cell.device) =
        module_of(row.side, peer.kernel.empty());
    return cell;
}

void judge_names(const std::vector<TestRun>& runs, std::vector<std::string>& problems) {
    std::vector<std::string> seen;
    for (const TestRun& run : runs) {
        for (const std::string& id : ids_in(run.test())) {
            const std::string problem =
                fmt::format("{} names {}, which is no row", run.plain_name(), id);
            if (find_row(id) == nullptr && std::ranges::find(seen, problem) == seen.end()) {
                seen.push_back(problem);
            }
        }
    }
    problems.insert(problems.end(), seen.begin(), seen.end());
}

void judge_rows(std::vector<std::string>& problems) {
    const std::vector<std::string> ids = all_ids();
    for (const std::string& id : ids) {
        if (find_row(id) == nullptr) {
            problems.push_back(fmt::format("{} has no row", id));
        }
    }
    for (const Row& row : rows()) {
        if (std::ranges::find(ids, row.id) == ids.end()) {
            problems.push_back(fmt::format("row {} is none of the specification's", row.id));
        }
    }
}

void judge_run(const TestRun& run, std::vector<std::string>& problems) {
    if (ids_in(run.test()).empty()) {
        return;
    }
    if (run.failed) {
        problems.push_back(fmt::format("{} failed on {}", run.name, run.kernel));
    }
    if (run.skipped && run.unobservable.empty()) {
        problems.push_back(
            fmt::format("{} was skipped on {} and did not say why", run.name, run.kernel));
    }
}

} // namespace

std::string_view result_name(Result result) {
    switch (result) {
    case Result::pass:
        return "pass";
    case Result::fail:
        return "fail";
    default:
        return "unobservable";
    }
}

Matrix::Matrix(std::vector<TestRun> runs, const std::vector<std::string>& kernels)
    : runs_(std::move(runs)), peers_{{"ours", ""}} {
    for (const std::string& kernel : kernels) {
        peers_.push_back({"in-tree " + kernel, kernel});
    }
    for (std::size_t place = 0; place < runs_.size(); place++) {
        for (const std::string& id : ids_in(runs_[place].test())) {
            by_id_[id].push_back(place);
        }
    }
}

std::vector<const TestRun*> Matrix::tests_of(const Row& row) const {
    std::vector<const TestRun*> found;
    if (const auto places = by_id_.find(row.id); places != by_id_.end()) {
        for (const std::size_t place : places->second) {
            found.push_back(&runs_[place]);
        }
    }
    return found;
}

std::vector<const TestRun*> Matrix::runs_of(const Row& row, const Peer& peer) const {
    const bool ours = peer.kernel.empty();
    std::vector<const TestRun*> found = tests_of(row);
    std::erase_if(found, [&](const TestRun* run) {
        return side_of(*run, row) != module_of(row.side, ours) ||
               (!ours && run->kernel != peer.kernel);
    });
    return found;
}

Verdict Matrix::verdict(const Row& row, const Peer& peer) const {
    const auto found = runs_of(row, peer);
    if (found.empty()) {
        const std::string_view why = excuse(row, peer);
        return {Result::unobservable, std::string(why.empty() ? no_test : why)};
    }
    Verdict verdict = verdict_of(*found.front());
    for (const TestRun* run : found) {
        const Verdict next = verdict_of(*run);
        const bool worse = next.result == Result::fail && verdict.result != Result::fail;
        const bool better = next.result == Result::pass && verdict.result == Result::unobservable;
        if (worse || better) {
            verdict = next;
        }
    }
    return verdict;
}

std::vector<Cell> Matrix::cells() const {
    std::vector<Cell> cells;
    for (const Row& row : rows()) {
        for (const TestRun* run : tests_of(row)) {
            const Verdict verdict = verdict_of(*run);
            cells.push_back({std::string(row.id), run->name, run->driver, run->device, run->kernel,
                             verdict.result, verdict.why});
        }
        for (const Peer& peer : peers_) {
            if (runs_of(row, peer).empty()) {
                cells.push_back(absent(row, peer));
            }
        }
    }
    return cells;
}

std::vector<std::string> Matrix::problems() const {
    std::vector<std::string> problems;
    judge_rows(problems);
    judge_names(runs_, problems);
    for (const TestRun& run : runs_) {
        judge_run(run, problems);
    }
    for (const Row& row : rows()) {
        for (const Peer& peer : peers_) {
            const Verdict found = verdict(row, peer);
            if (found.why == no_test) {
                problems.push_back(
                    fmt::format("{}: no test of {}, and no reason", row.id, peer.name));
            } else if (peer.kernel.empty() && excuse(row, peer).empty() &&
                       found.result != Result::pass) {
                problems.push_back(fmt::format("{}: {} for ours: {}", row.id,
                                               result_name(found.result), found.why));
            }
        }
    }
    return problems;
}

} // namespace vcoal::conformance
