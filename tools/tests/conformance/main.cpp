// SPDX-License-Identifier: GPL-2.0-only
//
// conformance: what the tests say of each sentence of the specification. Reads the reports
// that `make check` left, or runs the tests that carry an ID.

#include "check/plan.hpp"
#include "check/schedule.hpp"
#include "conformance/document.hpp"
#include "conformance/test_ids.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace vcoal::conformance {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view usage =
    "usage: conformance [--collect DIRECTORY] KERNEL...\n"
    "\n"
    "Runs the tests whose names carry an ID, in user space and in one virtual machine for each\n"
    "program and kernel, and writes build/conformance.json and Documentation/conformance.md.\n"
    "With --collect it reads the reports of `make check` in DIRECTORY instead of running\n"
    "tests, and fails if the document would change. Exit status: 0 if every row that can be\n"
    "observed passes for ours, 1 if not, 2 for wrong usage.\n";

constexpr const char* document_path = "Documentation/conformance.md";
constexpr const char* json_path = "build/conformance.json";

struct Arguments {
    std::vector<std::string> kernels;
    /// Empty: run the tests.
    std::string collect;
};

/// Whether a program has a test that carries an ID.
bool carries_ids(const std::string& program) {
    const std::string command =
        fmt::format("{} --gtest_list_tests --gtest_filter='{}'", program, filter_of_ids());
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "re"), ::pclose);
    if (!pipe) {
        throw std::runtime_error(program + ": cannot be run");
    }
    std::array<char, 512> line{};
    while (std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
        if (line[0] == ' ') {
            return true;
        }
    }
    return false;
}

/// The parts of `make check` that have something to say.
std::vector<check::Part> telling_parts(const Arguments& arguments) {
    const std::string directory =
        arguments.collect.empty() ? "build/conformance" : arguments.collect;
    std::vector<check::Part> parts = check::plan({.kernels = arguments.kernels,
                                                  .scope = check::Scope::all,
                                                  .directory = directory,
                                                  .tools = "build/tools"});
    std::erase_if(parts, [](const check::Part& part) {
        return part.program.empty() || !carries_ids(part.program);
    });
    return parts;
}

/// Runs the tests that carry an ID. What fails is told, and left to the reports.
void run_tests(std::vector<check::Part> parts) {
    for (check::Part& part : parts) {
        part.argv.push_back("--gtest_filter=" + filter_of_ids());
        part.minimum = 1;
    }
    fs::create_directories("build/conformance");
    std::size_t number = 0;
    const auto done = [&](const check::Part& part, const check::Outcome& outcome) {
        fmt::print("[{:3}/{}] {:<44}{:5.1f} min  {}\n", ++number, parts.size(), part.name,
                   outcome.minutes, outcome.tally.text());
        for (const check::Failure& failure : outcome.failures) {
            fmt::print("    {}: {}\n", failure.test, failure.text);
        }
        if (!outcome.complaint.empty()) {
            fmt::print("    {}; log: {}\n", outcome.complaint, outcome.log);
        }
        std::fflush(stdout);
    };
    check::run_parts(
        parts, std::max(1U, std::thread::hardware_concurrency()),
        [](const check::Part& part) { return check::run(part, "build/conformance"); }, done);
}

Matrix read_matrix(const std::vector<check::Part>& parts, const Arguments& arguments) {
    std::vector<TestRun> runs;
    for (const check::Part& part : parts) {
        std::vector<TestRun> more = read_runs(part);
        std::ranges::move(more, std::back_inserter(runs));
    }
    return {std::move(runs), arguments.kernels};
}

void write(const char* path, const std::string& text) {
    std::ofstream file(path, std::ios::trunc);
    file << text;
    if (!file.flush()) {
        throw std::runtime_error(fmt::format("{}: cannot be written", path));
    }
}

/// Names of the columns.
std::string columns(const std::string& text) {
    const auto at = text.find("\n| rows |");
    return at == std::string::npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

/// Whether the document in the tree says something else, of the same kernels.
bool is_stale(const std::string& text) {
    std::ifstream file(document_path);
    const std::string before(std::istreambuf_iterator<char>(file), {});
    return before != text && (before.empty() || columns(before) == columns(text));
}

int judge(const Matrix& matrix, bool collected) {
    std::vector<std::string> problems = matrix.problems();
    const std::string text = document(matrix);
    write(json_path, to_json(matrix));
    if (collected && is_stale(text)) {
        problems.push_back(fmt::format("{} is out of date: `make conformance` writes it; with what "
                                       "these reports say it is build/conformance.md",
                                       document_path));
    }
    write(collected ? "build/conformance.md" : document_path, text);
    for (const std::string& problem : problems) {
        fmt::print("conformance: {}\n", problem);
    }
    fmt::print("conformance: {} rows, {} problems; {}\n", rows().size(), problems.size(),
               json_path);
    return problems.empty() ? 0 : 1;
}

int run(const Arguments& arguments) {
    const std::vector<check::Part> parts = telling_parts(arguments);
    if (arguments.collect.empty()) {
        run_tests(parts);
    }
    return judge(read_matrix(parts, arguments), !arguments.collect.empty());
}

} // namespace
} // namespace vcoal::conformance

int main(int argc, char** argv) {
    using namespace vcoal::conformance;
    const std::vector<std::string> args(argv + 1, argv + argc);
    Arguments arguments;
    for (std::size_t i = 0; i < args.size(); i++) {
        if (args[i] == "--collect" && i + 1 < args.size()) {
            arguments.collect = args[++i];
        } else {
            arguments.kernels.push_back(args[i]);
        }
    }
    if (arguments.kernels.empty() || arguments.kernels.front().starts_with("-")) {
        const bool help = !args.empty() && args.front() == "--help";
        fmt::print(help ? stdout : stderr, "{}", usage);
        return help ? 0 : 2;
    }
    try {
        return run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "conformance: {}\n", error.what());
        return 1;
    }
}
