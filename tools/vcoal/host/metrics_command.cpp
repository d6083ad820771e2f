// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/command.hpp"
#include "vcoal/host/metrics.hpp"
#include "vcoal/host/replace_file.hpp"
#include "vcoal/host_control.hpp"
#include "vcoal/json.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <memory>

namespace vcoal {
namespace {

constexpr const char* epilogue =
    R"(Writes counters and parameters of all devices as OpenMetrics text, once. The labels are
id, netdev, queue and direction. Times are in seconds. Counters begin anew when a device is
reset.

With --output the file is replaced as a whole, so that a reader never sees half of it:
name it *.prom in the directory of node_exporter's textfile collector, and run this from a
timer. With --json it says {"written":PATH,"devices":N} then.

Examples:
  vcoal metrics
  vcoal metrics --output /var/lib/prometheus/node-exporter/vcoal.prom)";

ExitCode write_metrics(const std::string& path, bool json) {
    HostControl control;
    const std::vector<HostDevice> devices = group_devices(control.files());
    const std::string text = format_metrics(devices);
    if (path.empty()) {
        fmt::print("{}", text);
        return exit_ok;
    }
    replace_file(path, text);
    if (json) {
        fmt::print("{}", json_line({{"written", path}, {"devices", devices.size()}}));
    }
    return exit_ok;
}

} // namespace

void add_metrics_command(CLI::App& app, Invocation& invocation) {
    const auto path = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("metrics", "Write counters for Prometheus");
    command->footer(epilogue);
    command->add_option("--output", *path, "file to replace, instead of standard output")
        ->type_name("FILE");
    command->add_flag("--json", invocation.json, "errors, and what --output did, as JSON");
    command->callback([path, &invocation] {
        invocation.run = [path, &invocation] { return write_metrics(*path, invocation.json); };
    });
}

} // namespace vcoal
