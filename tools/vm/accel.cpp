// SPDX-License-Identifier: GPL-2.0-only
#include "vm/accel.hpp"

#include "vcoal/error.hpp"
#include "vm/files.hpp"
#include "vm/process.hpp"
#include "vm/qemu.hpp"

#include <fcntl.h>
#include <sstream>
#include <unistd.h>

namespace vcoal::vm {
namespace {

constexpr std::chrono::seconds probe_limit{15};

bool cpu_can_virtualise() {
    std::istringstream cpuinfo(read_file("/proc/cpuinfo"));
    std::string line;
    while (std::getline(cpuinfo, line)) {
        if (!line.starts_with("flags")) {
            continue;
        }
        std::istringstream flags(line);
        for (std::string flag; flags >> flag;) {
            if (flag == "vmx" || flag == "svm") {
                return true;
            }
        }
        return false;
    }
    return false;
}

/// Boots as far as init, which says so on the console and switches off.
bool boots_under_kvm(const Kernel& kernel) {
    const std::string stem = kernel.directory / (".probe-" + std::to_string(::getpid()));
    const std::filesystem::path console = stem + ".console";
    const Fd messages = create_file(stem + ".messages");
    const Machine machine{.kernel = kernel,
                          .kvm = true,
                          .icount = false,
                          .smp = 2,
                          .memory_mib = 512,
                          .console = console,
                          .append = "vcoal.probe"};
    Process qemu({.argv = qemu_arguments(machine, {}, {}),
                  .keep = {},
                  .out = messages.get(),
                  .err = messages.get()});
    const bool ended = qemu.wait(probe_limit).has_value();
    qemu.kill();

    std::error_code ignored;
    const bool reached = std::filesystem::exists(console, ignored) &&
                         read_file(console).find("vcoal: probe ok") != std::string::npos;
    std::filesystem::remove(console, ignored);
    std::filesystem::remove(stem + ".messages", ignored);
    return ended && reached;
}

bool cached_probe(const Kernel& kernel) {
    const std::filesystem::path cache = kernel.directory / "kvm-probe";
    const std::string boot = read_file("/proc/sys/kernel/random/boot_id");
    std::error_code ignored;
    if (std::filesystem::exists(cache, ignored)) {
        const std::string text = read_file(cache);
        if (text == "yes " + boot) {
            return true;
        }
        if (text == "no " + boot) {
            return false;
        }
    }
    const bool works = boots_under_kvm(kernel);
    write_file(cache, (works ? "yes " : "no ") + boot);
    return works;
}

} // namespace

Accelerator choose_accelerator(Options::Accel wish, bool icount, const Kernel& kernel) {
    if (icount) {
        return {false, "TCG, counting instructions"};
    }
    if (wish == Options::Accel::tcg) {
        return {false, "TCG, as asked"};
    }
    if (wish == Options::Accel::kvm) {
        return {true, "KVM, as asked"};
    }
    if (::access("/dev/kvm", R_OK | W_OK) < 0) {
        return {false, "TCG since /dev/kvm cannot be opened"};
    }
    if (!cpu_can_virtualise()) {
        return {false, "TCG since the CPU shows neither vmx nor svm"};
    }
    if (!cached_probe(kernel)) {
        return {false, "TCG since a trial boot under KVM failed"};
    }
    return {true, "KVM"};
}

} // namespace vcoal::vm
