// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/apply_filter_session.hpp"
#include "vcoal/command.hpp"
#include "vcoal/error.hpp"

#include <memory>

namespace vcoal {
namespace {

constexpr const char* epilogue =
    R"(Asks a running `vcoal pair --control PATH` what its guest wants to receive, programs
IFACE so that no more than that is sent to it, and again after each change. Ends with
SIGINT, SIGTERM or the other end, and then leaves IFACE as it was before: MAC address and
flags are put back, forwarding entries of its own removed, others never touched.

IFACE is one of these, in the network namespace where this runs:
  macvlan, macvtap   MAC address: the guest's. Promiscuous when the guest takes all unicast
                     or has more addresses, all-multicast when it takes any group.
  port of a bridge   floods unicast only when the guest takes all, multicast and broadcast
                     as far as the guest does. The guest's MAC address and the others
                     of its table are static forwarding entries. An address that the
                     bridge knows at another port stays there; only the guest's own
                     may have been learned elsewhere before.

--mac-change says which MAC address the guest may give itself. The first one seen counts as
its own.
  deny               no other (the default)
  allow              any
  MAC[,MAC...]       these alone; the first one seen, too, has to be one of them
One that it may not have is reported and left out; all else of the filter is programmed.

Says what it did, one line per change; what was refused goes to standard error as a warning.
With --json standard output has one object per line:
  {"event":"applied", "interface", "change", "value"}
  {"event":"refused", "interface", "change", "value", "reason"}
  {"event":"restored", "interface", "change", "value"}          at the end
change is mac, promiscuous, all-multicast, unicast-flood, multicast-flood, broadcast-flood,
fdb-add or fdb-remove.

With --once it ends when the filter is programmed and leaves IFACE so; the exit status is 1
when some of it was refused.

Examples:
  vcoal apply-filter --control /run/guest.sock --to macvtap0
  vcoal apply-filter --control /run/guest.sock --to vcoal0 --mac-change allow --json
  vcoal apply-filter --control /run/guest.sock --to vcoal0 --mac-change 02:00:00:00:00:01,02:00:00:00:00:02)";

std::string check_policy(const std::string& text) {
    try {
        MacPolicy::parse(text);
        return "";
    } catch (const Error& error) {
        return error.what();
    }
}

} // namespace

void add_apply_filter_command(CLI::App& app, Invocation& invocation) {
    const auto options = std::make_shared<ApplyFilterOptions>();
    CLI::App* apply =
        app.add_subcommand("apply-filter", "Program what a guest receives in a host's interface");
    apply->footer(epilogue);
    apply->add_option("--control", options->control, "control socket of a `vcoal pair`")
        ->type_name("PATH")
        ->required();
    apply->add_option("--to", options->interface, "macvlan, macvtap or port of a bridge")
        ->type_name("IFACE")
        ->required();
    apply
        ->add_option_function<std::string>(
            "--mac-change",
            [options](const std::string& text) { options->policy = MacPolicy::parse(text); },
            "deny, allow or addresses, see below (deny)")
        ->type_name("POLICY")
        ->check(check_policy);
    apply->add_flag("--once", options->once, "program once and leave it so");
    apply->add_flag("--json", invocation.json, "JSON lines on standard output");
    apply->callback([options, &invocation] {
        options->json = invocation.json;
        invocation.run = [options] { return ApplyFilterSession(*options).run(); };
    });
}

} // namespace vcoal
