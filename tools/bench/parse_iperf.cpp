// SPDX-License-Identifier: GPL-2.0-only
#include "bench/parse.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <nlohmann/json.hpp>

namespace vcoal::bench {

IperfResult parse_iperf(const std::string& text) {
    constexpr double bits_per_mbit = 1e6;
    try {
        const auto json = nlohmann::json::parse(text);
        if (json.contains("error")) {
            throw Error("iperf3", "send a stream", ECONNABORTED, json.at("error"));
        }
        const auto& end = json.at("end");
        return {end.at("sum_received").at("bits_per_second").get<double>() / bits_per_mbit,
                end.at("sum_sent").value("retransmits", std::uint64_t{0})};
    } catch (const nlohmann::json::exception& error) {
        throw Error("iperf3", "read its report", EBADMSG, error.what());
    }
}

} // namespace vcoal::bench
