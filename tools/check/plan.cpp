// SPDX-License-Identifier: GPL-2.0-only
#include "check/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string_view>

namespace vcoal::check {
namespace {

namespace fs = std::filesystem;

/// Tests these programs have at least, so that one that forgets its tests is noticed.
const std::map<std::string, std::size_t, std::less<>> minimum_tests{
    {"apply_filter_test", 23},
    {"check_mutant_test", 3},
    {"churn_test", 4},
    {"coal_change_test", 25},
    {"coal_count_test", 34},
    {"coal_flush_test", 60},
    {"coal_ioctl_test", 15},
    {"coal_property_test", 4},
    {"coal_suppress_test", 32},
    {"coal_test", 37},
    {"conformance_test", 13},
    {"control_filter_test", 23},
    {"control_socket_test", 24},
    {"control_steering_test", 11},
    {"control_test", 25},
    {"device_row_test", 21},
    {"driver_commands_test", 25},
    {"driver_control_test", 20},
    {"driver_feature_test", 5},
    {"driver_header_test", 20},
    {"driver_hostile_test", 1},
    {"driver_negotiation_test", 35},
    {"driver_receive_test", 11},
    {"driver_ring_test", 16},
    {"driver_test", 26},
    {"driver_transmit_test", 7},
    {"driver_xdp_test", 16},
    {"errno_test", 1},
    {"feature_offer_test", 9},
    {"filter_plan_test", 15},
    {"filter_test", 7},
    {"hash_report_test", 27},
    {"hostile_ring_test", 98},
    {"hunt_test", 14},
    {"hunter_test", 6},
    {"ioctl_failure_test", 28},
    {"ioctl_walk_test", 3},
    {"kunit", 222},
    {"line_reader_test", 3},
    {"loopback_arena_test", 18},
    {"loopback_control_test", 14},
    {"loopback_device_test", 15},
    {"loopback_ioctl_test", 7},
    {"loopback_lifetime_test", 15},
    {"loopback_queue_reset_test", 13},
    {"loopback_traffic_test", 9},
    {"mac_policy_test", 5},
    {"notify_test", 12},
    {"packed_ring_test", 21},
    {"pair_coalescing_test", 10},
    {"pair_driver_test", 9},
    {"pair_filter_test", 28},
    {"pair_in_use_test", 4},
    {"pair_packed_test", 22},
    {"pair_resize_test", 12},
    {"pair_steering_test", 18},
    {"pair_test", 42},
    {"qemu_nics", 101},
    {"qemu_suspend_test", 2},
    {"rx_filter_json_test", 10},
    {"rx_filter_state_test", 8},
    {"rx_filter_test", 22},
    {"split_ring_test", 51},
    {"statistics_test", 14},
    {"stats_reply_test", 12},
    {"steering_test", 20},
    {"suppress_test", 10},
    {"syzkaller_const_test", 3},
    {"traffic_test", 23},
    {"vring_test", 10},
    {"worker_test", 7},
};

/// The quick plan's system tests.
constexpr std::string_view quick_tests[] = {"traffic_test", "loopback_traffic_test"};

/// For parts that build a kernel first, and wait for one another.
constexpr std::chrono::minutes kernel_limit{40};

/// Those in which threads of the kernel meet: traffic, and changes meanwhile.
constexpr std::string_view racing_tests[] = {"churn_test", "hunter_test", "coal_change_test",
                                             "worker_test", "traffic_test"};

/// Tests that a kernel which looks for errors cannot run, and why not.
struct Skip {
    /// A GoogleTest pattern, and how many tests it matches.
    std::string tests;
    std::size_t count;
    std::string why;
};

const std::map<std::string, Skip, std::less<>> debug_skips{};

std::size_t minimum(const std::string& program) {
    const auto found = minimum_tests.find(program);
    return found == minimum_tests.end() ? 1 : found->second;
}

/// Names of the test programs whose sources lie in @p directory, sorted.
std::vector<std::string> programs(const fs::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
        const std::string name = entry.path().stem();
        if (entry.path().extension() == ".cpp" && name.ends_with("_test")) {
            names.push_back(name);
        }
    }
    if (names.empty()) {
        throw std::runtime_error(directory.string() + ": no tests there; run from the checkout");
    }
    std::ranges::sort(names);
    return names;
}

Part unit_part(const Request& request, const std::string& directory, const std::string& program) {
    Part part{.name = "unit: " + program, .argv = {}, .report = {}};
    part.report = fmt::format("{}/unit/{}.json", request.directory, program);
    part.program = fmt::format("{}/tests/{}/{}", request.tools, directory, program);
    part.argv = {part.program, "--gtest_output=json:" + part.report};
    part.minimum = minimum(program);
    return part;
}

/// What no unit test thinks of, and the same each time.
Part hunter_part(const Request& request) {
    return {.name = "lost-notification hunter",
            .argv = {request.tools + "/tests/hunter/hunter", "--packets", "10000000", "--trace",
                     request.directory + "/hunter.trace"},
            .report = {}};
}

/// The machine that a system test runs in.
struct Machine {
    std::string kernel;
    std::vector<std::string> options;
    std::chrono::minutes limit;
    /// Packets that hunter_test passes.
    unsigned hunt;
};

Machine plain_machine(const std::string& kernel) {
    return {.kernel = kernel, .options = {}, .limit = std::chrono::minutes(14), .hunt = 500'000};
}

/// A kernel that looks for errors is ten times as slow, and so is its boot.
Machine debug_machine(const std::string& kernel) {
    return {.kernel = kernel,
            .options = {"--boot-timeout", "300", "--mem", "4G", "--qemu=-machine", "--qemu=q35"},
            .limit = std::chrono::minutes(59),
            .hunt = 100'000};
}

/// One virtual machine for each program: a crash or an unclean kernel log is its own.
/// @param group directory of the sources
Part system_part(const Request& request, const Machine& machine, const std::string& group,
                 const std::string& program) {
    const std::string out = fmt::format("{}/{}-{}", request.directory, program, machine.kernel);
    Part part{.name = fmt::format("{}: {}", machine.kernel, program), .argv = {}, .report = {}};
    part.report = out + "/report.json";
    part.program = fmt::format("{}/tests/{}/{}", request.tools, group, program);
    part.argv = {"env",
                 fmt::format("VCOAL_HUNT_PACKETS={}", machine.hunt),
                 "tools/vm/vm",
                 "--kernel",
                 machine.kernel,
                 "--out",
                 out,
                 "--timeout",
                 std::to_string(std::chrono::seconds(machine.limit).count())};
    part.argv.insert(part.argv.end(), machine.options.begin(), machine.options.end());
    part.argv.insert(part.argv.end(),
                     {"--", "sh", "-c",
                      R"(exec "$0" --gtest_output=json:$VCOAL_OUT/report.json "$@")",
                      part.program});
    part.kernel = machine.kernel;
    part.minimum = minimum(program);
    part.limit = machine.limit + std::chrono::minutes(1);
    return part;
}

/// Leaves out what a kernel that looks for errors cannot run.
void skip(Part& part, const std::string& program) {
    const auto found = debug_skips.find(program);
    if (found != debug_skips.end()) {
        part.argv.push_back("--gtest_filter=-" + found->second.tests);
        part.minimum -= found->second.count;
    }
}

/// These start machines of their own, with network cards of QEMU's.
Part qemu_nics_part(const Request& request, const std::string& kernel) {
    const std::string out = fmt::format("{}/qemu_nics-{}", request.directory, kernel);
    return {.name = kernel + ": qemu_nics",
            .argv = {request.tools + "/tests/qemu/qemu_nics", kernel, out},
            .report = out + "/report.json",
            .minimum = minimum("qemu_nics")};
}

Part qemu_suspend_part(const Request& request, const std::string& kernel) {
    const std::string report = fmt::format("{}/qemu_suspend-{}.json", request.directory, kernel);
    return {.name = kernel + ": qemu_suspend_test",
            .argv = {"env", "VCOAL_KERNEL=" + kernel,
                     request.tools + "/tests/qemu/qemu_suspend_test",
                     "--gtest_output=json:" + report},
            .report = report,
            .minimum = minimum("qemu_suspend_test")};
}

Part runner_part(const Request& request) {
    Part part{.name = "the VM runner itself", .argv = {}, .report = {}};
    part.report = request.directory + "/vm-runner.json";
    part.argv = {"env", "GTEST_OUTPUT=json:" + fs::absolute(part.report).string(), "make",
                 "check-vm-runner"};
    part.minimum = 5;
    part.alone = true;
    return part;
}

/// Reads what the parts before it have reported.
Part conformance_part(const Request& request) {
    Part part{.name = "conformance", .argv = {}, .report = {}};
    part.argv = {request.tools + "/tests/conformance/conformance", "--collect", request.directory};
    part.argv.insert(part.argv.end(), request.kernels.begin(), request.kernels.end());
    part.alone = true;
    return part;
}

Part kunit_part(const Request& request, const std::string& name, const std::string& kernel,
                unsigned runs) {
    const std::string report = fmt::format("{}/kunit-{}.ktap", request.directory, kernel);
    return {.name = "KUnit, " + name,
            .argv = {"tools/kunit/run", "--kernel", kernel, "--runs", std::to_string(runs), report},
            .report = report,
            .minimum = minimum("kunit"),
            .limit = kernel_limit};
}

Part make_part(std::string name, const std::string& target) {
    return {.name = std::move(name), .argv = {"make", target}, .report = {}};
}

bool is_quick(const std::string& program) {
    return std::ranges::find(quick_tests, program) != std::end(quick_tests);
}

std::vector<Part> debug_plan(const Request& request) {
    std::vector<Part> parts;
    for (const std::string group : {"system", "conformance", "debug"}) {
        for (const std::string& program : programs("tools/tests/" + group)) {
            parts.push_back(system_part(request, debug_machine("debug"), group, program));
            skip(parts.back(), program);
        }
    }
    for (const std::string_view program : racing_tests) {
        parts.push_back(
            system_part(request, debug_machine("kcsan"), "system", std::string(program)));
    }
    return parts;
}

} // namespace

std::vector<Part> plan(const Request& request) {
    if (request.scope == Scope::debug) {
        return debug_plan(request);
    }
    std::vector<Part> parts;
    for (const char* directory : {"unit", "hunter"}) {
        for (const std::string& program : programs(std::string("tools/tests/") + directory)) {
            parts.push_back(unit_part(request, directory, program));
        }
    }
    parts.push_back(hunter_part(request));
    if (request.scope == Scope::quick) {
        const Machine machine = plain_machine(request.kernels.front());
        for (const std::string& program : programs("tools/tests/system")) {
            if (is_quick(program)) {
                parts.push_back(system_part(request, machine, "system", program));
            }
        }
        return parts;
    }

    parts.push_back(kunit_part(request, "three times", "uml", 3));
    parts.push_back(kunit_part(request, "debug kernel", "uml-debug", 1));
    parts.push_back(make_part("KUnit, in a kernel's tree", "check-kunit-grafted"));
    parts.back().limit = kernel_limit;
    parts.push_back(make_part("lint", "lint"));
    parts.push_back(make_part("fuzz", "check-fuzz"));
    parts.push_back(make_part("mutants", "check-mutants"));
    for (const std::string& kernel : request.kernels) {
        parts.push_back({.name = "builds with nothing run before: " + kernel,
                         .argv = {"tools/check/plain-build", kernel},
                         .report = {}});
    }
    for (const std::string& kernel : request.kernels) {
        for (const std::string group : {"system", "conformance"}) {
            for (const std::string& program : programs("tools/tests/" + group)) {
                parts.push_back(system_part(request, plain_machine(kernel), group, program));
            }
        }
        parts.push_back(qemu_nics_part(request, kernel));
        parts.push_back(qemu_suspend_part(request, kernel));
    }
    parts.push_back(make_part("what unused features cost", "bench-features"));
    parts.push_back(runner_part(request));
    parts.push_back(conformance_part(request));
    parts.push_back(make_part("demo, and its claims", "demo"));
    parts.back().alone = true;
    return parts;
}

} // namespace vcoal::check
