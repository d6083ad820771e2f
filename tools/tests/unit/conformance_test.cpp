// SPDX-License-Identifier: GPL-2.0-only
//
// The conformance matrix: what it reads in names and reports, and what it does not let
// pass.
#include "conformance/document.hpp"
#include "conformance/matrix.hpp"
#include "conformance/row.hpp"
#include "conformance/test_ids.hpp"
#include "conformance/test_run.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

namespace vcoal::conformance {
namespace {

using Strings = std::vector<std::string>;

TestRun run_of(const std::string& test, const std::string& driver, const std::string& device,
               const std::string& kernel = "6.1") {
    TestRun run;
    run.program = "some_test";
    run.name = "Suite." + test;
    run.file = "tools/tests/system/some_test.cpp";
    run.kernel = kernel;
    run.driver = driver;
    run.device = device;
    return run;
}

/// As many runs as there are rows and peers, all of which pass.
std::vector<TestRun> passing_runs() {
    std::vector<TestRun> runs;
    for (const Row& row : rows()) {
        std::string test(row.id);
        std::ranges::replace(test, '-', '_');
        if (row.unobservable.empty() && !row.later) {
            runs.push_back(run_of(test + "_Holds", "virtio_net_coal", "vhost_net_coal"));
            runs.push_back(run_of(test + "_Holds", "virtio_net", "vhost_net"));
        }
    }
    return runs;
}

Strings problems_of(std::vector<TestRun> runs) {
    return Matrix(std::move(runs), {"6.1"}).problems();
}

TestRun& find_run(std::vector<TestRun>& runs, const std::string& test, const std::string& driver) {
    return *std::ranges::find_if(
        runs, [&](const TestRun& run) { return run.test() == test && run.driver == driver; });
}

TEST(ConformanceIds, AreReadFromNames) {
    EXPECT_EQ(ids_in("COAL_D1_ReservedIsIgnored"), Strings{"COAL-D1"});
    EXPECT_EQ(ids_in("COAL_O9_AMB_10_PacketsCount/packed"), (Strings{"COAL-O9", "AMB-10"}));
    EXPECT_EQ(ids_in("CTRL_D2_D4_D6_EveryMode"), (Strings{"CTRL-D2", "CTRL-D4", "CTRL-D6"}));
    EXPECT_EQ(ids_in("NTF_P_EveryEvent"), Strings{"NTF-P"});
    EXPECT_EQ(ids_in("COAL_O3_A_CountThenTimer_D4"), Strings{"COAL-O3"});
    EXPECT_EQ(ids_in("CarriesEveryByte/COAL_D1"), Strings{});
    EXPECT_EQ(ids_in("COAL_D42_IsNone"), Strings{"COAL-D42"});
    EXPECT_EQ(ids_in("RSS_WhatIsThis"), Strings{"RSS-WhatIsThis"});
}

TEST(ConformanceIds, EveryIdHasOneRow) {
    std::multiset<std::string> from_rows;
    for (const Row& row : rows()) {
        from_rows.emplace(row.id);
    }
    const Strings ids = all_ids();
    EXPECT_EQ(from_rows, std::multiset<std::string>(ids.begin(), ids.end()));
}

TEST(ConformanceIds, TheFilterSelectsByFamily) {
    const std::string filter = filter_of_ids();
    EXPECT_NE(filter.find("*.COAL_*"), std::string::npos);
    EXPECT_NE(filter.find("*_AMB_*"), std::string::npos);
}

constexpr const char* report = R"({"testsuites": [{"name": "Drivers/Suite", "testsuite": [
    {"name": "FEAT_G1_A/virtio_net", "file": "/where/ever/tools/tests/conformance/a_test.cpp",
     "result": "COMPLETED", "driver": "virtio_net", "device": "test", "known_failure": "why"},
    {"name": "FEAT_G2_B", "file": "b_test.cpp", "result": "COMPLETED",
     "failures": [{"failure": "no"}]},
    {"name": "FEAT_G3_C", "file": "c_test.cpp", "result": "SKIPPED"}]}]})";

TEST(ConformanceReport, IsRead) {
    const auto runs = parse_report(report, "a_test", "6.12");
    ASSERT_EQ(runs.size(), 3U);
    EXPECT_EQ(runs[0].plain_name(), "Suite.FEAT_G1_A");
    EXPECT_EQ(runs[0].file, "tools/tests/conformance/a_test.cpp");
    EXPECT_EQ(runs[0].driver, "virtio_net");
    EXPECT_EQ(runs[0].known_failure, "why");
    EXPECT_EQ(runs[0].kernel, "6.12");
    EXPECT_TRUE(runs[1].failed);
    EXPECT_EQ(runs[1].device, "vhost_net_coal") << "who says nothing tests ours";
    EXPECT_TRUE(runs[2].skipped);
    EXPECT_EQ(parse_report(report, "driver_a_test", "6.12")[1].driver, "virtio_net_coal");
    EXPECT_THROW(parse_report("{}", "a_test", "6.12"), std::runtime_error);
}

TEST(ConformanceMatrix, AllIsWellWhenEveryRowPasses) {
    EXPECT_EQ(problems_of(passing_runs()), Strings{});
}

