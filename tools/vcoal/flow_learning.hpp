// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <bpf/libbpf.h>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace vcoal {

/// A program that sees what the guest sends through a tap, while that is wanted: each
/// packet pays for it.
///
/// To attach it takes rtnl, which the driver may hold while it waits for this process.
/// So a thread does: nobody waits for it, and it is soon done.
class FlowLearning {
public:
    /// Finds out whether it can be attached; takes rtnl. Throws Error.
    FlowLearning(const std::string& tap, int interface, int program);

    /// Waits for nothing.
    void want(bool wanted);
    /// It is attached.
    bool active() const;

private:
    void run(const std::stop_token& stop);
    /// 0 or a negative errno value.
    int set_attached(bool attached);

    bpf_tc_hook hook_{};
    bpf_tc_opts place_{};
    int program_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    bool wanted_ = false;
    bool active_ = false;
    std::jthread thread_;
};

} // namespace vcoal
