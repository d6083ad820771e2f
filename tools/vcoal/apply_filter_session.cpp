// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/apply_filter_session.hpp"

#include "vcoal/control_socket.hpp"
#include "vcoal/error.hpp"
#include "vcoal/signals.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

namespace vcoal {
namespace {

/// Room for 4096 VLANs and as many addresses as a filter has.
constexpr std::size_t longest_line = 65536;
/// Between two queries: a guest decides when, but not how often.
constexpr auto shortest_interval = std::chrono::milliseconds(100);

const char* name_of(FilterOutcome::Kind kind) {
    switch (kind) {
    case FilterOutcome::Kind::applied:
        return "applied";
    case FilterOutcome::Kind::restored:
        return "restored";
    default:
        return "refused";
    }
}

/// As it may be printed.
std::string message_of(const Json& error) {
    const auto message = error.find("message");
    return message != error.end() && message->is_string() ? message->dump(-1, ' ', true)
                                                          : "an error without words";
}

/// A line that nobody reads is no reason to end.
void say(std::FILE* stream, const std::string& line) {
    std::fputs(line.c_str(), stream);
    std::fflush(stream);
}

} // namespace

ApplyFilterSession::ApplyFilterSession(const ApplyFilterOptions& options)
    : options_(options), signals_(take_signals()),
      target_(options.interface, [this](const FilterOutcome& outcome) { report(outcome); }),
      socket_(connect_control_socket(options.control)), input_(socket_.get(), longest_line) {
    // A reader of our output that ends must not keep the interface from being put back.
    std::signal(SIGPIPE, SIG_IGN);
}

ExitCode ApplyFilterSession::run() {
    query();
    while (step()) {
    }
    if (!options_.once) {
        return exit_ok;
    }
    if (applied_) {
        target_.keep();
    }
    return applied_ && !refused_ ? exit_ok : exit_failed;
}

bool ApplyFilterSession::step() {
    std::array<pollfd, 2> fds{{{signals_.get(), POLLIN, 0}, {input_.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), timeout_ms()) < 0 && errno != EINTR) {
        throw failure("poll", errno, "");
    }
    if (fds[0].revents != 0) {
        return false;
    }
    if (due_ && Clock::now() >= *due_) {
        query();
    }
    if (fds[1].revents == 0) {
        return true;
    }
    input_.fill();
    while (const auto line = input_.next()) {
        on_line(*line);
        if (options_.once && applied_) {
            return false;
        }
    }
    if (input_.get() < 0 && !applied_) {
        throw failure("query-rx-filter", ECONNRESET, "");
    }
    return input_.get() >= 0;
}

int ApplyFilterSession::timeout_ms() const {
    if (!due_) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due_ - Clock::now());
    return std::max(0, static_cast<int>(left.count()));
}

void ApplyFilterSession::query() {
    due_.reset();
    asked_ = Clock::now();
    const std::string line = json_line(rx_filter_query());
    if (::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
        static_cast<ssize_t>(line.size())) {
        throw failure("send query-rx-filter", errno, "");
    }
}

void ApplyFilterSession::on_line(const std::string& line) {
    const Json json = Json::parse(line, nullptr, false);
    if (line.size() >= longest_line || !json.is_object()) {
        throw failure("read", EPROTO, "it does not speak as `vcoal pair --control` does");
    }
    if (const auto error = json.find("error"); error != json.end()) {
        throw failure("query-rx-filter", 0, "it answers: " + message_of(*error));
    }
    if (json.contains("rx-filter")) {
        on_filter(parse_rx_filter_state(json));
    } else if (const auto event = json.find("event");
               event != json.end() && *event == rx_filter_changed_event) {
        due_ = asked_ + shortest_interval;
    }
}

void ApplyFilterSession::on_filter(const RxFilterState& filter) {
    judge_mac(filter.main_mac);
    target_.apply(filter, options_.policy.accepted());
    applied_ = true;
}

void ApplyFilterSession::judge_mac(const MacAddress& mac) {
    if (options_.policy.accept(mac)) {
        refused_mac_.reset();
    } else if (refused_mac_ != mac) {
        refused_mac_ = mac;
        report({FilterOutcome::Kind::refused, SetMac{mac},
                is_unicast(mac) ? "--mac-change does not allow it" : "it is no unicast address"});
    }
}

void ApplyFilterSession::report(const FilterOutcome& outcome) {
    const bool refused = outcome.kind == FilterOutcome::Kind::refused;
    refused_ = refused_ || refused;
    if (options_.json) {
        Json json{{"event", name_of(outcome.kind)}, {"interface", options_.interface}};
        json.update(to_json(outcome.change));
        if (refused) {
            json["reason"] = outcome.reason;
        }
        say(stdout, json_line(json));
        return;
    }
    const std::string words = in_words(outcome.change);
    if (refused) {
        say(stderr, fmt::format("vcoal: warning: {}: refused: {}: {}\n", options_.interface, words,
                                outcome.reason));
    } else {
        say(stdout, fmt::format("{}: {}: {}\n", options_.interface, name_of(outcome.kind), words));
    }
}

Error ApplyFilterSession::failure(const std::string& operation, int code,
                                  const std::string& hint) const {
    return {"control socket " + options_.control, operation, code, hint};
}

} // namespace vcoal
