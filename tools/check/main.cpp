// SPDX-License-Identifier: GPL-2.0-only
//
// check: runs all tests, says how each part went and how long it took, and ends with
// what failed and one line that counts them.

#include "check/debug_plan.hpp"
#include "check/plan.hpp"
#include "check/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using namespace vcoal::check;

namespace {

constexpr std::string_view usage =
    "usage: check [--quick] KERNEL...\n"
    "       check --debug [BATCH...]\n"
    "\n"
    "Runs the project's tests from the top of the checkout; `make check` builds what it\n"
    "needs and calls it. Logs and reports go to build/check/. Exit status: 0 if nothing\n"
    "failed, 1 if something did, 2 for wrong usage.\n";

/// The end of a log: what a person would scroll to.
void print_tail(const std::string& path, std::size_t lines) {
    std::ifstream file(path);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) {
        all.push_back(line);
    }
    for (std::size_t i = all.size() > lines ? all.size() - lines : 0; i < all.size(); ++i) {
        fmt::print("    | {}\n", all[i]);
    }
}

/// All that a failed part has to say, where it happens.
void explain(const Outcome& outcome) {
    if (!outcome.complaint.empty()) {
        fmt::print("    {}\n", outcome.complaint);
    }
    fmt::print("    log: {}\n", outcome.log);
    print_tail(outcome.log, 40);
}

/// What failed, once more: it has scrolled away by the end of an hour.
void print_failed(const Part& part, const Outcome& outcome) {
    const std::string why = outcome.complaint.empty() ? "" : ": " + outcome.complaint;
    fmt::print("failed: {}{}\n", part.name, why);
    for (const Failure& failure : outcome.failures) {
        fmt::print("    {}: {}\n", failure.test, failure.text);
    }
    fmt::print("    log: {}\n", outcome.log);
    if (outcome.failures.empty()) {
        print_tail(outcome.log, 10);
    }
}

/// As many as the machine has CPUs: most of a test's time is some virtual machine's boot.
unsigned lanes() {
    return std::max(1U, std::thread::hardware_concurrency());
}

Tally run_all(const std::vector<Part>& parts, const std::string& directory) {
    Tally total;
    std::vector<std::pair<const Part*, Outcome>> failed;
    std::size_t number = 0;
    const auto done = [&](const Part& part, Outcome outcome) {
        fmt::print("[{:3}/{}] {:<44}{:5.1f} min  {}\n", ++number, parts.size(), part.name,
                   outcome.minutes, outcome.tally.text());
        total += outcome.tally;
        if (outcome.tally.failed != 0) {
            explain(outcome);
            failed.emplace_back(&part, std::move(outcome));
        }
        std::fflush(stdout);
    };
    run_parts(
        parts, lanes(), [&](const Part& part) { return run(part, directory); }, done);
    for (const auto& [part, outcome] : failed) {
        print_failed(*part, outcome);
    }
    return total;
}

Request parse(const std::vector<std::string_view>& args) {
    Request request{
        .kernels = {}, .scope = Scope::all, .directory = "build/check", .tools = "build/tools"};
    for (const std::string_view arg : args) {
        if (arg == "--quick") {
            request.scope = Scope::quick;
        } else if (arg == "--debug") {
            request.scope = Scope::debug;
        } else {
            request.kernels.emplace_back(arg);
        }
    }
    if (request.scope == Scope::debug) {
        request.batches = std::exchange(request.kernels, {});
    }
    return request;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> args(argv + 1, argv + argc);
    if (args.empty() || args.front() == "--help") {
        fmt::print(args.empty() ? stderr : stdout, "{}", usage);
        return args.empty() ? 2 : 0;
    }
    try {
        const Request request = parse(args);
        std::filesystem::create_directories(request.directory);
        if (request.scope == Scope::debug) {
            for (const std::string& line : left_out_of_debug_plan()) {
                fmt::print("left out: {}\n", line);
            }
        }
        const Tally total = run_all(plan(request), request.directory);
        fmt::print("{}\n", total.text());
        return total.failed == 0 && total.passed != 0 ? 0 : 1;
    } catch (const std::exception& error) {
        fmt::print(stderr, "check: {}\n", error.what());
        return 1;
    }
}
