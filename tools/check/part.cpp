// SPDX-License-Identifier: GPL-2.0-only
#include "check/part.hpp"

#include "check/ktap.hpp"
#include "vcoal/error.hpp"
#include "vm/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>

namespace vcoal::check {
namespace {

std::string file_name(const std::string& name) {
    std::string file;
    std::ranges::transform(name, std::back_inserter(file), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' ? c : '-';
    });
    return file;
}

std::string contents(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

int exit_status(int wait_status) {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

/// The exit status, or nothing when the limit has passed and the command was ended.
std::optional<int> execute(const Part& part, const std::string& log) {
    const Fd out(::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!out) {
        throw Error(log, "create", errno);
    }
    vm::Process process({.argv = part.argv, .keep = {}, .out = out.get(), .err = out.get()});
    const std::optional<int> status = process.wait(part.limit);
    if (!status) {
        process.kill();
        return std::nullopt;
    }
    return exit_status(*status);
}

Report read_directory(const std::string& directory) {
    Report all;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        if (entry.path().extension() != ".json") {
            continue;
        }
        Report one = read_report(contents(entry.path()));
        all.tally += one.tally;
        std::ranges::move(one.failures, std::back_inserter(all.failures));
    }
    return all;
}

Report read(const std::string& path) {
    if (path.ends_with('/')) {
        return read_directory(path);
    }
    return path.ends_with(".ktap") ? read_ktap(contents(path)) : read_report(contents(path));
}

/// A report of an earlier run must not be taken for this one's.
void make_room(const std::string& report) {
    const std::filesystem::path directory = std::filesystem::path(report).parent_path();
    if (report.ends_with('/')) {
        std::filesystem::remove_all(directory);
    } else {
        std::filesystem::remove(report);
    }
    std::filesystem::create_directories(directory);
}

void judge_report(const Part& part, int status, Outcome& outcome) {
    try {
        Report report = read(part.report);
        outcome.tally = judged(report.tally, status, part.minimum);
        outcome.failures = std::move(report.failures);
    } catch (const std::runtime_error& error) {
        outcome.tally.failed = 1;
        outcome.complaint = fmt::format("exit status {} and no report: {}", status, error.what());
        return;
    }
    if (outcome.tally.executed() < part.minimum) {
        outcome.complaint = fmt::format("fewer than {} tests were executed", part.minimum);
    } else if (status != 0) {
        outcome.complaint = fmt::format("exit status {}", status);
    }
}

} // namespace

Outcome run(const Part& part, const std::string& directory) {
    Outcome outcome;
    outcome.log = fmt::format("{}/{}.log", directory, file_name(part.name));
    if (!part.report.empty()) {
        make_room(part.report);
    }

    const auto start = std::chrono::steady_clock::now();
    const std::optional<int> status = execute(part, outcome.log);
    outcome.minutes =
        std::chrono::duration<double, std::ratio<60>>(std::chrono::steady_clock::now() - start)
            .count();

    if (!status) {
        outcome.tally.failed = 1;
        outcome.complaint = fmt::format("still running after {} minutes", part.limit.count());
    } else if (!part.report.empty()) {
        judge_report(part, *status, outcome);
    } else if (*status != 0) {
        outcome.tally.failed = 1;
        outcome.complaint = fmt::format("exit status {}", *status);
    } else {
        outcome.tally.passed = 1;
    }
    return outcome;
}

} // namespace vcoal::check
