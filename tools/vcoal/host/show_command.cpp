// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/command.hpp"
#include "vcoal/host/device_report.hpp"
#include "vcoal/host_control.hpp"
#include "vcoal/host_json.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace vcoal {
namespace {

constexpr const char* epilogue =
    R"(Lists the virtio network devices that vhost_net_coal serves on this host, one row for each
direction of each queue. rx is host to guest, tx is guest to host.

A device is all that one process has open at one interface; queue N, as ethtool counts, is
the Nth of its ids. DEV is one of the ids, the interface, or pid:PID, and shows all of one
device: also what the host set, what the guest asked for, and drops. Without CAP_NET_ADMIN
there are only the devices of your own user.

  usecs, frames   in force: notify after this long or so many packets; 0 in either: at once
  by              who decides: the guest if it negotiated coalescing, else the host
  limit           usecs/frames that neither gets beyond, and whether the guest is locked out
  pending         packets that the guest has not been notified of yet
  per 1000        notifications per 1000 packets
  count ... flush notifications by reason: so many packets; that much time; a queue that
                  does not coalesce; so that neither side waits for the other
  suppressed      notifications that were due and that the guest did not want

With --json one object:
  {"devices":[{"ids", "owner":{"pid", "uid", "comm"}, "interface":{"name", "index", "netns"},
    "queues":[{"queue", "id", "features", "rx":{...}, "tx":{...}}]}], "defaults":{"rx", "tx"}}
and in "rx" and "tx": "running", "broken", "ring_size", parameters {"max_packets",
"max_usecs"} as "effective", "requested" (by the guest), "after_queue_reset", "host" and
"limit", "by_guest", "locked", "pending", and "counters". interface is null while there is
none; pid and uid are null where they cannot be seen from here. "defaults" is what devices
opened later begin with.

Examples:
  vcoal show
  vcoal show vnet0
  vcoal show --json | jq '.devices[].queues[].rx.counters.notifications')";

ExitCode show(const std::string& name, bool json) {
    HostControl control;
    std::vector<HostDevice> devices = group_devices(control.files());
    if (!name.empty()) {
        devices = {find_device(devices, name)};
    }
    if (json) {
        Json list = Json::array();
        for (const HostDevice& device : devices) {
            list.push_back(to_json(device));
        }
        const Json all{{"devices", list}, {"defaults", to_json(control.defaults())}};
        fmt::print("{}", json_line(all));
    } else if (devices.empty()) {
        fmt::print("{}", describe_no_devices(::geteuid() == 0));
    } else if (name.empty()) {
        fmt::print("{}", format_devices(devices));
    } else {
        fmt::print("{}", format_device(devices.front()));
    }
    return exit_ok;
}

} // namespace

void add_show_command(CLI::App& app, Invocation& invocation) {
    const auto name = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("show", "Show the devices of this host");
    command->footer(epilogue);
    command->add_option("DEV", *name, "id, interface or pid:PID; all of them without it");
    command->add_flag("--json", invocation.json, "JSON on standard output");
    command->callback([name, &invocation] {
        invocation.run = [name, &invocation] { return show(*name, invocation.json); };
    });
}

} // namespace vcoal
