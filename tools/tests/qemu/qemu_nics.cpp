// SPDX-License-Identifier: GPL-2.0-only
//
// qemu_nics KERNEL OUT [ARGUMENT...]: a machine with QEMU's network cards, ten of them with
// different options, in which qemu_nics_guest tests our guest driver. Here is the other
// end of the cards, in a network namespace of its own: taps, who answers, and the way to
// QEMU's monitor. OUT gets the guest's report.json; its exit status is ours.
#include "bench/child.hpp"
#include "qemu/nics.hpp"
#include "support/mirror.hpp"
#include "support/multicast.hpp"
#include "support/qmp.hpp"
#include "support/tcp_server.hpp"
#include "vcoal/error.hpp"
#include "vcoal/netdev.hpp"
#include "vm/temporary_directory.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <list>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace vcoal::test {
namespace {

using Strings = std::vector<std::string>;

constexpr std::chrono::seconds limit{780};

/// Everything that comes on one descriptor goes to the other, both ways.
void relay(int a, int b) {
    std::array<pollfd, 2> ends{{{a, POLLIN, 0}, {b, POLLIN, 0}}};
    while (::poll(ends.data(), ends.size(), -1) > 0) {
        for (std::size_t i = 0; i < ends.size(); i++) {
            std::array<char, 4096> buffer{};
            if (ends.at(i).revents == 0) {
                continue;
            }
            const ssize_t got = ::recv(ends.at(i).fd, buffer.data(), buffer.size(), 0);
            if (got <= 0 || ::send(ends.at(1 - i).fd, buffer.data(), static_cast<std::size_t>(got),
                                   MSG_NOSIGNAL) != got) {
                return;
            }
        }
    }
}

/// The taps, and who answers behind them.
class OtherEnd {
public:
    explicit OtherEnd(const std::string& monitor)
        : echoes_(echo_port, echo), monitors_(monitor_port, [monitor](int connection) {
              const Fd socket = connect_to_qemu(monitor);
              relay(connection, socket.get());
          }) {
        for (std::size_t nic = 0; nic < qemu_nics.size(); nic++) {
            add_tap(nic);
        }
    }

private:
    void add_tap(std::size_t nic) {
        const std::string name = fmt::format("tap{}", nic);
        Strings create{"ip", "tuntap", "add", name, "mode", "tap", "vnet_hdr"};
        if (qemu_nics[nic].pairs > 1) {
            create.emplace_back("multi_queue");
        }
        bench::run_program(create, nullptr, limit);
        NetDev tap(name);
        tap.set_address(host_address(nic), 24);
        tap.set_up(true);
        mirrors_.emplace_back(name);
        groups_.emplace_back(host_address(nic), group_port, group);
    }

    TcpServer echoes_;
    TcpServer monitors_;
    std::list<Mirror> mirrors_;
    std::list<GroupSender> groups_;
};

Strings arguments_for(std::size_t nic) {
    const QemuNic& card = qemu_nics[nic];
    const std::string options = *card.options != '\0' ? std::string(",") + card.options : "";
    return {"--qemu=-netdev",
            fmt::format("--qemu=tap,id=net{0},ifname=tap{0},script=no,downscript=no,vhost=off,"
                        "queues={1}",
                        nic, card.pairs),
            "--qemu=-device",
            fmt::format("--qemu=virtio-net-pci,id=nic{0},netdev=net{0},mac={1},"
                        "disable-legacy=on{2}",
                        nic, nic_mac(nic), options)};
}

Strings machine(const std::string& kernel, const std::string& out, const std::string& monitor) {
    Strings argv{"tools/vm/vm", "--kernel", kernel, "--timeout", std::to_string(limit.count()),
                 "--out", out,
                 // Its slots are for cards that are pulled and plugged; those of a q35 are not.
                 "--qemu=-machine", "--qemu=pc", "--qemu=-qmp",
                 fmt::format("--qemu=unix:{},server=on,wait=off", monitor)};
    for (std::size_t nic = 0; nic < qemu_nics.size(); nic++) {
        const Strings more = arguments_for(nic);
        argv.insert(argv.end(), more.begin(), more.end());
    }
    argv.insert(argv.end(),
                {"--", "sh", "-c", R"(exec "$0" --gtest_output="json:$VCOAL_OUT/report.json" "$@")",
                 QEMU_NICS_GUEST});
    return argv;
}

int run(const Strings& arguments) {
    if (::unshare(CLONE_NEWNET) != 0) {
        throw Error("network namespace", "create", errno, "this runs as root");
    }
    const vm::TemporaryDirectory directory;
    const std::string monitor = directory.path() / "monitor";
    const OtherEnd other(monitor);
    Strings argv = machine(arguments.at(0), arguments.at(1), monitor);
    argv.insert(argv.end(), arguments.begin() + 2, arguments.end());
    bench::Child child(argv, nullptr, bench::Errors::output);
    while (const auto line = child.read_line(limit)) {
        fmt::print("{}\n", *line);
        std::fflush(stdout);
    }
    return child.finish(limit).status;
}

} // namespace
} // namespace vcoal::test

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() < 2) {
        fmt::print(stderr, "usage: qemu_nics KERNEL OUT [ARGUMENT OF GOOGLETEST...]\n");
        return 2;
    }
    try {
        return vcoal::test::run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "qemu_nics: {}\n", error.what());
        return 1;
    }
}
