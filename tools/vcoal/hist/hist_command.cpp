// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/command.hpp"
#include "vcoal/hist/session.hpp"

#include <memory>

namespace vcoal {
namespace {

constexpr const char* epilogue =
    R"(Watches the tracepoints of vhost_net_coal with BPF and says, for each queue of each device on
this host or of DEV alone, how many packets a notification was about, and how long the first
of them was held: from its publication in the ring, where a guest that polls sees it at once,
to the notification. What was pending already when this began is not counted, nor are
packets whose notification the guest did not want. Needs root: CAP_BPF and CAP_PERFMON.
DEV is the id of an open file, an interface or pid:PID.

Runs until SIGINT or SIGTERM, or for --seconds. Takes 3 MB of the kernel's memory, however
long it runs; that is for 4096 queues, and of more it says what was missed.

With --json standard output has two lines:
  {"event":"watching"}                              from now on
  {"event":"histograms", "seconds", "missed_batches", "queues":[{"id", "owner", "interface",
   "queue", "direction":"rx"|"tx", "suppressed", "hold_ns":H, "packets":H}]}
where H is {"count", "sum", "min", "mean", "max", "buckets":[{"from", "to", "count"}]}. A
bucket has the values from "from" to "to", both included; "to" is null in one without end.
owner and interface are as in vcoal show --json; what is not known is null.

Examples:
  vcoal hist --seconds 10
  vcoal hist vnet0)";

constexpr double shortest = 0.01;
constexpr double longest = 1e6;

} // namespace

void add_hist_command(CLI::App& app, Invocation& invocation) {
    const auto options = std::make_shared<HistOptions>();
    CLI::App* hist = app.add_subcommand("hist", "Measure how long packets are held");
    hist->footer(epilogue);
    hist->add_option("DEV", options->device, "device (all)");
    hist->add_option_function<double>(
            "--seconds",
            [options](double seconds) {
                options->duration = std::chrono::duration<double>(seconds);
            },
            "how long (until Ctrl-C)")
        ->type_name("N")
        ->check(CLI::Range(shortest, longest));
    hist->add_flag("--json", invocation.json, "JSON lines on standard output");
    hist->callback([options, &invocation] {
        options->json = invocation.json;
        invocation.run = [options] { return run_hist(*options); };
    });
}

} // namespace vcoal
