// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/pair_session.hpp"

#include "vcoal/error.hpp"
#include "vcoal/feature_report.hpp"
#include "vcoal/rx_filter_json.hpp"
#include "vcoal/signals.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <functional>
#include <linux/virtio_config.h>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace vcoal {
namespace {

constexpr auto driver_patience = std::chrono::seconds(10);

/// As it came, once its driver is known to be there.
const PairOptions& checked(const PairOptions& options) {
    if (options.driver) {
        require_driver(*options.driver);
    }
    return options;
}

std::optional<NetNs> open_netns(const std::optional<std::string>& name) {
    return name ? std::optional(NetNs::open(*name)) : std::nullopt;
}

const char* describe_death(std::int32_t death) {
    switch (death) {
    case VLB_DEATH_CONTROL:
        return "a control command had no answer in time";
    case VLB_DEATH_RESET:
        return "a reset was not acknowledged in time";
    case VLB_DEATH_FEATURES:
        return "the features were not acknowledged in time";
    case VLB_DEATH_VQ:
        return "the reset of a queue was not acknowledged in time";
    default:
        return "its file was closed";
    }
}

/// A source of events and what to do about them.
struct Source {
    int fd;
    std::function<void()> handle;
    short events = POLLIN;
};

} // namespace

PairSession::PairSession(const PairOptions& options)
    : options_(checked(options)), signals_(take_signals()), finder_(open_netns(options.netns)),
      device_(options.device), input_(options.json ? STDIN_FILENO : -1) {
    if (options.control) {
        socket_.emplace(*options.control, [this](const Json& request) { return answer(request); });
    }
}

ExitCode PairSession::run() {
    spare_threads_.emplace(std::vector<int>{device_.control_kick(), device_.loopback().get()},
                           [this] { return serve_device(); });
    device_.start();
    while (step()) {
    }
    if (death_) {
        warn(Error("device", std::string("serve: ") + describe_death(*death_), 0,
                   "the kernel log may say more"));
        return exit_died;
    }
    return exit_ok;
}

int PairSession::timeout_ms() {
    const std::scoped_lock lock(mutex_);
    if (!deadline_) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
    return std::max(0, static_cast<int>(left.count()));
}

int PairSession::untold_output() {
    const std::scoped_lock lock(mutex_);
    return filter_untold_ ? STDOUT_FILENO : -1;
}

bool PairSession::step() {
    bool stopped = false;
    const Source sources[] = {
        {signals_.get(), [&stopped] { stopped = true; }},
        {served_.get(), [this] { on_spare_threads(); }},
        {device_.control_kick(), [this] { on_control(); }},
        {device_.loopback().get(), [this] { on_device(); }},
        {finder_.get(), [this] { on_link(); }},
        {binder_.get(), [this] { on_binding(); }},
        {device_.vhost_errors().get(), [this] { on_vhost_error(); }},
        {socket_ ? socket_->get() : -1, [this] { socket_->handle(); }},
        {untold_output(), [] {}, POLLOUT},
        {input_.get(),
         [this] {
             input_.fill();
             while (const auto line = input_.next()) {
                 on_request(*line);
             }
         }},
    };
    std::vector<pollfd> fds;
    for (const Source& source : sources) {
        fds.push_back({source.fd, source.events, 0});
    }
    if (::poll(fds.data(), fds.size(), timeout_ms()) < 0 && errno != EINTR) {
        throw Error("event loop", "poll", errno);
    }
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < fds.size(); i++) {
        if (fds[i].revents != 0) {
            sources[i].handle();
        }
    }
    tell_of_filter();
    begin_searches();
    if (deadline_ && Clock::now() >= *deadline_) {
        throw Error(fmt::format("virtio{}", device_.loopback().info().index), "find a driver",
                    ENODEV, "no driver took the device; `modprobe virtio_net`");
    }
    return !stopped && !death_;
}

/// In a spare thread. False when there is nothing more to do.
bool PairSession::serve_device() {
    const std::scoped_lock lock(mutex_);
    if (failure_ || death_) {
        return false;
    }
    try {
        on_control();
        on_device();
        tell_of_filter();
    } catch (...) {
        failure_ = std::current_exception();
    }
    served_.signal();
    return !failure_ && !death_;
}

