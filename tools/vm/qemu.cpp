// SPDX-License-Identifier: GPL-2.0-only
#include "vm/qemu.hpp"

#include <fmt/format.h>

namespace vcoal::vm {
namespace {

/// QEMU ends an option's value at a comma unless it is doubled.
std::string escaped(const std::string& value) {
    std::string text;
    for (const char c : value) {
        text += c == ',' ? ",," : std::string(1, c);
    }
    return text;
}

std::string kernel_command_line(const Machine& machine) {
    // loglevel 5: warnings and worse reach the console, which is all that is left
    // after a crash. An Oops ends the run at once; panic=-1 reboots, which
    // -no-reboot turns into the end of QEMU. The time stamp counter is virtual and
    // in step, but a busy host makes the kernel's watchdog doubt it, as it makes the kernel
    // doubt at boot that timer interrupts arrive.
    std::string line = "console=ttyS0 loglevel=5 oops=panic panic=-1 log_buf_len=16M "
                       "printk.devkmsg=on tsc=reliable no_timer_check";
    // The counted clock leaps while a machine waits for the host, which must not
    // look like a task that hangs.
    if (machine.icount) {
        line += " nokaslr norandmaps sysctl.kernel.hung_task_timeout_secs=0";
    }
    return machine.append.empty() ? line : line + " " + machine.append;
}

std::vector<std::string> accelerator(const Machine& machine) {
    if (machine.kvm) {
        return {"-accel", "kvm", "-cpu", "host"};
    }
    if (!machine.icount) {
        return {"-accel", "tcg,thread=multi", "-cpu", emulated_cpu};
    }
    return {"-accel",  "tcg,thread=single", "-cpu", "max,-rdrand,-rdseed",
            "-icount", "shift=0,sleep=off", "-rtc", "clock=vm,base=2026-01-01T00:00:00"};
}

void append(std::vector<std::string>& argv, const std::vector<std::string>& more) {
    argv.insert(argv.end(), more.begin(), more.end());
}

} // namespace

std::vector<std::string> qemu_arguments(const Machine& machine, const std::vector<Share>& shares,
                                        const std::vector<Port>& ports) {
    std::vector<std::string> argv{"qemu-system-x86_64", "-nodefaults", "-no-user-config",
                                  "-no-reboot",         "-nic",        "none",
                                  "-display",           "none"};
    // QEMU's own choice is an older PC with many slots for hot plugging: reading its ACPI
    // tables takes a kernel with KASAN two minutes.
    append(argv, {"-machine", "q35"});
    append(argv, accelerator(machine));
    append(argv, {"-smp", std::to_string(machine.smp)});
    append(argv, {"-m", fmt::format("{}M", machine.memory_mib)});
    append(argv, {"-kernel", machine.kernel.image(), "-initrd", machine.kernel.initramfs});
    append(argv, {"-append", kernel_command_line(machine)});
    append(argv, {"-chardev", "file,id=console,path=" + escaped(machine.console)});
    append(argv, {"-serial", "chardev:console"});

    for (const Share& share : shares) {
        append(argv, {"-virtfs", fmt::format("local,path={},mount_tag={},security_model=none,"
                                             "multidevs=remap,readonly={}",
                                             escaped(share.directory), share.tag,
                                             share.writable ? "off" : "on")});
    }
    if (!ports.empty()) {
        append(argv, {"-device", "virtio-serial-pci"});
    }
    for (const Port& port : ports) {
        append(argv, {"-chardev", fmt::format("socket,id={},fd={}", port.name, port.fd)});
        append(argv, {"-device", fmt::format("virtserialport,chardev={0},name={0}", port.name)});
    }
    append(argv, machine.qemu);
    return argv;
}

} // namespace vcoal::vm
