// SPDX-License-Identifier: GPL-2.0-only
#include "support/pairing.hpp"

#include "support/bench.hpp"
#include "support/conformance.hpp"
#include "support/loopback_stub.hpp"
#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <future>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace vcoal::test {
namespace {

constexpr unsigned prefix_length = 24;

std::vector<std::string> command(const std::string& vhost, const NetNs& guest,
                                 const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{vcoal_program(),
                                  "pair",
                                  "--json",
                                  "--vhost",
                                  vhost,
                                  "--netns",
                                  fmt::format("/proc/{}/fd/{}", ::getpid(), guest.get())};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
}

void configure(const std::string& interface, const std::string& address) {
    NetDev device(interface);
    device.disable_ipv6();
    device.set_address(address, prefix_length);
    device.set_up(true);
}

/// Everything that changes while packets or notifications are under way.
Json moving_parts(const Json& stats) {
    Json parts = Json::array();
    for (const Json& queue : stats.at("queues")) {
        parts.push_back({queue.at("loopback"), queue.at("vhost"), queue.at("coalescing")});
    }
    return parts;
}

bool nothing_pending(const Json& stats) {
    return std::all_of(stats.at("queues").begin(), stats.at("queues").end(), [](const Json& queue) {
        return queue.at("coalescing").is_null() || queue.at("coalescing").at("pending") == 0;
    });
}

} // namespace

std::string vcoal_program() {
    return VCOAL_PROGRAM;
}

bench::Child::End run(const std::vector<std::string>& argv, const NetNs* netns) {
    return bench::Child(argv, netns, bench::Errors::output).finish(generous);
}

QueueCounts counts_of(const Json& stats, unsigned vq) {
    const Json& queue = stats.at("queues").at(vq);
    QueueCounts counts;
    counts.signals = queue.at("loopback").at("signals");
    counts.callbacks = queue.at("loopback").at("callbacks");
    counts.elapsed_us = stats.at("time_ns").get<std::uint64_t>() / 1000;
    if (const Json& vhost = queue.at("vhost"); !vhost.is_null()) {
        const Json& notifications = vhost.at("notifications");
        counts.packets = vhost.at("packets");
        counts.total = notifications.at("total");
        counts.count = notifications.at("count");
        counts.timer = notifications.at("timer");
        counts.immediate = notifications.at("immediate");
        counts.flush = notifications.at("flush");
        counts.suppressed = vhost.at("suppressed");
    }
    return counts;
}

QueueCounts operator-(const QueueCounts& now, const QueueCounts& before) {
    return {now.packets - before.packets,       now.total - before.total,
            now.count - before.count,           now.timer - before.timer,
            now.immediate - before.immediate,   now.flush - before.flush,
            now.suppressed - before.suppressed, now.signals - before.signals,
            now.callbacks - before.callbacks,   now.elapsed_us - before.elapsed_us};
}

std::uint64_t counter_in(const std::string& output, const std::string& name) {
    const auto at = output.find(" " + name + ": ");
    if (at == std::string::npos) {
        throw Error("counter " + name, "find", ENOENT, output);
    }
    return std::stoull(output.substr(at + name.size() + 3));
}

unsigned occurrences(const std::string& text, const std::string& part) {
    unsigned n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        n++;
    }
    return n;
}

bool in_tree_driver_knows_queues() {
    utsname name{};
    ::uname(&name);
    return !std::string(name.release).starts_with("6.1.");
}

void await_listener(const NetNs& netns, unsigned port) {
    const bool listening = eventually([&] {
        return !run({"ss", "-Hltn", fmt::format("sport = :{}", port)}, &netns).output.empty();
    });
    if (!listening) {
        throw Error(fmt::format("port {}", port), "wait for a listener", ETIME);
    }
}

Pairing::Pairing(const std::string& vhost, const std::vector<std::string>& arguments)
    : process_(command(vhost, guest_, arguments), nullptr, bench::Errors::ours) {
    await_up();
    configure(tap(), host().address);
    record_driver(up_.at("driver"));
    record_vhost(vhost);
}

void Pairing::await_up() {
    up_ = await_event("up");
    configure_guest();
}

void Pairing::rebind() {
    const std::string driver = up_.at("driver");
    if (const int code = unbind_driver(virtio_index(), driver); code != 0) {
        throw Error("driver " + driver, "unbind", code);
    }
    await_event("down");
    if (const int code = bind_driver(virtio_index(), driver); code != 0) {
        throw Error("driver " + driver, "bind", code);
    }
    await_up();
}

