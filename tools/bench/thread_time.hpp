// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace vcoal::bench {

/// Processor time the calling thread has used.
std::chrono::nanoseconds thread_time();

/// The threads in which an interface's NAPI polls, once it does so (see
/// World::use_threaded_napi()).
class NapiThreads {
public:
    /// Throws Error when there are none.
    explicit NapiThreads(const std::string& interface);

    /// Processor time they have used, all together.
    std::chrono::nanoseconds run_time() const;

private:
    std::vector<std::string> directories_;
};

} // namespace vcoal::bench
