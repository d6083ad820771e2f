// SPDX-License-Identifier: GPL-2.0-only
//
// hunter: looks for lost notifications in the host module's data path, in user space.
#include "hunter/hunt.hpp"
#include "hunter/shrink.hpp"
#include "hunter/world.hpp"
#include "vcoal/error.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

namespace {

using namespace hunter;

struct Options {
    std::uint64_t packets = 10'000'000;
    std::uint64_t seed = 1;
    std::string replay;
    std::string trace = "hunter.trace";
    bool json = false;
};

std::string read_file(const std::string& path) {
    const std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) {
        throw vcoal::Error(path, "read", ENOENT, "give a file that --trace wrote");
    }
    return text.str();
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    if (!file.flush()) {
        throw vcoal::Error(path, "write", EIO, "give another file with --trace");
    }
}

/// One line that is written over, once in a while, where somebody looks.
class Progress {
public:
    explicit Progress(std::uint64_t packets)
        : packets_(packets), shown_(isatty(STDERR_FILENO) != 0) {}

    void operator()(const Report& report) {
        const auto now = std::chrono::steady_clock::now();
        if (shown_ && now > next_) {
            next_ = now + std::chrono::milliseconds(500);
            fmt::print(stderr, "\r{} of {} packets", report.packets, packets_);
        }
    }
    void done() const {
        if (shown_) {
            fmt::print(stderr, "\r{:60}\r", "");
        }
    }

private:
    std::uint64_t packets_;
    bool shown_;
    std::chrono::steady_clock::time_point next_;
};

nlohmann::json to_json(const Options& options, const Report& report) {
    nlohmann::json json{
        {"seed", options.seed},  {"packets", report.packets},    {"worlds", report.worlds},
        {"steps", report.steps}, {"notifications", report.told}, {"suppressed", report.suppressed},
        {"finding", nullptr}};
    if (report.finding) {
        json["finding"] = *report.finding;
        json["trace"] = to_text(report.trace);
    }
    return json;
}

void tell_finding(const Options& options, const Report& report) {
    std::ostream& out = options.json ? std::cerr : std::cout;
    write_file(options.trace, to_text(report.trace));
    out << fmt::format("found: {}\n{}replay it: hunter --replay {}\n", *report.finding,
                       to_text(report.trace), options.trace);
}

int search(const Options& options) {
    Progress progress(options.packets);
    Report report = hunt(options.seed, options.packets, std::ref(progress));
    progress.done();
    if (report.finding) {
        fmt::print(stderr, "hunter: found something in world {}; making it shorter\n",
                   report.worlds);
        report.trace = shrink(report.trace);
        report.finding = run(report.trace).finding;
        tell_finding(options, report);
    } else if (!options.json) {
        std::cout << fmt::format("{} packets in {} worlds, seed {}: {} notifications, {} "
                                 "suppressed, none lost\n",
                                 report.packets, report.worlds, options.seed, report.told,
                                 report.suppressed);
    }
    if (options.json) {
        std::cout << to_json(options, report).dump(1, '\t') << '\n';
    }
    return report.finding ? 1 : 0;
}

int replay(const Options& options) {
    const Trace trace = from_text(read_file(options.replay));
    const auto finding = run(trace).finding;
    std::cout << (finding ? "found: " + *finding : "nothing found") << '\n';
    return finding ? 1 : 0;
}

int run_program(int argc, char** argv) {
    CLI::App app{
        "Looks for lost notifications in the data path of vhost_net_coal: its real files,\n"
        "with everything around them made up at random. Whatever breaks a rule is made\n"
        "as short as possible and printed.\n"
        "Exit status: 0 nothing found, 1 something found, 2 wrong usage."};
    Options options;
    app.add_option("--packets", options.packets, "how many are published")->capture_default_str();
    app.add_option("--seed", options.seed, "the same one: the same worlds")->capture_default_str();
    app.add_option("--replay", options.replay, "run this trace, nothing else");
    app.add_option("--trace", options.trace, "where a trace is written")->capture_default_str();
    app.add_flag("--json", options.json, "print figures as JSON");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return options.replay.empty() ? search(options) : replay(options);
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run_program(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "hunter: {}\n", error.what());
        return 2;
    }
}
