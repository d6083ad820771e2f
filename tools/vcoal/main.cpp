// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/command.hpp"
#include "vcoal/error.hpp"
#include "vcoal/report.hpp"

#include <cerrno>
#include <cstdio>
#include <exception>
#include <fmt/format.h>

namespace {

using vcoal::Invocation;

constexpr const char* epilogue = R"(Exit status:
  0  done
  1  failed; standard error says why
  2  wrong usage, or no such device, queue or value; standard error names those there are
  3  the device died while it was running

An error is one line on standard error, "vcoal: OBJECT: OPERATION: REASON; HINT",
or with --json an object with the members object, operation, errno, message, hint.

Examples:
  vcoal pair --netns guest
  vcoal apply-filter --control /run/guest.sock --to macvtap0
  vcoal show
  vcoal set vnet0 rx-usecs 50 rx-frames 32
  vcoal top
  vcoal --version)";

int usage(CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
        return app.exit(error); // --help, --version
    }
    fmt::print(stderr, "vcoal: {}; see vcoal --help\n", error.what());
    return vcoal::exit_usage;
}

int report(const vcoal::Error& error, bool json, vcoal::ExitCode code) {
    if (json) {
        fmt::print(stderr, "{}\n", vcoal::to_json(error).dump());
    } else {
        fmt::print(stderr, "vcoal: {}\n", error.what());
    }
    return code;
}

int run(int argc, char** argv) {
    CLI::App app("Notification coalescing for virtio network devices", "vcoal");
    app.set_version_flag("--version", "vcoal " VCOAL_VERSION);
    app.require_subcommand(1);
    app.footer(epilogue);
    Invocation invocation;
    vcoal::add_pair_command(app, invocation);
    vcoal::add_apply_filter_command(app, invocation);
    vcoal::add_show_command(app, invocation);
    vcoal::add_set_command(app, invocation);
    vcoal::add_limit_command(app, invocation);
    vcoal::add_monitor_command(app, invocation);
    vcoal::add_metrics_command(app, invocation);
    vcoal::add_doctor_command(app, invocation);
    vcoal::add_hist_command(app, invocation);
    vcoal::add_top_command(app, invocation);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return usage(app, error);
    }
    try {
        const vcoal::ExitCode code = invocation.run();
        if (std::fflush(stdout) != 0) {
            throw vcoal::Error("standard output", "write", errno);
        }
        return code;
    } catch (const vcoal::UsageError& error) {
        return report(error, invocation.json, vcoal::exit_usage);
    } catch (const vcoal::Error& error) {
        return report(error, invocation.json, vcoal::exit_failed);
    }
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "vcoal: {}\n", error.what());
        return vcoal::exit_failed;
    }
}
