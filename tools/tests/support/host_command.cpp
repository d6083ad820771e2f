// SPDX-License-Identifier: GPL-2.0-only
#include "support/host_command.hpp"

#include <sys/stat.h>

namespace vcoal::test {

using Strings = std::vector<std::string>;
using End = bench::Child::End;

const NetNs& first_netns() {
    static const NetNs netns = NetNs::open("/proc/1/ns/net");
    return netns;
}

Strings vcoal_command(const Strings& arguments) {
    Strings argv{vcoal_program()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
}

End vcoal_run(const Strings& arguments) {
    return run(vcoal_command(arguments), &first_netns());
}

End vcoal_as(std::uint32_t uid, const Strings& arguments) {
    const std::string id = std::to_string(uid);
    Strings argv{"setpriv", "--reuid", id, "--regid", id, "--clear-groups"};
    const Strings rest = vcoal_command(arguments);
    argv.insert(argv.end(), rest.begin(), rest.end());
    return run(argv, &first_netns());
}

Json json_of(const End& end, int status) {
    EXPECT_EQ(end.status, status) << end.output;
    EXPECT_EQ(occurrences(end.output, "\n"), 1U) << end.output;
    return Json::parse(end.output);
}

Json vcoal_json(Strings arguments, int status) {
    arguments.emplace_back("--json");
    return json_of(vcoal_run(arguments), status);
}

Json shown_device(const std::string& name) {
    return vcoal_json({"show", name}).at("devices").at(0);
}

Json shown_queue(const std::string& name, unsigned number, const std::string& direction) {
    return shown_device(name).at("queues").at(number).at(direction);
}

Json params_json(std::uint32_t packets, std::uint32_t usecs) {
    return {{"max_packets", packets}, {"max_usecs", usecs}};
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

void HostCommand::SetUp() {
    ::chmod(vhost_node, 0666);
}

void HostCommand::TearDown() {
    for (const std::string command : {"set", "limit"}) {
        EXPECT_EQ(vcoal_run({command, "all", "rx-usecs", "0", "rx-frames", "0", "tx-usecs", "0",
                             "tx-frames", "0"})
                      .status,
                  0);
    }
    EXPECT_EQ(vcoal_run({"limit", "all", "unlock"}).status, 0);
    ::chmod(vhost_node, 0600);
}

} // namespace vcoal::test
