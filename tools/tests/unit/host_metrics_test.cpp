// SPDX-License-Identifier: GPL-2.0-only
//
// The text of `vcoal metrics`, read by a parser that knows no more than the grammar of
// OpenMetrics, and the file that it is written to.
#include "host_fixture.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host/metrics.hpp"
#include "vcoal/host/replace_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

using namespace vcoal;
using namespace vcoal::test;

namespace {

namespace fs = std::filesystem;

using Labels = std::map<std::string, std::string>;

struct Family {
    std::string type;
    std::string unit;
    std::string help;
    std::map<Labels, double> samples;
};

/// Reads an exposition and fails the test at what the grammar does not allow.
class Exposition {
public:
    explicit Exposition(const std::string& text) {
        EXPECT_TRUE(text.ends_with("# EOF\n"));
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            EXPECT_FALSE(ended_) << "behind EOF: " << line;
            read(line);
        }
        EXPECT_TRUE(ended_);
        judge();
    }

    const std::map<std::string, Family>& families() const { return families_; }
    double value(const std::string& family, const Labels& labels) const {
        return families_.at(family).samples.at(labels);
    }

private:
    void read(const std::string& line) {
        static const std::regex meta("# (TYPE|UNIT|HELP) ([a-z_:][a-z0-9_:]*) (.+)");
        static const std::regex sample(R"(([a-z_:][a-z0-9_:]*)(\{(.*)\})? ([0-9.]+))");
        std::smatch match;
        if (line == "# EOF") {
            ended_ = true;
        } else if (std::regex_match(line, match, meta)) {
            describe(match[1], match[2], match[3]);
        } else if (std::regex_match(line, match, sample)) {
            add(match[1], match[3], match[4]);
        } else {
            ADD_FAILURE() << "no line of the format: " << line;
        }
    }

    void describe(const std::string& what, const std::string& family, const std::string& text) {
        // All of a family stands together.
        if (family != current_) {
            EXPECT_FALSE(families_.contains(family)) << family << " comes back";
            current_ = family;
        }
        Family& it = families_[family];
        std::string& place = what == "TYPE" ? it.type : what == "UNIT" ? it.unit : it.help;
        EXPECT_TRUE(place.empty()) << what << " of " << family << " twice";
        EXPECT_TRUE(it.samples.empty()) << what << " of " << family << " behind its samples";
        place = text;
    }

    void add(const std::string& name, const std::string& labels, const std::string& value) {
        Family& it = families_[current_];
        EXPECT_EQ(name, it.type == "counter" ? current_ + "_total" : current_);
        const bool is_new = it.samples.emplace(parse_labels(labels), std::stod(value)).second;
        EXPECT_TRUE(is_new) << "twice: " << name << labels;
    }

    static Labels parse_labels(std::string text) {
        static const std::regex label(R"re(^([a-z_][a-z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$))re");
        Labels labels;
        std::smatch match;
        while (std::regex_search(text, match, label)) {
            EXPECT_TRUE(labels.emplace(match[1], match[2]).second) << "label twice";
            text = match.suffix();
        }
        EXPECT_EQ(text, "") << "no labels";
        return labels;
    }

    void judge() const {
        for (const auto& [name, family] : families_) {
            EXPECT_TRUE(family.type == "counter" || family.type == "gauge") << name;
            EXPECT_FALSE(family.help.empty()) << name;
            EXPECT_FALSE(name.ends_with("_total")) << "the samples have that";
            if (!family.unit.empty()) {
                EXPECT_TRUE(name.ends_with("_" + family.unit)) << name;
            }
        }
    }

    std::map<std::string, Family> families_;
    std::string current_;
    bool ended_ = false;
};

Labels labels(const std::string& id, const std::string& netdev, const std::string& queue,
              const std::string& direction) {
    return {{"id", id}, {"netdev", netdev}, {"queue", queue}, {"direction", direction}};
}

std::vector<HostDevice> two_devices() {
    HostFile file = file_of(3, 10, 5, "vnet0");
    HostQueue& rx = file.queues.at(VHN_VRING_RX);
    rx.counters.packets = 18446744073709551615U;
    rx.counters.notify_timer = 17;
    rx.counters.stalls = 2;
    rx.effective = {32, 50};
    rx.pending = 4;
    rx.flags |= VHN_NL_QUEUE_F_GUEST;
    return group_devices({file, file_of(4, 10, 5, "vnet0"), file_of(5, 11, 0, "")});
}

std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// An empty directory that goes with it.
class Directory {
public:
    Directory() {
        std::string name = (fs::temp_directory_path() / "metrics.XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw Error(name, "create", errno);
        }
        path = name;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    Directory(Directory&&) = delete;
    Directory& operator=(Directory&&) = delete;
    ~Directory() { fs::remove_all(path); }

    std::set<std::string> names() const {
        std::set<std::string> all;
        for (const auto& entry : fs::directory_iterator(path)) {
            all.insert(entry.path().filename());
        }
        return all;
    }

    fs::path path;
};

} // namespace