void Pairing::rebind_under_traffic() {
    const auto signals = [this] { return counts_of(stats(), 0).signals; };
    const auto before = signals();
    const bench::Child flood({"ping", "-f", "-q", guest().address}, nullptr, bench::Errors::output);
    if (!eventually([&] { return signals() > before + 100; })) {
        throw Error("ping", "wait until packets arrive", ETIMEDOUT);
    }
    rebind();
}

void Pairing::configure_guest() {
    const InNetNs inside(guest_);
    configure(interface(), guest().address);
}

std::uint32_t Pairing::virtio_index() const {
    return static_cast<std::uint32_t>(
        std::stoul(up_.at("virtio").get<std::string>().substr(sizeof("virtio") - 1)));
}

bool Pairing::accepted(const std::string& feature) const {
    const Json& all = up_.at("accepted");
    return std::find(all.begin(), all.end(), feature) != all.end();
}

bench::Child::End Pairing::in_guest(const std::vector<std::string>& argv) const {
    return run(argv, &guest_);
}

bench::Child::End Pairing::on_host(const std::vector<std::string>& argv) const {
    return run(argv);
}

void Pairing::ethtool(const std::string& option, const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv{"ethtool", option, interface()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    if (const auto end = in_guest(argv); end.status != 0) {
        throw Error("ethtool " + option, fmt::format("exit {}", end.status), 0, end.output);
    }
}

bool Pairing::ping() const {
    return on_host({"ping", "-c", "3", "-i", "0.2", "-W", "10", guest().address}).status == 0;
}

bool Pairing::has_carrier() const {
    const auto end = in_guest({"ip", "-o", "link", "show", interface()});
    return end.output.find("NO-CARRIER") == std::string::npos;
}

void Pairing::toggle_link() {
    for (const bool up : {false, true}) {
        request(Json{{"set", "link"}, {"up", up}}.dump(), "link");
        if (!eventually([&] { return has_carrier() == up; })) {
            throw Error("link of " + interface(), up ? "see it up" : "see it down", ETIME);
        }
    }
}

void Pairing::toggle_interface_under_traffic(std::uint64_t bytes) const {
    auto traffic = std::async(std::launch::async, [&] { exchange_tcp(host(), guest(), bytes); });
    for (int round = 0; round < 5; round++) {
        const InNetNs inside(guest_);
        NetDev(interface()).set_up(false);
        NetDev(interface()).set_up(true);
    }
    traffic.get();
}

Json Pairing::next_line() {
    const auto line = process_.read_line(generous);
    if (!line) {
        throw Error("vcoal pair", "read a line", EPIPE, "it has ended");
    }
    Json json = Json::parse(*line);
    lost_ += json.value("lost", 0U);
    return json;
}

Json Pairing::request(const std::string& line, const std::string& key) {
    process_.write_line(line);
    for (;;) {
        Json answer = next_line();
        if (answer.contains("event")) {
            events_.push_back(std::move(answer));
        } else if (answer.contains(key)) {
            return answer.at(key);
        } else {
            throw Error("vcoal pair", "answer " + line, EPROTO, answer.dump());
        }
    }
}

Json Pairing::settled_stats() {
    constexpr auto pause = std::chrono::milliseconds(50);
    const auto deadline = std::chrono::steady_clock::now() + generous;
    Json before = stats();
    for (;;) {
        std::this_thread::sleep_for(pause);
        Json now = stats();
        if (moving_parts(now) == moving_parts(before) && nothing_pending(now)) {
            return now;
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw Error("vcoal pair", "wait for quiet counters", ETIME, now.dump());
        }
        before = std::move(now);
    }
}

Json Pairing::await_event(const std::string& event) {
    for (;;) {
        while (!events_.empty()) {
            Json first = std::move(events_.front());
            events_.pop_front();
            if (first.at("event") == event) {
                return first;
            }
        }
        events_.push_back(next_line());
    }
}

std::size_t Pairing::pending(const std::string& event) const {
    return static_cast<std::size_t>(
        std::count_if(events_.begin(), events_.end(),
                      [&](const Json& came) { return came.at("event") == event; }));
}

std::vector<std::string> Pairing::commands(const std::string& kind) {
    stats(); // whatever came before the answer has been read
    std::vector<std::string> names;
    for (const Json& event : events_) {
        if (event.at("event") == "control" &&
            event.at("command").get<std::string>().starts_with(kind)) {
            names.push_back(event.at("command").get<std::string>() + " " +
                            event.at("ack").get<std::string>());
        }
    }
    events_.clear();
    return names;
}

void Pairing::send_signal(int signal) const {
    ::kill(pid(), signal);
}

} // namespace vcoal::test
