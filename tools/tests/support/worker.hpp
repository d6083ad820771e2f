// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

namespace vcoal::test {

/// A kernel thread that serves an open vhost file of a process.
class Worker {
public:
    /// Finds the only one; throws Error when there is none, or more than one.
    /// @param owner the process; 0: this one
    static Worker find(pid_t owner = 0);
    /// All of them, in no order.
    static std::vector<Worker> all(pid_t owner = 0);

    pid_t id() const noexcept { return id_; }
    /// The control groups it is in, a line for each hierarchy.
    std::string control_groups() const;
    /// Processor time it has used.
    std::chrono::nanoseconds run_time() const;
    /// True when it uses next to no processor time from now on for @p period.
    bool idle_for(std::chrono::milliseconds period) const;

private:
    explicit Worker(pid_t id, std::string directory) : id_(id), directory_(std::move(directory)) {}

    pid_t id_;
    std::string directory_;
};

/// Processor time that all workers of a process have used.
std::chrono::nanoseconds workers_run_time(pid_t owner);

} // namespace vcoal::test