void PairSession::on_spare_threads() {
    served_.take();
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

void PairSession::begin_searches() {
    if (std::exchange(find_link_, false)) {
        finder_.begin(device_.loopback().info().index);
    }
    if (std::exchange(bind_driver_, false)) {
        binder_.begin(device_.loopback().info().index, *options_.driver);
    }
}

void PairSession::on_device() {
    const auto event = device_.loopback().next_event(std::chrono::milliseconds(0));
    if (!event || turn_away(*event)) {
        return;
    }
    const bool was_running = device_.running();
    device_.handle(*event);
    if (device_.running() && !was_running) {
        deadline_.reset();
        find_link_ = true;
    }
    if (was_running && !device_.running()) {
        report({{"event", "down"}});
    }
    if (event->type == VLB_EVENT_VQ_RESET || event->type == VLB_EVENT_VQ_ENABLE) {
        report(describe_queue(device_, queue_of(*event), event->type == VLB_EVENT_VQ_ENABLE));
    }
    if (event->type == VLB_EVENT_REGISTERED) {
        on_registered(*event);
    }
    if (event->type == VLB_EVENT_DEAD) {
        death_ = event->result;
    }
}

/// The kernel offers the device to one driver after the other. One that may not have the
/// features is told apart early enough: it has no interface yet, and the next has its turn.
bool PairSession::turn_away(const vlb_event& event) {
    if (event.type != VLB_EVENT_FEATURES || !options_.driver) {
        return false;
    }
    const std::string driver = driver_of(event.index);
    if (driver == *options_.driver) {
        return false;
    }
    device_.loopback().acknowledge(event.seq, false);
    if (was_up_) {
        warn(Error(fmt::format("virtio{}", event.index), "accept driver " + driver, EPERM,
                   "it is kept for " + *options_.driver));
    }
    return true;
}

void PairSession::on_registered(const vlb_event& event) {
    if (event.result != 0) {
        throw Error(loopback_node, "register device", -event.result);
    }
    if (device_.running() || was_up_) {
        return;
    }
    if (options_.driver) {
        // It did not take the device by itself: it does now, or says why.
        bind_driver_ = true;
    } else {
        deadline_ = Clock::now() + driver_patience;
    }
}

void PairSession::on_binding() {
    try {
        binder_.take();
    } catch (const Error&) {
        // It may have come by another way: its module was loaded that moment.
        if (!device_.running()) {
            throw;
        }
    }
}

void PairSession::on_control() {
    for (const ControlAnswer& answer : device_.serve_control()) {
        report(to_json(answer));
    }
}

void PairSession::on_link() {
    try {
        const auto link = finder_.take();
        if (!link) {
            return;
        }
        was_up_ = true;
        say_paired(*link);
    } catch (const Error& error) {
        // Later it may be that the driver was gone again at once.
        if (!was_up_) {
            throw;
        }
        warn(error);
    }
}

void PairSession::say_paired(const DriverLink& link) {
    if (options_.json) {
        report(describe_pairing(device_, link, options_.netns));
    } else {
        fmt::print("{}\n", describe_pairing_in_words(device_, link, options_.netns));
    }
    if (options_.show_features && options_.json) {
        say(describe_features(device_));
    } else if (options_.show_features) {
        fmt::print("{}", describe_features_in_words(device_));
    }
    std::fflush(stdout);
}

void PairSession::on_vhost_error() {
    device_.vhost_errors().take();
    warn(Error(options_.device.vhost, "serve a ring of the driver", EPROTO,
               "it is malformed; only a reset of the device helps"));
}

void PairSession::on_request(const std::string& line) {
    try {
        const Reply reply = answer(Json::parse(line, nullptr, false));
        if (reply.unmutes == rx_filter_changed_event) {
            filter_muted_ = filter_untold_ = false;
        }
        say(reply.json);
    } catch (const Error& error) {
        say(to_json(error));
    }
}

/// On the control socket and on standard input alike.
Reply PairSession::answer(const Json& request) {
    if (request == Json{{"get", "stats"}}) {
        return {statistics(device_), {}};
    }
    if (request == Json{{"get", "features"}}) {
        return {describe_features(device_), {}};
    }
    if (request == rx_filter_query()) {
        return {to_json(rx_filter_state(device_.control().filter(), device_.tap_name())),
                std::string(rx_filter_changed_event)};
    }
    if (request == Json{{"set", "announce"}}) {
        device_.announce();
        return {{{"announce", true}}, {}};
    }
    return {set_link(request), {}};
}

Json PairSession::set_link(const Json& request) {
    const bool well_formed = request.is_object() && request.size() == 2 &&
                             request.value("set", Json()) == "link" &&
                             request.value("up", Json()).is_boolean();
    if (!well_formed) {
        throw Error("request", "read", EINVAL,
                    R"(send {"get":"stats"}, {"get":"features"}, {"execute":"query-rx-filter"}, )"
                    R"({"set":"announce"} or {"set":"link","up":true})");
    }
    device_.set_link(request["up"].get<bool>());
    return {{"link", {{"up", request["up"]}}}};
}

/// Each reader hears of it once, until it asks: a guest that changes its mind all the time
/// floods nobody.
void PairSession::tell_of_filter() {
    if (device_.take_filter_change()) {
        if (socket_) {
            socket_->announce(rx_filter_changed(device_.tap_name()));
        }
        filter_untold_ = options_.json && !filter_muted_;
    }
    // Unlike others this one is not lost: there may be none after it.
    if (filter_untold_ && is_heard()) {
        say_event(rx_filter_changed(device_.tap_name()));
        filter_untold_ = false;
        filter_muted_ = true;
    }
}

// A pipe that poll() calls writable takes a line of this length at once.
bool PairSession::is_heard() const {
    pollfd output{STDOUT_FILENO, POLLOUT, 0};
    return ::poll(&output, 1, 0) > 0;
}

// The driver must not wait because a reader of events does.
void PairSession::report(Json event) {
    if (!options_.json) {
        return;
    }
    if (!is_heard()) {
        lost_++;
        return;
    }
    say_event(std::move(event));
}

void PairSession::say_event(Json event) {
    if (lost_ > 0) {
        event["lost"] = std::exchange(lost_, 0);
    }
    say(event);
}

void PairSession::say(const Json& json) const {
    fmt::print("{}\n", json.dump());
    std::fflush(stdout);
}

void PairSession::warn(const Error& error) const {
    fmt::print(stderr, "{}\n",
               options_.json ? to_json(error).dump() : fmt::format("vcoal: {}", error.what()));
}

} // namespace vcoal
