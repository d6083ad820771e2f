// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/command.hpp"
#include "vcoal/error.hpp"
#include "vcoal/host/change_files.hpp"
#include "vcoal/host/change_report.hpp"
#include "vcoal/host_control.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <memory>

namespace vcoal {
namespace {

constexpr const char* set_epilogue =
    R"(Sets what the host wants: notify the guest after this long (usecs), or after so many packets
(frames), whichever comes first. In force for guests that did not negotiate coalescing; one
that did decides itself, and is bounded by `vcoal limit` alone. Both values have to be above
0, else each batch is notified at once (off). What is not named stays as it is.

DEV is an id, an interface or pid:PID, as in `vcoal show`. all is every device, and each one
opened later. queue N is one queue, as ethtool counts; without it all of the device.

rx is host to guest, tx is guest to host. A time is in microseconds, or has a unit: 50us,
0.05ms, 1s. To wait by time alone, set frames to 4294967295.

Says what was and what is, and warns where it has no effect now. Of several queues all are
changed or, after an error, none. With --json one object:
  {"changed":[{"id", "owner", "interface", "queue", "direction":"rx"|"tx",
    "before":{"host", "limit", "locked", "by_guest", "effective"}, "after":{...},
    "warnings":[...]}], "defaults":{"rx", "tx"}, "warnings":[...]}
with "defaults" and their "warnings" after `all`.

Examples:
  vcoal set vnet0 rx-usecs 50 rx-frames 32 tx-usecs 0.1ms tx-frames 64
  vcoal set 3 queue 1 rx-usecs 0
  vcoal set all rx-usecs 50 rx-frames 32)";

constexpr const char* limit_epilogue =
    R"(Bounds what may be in force, whoever decides, the guest or the host. A guest that asks for
more is refused from now on; one that has more already gets what the limit allows, and gets
back what it asked for when the limit is raised. 0 is the built-in limit (max_usecs of the
module; any number of frames). lock: the guest may not change its parameters at all.

Devices, queues, units and the output are as in `vcoal set --help`.

Examples:
  vcoal limit vnet0 rx-usecs 100us tx-usecs 100us
  vcoal limit all rx-usecs 1ms lock
  vcoal limit pid:1234 queue 0 unlock)";

struct SetOptions {
    HostTarget target;
    std::string device;
    std::vector<std::string> words;
};

constexpr const char* all_devices = "all";

/// The files that a device's settings are about.
std::vector<HostFile> files_of(const HostDevice& device, const HostSettings& settings) {
    return settings.queue ? std::vector{find_queue(device, *settings.queue)} : device.files;
}

/// Of every device, as far as it has that queue.
std::vector<HostFile> files_of(const std::vector<HostDevice>& devices,
                               const HostSettings& settings) {
    std::vector<HostFile> files;
    std::size_t most = 0;
    for (const HostDevice& device : devices) {
        most = std::max(most, device.files.size());
        if (*settings.queue < device.files.size()) {
            files.push_back(device.files.at(*settings.queue));
        }
    }
    if (files.empty()) {
        throw UsageError(fmt::format("queue {}", *settings.queue), "find", ENOENT,
                         most == 0 ? "there is no device"
                                   : fmt::format("the queues there are: 0 to {}", most - 1));
    }
    return files;
}

/// The module's built-in limit.
std::string longest_time() {
    std::ifstream file("/sys/module/vhost_net_coal/parameters/max_usecs");
    std::string usecs;
    std::getline(file, usecs);
    return usecs.empty() ? "?" : usecs;
}

/// A device, its files and what they are to be, as somebody asked for it.
class Change {
public:
    explicit Change(const SetOptions& options)
        : settings_(parse_settings(options.words, options.target)),
          for_all_(options.device == all_devices), before_(group_devices(control_.files())) {
        if (!for_all_) {
            before_ = {find_device(before_, options.device)};
        }
    }

    void carry_out() {
        try {
            if (sets_defaults()) {
                control_.set(change_for(settings_, std::nullopt));
            } else {
                change_files(for_all_ ? files_of(before_, settings_)
                                      : files_of(before_.front(), settings_),
                             settings_, [this](const HostChange& one) { control_.set(one); });
            }
        } catch (const Error& error) {
            if (error.code() == ERANGE || error.code() == EINVAL) {
                throw UsageError(error.object(), error.operation(), error.code(),
                                 error.hint() + "; the longest time is " + longest_time() + " us");
            }
            throw;
        }
    }

    Json report() {
        Json changed = Json::array();
        for (const QueueOutcome& outcome : outcomes()) {
            changed.push_back(to_json(outcome, settings_.target));
        }
        Json json{{"changed", changed}};
        if (sets_defaults()) {
            const HostDefaults defaults = control_.defaults();
            json["defaults"] = to_json(defaults);
            json["warnings"] = warnings_of(defaults, settings_);
        }
        return json;
    }

    void say() {
        for (const QueueOutcome& outcome : outcomes()) {
            fmt::print("{}\n", describe_outcome(outcome, settings_.target));
            warn(fmt::format("{}, queue {} {}", file_label(outcome.identity), outcome.number,
                             direction_name(outcome.after.index)),
                 warnings_of(outcome, settings_.target));
        }
        if (sets_defaults()) {
            const HostDefaults defaults = control_.defaults();
            fmt::print("{}\n", describe_defaults(defaults, settings_));
            warn("devices opened later", warnings_of(defaults, settings_));
        }
    }

private:
    bool sets_defaults() const { return for_all_ && !settings_.queue; }

    std::vector<QueueOutcome> outcomes() {
        return outcomes_of(settings_, before_, group_devices(control_.files()));
    }

    static void warn(const std::string& what, const std::vector<std::string>& warnings) {
        std::fflush(stdout);
        for (const std::string& warning : warnings) {
            fmt::print(stderr, "vcoal: warning: {}: {}\n", what, warning);
        }
    }

    HostSettings settings_;
    bool for_all_;
    HostControl control_;
    std::vector<HostDevice> before_;
};

ExitCode set(const SetOptions& options, bool json) {
    Change change(options);
    change.carry_out();
    if (json) {
        fmt::print("{}", json_line(change.report()));
    } else {
        change.say();
    }
    return exit_ok;
}

void add_command(CLI::App* command, HostTarget target, const char* words, Invocation& invocation) {
    const auto options = std::make_shared<SetOptions>();
    options->target = target;
    command->add_option("DEV", options->device, "id, interface, pid:PID, or all")->required();
    command->add_option("SETTINGS", options->words, words)->required();
    command->add_flag("--json", invocation.json, "JSON on standard output");
    command->callback([options, &invocation] {
        invocation.run = [options, &invocation] { return set(*options, invocation.json); };
    });
}

} // namespace

void add_set_command(CLI::App& app, Invocation& invocation) {
    CLI::App* command = app.add_subcommand("set", "Set when the host notifies guests");
    command->footer(set_epilogue);
    add_command(command, HostTarget::host,
                "[queue N] rx-usecs U rx-frames F tx-usecs U tx-frames F", invocation);
}

void add_limit_command(CLI::App& app, Invocation& invocation) {
    CLI::App* command = app.add_subcommand("limit", "Bound what guests and host may set");
    command->footer(limit_epilogue);
    add_command(command, HostTarget::limit,
                "[queue N] rx-usecs U rx-frames F tx-usecs U tx-frames F [lock|unlock]",
                invocation);
}

} // namespace vcoal
