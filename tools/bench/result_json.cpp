// SPDX-License-Identifier: GPL-2.0-only
#include "bench/result_json.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace vcoal::bench {
namespace {

Json to_json(const Notifications& n) {
    return {{"total", n.total},         {"count", n.count}, {"timer", n.timer},
            {"immediate", n.immediate}, {"flush", n.flush}, {"suppressed", n.suppressed}};
}

Json to_json(const std::optional<Latency>& latency) {
    Json json{{"p50", nullptr}, {"p99", nullptr}};
    if (latency) {
        json["p50"] = latency->p50;
        json["p99"] = latency->p99;
    }
    return json;
}

Json to_json(const Run& run) {
    return {
        {"direction", name(run.direction)},
        {"usecs", run.setting.usecs},
        {"frames", run.setting.frames},
        {"load", name(run.load)},
        {"packets", run.packets},
        {"elapsed_us", run.elapsed_us},
        {"notifications", to_json(run.notifications)},
        {"signals", run.signals},
        {"per_1000_packets", run.per_1000_packets()},
        {"mbit_s", run.mbit_s},
        {"latency_us", to_json(run.latency)},
        {"lost", run.lost},
    };
}

Json to_json(const WorkerCost& cost) {
    return {{"ours", cost.ours}, {"intree", cost.intree}};
}

template <typename Choice, std::size_t N>
Choice by_name(const std::string& text, const std::array<Choice, N>& choices) {
    for (const Choice choice : choices) {
        if (text == name(choice)) {
            return choice;
        }
    }
    throw std::invalid_argument("unknown name '" + text + "'");
}

Notifications notifications_from_json(const Json& json) {
    return {json.at("total"),     json.at("count"), json.at("timer"),
            json.at("immediate"), json.at("flush"), json.at("suppressed")};
}

std::optional<Latency> latency_from_json(const Json& json) {
    if (json.at("p50").is_null()) {
        return std::nullopt;
    }
    return Latency{json.at("p50"), json.at("p99")};
}

Run run_from_json(const Json& json) {
    Run run;
    run.direction =
        by_name(json.at("direction").get<std::string>(), std::array{Direction::rx, Direction::tx});
    run.setting = {json.at("usecs"), json.at("frames")};
    run.load =
        by_name(json.at("load").get<std::string>(), std::array{Load::udp64, Load::tcp, Load::rr});
    run.packets = json.at("packets");
    run.elapsed_us = json.at("elapsed_us");
    run.notifications = notifications_from_json(json.at("notifications"));
    run.signals = json.at("signals");
    run.mbit_s = json.at("mbit_s");
    run.latency = latency_from_json(json.at("latency_us"));
    run.lost = json.at("lost");
    return run;
}

WorkerCost cost_from_json(const Json& json) {
    return {json.at("ours"), json.at("intree")};
}

Json icount_figures(const IcountPart& part) {
    Json worker = to_json(part.worker());
    worker["rx"] = to_json(part.rx);
    worker["tx"] = to_json(part.tx);
    return {
        {"rtt_p99_us", {{"off", part.rtt_p99_off_us}, {"on50", part.rtt_p99_on50_us}}},
        {"wake_p99_us", part.wake_p99_us},
        {"worker_insn_per_packet", worker},
        {"udp64_5ms_32",
         {{"per_1000_packets", part.udp64_5ms_32_per_1000},
          {"packets_per_s", part.udp64_5ms_32_rate}}},
    };
}

template <typename Read>
auto reading(const std::string& object, const Read& read) {
    try {
        return read();
    } catch (const std::exception& error) {
        throw Error(object, "read results", EBADMSG, error.what());
    }
}

} // namespace

Json to_json(const TablePart& part) {
    Json runs = Json::array();
    for (const Run& run : part.runs) {
        runs.push_back(to_json(run));
    }
    return {{"kernel", part.kernel},
            {"accel", part.accel},
            {"driver", part.driver},
            {"device", part.device},
            {"runs", runs}};
}

Json to_json(const IcountPart& part) {
    return {{"kernel", part.kernel}, {"icount", icount_figures(part)}};
}

Json to_json(const TablePart& table, const IcountPart& icount) {
    Json json = to_json(table);
    json["icount"] = icount_figures(icount);
    return json;
}

TablePart table_from_json(const Json& json, const std::string& object) {
    return reading(object, [&] {
        TablePart part{
            json.at("kernel"), json.at("accel"), json.at("driver"), json.at("device"), {}};
        for (const Json& run : json.at("runs")) {
            part.runs.push_back(run_from_json(run));
        }
        return part;
    });
}

IcountPart icount_from_json(const Json& json, const std::string& object) {
    return reading(object, [&] {
        const Json& figures = json.at("icount");
        IcountPart part;
        part.kernel = json.at("kernel");
        part.rtt_p99_off_us = figures.at("rtt_p99_us").at("off");
        part.rtt_p99_on50_us = figures.at("rtt_p99_us").at("on50");
        part.wake_p99_us = figures.at("wake_p99_us");
        part.rx = cost_from_json(figures.at("worker_insn_per_packet").at("rx"));
        part.tx = cost_from_json(figures.at("worker_insn_per_packet").at("tx"));
        part.udp64_5ms_32_per_1000 = figures.at("udp64_5ms_32").at("per_1000_packets");
        part.udp64_5ms_32_rate = figures.at("udp64_5ms_32").at("packets_per_s");
        return part;
    });
}

Json read_json(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        throw Error(path, "open", errno, "the run that writes it did not finish");
    }
    return reading(path, [&] { return Json::parse(file); });
}

void write_json(const std::string& path, const Json& json) {
    const std::string draft = path + ".new";
    std::ofstream file(draft);
    file << json.dump(1, '\t') << '\n';
    file.close();
    if (!file) {
        throw Error(draft, "write", errno);
    }
    std::filesystem::rename(draft, path);
}

} // namespace vcoal::bench
