// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <functional>
#include <thread>
#include <vector>

namespace vcoal {

/// Threads that wait for the same as the loop of the process does, one on each of two CPUs
/// and before everything else there. A driver may spin for an answer, with a CPU to itself,
/// and the scheduler may have left the loop behind it; one of these is elsewhere.
class SpareThreads {
public:
    /// @param fds valid as long as this lives
    /// @param serve called when one of them is readable, by several threads at a time;
    ///        false: it was the last time
    SpareThreads(std::vector<int> fds, std::function<bool()> serve);
    SpareThreads(const SpareThreads&) = delete;
    SpareThreads& operator=(const SpareThreads&) = delete;
    SpareThreads(SpareThreads&&) = delete;
    SpareThreads& operator=(SpareThreads&&) = delete;
    /// Waits for calls of serve to return.
    ~SpareThreads();

    /// There are two CPUs for them.
    static bool possible();

private:
    void run(int cpu) const;

    std::vector<int> fds_;
    std::function<bool()> serve_;
    EventFd stop_;
    std::vector<std::jthread> threads_;
};

} // namespace vcoal
