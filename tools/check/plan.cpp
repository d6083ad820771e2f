// SPDX-License-Identifier: GPL-2.0-only
#include "check/plan.hpp"

#include "check/debug_plan.hpp"
#include "check/machine.hpp"
#include "check/programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>

namespace vcoal::check {
namespace {

namespace fs = std::filesystem;

/// The quick plan's system tests.
constexpr std::string_view quick_tests[] = {"traffic_test", "loopback_traffic_test"};

/// For parts that build a kernel first, and wait for one another.
constexpr std::chrono::minutes kernel_limit{40};

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

/// One virtual machine for each program: a crash or an unclean kernel log is its own.
/// @param group directory of the sources
Part system_part(const Request& request, const std::string& kernel, const std::string& group,
                 const std::string& program) {
    const std::string path = fmt::format("{}/tests/{}/{}", request.tools, group, program);
    Part part =
        vm_part(request, {.kernel = kernel, .environment = {"VCOAL_HUNT_PACKETS=500000"}}, program,
                "report.json",
                {"sh", "-c", R"(exec "$0" --gtest_output=json:$VCOAL_OUT/report.json "$@")", path});
    part.program = path;
    part.kernel = kernel;
    part.minimum = minimum(program);
    return part;
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

/// Debian's other configurations of the same kernels; a full version is just the one it is.
std::vector<std::string> with_flavours(const std::vector<std::string>& kernels) {
    std::vector<std::string> all;
    for (const std::string& kernel : kernels) {
        all.push_back(kernel);
        if (kernel.find('-') == std::string::npos) {
            all.push_back(kernel + "-cloud");
            all.push_back(kernel + "-rt");
        }
    }
    return all;
}

bool is_quick(const std::string& program) {
    return std::ranges::find(quick_tests, program) != std::end(quick_tests);
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
        for (const std::string& program : programs("tools/tests/system")) {
            if (is_quick(program)) {
                parts.push_back(system_part(request, request.kernels.front(), "system", program));
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
    parts.push_back({.name = "installs, completes, has a manual",
                     .argv = {"tools/package/check-install", request.tools + "/vcoal/vcoal"},
                     .report = {}});
    for (const std::string& kernel : with_flavours(request.kernels)) {
        parts.push_back({.name = "builds with nothing run before: " + kernel,
                         .argv = {"tools/check/plain-build", kernel},
                         .report = {}});
    }
    parts.push_back({.name = "packages: " + request.kernels.front(),
                     .argv = {"tools/package/check", "--prebuilt", request.kernels.front()},
                     .report = {}});
    for (const std::string& kernel : request.kernels) {
        for (const std::string group : {"system", "conformance"}) {
            for (const std::string& program : programs("tools/tests/" + group)) {
                parts.push_back(system_part(request, kernel, group, program));
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
