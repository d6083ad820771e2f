// SPDX-License-Identifier: GPL-2.0-only
#include "check/machine.hpp"

#include <fmt/format.h>

namespace vcoal::check {

Part vm_part(const Request& request, const Machine& machine, const std::string& name,
             const std::string& report, const std::vector<std::string>& command) {
    const std::string out = fmt::format("{}/{}-{}", request.directory, name, machine.kernel);
    Part part{.name = fmt::format("{}: {}", machine.kernel, name), .argv = {}, .report = {}};
    part.report = out + "/" + report;
    part.argv = {"env"};
    part.argv.insert(part.argv.end(), machine.environment.begin(), machine.environment.end());
    part.argv.insert(part.argv.end(),
                     {"tools/vm/vm", "--kernel", machine.kernel, "--timeout",
                      std::to_string(std::chrono::seconds(machine.limit).count()), "--out", out});
    part.argv.insert(part.argv.end(), machine.options.begin(), machine.options.end());
    part.argv.emplace_back("--");
    part.argv.insert(part.argv.end(), command.begin(), command.end());
    part.limit = machine.limit + std::chrono::minutes(1);
    return part;
}

} // namespace vcoal::check
