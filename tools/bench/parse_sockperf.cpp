// SPDX-License-Identifier: GPL-2.0-only
#include "bench/parse.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <regex>

namespace vcoal::bench {
namespace {

/// The number that stands where @p pattern has its group.
std::string find(const std::string& text, const char* pattern, const char* what) {
    std::smatch match;
    if (!std::regex_search(text, match, std::regex(pattern))) {
        throw Error("sockperf", std::string("find ") + what + " in its report", EBADMSG,
                    "it printed: " + text.substr(0, 2000));
    }
    return match[1];
}

} // namespace

SockperfResult parse_sockperf(const std::string& text) {
    SockperfResult result;
    find(text, "(Summary: Round trip is)", "round trip times");
    result.observations =
        std::stoull(find(text, "Total ([0-9]{1,18}) observations", "the observations"));
    result.dropped =
        std::stoull(find(text, "dropped messages = ([0-9]{1,18});", "the messages dropped"));
    result.seconds = std::stod(find(
        text, R"(\[Valid Duration\] RunTime=([0-9]{1,9}\.?[0-9]{0,9}) sec)", "how long it ran"));
    result.latency = {
        std::stod(find(text, R"(percentile 50\.0+ = *([0-9]{1,12}\.?[0-9]{0,9}))", "p50")),
        std::stod(find(text, R"(percentile 99\.0+ = *([0-9]{1,12}\.?[0-9]{0,9}))", "p99"))};
    return result;
}

} // namespace vcoal::bench
