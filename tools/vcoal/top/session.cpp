// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/top/session.hpp"

#include "vcoal/error.hpp"
#include "vcoal/host_device.hpp"
#include "vcoal/signals.hpp"
#include "vcoal/top/screen.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <limits>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace vcoal {
namespace {

/// Columns there are for lines.
std::size_t line_width() {
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
               ? size.ws_col
               : std::numeric_limits<std::size_t>::max();
}

std::unique_ptr<TopView> make_view(const TopOptions& options) {
    if (options.json) {
        return std::make_unique<TopJson>(options.order);
    }
    std::unique_ptr<TopView> screen;
    if (!options.plain) {
        screen = TopScreen::open(options.order);
    }
    return screen ? std::move(screen) : std::make_unique<TopLines>(options.order, line_width());
}

std::uint64_t nanoseconds(HostSnapshot::Clock::time_point time) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

timespec to_timespec(std::chrono::nanoseconds time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return {seconds.count(), (time - seconds).count()};
}

} // namespace

TopSession::TopSession(const TopOptions& options) : options_(options), signals_(take_signals()) {
    sigset_t resized;
    sigemptyset(&resized);
    sigaddset(&resized, SIGWINCH);
    ::sigprocmask(SIG_BLOCK, &resized, &while_waiting_);
    // Before there is a screen, which would hide an error's words.
    before_ = {Clock::now(), control_.files()};
    devices(before_.files);
    view_ = make_view(options);
    view_->show({.rows = top_rows(devices(before_.files), {})});
}

ExitCode TopSession::run() {
    const auto interval = std::chrono::duration_cast<Clock::duration>(options_.interval);
    Clock::time_point due = before_.time;
    for (unsigned shown = 0; options_.count == 0 || shown < options_.count; shown++) {
        // One that came late does not make the next one come early.
        due = std::max(due + interval, Clock::now());
        if (!wait_until(due)) {
            break;
        }
        step();
    }
    return exit_ok;
}

void TopSession::step() {
    HostSnapshot now{Clock::now(), control_.files()};
    TopSample sample{
        nanoseconds(now.time), std::chrono::duration<double>(now.time - before_.time).count(), {}};
    try {
        sample.rows = top_rows(devices(now.files), activities(before_, now));
    } catch (const UsageError&) {
        // It was there at first, and may come back.
    }
    view_->show(sample);
    before_ = std::move(now);
}

std::vector<HostDevice> TopSession::devices(const std::vector<HostFile>& files) const {
    std::vector<HostDevice> all = group_devices(files);
    return options_.device ? std::vector{find_device(all, *options_.device)} : all;
}

bool TopSession::wait_until(Clock::time_point due) {
    for (;;) {
        const auto left = std::max(due - Clock::now(), Clock::duration(0));
        const bool is_due = left == Clock::duration(0);
        std::array<pollfd, 3> fds{{{signals_.get(), POLLIN, 0},
                                   {view_->input(), POLLIN, 0},
                                   {STDOUT_FILENO, static_cast<short>(is_due ? POLLOUT : 0), 0}}};
        const timespec timeout = to_timespec(left);
        const int ready =
            ::ppoll(fds.data(), fds.size(), is_due ? nullptr : &timeout, &while_waiting_);
        if (ready < 0 && errno != EINTR) {
            throw Error("event loop", "poll", errno);
        }
        // The signal that may end this wait is that the terminal has another size.
        const bool input = ready < 0 || fds[1].revents != 0;
        if (ready > 0 && (fds[0].revents != 0 || (fds[1].revents & (POLLHUP | POLLERR)) != 0)) {
            return false;
        }
        if (input && !view_->on_input()) {
            return false;
        }
        if (ready > 0 && fds[2].revents != 0) {
            return true;
        }
    }
}

} // namespace vcoal
