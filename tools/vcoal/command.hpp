// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace vcoal {

/// How the program ends; --help tells the same.
enum ExitCode {
    exit_ok = 0,
    exit_failed = 1,
    exit_usage = 2,
    exit_died = 3,
};

/// What the command line asks for. A command's parser fills it in.
struct Invocation {
    /// Carries the command out; throws Error.
    std::function<ExitCode()> run;
    /// Reports and errors are JSON.
    bool json = false;
};

/// Adds the command `pair` (pair_command.cpp). Further commands: one function and one
/// file each, called by main().
void add_pair_command(CLI::App& app, Invocation& invocation);
/// `apply-filter` (apply_filter_command.cpp).
void add_apply_filter_command(CLI::App& app, Invocation& invocation);
/// `show`, `set`, `limit`, `monitor`, `metrics` and `doctor`: what the host's operator does
/// (host/).
void add_show_command(CLI::App& app, Invocation& invocation);
void add_set_command(CLI::App& app, Invocation& invocation);
void add_limit_command(CLI::App& app, Invocation& invocation);
void add_monitor_command(CLI::App& app, Invocation& invocation);
void add_metrics_command(CLI::App& app, Invocation& invocation);
void add_doctor_command(CLI::App& app, Invocation& invocation);
/// `hist` (hist/).
void add_hist_command(CLI::App& app, Invocation& invocation);
/// `top` (top/).
void add_top_command(CLI::App& app, Invocation& invocation);

} // namespace vcoal
