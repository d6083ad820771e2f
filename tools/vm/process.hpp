// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vm/files.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace vcoal::vm {

/// How a child process starts.
struct SpawnOptions {
    std::vector<std::string> argv;
    /// Descriptors of ours that the child keeps, under the same numbers.
    std::vector<int> keep;
    /// The child's standard output and error; -1 leaves ours.
    int out = -1;
    int err = -1;
};

/// A child process in a process group of its own. It dies with this object, and
/// with this process however that ends. Its standard input is empty.
class Process {
public:
    /// Throws Error when the program cannot be executed.
    explicit Process(const SpawnOptions& options);
    Process(Process&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)),
          status_(other.status_) {}
    Process& operator=(Process&&) = delete;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    /// Becomes readable when the process has ended.
    int pidfd() const { return pidfd_.get(); }
    pid_t pid() const { return pid_; }

    /// The wait status if the process has ended or does so within @p limit.
    std::optional<int> wait(std::chrono::milliseconds limit);
    /// Kills the whole group and waits for the process.
    void kill();

private:
    pid_t pid_ = -1;
    Fd pidfd_;
    std::optional<int> status_;
};

/// Runs a program to its end and returns what it wrote to its standard output,
/// without trailing newlines. Throws Error if it fails; its standard error is ours.
std::string capture(const std::vector<std::string>& argv);

} // namespace vcoal::vm
