// SPDX-License-Identifier: GPL-2.0-only
#include "bench/table.hpp"

#include <fmt/format.h>

namespace vcoal::bench {
namespace {

constexpr const char* heading =
    "queue load  setting      packets  notifi-  per 1000  ----------- by reason -----------  "
    "suppr.   Mbit/s    p50     p99\n"
    "                                  cations   packets   count   timer immediate   flush  "
    "                    us      us\n";

std::string microseconds(double value) {
    return fmt::format("{:>8.0f}", value);
}

std::string line(const Run& run, bool first) {
    const Notifications& n = run.notifications;
    const std::string latency =
        run.latency ? microseconds(run.latency->p50) + microseconds(run.latency->p99)
                    : fmt::format("{:>8}{:>8}", "-", "-");
    return fmt::format("{:<6}{:<6}{:<11}{:>9}{:>9}{:>10.1f}{:>8}{:>8}{:>10}{:>8}{:>8}{:>9.2f}{}\n",
                       first ? name(run.direction) : "", first ? name(run.load) : "",
                       name(run.setting), run.packets, n.total, run.per_1000_packets(), n.count,
                       n.timer, n.immediate, n.flush, n.suppressed, run.mbit_s, latency);
}

bool same_group(const Run& a, const Run& b) {
    return a.direction == b.direction && a.load == b.load;
}

std::string paint(const char* text, const char* code, Colour colour) {
    return colour == Colour::yes ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
}

/// Emulated processors share this machine's with everything else.
const char* caution(const TablePart& table) {
    return table.accel == "tcg" ? "Emulated: rates and times say more about this machine's other "
                                  "work than about the device.\n"
                                : "";
}

} // namespace

std::string format_table(const TablePart& table) {
    std::string text = fmt::format(
        "Linux {} ({}), {} in front of {}. rx: host to guest; tx: guest to host.\n"
        "udp64: 64-byte frames, paced; tcp: one iperf3 stream; rr: sockperf, one request at a "
        "time.\n{}\n{}",
        table.kernel, table.accel, table.driver, table.device, caution(table), heading);
    for (std::size_t i = 0; i < table.runs.size(); i++) {
        const bool first = i == 0 || !same_group(table.runs[i - 1], table.runs[i]);
        if (first && i > 0) {
            text += '\n';
        }
        text += line(table.runs[i], first);
    }
    return text;
}

std::string format_claims(const std::vector<Claim>& claims, Colour colour) {
    std::string text;
    for (const Claim& claim : claims) {
        const std::string verdict =
            claim.holds ? paint("ok    ", "32", colour) : paint("FAILED", "1;31", colour);
        text += fmt::format("{}  {}: {}\n", verdict, claim.what, claim.figure);
    }
    return text;
}

} // namespace vcoal::bench
