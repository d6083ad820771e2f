// SPDX-License-Identifier: GPL-2.0-only
//
// mutants: breaks a copy of the host module in small ways, one at a time, and shows that
// the tests in user space notice each.
#include "check/mutant.hpp"
#include "check/part.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace vcoal::check;
namespace fs = std::filesystem;

constexpr const char* directory = "build/mutants";
constexpr const char* tree = "build/mutants/tree";
constexpr const char* build = "build/mutants/build";

/// The quick ones first. The hunter comes last and finds what depends on chance.
struct Test {
    const char* name;
    const char* program;
};
constexpr Test tests[] = {{"notify_test", "hunter/notify_test"},
                          {"coal_test", "coal_test"},
                          {"vring_test", "vring_test"},
                          {"coal_property_test", "coal_property_test"},
                          {"hunter", "hunter/hunter"}};

struct Options {
    std::string list = "tools/tests/mutants/list.txt";
    std::string packets = "1000000";
    std::vector<std::string> only;
    bool json = false;
};

/// What became of a mutant.
struct Verdict {
    const Mutant* mutant;
    std::string killer; ///< the test that noticed it
    std::string complaint;
};

std::string read(const fs::path& path) {
    std::ifstream file(path);
    if (!file) {
        throw std::runtime_error(path.string() + ": cannot be read; run from the checkout");
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Leaves a file alone that is as it should be: it need not be compiled again.
void write(const fs::path& path, const std::string& text) {
    if (fs::exists(path) && read(path) == text) {
        return;
    }
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

void copy_sources() {
    for (const char* part : {"drivers/vhost", "include/uapi"}) {
        for (const auto& entry : fs::recursive_directory_iterator(part)) {
            const std::string extension = entry.path().extension();
            if (extension == ".c" || extension == ".h") {
                write(tree / entry.path(), read(entry.path()));
            }
        }
    }
}

Outcome run_command(std::string name, std::vector<std::string> argv, std::string report = {}) {
    Part part{.name = std::move(name), .argv = std::move(argv), .report = std::move(report)};
    part.minimum = part.report.empty() ? 0 : 1;
    part.limit = std::chrono::minutes(part.name == "build" ? 15 : 1);
    return run(part, directory);
}

bool compile() {
    std::vector<std::string> argv{"ninja", "-C", build};
    for (const Test& test : tests) {
        argv.emplace_back(test.name);
    }
    return run_command("build", argv).tally.failed == 0;
}

/// What the hunter says first.
std::string finding(const std::string& log) {
    std::ifstream file(log);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("found: ")) {
            return line.substr(7);
        }
    }
    return "see " + log;
}

/// In what a test has failed; nothing if it has not.
std::optional<std::string> failure(const Test& test, const Options& options) {
    const std::string program = fmt::format("{}/{}", build, test.program);
    const std::string name = test.name;
    if (name == "hunter") {
        const Outcome outcome = run_command(name, {program, "--packets", options.packets, "--trace",
                                                   fmt::format("{}/hunter.trace", directory)});
        return outcome.tally.failed == 0 ? std::nullopt : std::optional(finding(outcome.log));
    }
    const std::string report = fmt::format("{}/{}.json", directory, name);
    const Outcome outcome = run_command(name, {program, "--gtest_output=json:" + report}, report);
    if (outcome.tally.failed == 0) {
        return std::nullopt;
    }
    return outcome.failures.empty() ? outcome.complaint : outcome.failures.front().test;
}

/// The first test that fails, and in what; empty when none does.
std::string killer(const Options& options) {
    for (const Test& test : tests) {
        if (const auto what = failure(test, options)) {
            return fmt::format("{}: {}", test.name, *what);
        }
    }
    return {};
}

Verdict judge(const Mutant& mutant, const Options& options) {
    Verdict verdict{&mutant, {}, {}};
    const std::string source = read(mutant.file);
    write(tree / fs::path(mutant.file), mutated(mutant, source));
    if (!compile()) {
        verdict.complaint = fmt::format("does not build: {}/build.log", directory);
    } else {
        verdict.killer = killer(options);
        verdict.complaint = verdict.killer.empty() ? "SURVIVED: no test notices it" : "";
    }
    write(tree / fs::path(mutant.file), source);
    return verdict;
}

void prepare(const Options& options) {
    copy_sources();
    const Outcome configured =
        run_command("configure", {"cmake", "-S", "tools/tests/mutants", "-B", build, "-G", "Ninja",
                                  "-DVCOAL_ROOT=" + fs::absolute(tree).string()});
    if (configured.tally.failed != 0 || !compile()) {
        throw std::runtime_error(fmt::format("the tests do not build; see {}", directory));
    }
    if (const std::string failed = killer(options); !failed.empty()) {
        throw std::runtime_error("without a mutant, too, there is a failure: " + failed);
    }
}

std::vector<Mutant> chosen(const Options& options) {
    std::vector<Mutant> mutants = read_mutants(read(options.list));
    for (const Mutant& mutant : mutants) {
        // All of them before any is built: a list that is out of date shows at once.
        mutated(mutant, read(mutant.file));
    }
    if (!options.only.empty()) {
        std::erase_if(mutants, [&](const Mutant& mutant) {
            return std::ranges::find(options.only, mutant.name) == options.only.end();
        });
    }
    if (mutants.empty()) {
        throw std::runtime_error(options.list + ": no such mutant");
    }
    return mutants;
}

nlohmann::json to_json(const Verdict& verdict) {
    return {{"name", verdict.mutant->name},
            {"file", verdict.mutant->file},
            {"why", verdict.mutant->why},
            {"killed", verdict.complaint.empty()},
            {"test", verdict.killer}};
}

int check_all(const Options& options) {
    const std::vector<Mutant> mutants = chosen(options);
    std::FILE* out = options.json ? stderr : stdout;
    fmt::print(out, "building the tests, and running them on what is not broken\n");
    std::fflush(out);
    prepare(options);

    nlohmann::json json = nlohmann::json::array();
    std::size_t killed = 0;
    for (std::size_t i = 0; i < mutants.size(); i++) {
        const Verdict verdict = judge(mutants[i], options);
        const bool dead = verdict.complaint.empty();
        killed += dead ? 1 : 0;
        fmt::print(out, "[{:2}/{}] {:<31} {}\n", i + 1, mutants.size(), mutants[i].name,
                   dead ? verdict.killer : verdict.complaint + "; " + mutants[i].why);
        std::fflush(out);
        json.push_back(to_json(verdict));
    }
    if (options.json) {
        fmt::print("{}\n", json.dump(1, '\t'));
    }
    fmt::print(out, "{} of {} mutants killed\n", killed, mutants.size());
    return killed == mutants.size() ? 0 : 1;
}

int run_program(int argc, char** argv) {
    CLI::App app{"Breaks a copy of the host module in small ways and shows that tests notice.\n"
                 "Exit status: 0 every mutant was killed, 1 one was not, 2 there is no telling."};
    Options options;
    app.add_option("--list", options.list, "the mutants")->capture_default_str();
    app.add_option("--packets", options.packets, "of the hunter")->capture_default_str();
    app.add_flag("--json", options.json, "print an array of what became of each");
    app.add_option("names", options.only, "mutants; all if none is named");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return check_all(options);
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run_program(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "mutants: {}\n", error.what());
        return 2;
    }
}
