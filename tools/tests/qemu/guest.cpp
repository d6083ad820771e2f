// SPDX-License-Identifier: GPL-2.0-only
#include "qemu/guest.hpp"

#include "support/bench.hpp"
#include "support/modules.hpp"
#include "vcoal/error.hpp"
#include "vm/files.hpp"
#include "vm/log_judge.hpp"
#include "vm/qemu.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iostream>
#include <unistd.h>

namespace vcoal::test {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

constexpr std::chrono::seconds patience{120};

/// Processor feature, and the module that makes use of it.
constexpr std::pair<const char*, const char*> virtualisation[] = {{" svm ", "kvm_amd"},
                                                                  {" vmx ", "kvm_intel"}};

std::string find_accelerator() {
    const std::string processors = vm::read_file("/proc/cpuinfo");
    for (const auto& [feature, module] : virtualisation) {
        if (processors.find(feature) == std::string::npos) {
            continue;
        }
        try {
            load_system_module(module);
        } catch (const Error&) {
            return "tcg";
        }
    }
    return ::access("/dev/kvm", R_OK | W_OK) == 0 ? "kvm" : "tcg";
}

fs::path guest_file(const char* name) {
    const char* directory = std::getenv("VCOAL_GUEST");
    if (directory == nullptr) {
        throw Error("guest", "find", 0,
                    "VCOAL_GUEST is the directory that tools/tests/qemu/make-guest has filled");
    }
    return fs::path(directory) / name;
}

void append(Strings& argv, const Strings& more) {
    argv.insert(argv.end(), more.begin(), more.end());
}

Strings processor(const GuestOptions& options) {
    // An interrupt that an IOMMU remaps does not come from the kernel's own IOAPIC.
    const std::string irqchip = options.iommu ? ",kernel-irqchip=split" : "";
    if (guest_accelerator() == "kvm") {
        return {"-accel", "kvm" + irqchip, "-cpu", "host,-xsave"};
    }
    return {"-accel", "tcg", "-cpu", vm::emulated_cpu};
}

Strings network_card(const GuestOptions& options) {
    std::string card = "virtio-net-pci,netdev=net0,mac=52:54:00:00:00:02";
    if (options.pairs > 1) {
        card += fmt::format(",mq=on,vectors={}", 2 * options.pairs + 2);
    }
    if (options.iommu) {
        // Only a card behind a port has address translation services: with a device IOTLB,
        // but without these, QEMU 7.2 does not tell any vhost what is unmapped lazily.
        card += ",disable-legacy=on,iommu_platform=on,ats=on,bus=port0";
        return {"-device", "intel-iommu,intremap=on,device-iotlb=on",
                "-device", "pcie-root-port,id=port0",
                "-device", card};
    }
    return {"-device", card};
}

Strings command(const GuestOptions& options, const fs::path& directory) {
    Strings argv{QEMU_VHOST,  "--json",   "--tap",
                 options.tap, "--queues", std::to_string(options.pairs)};
    if (options.with_host_address) {
        append(argv, {"--address", fmt::format("{}/24", host_address)});
    }
    append(argv, {"--", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot",
                  "-display", "none", "-machine", "q35", "-m", "256M"});
    append(argv, processor(options));
    append(argv, {"-smp", std::to_string(options.processors)});
    append(argv, {"-kernel", guest_file("vmlinux"), "-initrd", guest_file("initramfs")});
    append(argv,
           {"-append",
            fmt::format("console=ttyS0 loglevel=5 oops=panic panic=-1 no_timer_check {}"
                        "vcoal.driver={} vcoal.address={}/24",
                        options.iommu ? "intel_iommu=on " : "", options.driver, guest_address)});
    append(argv, {"-serial", fmt::format("file:{}", (directory / "console").string())});
    append(argv,
           {"-qmp", fmt::format("unix:{},server=on,wait=off", (directory / "monitor").string())});
    append(argv, {"-chardev", fmt::format("socket,id=agent,server=on,wait=off,path={}",
                                          (directory / "agent").string())});
    append(argv, {"-device", "virtio-serial-pci", "-device",
                  "virtserialport,id=agent,chardev=agent,name=vcoal.agent"});
    append(argv, network_card(options));
    if (options.incoming) {
        append(argv, {"-incoming", "defer"});
    }
    return argv;
}

/// qemu-vhost tells that it has opened everything, or what is wrong.
void expect_opened(bench::Child& qemu) {
    const auto line = qemu.read_line(patience);
    if (!line || line->find(R"("vhost")") == std::string::npos) {
        throw Error("qemu-vhost", "start", 0, line.value_or("it said nothing"));
    }
}

/// QEMU makes its sockets a while after it was started.
void await_sockets(bench::Child& qemu, const Strings& paths) {
    for (const std::string& path : paths) {
        if (!eventually([&] { return fs::exists(path); })) {
            throw Error("QEMU", "wait for " + path, ETIMEDOUT, qemu.finish(patience).output);
        }
    }
}

} // namespace

const std::string& guest_accelerator() {
    static const std::string accelerator = find_accelerator();
    return accelerator;
}

Guest::Guest(const GuestOptions& options)
    : qemu_(command(options, directory_.path()), nullptr, bench::Errors::output) {
    expect_opened(qemu_);
    try {
        await_sockets(qemu_, {path("monitor"), path("agent")});
        monitor_.emplace(connect_to_qemu(path("monitor")));
        agent_.emplace(path("agent"));
        if (!options.incoming) {
            await_agent();
        }
    } catch (const Error&) {
        show_console();
        throw;
    }
}

Guest::~Guest() {
    try {
        EXPECT_EQ(vm::judge_log(vm::read_file(path("console"))).faults, Strings{});
        if (testing::Test::HasFailure() || std::uncaught_exceptions() > 0) {
            show_console();
        }
    } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
    }
}

void Guest::show_console() {
    ::kill(qemu_.pid(), SIGKILL);
    std::cout << "--- the guest's console ---\n"
              << vm::read_file(path("console")) << "--- what QEMU said ---\n"
              << qemu_.finish(patience).output << std::endl;
}

bool Guest::negotiated(unsigned feature) {
    // One digit for each bit, of the device that has the interface.
    const std::string bits = run("cat /sys/class/net/*/device/features");
    return bits.at(feature) == '1';
}

void Guest::await_agent() {
    while (!monitor_->await("VSERPORT_CHANGE").at("data").at("open").get<bool>()) {
    }
}

void Guest::reboot() {
    const std::string before = boot_id();
    // Until now a guest that reboots is one that failed.
    monitor_->run("set-action", {{"reboot", "reset"}});
    agent_->tell("reboot -f");
    // The old kernel would swallow what is said before.
    await_agent();
    monitor_->run("set-action", {{"reboot", "shutdown"}});
    if (boot_id() == before) {
        throw Error("guest", "reboot", 0, "it is the same kernel");
    }
}

void Guest::kill() {
    ::kill(qemu_.pid(), SIGKILL);
    qemu_.finish(patience);
}

} // namespace vcoal::test
