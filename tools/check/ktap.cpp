// SPDX-License-Identifier: GPL-2.0-only
#include "check/ktap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace vcoal::check {
namespace {

constexpr std::size_t indent = 4;
constexpr std::string_view version = "KTAP version ";
constexpr std::string_view plan = "1..";
constexpr std::string_view skip = "# SKIP";

/// A line that says how a test went.
struct Result {
    bool ok = false;
    bool skipped = false;
    std::string name;
};

std::size_t number(std::string_view text) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::optional<Result> result_in(std::string_view line) {
    Result result;
    result.ok = line.starts_with("ok ");
    if (!result.ok && !line.starts_with("not ok ")) {
        return std::nullopt;
    }
    line.remove_prefix(result.ok ? 3 : 7);
    const std::size_t name = line.find_first_not_of("0123456789");
    if (name == 0 || name == std::string_view::npos || line[name] != ' ') {
        return std::nullopt;
    }
    line.remove_prefix(name + 1);
    if (const std::size_t at = line.find(skip); at != std::string_view::npos) {
        result.skipped = true;
        line = line.substr(0, line.find_last_not_of(' ', at - 1) + 1);
    }
    result.name = line.starts_with("- ") ? line.substr(2) : line;
    return result;
}

/// The tests of one suite, or the subtests of one test.
struct Level {
    std::optional<std::size_t> planned;
    std::size_t seen = 0;
    std::size_t failed = 0;
};

class Reader {
public:
    void read(std::string_view line) {
        const std::size_t spaces = line.find_first_not_of(' ');
        if (spaces == std::string_view::npos) {
            return;
        }
        const std::size_t depth = spaces / indent;
        line.remove_prefix(spaces);
        if (line.starts_with(version)) {
            seen_ = true;
            begin(depth);
        } else if (line.starts_with(plan) && depth < levels_.size()) {
            levels_[depth].planned = number(line.substr(plan.size()));
        } else if (const auto result = result_in(line); result && depth < levels_.size()) {
            take(depth, *result);
        } else {
            listen(line);
        }
    }

    Report finish() {
        if (!seen_) {
            throw std::runtime_error("no KTAP");
        }
        while (levels_.size() > 1) {
            fail("the last suite", "did not end");
            levels_.pop_back();
        }
        return std::move(report_);
    }

private:
    /// Levels that are still open have lost their end, but for the outermost, which has none.
    void begin(std::size_t depth) {
        while (levels_.size() > std::max<std::size_t>(depth, 1)) {
            fail("a suite", "did not end");
            levels_.pop_back();
        }
        if (levels_.size() == depth) {
            levels_.emplace_back();
        }
    }

    void take(std::size_t depth, const Result& result) {
        std::optional<Level> inner;
        while (levels_.size() > depth + 1) {
            inner = levels_.back();
            levels_.pop_back();
        }
        levels_[depth].seen++;
        levels_[depth].failed += result.ok ? 0 : 1;
        if (inner) {
            close(*inner, result);
        } else {
            count(result);
        }
        said_.clear();
    }

    void count(const Result& result) {
        if (result.skipped) {
            report_.tally.skipped++;
        } else if (result.ok) {
            report_.tally.passed++;
        } else {
            fail(result.name, said_.empty() ? "failed" : said_);
        }
    }

    void close(const Level& inner, const Result& result) {
        if (inner.planned && *inner.planned != inner.seen) {
            fail(result.name, fmt::format("{} of {} tests ran", inner.seen, *inner.planned));
        } else if (!result.ok && inner.failed == 0) {
            fail(result.name, "failed although none of its tests did");
        }
    }

    /// The first of what a test has to say: a place in a file, and then what is wrong there.
    void listen(std::string_view line) {
        if (line.find(" FAILED at ") != std::string_view::npos && said_.empty()) {
            reason_follows_ = true;
        } else if (reason_follows_) {
            said_ = line;
            reason_follows_ = false;
        }
    }

    void fail(const std::string& test, const std::string& text) {
        report_.tally.failed++;
        report_.failures.push_back({test, text});
    }

    Report report_;
    std::vector<Level> levels_;
    std::string said_;
    bool reason_follows_ = false;
    bool seen_ = false;
};

} // namespace

Report read_ktap(const std::string& console) {
    Reader reader;
    std::istringstream lines(console);
    for (std::string line; std::getline(lines, line);) {
        reader.read(line);
    }
    return reader.finish();
}

} // namespace vcoal::check
