// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/command.hpp"
#include "vcoal/fd.hpp"
#include "vcoal/host_control.hpp"
#include "vcoal/top/view.hpp"

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>

namespace vcoal {

struct TopOptions {
    /// Nothing: all.
    std::optional<std::string> device;
    std::chrono::duration<double> interval{1};
    /// Samples to show; 0: until told to end.
    unsigned count = 0;
    TopOrder order = TopOrder::device;
    bool plain = false;
    bool json = false;
};

/// `vcoal top`: shows what the devices do, until it has shown as much as was asked for, its
/// user has had enough, SIGINT or SIGTERM.
class TopSession {
public:
    explicit TopSession(const TopOptions& options);

    ExitCode run();

private:
    using Clock = HostSnapshot::Clock;

    /// The devices asked for.
    std::vector<HostDevice> devices(const std::vector<HostFile>& files) const;
    /// Takes a snapshot and shows what has happened since the one before.
    void step();
    /// Waits until then, and until its reader has taken enough. False: to end instead.
    bool wait_until(Clock::time_point due);

    TopOptions options_;
    Fd signals_;
    /// Signals that stay blocked while it waits. By the one that does not, a terminal tells
    /// that it has another size; at other times it would be missed.
    sigset_t while_waiting_{};
    HostControl control_;
    HostSnapshot before_;
    std::unique_ptr<TopView> view_;
};

} // namespace vcoal
