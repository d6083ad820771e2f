// SPDX-License-Identifier: GPL-2.0-only
#include "bench/machine.hpp"

#include <fstream>
#include <sys/utsname.h>

namespace vcoal::bench {

std::string kernel_release() {
    utsname name{};
    ::uname(&name);
    return name.release;
}

std::string accelerator() {
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        if (line.find("QEMU TCG CPU") != std::string::npos) {
            return "tcg";
        }
    }
    return "kvm";
}

} // namespace vcoal::bench
