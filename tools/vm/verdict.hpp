// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vm/channel.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace vcoal::vm {

/// Exit statuses that the runner adds to the command's own; --help explains them.
enum ExitStatus : int {
    exit_machine_ended = 120,
    exit_kernel_fault = 121,
    exit_panic = 122,
    exit_timeout = 124,
    exit_cannot_run = 125,
    exit_cannot_execute = 126,
    exit_not_found = 127,
    exit_signal_base = 128,
};

/// Why the runner stopped watching the machine.
enum class End { reported, machine_ended, boot_timeout, timeout, interrupted };

/// All that a run left behind to judge it by.
struct Outcome {
    End end = End::reported;
    /// The signal of End::interrupted.
    int signal = 0;
    std::chrono::seconds timeout{};
    Report report;
    std::string console;
    /// QEMU's wait status of End::machine_ended.
    int qemu_status = 0;
    /// What QEMU itself said.
    std::string qemu_messages;
};

/// The runner's answer.
struct Verdict {
    int exit_status = 0;
    /// Lines for standard error; empty when there is nothing to add to the
    /// command's own output.
    std::vector<std::string> lines;
    /// Whether the console log is worth keeping.
    bool keep_log = false;
};

/// Nothing but a complete report of a command that ended with 0 on a healthy
/// kernel yields 0.
Verdict judge(const Outcome& outcome);

} // namespace vcoal::vm
