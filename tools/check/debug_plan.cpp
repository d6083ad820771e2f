// SPDX-License-Identifier: GPL-2.0-only
#include "check/debug_plan.hpp"

#include "check/machine.hpp"
#include "check/programs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace vcoal::check {
namespace {

/// Test programs by the name of what they are about.
using Batches = std::map<std::string, std::vector<std::string>>;

/// Those in which threads of the kernel meet: traffic, and changes meanwhile.
constexpr std::array racing_tests = {
    std::string_view("concurrent_use_test"), std::string_view("churn_test"),
    std::string_view("hunter_test"),         std::string_view("coal_change_test"),
    std::string_view("worker_test"),         std::string_view("worker_pool_test"),
    std::string_view("traffic_test")};

/// A test that a kernel which looks for errors cannot run, and why not.
struct Skip {
    std::string_view program;
    std::string_view test;
    std::string_view why;
};

constexpr const char* uncleared_header =
    "6.1's vhost_net does not clear the header that it writes, and its kernel drops packets by "
    "what memory held; Debian's kernels clear all memory";

constexpr std::array skips = {
    Skip{"loopback_arena_test", "LoopbackArena.UnmapIsCheckedForAddressLengthAndDirection",
         "it makes the very mistakes that DMA_API_DEBUG reports"},
    Skip{"loopback_arena_test", "LoopbackArena.SyncOutsideAMappingIsRefused",
         "it makes the very mistakes that DMA_API_DEBUG reports"},
    Skip{"traffic_test", "Node/Traffic.HeaderWrittenByVhost/in_tree", uncleared_header},
    Skip{"dirty_log_test", "Node/DirtyLogOf.NotesHeadersThatVhostWrites/in_tree", uncleared_header},
};

/// A kernel that looks for errors is many times as slow, and so is its boot.
Machine debug_machine(const std::string& kernel) {
    return {
        .kernel = kernel,
        .options = {"--boot-timeout", "600", "--mem", "2G"},
        .limit = std::chrono::minutes(90),
        .environment = {"VCOAL_HUNT_PACKETS=100000", "VCOAL_CASES=10000", "VCOAL_RACE_ROUNDS=300"}};
}

/// The first word of a program's name, if others share it.
Batches batches(const Request& request) {
    Batches by_word;
    for (const std::string group : {"system", "conformance", "debug"}) {
        for (const std::string& program : programs("tools/tests/" + group)) {
            by_word[program.substr(0, program.find('_'))].push_back(
                fmt::format("{}/tests/{}/{}", request.tools, group, program));
        }
    }
    Batches result;
    for (auto& [word, paths] : by_word) {
        std::vector<std::string>& batch = result[paths.size() < 3 ? "others" : word];
        batch.insert(batch.end(), paths.begin(), paths.end());
    }
    return result;
}

/// Booting such a kernel takes longer than most programs do, so that several share a machine.
Part batch_part(const Request& request, const std::string& kernel, const std::string& name,
                const std::vector<std::string>& paths) {
    std::string filter = "*";
    for (const Skip& skip : skips) {
        filter += fmt::format("{}{}", filter == "*" ? "-" : ":", skip.test);
    }
    std::vector<std::string> command{
        "sh", "-c",
        "export GTEST_FILTER=\"$0\"; status=0\n"
        // DMA_API_DEBUG reports one error and no other, unless it is told how many.
        "reports=/sys/kernel/debug/dma-api/num_errors\n"
        "[ ! -e $reports ] || echo 100 >$reports\n"
        // KCSAN looks at one access in 4000, unless it is told to look at more.
        "skip=/sys/module/kcsan/parameters/skip_watch\n"
        "[ ! -e $skip ] || echo 400 >$skip\n"
        "for program; do\n"
        "    echo \"== $program\"\n"
        "    \"$program\" --gtest_output=json:$VCOAL_OUT/${program##*/}.json || status=1\n"
        "done\n"
        "exit $status",
        filter};
    command.insert(command.end(), paths.begin(), paths.end());
    Part part = vm_part(request, debug_machine(kernel), name, "", command);
    for (const std::string& path : paths) {
        const std::string program = path.substr(path.rfind('/') + 1);
        part.minimum += minimum(program) - static_cast<std::size_t>(
                                               std::ranges::count(skips, program, &Skip::program));
    }
    return part;
}

std::vector<std::string> names_of(const std::vector<Part>& parts) {
    std::vector<std::string> names;
    names.reserve(parts.size());
    for (const Part& part : parts) {
        names.push_back(part.name.substr(part.name.find(": ") + 2));
    }
    return names;
}

std::vector<Part> chosen(const std::vector<Part>& parts, const std::vector<std::string>& names) {
    std::vector<Part> result;
    for (const std::string& name : names) {
        const auto found = std::ranges::find_if(
            parts, [&](const Part& part) { return part.name.ends_with(": " + name); });
        if (found == parts.end()) {
            throw std::runtime_error(fmt::format("no batch '{}'; there are: {}", name,
                                                 fmt::join(names_of(parts), ", ")));
        }
        result.push_back(*found);
    }
    return result;
}

} // namespace

std::vector<std::string> left_out_of_debug_plan() {
    std::vector<std::string> lines;
    lines.reserve(skips.size());
    for (const Skip& skip : skips) {
        lines.push_back(fmt::format("{}: {}", skip.test, skip.why));
    }
    return lines;
}

std::vector<Part> debug_plan(const Request& request) {
    std::vector<Part> parts;
    for (const auto& [name, paths] : batches(request)) {
        parts.push_back(batch_part(request, "debug", name, paths));
    }
    std::vector<std::string> racing;
    racing.reserve(racing_tests.size());
    for (const std::string_view program : racing_tests) {
        racing.push_back(fmt::format("{}/tests/system/{}", request.tools, program));
    }
    parts.push_back(batch_part(request, "kcsan", "races", racing));
    return request.batches.empty() ? parts : chosen(parts, request.batches);
}

} // namespace vcoal::check
