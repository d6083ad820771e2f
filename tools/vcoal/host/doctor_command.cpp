// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/command.hpp"
#include "vcoal/host/doctor_facts.hpp"
#include "vcoal/json.hpp"

#include <cstdio>
#include <fmt/format.h>

namespace vcoal {
namespace {

constexpr const char* epilogue =
    R"(Looks at what coalescing on this host needs, and changes nothing: the kernel, the module
vhost_net_coal, its node /dev/vhost-net-coal and who may open it, the netlink family, what
each guest negotiated, KVM, and BTF. Each finding is one line: ok, note (worth knowing) or
trouble, and where a command mends it, "-> COMMAND". The exit status is 1 when there is
trouble.

With --json one object:
  {"trouble":true|false, "findings":[{"kind":"ok"|"note"|"trouble", "subject", "text",
    "mend":COMMAND|null}]}

Examples:
  vcoal doctor
  sudo -u libvirt-qemu vcoal doctor)";

ExitCode examine(bool json) {
    const std::vector<Finding> findings = find_troubles(gather_facts());
    fmt::print("{}", json ? json_line(to_json(findings)) : format_findings(findings));
    return any_trouble(findings) ? exit_failed : exit_ok;
}

} // namespace

void add_doctor_command(CLI::App& app, Invocation& invocation) {
    CLI::App* command = app.add_subcommand("doctor", "Find out what is missing on this host");
    command->footer(epilogue);
    command->add_flag("--json", invocation.json, "JSON on standard output");
    command->callback(
        [&invocation] { invocation.run = [&invocation] { return examine(invocation.json); }; });
}

} // namespace vcoal
