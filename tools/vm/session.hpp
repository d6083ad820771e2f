// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vm/progress.hpp"
#include "vm/qemu.hpp"
#include "vm/verdict.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace vcoal::vm {

/// What a run needs beside the machine.
struct Run {
    const Machine& machine;
    std::vector<Share> shares;
    std::string nonce;
    /// The command's errors go with its output.
    bool merge_output = false;
    std::chrono::seconds timeout{};
    /// How long a machine may take to boot; without, as long as everything.
    std::optional<std::chrono::seconds> boot_timeout;
    /// Receives what QEMU itself says.
    std::filesystem::path qemu_messages;
};

/// Blocks SIGINT, SIGTERM and SIGHUP so that a session can take them in order.
void block_signals();

/// Starts the machine, passes the command's output on while it runs, and stops the
/// machine when the agent has reported, at the timeout or at a signal. Nothing of
/// the machine outlives this call. Needs block_signals().
Outcome run_session(const Run& run, Progress& progress);

} // namespace vcoal::vm
