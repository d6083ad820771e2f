// SPDX-License-Identifier: GPL-2.0-only
#include "conformance/test_run.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace vcoal::conformance {
namespace {

using Json = nlohmann::json;

std::string from_the_top(const std::string& file) {
    const auto at = file.rfind("/tools/tests/");
    return at == std::string::npos ? file : file.substr(at + 1);
}

/// A program in user space has one side in it, which is ours.
void name_sides(TestRun& run) {
    if (!run.driver.empty() || !run.device.empty()) {
        return;
    }
    const bool of_driver =
        run.program.starts_with("driver_") || run.program.starts_with("stats_reply");
    (of_driver ? run.driver : run.device) = of_driver ? "virtio_net_coal" : "vhost_net_coal";
}

TestRun read_test(const Json& suite, const Json& test) {
    TestRun run;
    run.name = fmt::format("{}.{}", suite.at("name").get<std::string>(),
                           test.at("name").get<std::string>());
    run.file = from_the_top(test.at("file").get<std::string>());
    run.skipped = test.at("result").get<std::string>() != "COMPLETED";
    run.failed = test.contains("failures");
    run.driver = test.value("driver", "");
    run.device = test.value("device", "");
    run.known_failure = test.value("known_failure", "");
    run.unobservable = test.value("unobservable", "");
    return run;
}

} // namespace

std::string TestRun::plain_name() const {
    const auto dot = name.find('.');
    std::string suite = name.substr(0, dot);
    std::string test = name.substr(dot + 1);
    suite.erase(0, suite.find('/') == std::string::npos ? 0 : suite.find('/') + 1);
    return suite + "." + test.substr(0, test.find('/'));
}

std::string TestRun::test() const {
    const std::string plain = plain_name();
    return plain.substr(plain.find('.') + 1);
}

std::vector<TestRun> parse_report(const std::string& json, const std::string& program,
                                  const std::string& kernel) {
    std::vector<TestRun> runs;
    try {
        const Json root = Json::parse(json);
        for (const Json& suite : root.at("testsuites")) {
            for (const Json& test : suite.at("testsuite")) {
                TestRun run = read_test(suite, test);
                run.program = program;
                run.kernel = kernel;
                name_sides(run);
                runs.push_back(std::move(run));
            }
        }
    } catch (const Json::exception& error) {
        throw std::runtime_error(fmt::format("not a GoogleTest report: {}", error.what()));
    }
    return runs;
}

std::vector<TestRun> read_runs(const check::Part& part) {
    std::ifstream file(part.report);
    if (!file) {
        throw std::runtime_error(part.report + ": not there; run `make conformance`");
    }
    const std::string json((std::istreambuf_iterator<char>(file)), {});
    const std::string program = std::filesystem::path(part.program).filename();
    try {
        return parse_report(json, program, part.kernel.empty() ? user_space : part.kernel);
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(part.report + ": " + error.what());
    }
}

} // namespace vcoal::conformance