TEST(ConformanceMatrix, ARowWithoutTestIsAProblem) {
    auto runs = passing_runs();
    std::erase_if(runs, [](const TestRun& run) { return run.test() == "COAL_D4_Holds"; });
    EXPECT_EQ(problems_of(runs), Strings{"COAL-D4: no test of ours, and no reason"});
    // Nor is a test of the other side one.
    runs.push_back(run_of("COAL_D4_Holds", "virtio_net_coal", "test"));
    EXPECT_EQ(problems_of(runs), Strings{"COAL-D4: no test of ours, and no reason"});
}

TEST(ConformanceMatrix, APeerThatIsNotAskedNeedsAReason) {
    auto runs = passing_runs();
    std::erase_if(runs, [](const TestRun& run) { return run.driver == "virtio_net"; });
    const Strings problems = problems_of(runs);
    const auto has = [&](const char* problem) {
        return std::ranges::find(problems, problem) != problems.end();
    };
    EXPECT_TRUE(has("NTF-D1: no test of in-tree 6.1, and no reason"));
    EXPECT_TRUE(has("FEAT-G1: no test of in-tree 6.1, and no reason"));
    EXPECT_FALSE(has("COAL-D4: no test of in-tree 6.1, and no reason"));
}

TEST(ConformanceMatrix, ATestThatFailsIsAProblemWhoeverFails) {
    auto runs = passing_runs();
    find_run(runs, "NTF_D1_Holds", "virtio_net").failed = true;
    EXPECT_EQ(problems_of(runs), Strings{"Suite.NTF_D1_Holds failed on 6.1"});
    find_run(runs, "NTF_D1_Holds", "virtio_net_coal").failed = true;
    EXPECT_EQ(problems_of(runs).back(), "NTF-D1: fail for ours: the test fails");
}

TEST(ConformanceMatrix, AKnownFailureIsOneOfOthersOnly) {
    auto runs = passing_runs();
    find_run(runs, "FEAT_G1_Holds", "virtio_net").known_failure = "that is how it is";
    EXPECT_EQ(problems_of(runs), Strings{});
    const Matrix matrix(runs, {"6.1"});
    EXPECT_EQ(matrix.verdict(*find_row("FEAT-G1"), matrix.peers()[1]).result, Result::fail);
    find_run(runs, "FEAT_G1_Holds", "virtio_net_coal").known_failure = "so are we";
    EXPECT_EQ(problems_of(runs), Strings{"FEAT-G1: fail for ours: so are we"});
}

TEST(ConformanceMatrix, WhatIsNotObservedSaysWhy) {
    auto runs = passing_runs();
    find_run(runs, "COAL_G4_Holds", "virtio_net").unobservable = "never asks";
    EXPECT_EQ(problems_of(runs), Strings{});
    find_run(runs, "COAL_G4_Holds", "virtio_net_coal").unobservable = "never asks";
    EXPECT_EQ(problems_of(runs), Strings{"COAL-G4: unobservable for ours: never asks"});
    find_run(runs, "COAL_G4_Holds", "virtio_net_coal").unobservable = "";
    find_run(runs, "COAL_G3_Holds", "virtio_net").skipped = true;
    EXPECT_EQ(problems_of(runs).front(),
              "Suite.COAL_G3_Holds was skipped on 6.1 and did not say why");
}

TEST(ConformanceMatrix, AnIdThatIsNoneIsAProblem) {
    auto runs = passing_runs();
    runs.push_back(run_of("COAL_D42_IsNone", "virtio_net_coal", "vhost_net_coal"));
    EXPECT_EQ(problems_of(runs), Strings{"Suite.COAL_D42_IsNone names COAL-D42, which is no row"});
}

TEST(ConformanceDocument, ShowsEachRowOnceAndTheSameEachTime) {
    auto runs = passing_runs();
    find_run(runs, "FEAT_G1_Holds", "virtio_net").known_failure = "that is how it is";
    const Matrix matrix(runs, {"6.1"});
    const std::string text = document(matrix);
    EXPECT_EQ(text, document(Matrix(runs, {"6.1"})));
    for (const Row& row : rows()) {
        const std::string line = "\n| " + std::string(row.id) + " |";
        EXPECT_NE(text.find(line), std::string::npos) << row.id;
        EXPECT_EQ(text.find(line, text.find(line) + 1), std::string::npos) << row.id;
    }
    EXPECT_NE(text.find("- FEAT-G1, in-tree 6.1: that is how it is\n"), std::string::npos);
}

TEST(ConformanceDocument, TheJsonHasACellForEachRunAndEachGap) {
    const auto all = nlohmann::json::parse(to_json(Matrix(passing_runs(), {"6.1"})));
    std::set<std::string> ids;
    for (const auto& cell : all) {
        ids.insert(cell.at("id").get<std::string>());
        const std::string result = cell.at("result");
        EXPECT_EQ(result == "pass", !cell.at("test").get<std::string>().empty());
        EXPECT_EQ(result == "pass", cell.at("why").get<std::string>().empty());
        EXPECT_TRUE(cell.contains("driver") && cell.contains("device") && cell.contains("kernel"));
    }
    EXPECT_EQ(ids.size(), rows().size());
}

} // namespace
} // namespace vcoal::conformance
