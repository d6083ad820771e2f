// SPDX-License-Identifier: GPL-2.0-only
//
// qemu-vhost: opens what a network card of QEMU needs of the host, one file of
// /dev/vhost-net-coal and one queue of a tap for each pair of queues, and becomes QEMU, which
// takes them by number. So it needs no patch, and no rights of its own.
#include "vcoal/error.hpp"
#include "vcoal/json.hpp"
#include "vcoal/netdev.hpp"
#include "vcoal/tap.hpp"
#include "vcoal/vhost.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using vcoal::Error;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
/// As many queues as a tap can have.
constexpr unsigned most_pairs = 256;

constexpr const char* epilogue =
    R"(QEMU and its arguments stand behind "--"; what is appended to them is
"-netdev tap,id=ID,fds=...,vhost=on,vhostfds=...". The card that uses it is for you to give:
with N > 1 pairs of queues it needs mq=on and vectors=2N+2.

A tap of that name that is there already is used (ip tuntap add NAME mode tap vnet_hdr, with
multi_queue for more than one pair); else it is made, and goes with QEMU. It stays down unless
--address is given.

One line on standard error says what was opened, with --json as an object with the members
tap, queues, vhost, netdev. An error is one line there as well. Exit status: QEMU's, or
1 when it was not started, 2 for wrong usage.

Examples:
  qemu-vhost --address 192.0.2.1/24 -- qemu-system-x86_64 -accel kvm -m 1G disk.img \
      -device virtio-net-pci,netdev=net0
  qemu-vhost --tap tap0 --queues 4 -- qemu-system-x86_64 -accel kvm -m 1G disk.img \
      -device virtio-net-pci,netdev=net0,mq=on,vectors=10)";

struct Options {
    unsigned queues = 1;
    std::string tap = "vcoal%d";
    std::string address;
    std::string vhost = vcoal::vhost_node;
    std::string id = "net0";
    bool json = false;
    std::vector<std::string> command;
};

/// Open until QEMU has them.
struct Network {
    std::vector<vcoal::Tap> taps;
    std::vector<vcoal::VhostNet> vhosts;
};

Network open_network(const Options& options) {
    Network network;
    std::string name = options.tap;
    for (unsigned pair = 0; pair < options.queues; pair++) {
        network.vhosts.emplace_back(options.vhost);
        network.taps.emplace_back(
            vcoal::TapOptions{.name = name, .multi_queue = options.queues > 1});
        // What was a pattern is a name now.
        name = network.taps.back().name();
    }
    return network;
}

void configure(const vcoal::Tap& tap, const std::string& address) {
    const auto slash = address.find('/');
    unsigned length = 0;
    if (slash == std::string::npos ||
        !CLI::detail::lexical_cast(address.substr(slash + 1), length)) {
        throw Error("address " + address, "read", EINVAL, "it is like 192.0.2.1/24");
    }
    vcoal::NetDev device = tap.netdev();
    device.set_address(address.substr(0, slash), length);
    device.set_up(true);
}

/// Numbers of descriptors that exec() leaves open, as QEMU reads them.
template <typename Files>
std::string hand_on(const Files& files) {
    std::string numbers;
    for (const auto& file : files) {
        if (::fcntl(file.get(), F_SETFD, 0) != 0) {
            throw Error("file descriptor", "hand on", errno);
        }
        numbers += fmt::format("{}{}", numbers.empty() ? "" : ":", file.get());
    }
    return numbers;
}

void announce(const Options& options, const std::string& tap) {
    if (options.json) {
        const vcoal::Json line{{"tap", tap},
                               {"queues", options.queues},
                               {"vhost", options.vhost},
                               {"netdev", options.id}};
        fmt::print(stderr, "{}", vcoal::json_line(line));
        return;
    }
    fmt::print(stderr, "qemu-vhost: {}: {} pair{} of queues of {}; netdev={}\n", tap,
               options.queues, options.queues == 1 ? "" : "s", options.vhost, options.id);
}

[[noreturn]] void become(std::vector<std::string> command) {
    std::vector<char*> argv;
    argv.reserve(command.size() + 1);
    for (std::string& argument : command) {
        argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    throw Error(command.front(), "execute", errno,
                errno == ENOENT ? "is it installed? qemu-system-x86 is a package" : "");
}

[[noreturn]] void run(const Options& options) {
    const Network network = open_network(options);
    if (!options.address.empty()) {
        configure(network.taps.front(), options.address);
    }
    std::vector<std::string> command = options.command;
    command.emplace_back("-netdev");
    command.push_back(fmt::format("tap,id={},fds={},vhost=on,vhostfds={}", options.id,
                                  hand_on(network.taps), hand_on(network.vhosts)));
    announce(options, network.taps.front().name());
    become(std::move(command));
}

void add_options(CLI::App& app, Options& options) {
    app.footer(epilogue);
    app.add_option("--queues", options.queues, "pairs of queues")
        ->type_name("N")
        ->check(CLI::Range(1U, most_pairs))
        ->capture_default_str();
    app.add_option("--tap", options.tap, "name of the tap, %d becomes a number")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--address", options.address,
                   "give the tap an IPv4 address, like 192.0.2.1/24, and set it up")
        ->type_name("A/N");
    app.add_option("--vhost", options.vhost, "vhost-net node, ours or the in-tree one")
        ->type_name("PATH")
        ->capture_default_str();
    app.add_option("--id", options.id, "what the card calls it: netdev=ID")
        ->type_name("ID")
        ->capture_default_str();
    app.add_flag("--json", options.json, "what was opened, and errors, as JSON");
    app.add_option("qemu", options.command, "QEMU and its arguments")->required();
}

int report(const Error& error, bool json) {
    if (json) {
        fmt::print(stderr, "{}", vcoal::json_line(vcoal::to_json(error)));
    } else {
        fmt::print(stderr, "qemu-vhost: {}\n", error.what());
    }
    return exit_failed;
}

int parse_and_run(int argc, char** argv) {
    CLI::App app("QEMU with a network card that vhost_net_coal serves", "qemu-vhost");
    Options options;
    add_options(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            return app.exit(error); // --help
        }
        fmt::print(stderr, "qemu-vhost: {}; see qemu-vhost --help\n", error.what());
        return exit_usage;
    }
    try {
        run(options);
    } catch (const Error& error) {
        return report(error, options.json);
    }
}

} // namespace

int main(int argc, char** argv) {
    try {
        return parse_and_run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "qemu-vhost: {}\n", error.what());
        return exit_failed;
    }
}
