// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace vcoal::vm {

/// What the command line asks for.
struct Options {
    enum class Action { run, print_kdir, prepare, help };
    enum class Accel { probe, tcg, kvm };

    Action action = Action::run;
    std::string kernel = "6.1";
    Accel accel = Accel::probe;
    unsigned smp = 2;
    unsigned memory_mib = 2048;
    bool icount = false;
    std::chrono::seconds timeout{300};
    std::chrono::seconds boot_timeout{60};
    std::filesystem::path out;
    /// Added to QEMU's command line.
    std::vector<std::string> qemu;
    std::vector<std::string> command;
};

/// A command line that makes no sense; what() says why.
class UsageError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Throws UsageError.
Options parse_options(const std::vector<std::string>& args);

/// The text of --help.
std::string help_text();

} // namespace vcoal::vm
