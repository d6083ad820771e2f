// SPDX-License-Identifier: GPL-2.0-only
#include "bench/pair.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <filesystem>
#include <thread>

namespace vcoal::bench {
namespace {

constexpr std::chrono::seconds patience{30};
/// Longer than any packet of the demo is held.
constexpr std::chrono::milliseconds calm{20};

std::vector<std::string> command(const PairOptions& options) {
    std::vector<std::string> argv{vcoal_program(),
                                  "pair",
                                  "--json",
                                  "--vhost",
                                  options.node,
                                  "--netns",
                                  options.netns,
                                  "--tap",
                                  options.tap,
                                  "--driver",
                                  options.driver,
                                  "--ring-size",
                                  std::to_string(options.ring_size)};
    argv.insert(argv.end(), options.more.begin(), options.more.end());
    return argv;
}

/// The next line that has @p key; others tell of events we did not ask about.
Json await(Child& process, const char* key) {
    for (;;) {
        const auto line = process.read_line(patience);
        if (!line) {
            throw Error("vcoal pair", "wait for an answer", EPIPE, "it ended; see its message");
        }
        Json json = Json::parse(*line, nullptr, false);
        if (json.is_object() && json.contains("error")) {
            throw Error("vcoal pair", "get an answer", EPROTO, json.at("error").dump());
        }
        if (json.is_object() && json.contains(key)) {
            return json;
        }
    }
}

Json await_up(Child& process) {
    for (;;) {
        Json json = await(process, "event");
        if (json.at("event") == "up") {
            return json;
        }
    }
}

} // namespace

const std::string& vcoal_program() {
    // Once: in another root directory it could not be found out.
    static const std::string program =
        std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "vcoal" /
        "vcoal";
    return program;
}

Reading parse_reading(const Json& answer, Direction direction) {
    const std::size_t index = direction == Direction::rx ? 0 : 1;
    try {
        const Json& queue = answer.at("stats").at("queues").at(index);
        const Json& vhost = queue.at("vhost");
        const Json& notify = vhost.at("notifications");
        const Json& coalescing = queue.at("coalescing");
        const Json& effective = coalescing.at("effective");
        Reading reading;
        reading.packets = vhost.at("packets");
        reading.notifications = {notify.at("total"), notify.at("count"),
                                 notify.at("timer"), notify.at("immediate"),
                                 notify.at("flush"), vhost.at("suppressed")};
        reading.signals = queue.at("loopback").at("signals");
        reading.pending = coalescing.at("pending");
        reading.setting = {effective.at("max_usecs"), effective.at("max_packets")};
        return reading;
    } catch (const Json::exception& error) {
        throw Error("vcoal pair", "read its statistics", EBADMSG, error.what());
    }
}

Pair::Pair(const PairOptions& options) : process_(command(options), nullptr, Errors::ours) {
    const Json up = await_up(process_);
    interface_ = up.value("netdev", "");
    driver_ = up.value("driver", "");
    accepted_ = up.value("accepted", std::vector<std::string>());
}

Reading Pair::read(Direction direction) {
    process_.write_line(R"({"get":"stats"})");
    return parse_reading(await(process_, "stats"), direction);
}

Reading Pair::read_settled(Direction direction) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    Reading last = read(direction);
    for (;;) {
        std::this_thread::sleep_for(calm);
        const Reading now = read(direction);
        const bool settled = now == last && now.pending == 0;
        if (settled || std::chrono::steady_clock::now() > deadline) {
            return now;
        }
        last = now;
    }
}

} // namespace vcoal::bench
