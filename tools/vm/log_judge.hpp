// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vcoal::vm {

/// What a kernel log says about the kernel's health.
struct LogFindings {
    /// Each a fault the kernel reported: the line that says so and those after it.
    std::vector<std::string> faults;
    /// Complaints of the virtio core about a device that breaks the rules, which
    /// is what tests of hostile devices are for.
    unsigned about_devices = 0;
    /// Data races with none of our functions on either side.
    unsigned foreign_races = 0;
    /// Reports of defects that the kernel's own modules are known to have.
    unsigned known = 0;
    /// Whether such a report was a warning, which taints.
    bool warned = false;
    bool panicked = false;
};

/// Judges a kernel log, one message per line, with or without time stamps.
LogFindings judge_log(std::string_view log);

/// Whether the kernel first died of a breakpoint where its memory holds none. The kernel
/// guards code that it patches by a breakpoint; QEMU, when it emulates several CPUs, now
/// and then has one execute it after the patching has ended. That says nothing about the
/// kernel: what it would say of a breakpoint that is there is not taken for this.
bool ran_phantom_breakpoint(std::string_view log);

/// The reasons in a taint mask that a clean run cannot have, as words; empty if there are
/// none. An out-of-tree module (O) and an unsigned one (E) are fine, and so is what the
/// findings in the log account for.
std::vector<std::string> bad_taints(std::uint64_t mask, const LogFindings& findings);

} // namespace vcoal::vm