TEST(Metrics, FollowTheGrammar) {
    const Exposition metrics(format_metrics(two_devices()));
    EXPECT_GE(metrics.families().size(), 31U);
    EXPECT_EQ(metrics.value("vcoal_devices", {}), 2);
}

TEST(Metrics, HaveASampleForEachVring) {
    const Exposition metrics(format_metrics(two_devices()));
    for (const auto& [name, family] : metrics.families()) {
        EXPECT_EQ(family.samples.size(), name == "vcoal_devices" ? 1U : 6U) << name;
    }
}

TEST(Metrics, HaveTheValues) {
    const std::string text = format_metrics(two_devices());
    const Exposition metrics(text);
    const Labels rx = labels("3", "vnet0", "0", "rx");
    EXPECT_EQ(metrics.value("vcoal_notifications_by_timer", rx), 17);
    EXPECT_EQ(metrics.value("vcoal_stalls", rx), 2);
    EXPECT_EQ(metrics.value("vcoal_effective_delay_seconds", rx), 0.00005);
    EXPECT_EQ(metrics.value("vcoal_effective_frames", rx), 32);
    EXPECT_EQ(metrics.value("vcoal_limit_delay_seconds", rx), 1);
    EXPECT_EQ(metrics.value("vcoal_pending_packets", rx), 4);
    EXPECT_EQ(metrics.value("vcoal_guest_decides", rx), 1);
    EXPECT_EQ(metrics.value("vcoal_guest_decides", labels("3", "vnet0", "0", "tx")), 0);
    EXPECT_EQ(metrics.value("vcoal_queue_running", labels("4", "vnet0", "1", "tx")), 1);
    EXPECT_EQ(metrics.value("vcoal_queue_running", labels("5", "", "0", "rx")), 1);
    // Written out, and not as 1.8446744073709552e+19.
    EXPECT_NE(text.find("direction=\"rx\"} 18446744073709551615\n"), std::string::npos);
}

TEST(Metrics, OwnersMakeNoSeries) {
    const std::string before = format_metrics({{{file_of(3, 10, 5, "vnet0")}}});
    HostFile other = file_of(3, 4711, 5, "vnet0");
    other.comm = "another";
    EXPECT_EQ(format_metrics({{{other}}}), before);
}

TEST(Metrics, HostileInterfaceNamesAreEscaped) {
    const Exposition metrics(format_metrics({{{file_of(3, 10, 5, "a\"b\\c")}},
                                             {{file_of(4, 10, 6, "\"} 1\nx{a=\"")}},
                                             {{file_of(5, 10, 7, "\xff\xfe")}}}));
    EXPECT_EQ(metrics.value("vcoal_stalls", labels("3", R"(a\"b\\c)", "0", "rx")), 0);
    EXPECT_EQ(metrics.value("vcoal_stalls", labels("4", R"(\"} 1\\x0ax{a=\")", "0", "rx")), 0);
    EXPECT_EQ(metrics.value("vcoal_stalls", labels("5", R"(\\xff\\xfe)", "0", "rx")), 0);
}

TEST(Metrics, WithoutDevicesAreValid) {
    const Exposition metrics(format_metrics({}));
    EXPECT_EQ(metrics.value("vcoal_devices", {}), 0);
}

TEST(ReplaceFile, LeavesOneFileThatAllMayRead) {
    const Directory directory;
    const fs::path path = directory.path / "vcoal.prom";
    replace_file(path, "one\n");
    replace_file(path, "two\n");
    EXPECT_EQ(read(path), "two\n");
    EXPECT_EQ(directory.names(), std::set<std::string>{"vcoal.prom"});
    EXPECT_EQ(fs::status(path).permissions(), fs::perms(0644));
}

/// A reader that has the old one open goes on reading the old one.
TEST(ReplaceFile, DoesNotTouchTheOldFile) {
    const Directory directory;
    const fs::path path = directory.path / "vcoal.prom";
    replace_file(path, "old and long\n");
    std::ifstream open(path);
    replace_file(path, "new\n");
    std::string line;
    std::getline(open, line);
    EXPECT_EQ(line, "old and long");
}

TEST(ReplaceFile, AfterAnErrorNothingIsLeftBehind) {
    const Directory directory;
    const fs::path occupied = directory.path / "directory";
    fs::create_directories(occupied / "in use");
    EXPECT_THROW(replace_file(occupied, "x"), Error);
    EXPECT_EQ(directory.names(), std::set<std::string>{"directory"});
    EXPECT_THROW(replace_file(directory.path / "nowhere" / "x", "x"), Error);
}
