// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vcoal::vm {

/// The kernel's log as text.
struct KernelLog {
    std::string text;
    /// Records that the ring buffer no longer held.
    std::uint64_t lost = 0;
};

/// Reads all of /dev/kmsg; throws Error.
KernelLog read_kernel_log();

/// Turns one record of /dev/kmsg ("prefix;message" and continuation lines) into a
/// line as the console shows it, and its sequence number. False if it is not one.
bool format_record(std::string_view record, std::string& line, std::uint64_t& sequence);

} // namespace vcoal::vm
