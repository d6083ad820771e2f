// SPDX-License-Identifier: GPL-2.0-only
#include "hunter/step.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sstream>
#include <string_view>

namespace hunter {
namespace {

struct Word {
    const char* name;
    unsigned arguments;
};

/// By Kind.
constexpr Word words[] = {
    {"offer", 1},  {"arrive", 2},  {"stream", 1},   {"work", 0},  {"poll", 1},
    {"take", 1},   {"disable", 0}, {"enable", 1},   {"wait", 1},  {"set", 3},
    {"guest", 1},  {"stop", 0},    {"start", 1},    {"swap", 0},  {"clog", 0},
    {"unclog", 0}, {"expire", 0},  {"callback", 0}, {"drain", 1}, {"pause", 1},
};

[[noreturn]] void refuse(const std::string& what) {
    throw vcoal::Error("trace", "read " + what, EINVAL,
                       "a line is a step as the hunter prints it, the first one the world");
}

std::uint64_t number(const std::string& text) {
    std::size_t used = 0;
    std::uint64_t value = 0;
    try {
        value = std::stoull(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != text.size() || text.front() == '-') {
        refuse("\"" + text + "\"");
    }
    return value;
}

std::string to_text(const Action& action) {
    std::string text = words[static_cast<unsigned>(action.kind)].name;
    for (unsigned i = 0; i < arguments(action.kind); i++) {
        text += fmt::format(" {}", action.arg.at(i));
    }
    return text;
}

Action read_action(const std::string& name, std::istringstream& rest) {
    for (unsigned i = 0; i < std::size(words); i++) {
        if (name != words[i].name) {
            continue;
        }
        Action action{static_cast<Kind>(i), {}};
        for (unsigned n = 0; n < words[i].arguments; n++) {
            std::string argument;
            rest >> argument;
            action.arg.at(n) = number(argument);
        }
        return action;
    }
    refuse("\"" + name + "\"");
}

Step read_step(const std::string& line) {
    std::istringstream in(line);
    std::string word;
    in >> word;
    Step step{read_action(word, in), {}};
    while (in >> word) {
        if (!word.starts_with('@')) {
            refuse("\"" + word + "\"");
        }
        const auto at = static_cast<unsigned>(number(word.substr(1)));
        in >> word;
        step.injections.push_back({at, read_action(word, in)});
    }
    return step;
}

Setup read_setup(const std::string& line) {
    Setup setup;
    std::istringstream in(line);
    std::string word;
    in >> word;
    if (word != "world") {
        refuse("\"" + line + "\"");
    }
    while (in >> word) {
        const std::size_t sign = word.find('=');
        const std::string name = word.substr(0, sign);
        const auto value =
            static_cast<std::uint16_t>(number(sign == word.npos ? "" : word.substr(sign + 1)));
        if (name == "packed") {
            setup.packed = value != 0;
        } else if (name == "size") {
            setup.size = value;
        } else if (name == "event_idx") {
            setup.event_idx = value != 0;
        } else if (name == "indirect") {
            setup.indirect = value;
        } else if (name == "first") {
            setup.first = value;
        } else if (name == "transmit") {
            setup.transmit = value != 0;
        } else if (name == "mergeable") {
            setup.mergeable = value != 0;
        } else if (name == "batches") {
            setup.batches = value != 0;
        } else if (name == "exact") {
            setup.exact = value != 0;
        } else if (name == "weak") {
            setup.weak = value != 0;
        } else {
            refuse("\"" + name + "\"");
        }
    }
    return setup;
}

std::string to_text(const Setup& s) {
    return fmt::format(
        "world packed={:d} size={} event_idx={:d} indirect={} first={} transmit={:d} "
        "mergeable={:d} batches={:d} exact={:d} weak={:d}\n",
        s.packed, s.size, s.event_idx, s.indirect, s.first, s.transmit, s.mergeable, s.batches,
        s.exact, s.weak);
}

} // namespace

unsigned arguments(Kind kind) {
    return words[static_cast<unsigned>(kind)].arguments;
}

std::string to_text(const Step& step) {
    std::string text = to_text(step.action);
    for (const Injection& injection : step.injections) {
        text += fmt::format(" @{} {}", injection.at, to_text(injection.action));
    }
    return text;
}

std::string to_text(const Trace& trace) {
    std::string text = to_text(trace.setup);
    for (const Step& step : trace.steps) {
        text += to_text(step) + '\n';
    }
    return text;
}

Trace from_text(const std::string& text) {
    Trace trace;
    std::istringstream lines(text);
    std::string line;
    if (!std::getline(lines, line)) {
        refuse("an empty file");
    }
    trace.setup = read_setup(line);
    while (std::getline(lines, line)) {
        trace.steps.push_back(read_step(line));
    }
    return trace;
}

} // namespace hunter
