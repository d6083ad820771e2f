// SPDX-License-Identifier: GPL-2.0-only
#include "bench/bar.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>

namespace vcoal::bench {
namespace {

constexpr double most_flushed = 0.02;
constexpr double most_per_1000 = 33;
constexpr double least_rate = 20000;
constexpr double added_rtt_us = 50;
constexpr double most_wake_us = 20;
constexpr double most_worker_ratio = 1.10;

std::string title(const Run& run) {
    return fmt::format("{} {} {}", name(run.direction), name(run.setting), name(run.load));
}

double ratio(double value, double limit) {
    return limit > 0 ? value / limit : (value > 0 ? 1e9 : 0);
}

/// A claim about every run that @p applies to: @p value is at most @p limit.
struct Rule {
    std::string what;
    std::function<bool(const Run&)> applies;
    std::function<double(const Run&)> value;
    std::function<double(const Run&)> limit;
};

std::string excess(const Rule& rule, const Run& run) {
    const double value = rule.value(run);
    const double limit = rule.limit(run);
    return fmt::format("{}: {:.0f}, {:.0f} allowed, {:.0f} too many", title(run), value, limit,
                       value - limit);
}

Claim check(const Rule& rule, const std::vector<Run>& runs) {
    std::vector<std::string> failures;
    const Run* closest = nullptr;
    unsigned judged = 0;
    for (const Run& run : runs) {
        if (!rule.applies(run)) {
            continue;
        }
        judged++;
        if (rule.value(run) > rule.limit(run)) {
            failures.push_back(excess(rule, run));
        }
        if (!closest || ratio(rule.value(run), rule.limit(run)) >
                            ratio(rule.value(*closest), rule.limit(*closest))) {
            closest = &run;
        }
    }
    if (!failures.empty()) {
        return {rule.what, false, fmt::format("{}", fmt::join(failures, "; "))};
    }
    if (!closest) {
        return {rule.what, false, "there is no such run"};
    }
    return {rule.what, true,
            fmt::format("{} runs; closest {}: {:.0f} of {:.0f}", judged, title(*closest),
                        rule.value(*closest), rule.limit(*closest))};
}

/// A claim that the total and another count agree in every run.
Claim check_equal(const std::string& what, const std::vector<Run>& runs, const char* other_name,
                  const std::function<std::uint64_t(const Run&)>& other) {
    std::vector<std::string> failures;
    std::uint64_t sum = 0;
    for (const Run& run : runs) {
        sum += run.notifications.total;
        if (run.notifications.total != other(run)) {
            failures.push_back(fmt::format("{}: {} sent, {} {}", title(run),
                                           run.notifications.total, other(run), other_name));
        }
    }
    if (!failures.empty()) {
        return {what, false, fmt::format("{}", fmt::join(failures, "; "))};
    }
    return {what, true, fmt::format("{} notifications in {} runs", sum, runs.size())};
}

Claim check_complete(const std::vector<Run>& runs) {
    const std::vector<Step> steps = plan();
    std::vector<std::string> missing;
    for (const Step& step : steps) {
        bool found = false;
        for (const Run& run : runs) {
            found |= run.direction == step.direction && run.setting == step.setting &&
                     run.load == step.load && run.packets > 0;
        }
        if (!found) {
            missing.push_back(
                fmt::format("{} {} {}", name(step.direction), name(step.setting), name(step.load)));
        }
    }
    const std::string what = "every load ran with every setting";
    if (!missing.empty()) {
        return {what, false, fmt::format("no packets: {}", fmt::join(missing, "; "))};
    }
    return {what, true, fmt::format("{} runs", steps.size())};
}

std::string against(double value, double limit, const char* unit) {
    if (value <= limit) {
        return fmt::format("{:.2f}{} of {:.2f}{}", value, unit, limit, unit);
    }
    return fmt::format("{:.2f}{}, {:.2f}{} allowed, {:.2f}{} too much", value, unit, limit, unit,
                       value - limit, unit);
}

Claim at_most(std::string what, double value, double limit, const char* unit = "") {
    return {std::move(what), value <= limit, against(value, limit, unit)};
}

Claim check_worker(const char* direction, const WorkerCost& cost) {
    const bool measured = cost.ours > 0 && cost.intree > 0;
    return {fmt::format("coalescing off, {}: instructions per packet, ours / in-tree", direction),
            measured && cost.ratio() <= most_worker_ratio,
            measured ? fmt::format("{:.0f} / {:.0f} = {}", cost.ours, cost.intree,
                                   against(cost.ratio(), most_worker_ratio, ""))
                     : "not measured"};
}

} // namespace

double most_notifications(const Run& run) {
    return static_cast<double>(run.packets) / run.setting.frames +
           run.elapsed_us / run.setting.usecs + static_cast<double>(run.notifications.flush) + 1;
}

std::vector<Claim> judge(const TablePart& table) {
    const Rule bound{
        "notifications <= packets/frames + elapsed/usecs + flush + 1",
        [](const Run& run) { return !run.setting.off(); },
        [](const Run& run) { return static_cast<double>(run.notifications.total); },
        most_notifications,
    };
    const Rule flush{
        "at most 2 % of the notifications are flushes",
        [](const Run&) { return true; },
        [](const Run& run) { return static_cast<double>(run.notifications.flush); },
        [](const Run& run) { return most_flushed * static_cast<double>(run.notifications.total); },
    };
    return {
        check_complete(table.runs),
        check(bound, table.runs),
        check(flush, table.runs),
        check_equal("count + timer + immediate + flush = total", table.runs, "by reason",
                    [](const Run& run) { return run.notifications.by_reason(); }),
        check_equal("every notification sent was received", table.runs, "received",
                    [](const Run& run) { return run.signals; }),
    };
}

std::vector<Claim> judge(const IcountPart& icount) {
    const double added = icount.rtt_p99_on50_us - icount.rtt_p99_off_us;
    Claim udp =
        at_most(fmt::format("64-byte UDP at {:.0f}/s, 5 ms/32: notifications per 1000 packets",
                            icount.udp64_5ms_32_rate),
                icount.udp64_5ms_32_per_1000, most_per_1000);
    if (icount.udp64_5ms_32_rate < least_rate) {
        udp.holds = false;
        udp.figure += fmt::format("; at least {:.0f} packets/s are needed", least_rate);
    }
    return {
        udp,
        at_most("from timer to notification, W (p99)", icount.wake_p99_us, most_wake_us, " us"),
        at_most("round trip (p99), 50 us/32 more than off: 50 us + W", added,
                added_rtt_us + icount.wake_p99_us, " us"),
        check_worker("rx", icount.rx),
        check_worker("tx", icount.tx),
    };
}

} // namespace vcoal::bench
