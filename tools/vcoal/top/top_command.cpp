// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/command.hpp"
#include "vcoal/top/session.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace vcoal {
namespace {

constexpr const char* epilogue =
    R"(Shows, for each queue of each device of vhost_net_coal that is open on this host, or of DEV
alone:
  DEVICE, ID     interface, and number of the open file
  QUEUE          rx: host to guest, tx: guest to host; number as ethtool counts
  PKTS/S         packets per second
  NOTIF/S        notifications sent to the guest per second
  P/NOTIF        packets for each of them
  C/T/I/F %      why they were sent: by count, by timer, immediately (nothing is held),
                 flushed because somebody would have waited for ever
  SUPPR%         of the notifications that were due, those that the guest did not want
  USECS/FRAMES   what is in force: held this long, or for this many packets; any: for
                 the time alone; off: nothing is held
  PEND           packets published and not yet notified, at this moment
  STALLS         times when something was left lying and was set going again
  STATE          runs; stopped: not set up or without back end; broken: what the guest wrote
                 made no sense
A rate that is not known yet is "-". DEV is the id of an open file, an interface or pid:PID.
Without CAP_NET_ADMIN there are your own devices alone.

On a terminal it is a screen: q ends it; d p n r s w t sort; arrows and page keys scroll.
Elsewhere, and with --plain, one table follows the other. With --json each interval is an
object on one line:
  {"time_ns", "seconds", "queues":[{"id", "owner", "interface", "queue",
   "direction":"rx"|"tx", "counted":{"packets", "bytes", "kicks", "notifications":{"total",
   "count", "timer", "immediate", "flush"}, "suppressed", "stalls"}, "per_second":{"packets",
   "bytes", "notifications"}, "packets_per_notification", "suppressed_share", "effective",
   "pending", "stalls", "running", "broken"}]}
time_ns is CLOCK_MONOTONIC; seconds is how long the interval was, measured; counted is what
happened in it, of a device that was reset in between what it did since; stalls is their
number since then. What is not known is null; the rest is as in vcoal show --json.

Examples:
  vcoal top
  vcoal top vnet0 --sort packets
  vcoal top --json --interval 10 --count 6)";

/// Shorter ones are all overhead, longer ones are forgotten.
constexpr double shortest_interval = 0.1;
constexpr double longest_interval = 86400;

std::vector<std::string> order_names() {
    std::vector<std::string> names;
    std::ranges::transform(top_orders, std::back_inserter(names), &TopOrderName::name);
    return names;
}

} // namespace

void add_top_command(CLI::App& app, Invocation& invocation) {
    const auto options = std::make_shared<TopOptions>();
    CLI::App* top = app.add_subcommand("top", "Show live what the devices of this host do");
    top->footer(epilogue);
    top->add_option("DEV", options->device, "device (all)");
    top->add_option_function<double>(
           "--interval",
           [options](double seconds) {
               options->interval = std::chrono::duration<double>(seconds);
           },
           "seconds from one look to the next (1)")
        ->type_name("S")
        ->check(CLI::Range(shortest_interval, longest_interval));
    top->add_option("--count", options->count, "end after this many (0: do not)")->type_name("N");
    top->add_option_function<std::string>(
           "--sort",
           [options](const std::string& name) {
               options->order = std::ranges::find(top_orders, name, &TopOrderName::name)->order;
           },
           "what comes first (device)")
        ->type_name("KEY")
        ->check(CLI::IsMember(order_names()));
    top->add_flag("--plain", options->plain, "tables one after the other, on a terminal, too");
    top->add_flag("--json", invocation.json, "JSON lines on standard output");
    top->callback([options, &invocation] {
        options->json = invocation.json;
        invocation.run = [options] { return TopSession(*options).run(); };
    });
}

} // namespace vcoal
