// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vm/kernel.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace vcoal::vm {

/// A machine to start.
struct Machine {
    const Kernel& kernel;
    bool kvm = false;
    bool icount = false;
    unsigned smp = 1;
    unsigned memory_mib = 2048;
    std::filesystem::path console;
    /// Added to the kernel's command line.
    std::string append;
    /// Added to QEMU's.
    std::vector<std::string> qemu = {};
};

/// A CPU of TCG's where instructions are not counted. In QEMU 7.2 an interrupt right after
/// cmpxchg16b leaves flags that no CPU has.
inline constexpr const char* emulated_cpu = "max,-cx16";

/// A directory of this machine that the guest can mount by its tag.
struct Share {
    std::string tag;
    std::filesystem::path directory;
    bool writable = false;
};

/// A byte stream between a connected socket of ours and a named port in the guest.
struct Port {
    std::string name;
    int fd;
};

/// The command line of QEMU.
std::vector<std::string> qemu_arguments(const Machine& machine, const std::vector<Share>& shares,
                                        const std::vector<Port>& ports);

} // namespace vcoal::vm
