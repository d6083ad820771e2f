// SPDX-License-Identifier: GPL-2.0-only
#include "bench/parse.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdio>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace vcoal::bench {
namespace {

using Queue = std::pair<unsigned, unsigned>;

/// One line of a trace buffer.
struct Event {
    std::string name;
    std::string arguments;
    double microseconds = 0;
    Queue queue;

    bool says(const char* text) const { return arguments.find(text) != std::string::npos; }
};

/// "TASK-PID [CPU] FLAGS SECONDS: NAME: ARGUMENTS"; a task's name may hold anything, so
/// the line is read from the event's name backwards.
std::optional<Event> parse_event(const std::string& line) {
    constexpr const char* mark = ": vhn_";
    const std::size_t colon = line.rfind(mark);
    if (line.starts_with('#') || colon == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t name = colon + 2;
    const std::size_t end = line.find(": ", name);
    const std::size_t space = line.rfind(' ', colon);
    Event event;
    double seconds = 0;
    if (end == std::string::npos || space == std::string::npos ||
        std::sscanf(line.c_str() + space, "%lf", &seconds) != 1 ||
        std::sscanf(line.c_str() + end, ": dev=%u vq=%u", &event.queue.first,
                    &event.queue.second) != 2) {
        throw Error("trace", "read an event", EBADMSG, "it is: " + line);
    }
    event.name = line.substr(name, end - name);
    event.arguments = line.substr(end + 1) + ' ';
    event.microseconds = seconds * 1e6;
    return event;
}

void check_complete(const std::string& line) {
    unsigned long long kept = 0;
    unsigned long long written = 0;
    const bool counts = std::sscanf(line.c_str(), "# entries-in-buffer/entries-written: %llu/%llu",
                                    &kept, &written) == 2;
    if ((counts && kept != written) || line.find("LOST") != std::string::npos) {
        throw Error("trace", "find every event", ENOBUFS, "its buffer was too small");
    }
}

} // namespace

std::vector<Wake> parse_wakes(const std::string& text) {
    std::vector<Wake> wakes;
    std::map<Queue, double> fired;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        check_complete(line);
        const auto event = parse_event(line);
        if (!event) {
            continue;
        }
        if (event->name == "vhn_timer_fire" && event->says(" due=1 ")) {
            fired.try_emplace(event->queue, event->microseconds);
            continue;
        }
        const bool ends = event->name == "vhn_notify" || event->name == "vhn_suppress";
        const auto start = fired.find(event->queue);
        if (!ends || start == fired.end()) {
            continue;
        }
        if (event->name == "vhn_notify" && event->says(" reason=timer ")) {
            wakes.push_back(
                {event->queue.first, event->queue.second, event->microseconds - start->second});
        }
        fired.erase(start);
    }
    return wakes;
}

} // namespace vcoal::bench
