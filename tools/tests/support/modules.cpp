// SPDX-License-Identifier: GPL-2.0-only
#include "support/modules.hpp"

#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vcoal::test {

void load_system_module(const std::string& name) {
    std::string program = "modprobe";
    std::string argument = name;
    char* arguments[] = {program.data(), argument.data(), nullptr};
    pid_t child = -1;
    const int code = ::posix_spawnp(&child, "modprobe", nullptr, nullptr, arguments, environ);
    if (code != 0) {
        throw Error("modprobe", "start", code);
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0) {
        throw Error("module " + name, "load", 0, "see modprobe's message above");
    }
}

void load_our_module(const std::string& path, const std::string& parameters) {
    const char* modules = std::getenv("VCOAL_MODULES");
    if (modules == nullptr) {
        throw Error("module " + path, "load", 0,
                    "run this in the test VM (tools/vm/vm): VCOAL_MODULES is not set");
    }
    const Fd file = open_file(std::string(modules) + "/" + path, O_RDONLY, "`make modules`");
    if (::syscall(SYS_finit_module, file.get(), parameters.c_str(), 0) != 0 && errno != EEXIST) {
        throw Error("module " + path, "load", errno, "see the kernel log");
    }
}

void unload_module(const std::string& name) {
    if (::syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) != 0) {
        throw Error("module " + name, "unload", errno);
    }
}

} // namespace vcoal::test
