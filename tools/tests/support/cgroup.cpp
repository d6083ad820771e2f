// SPDX-License-Identifier: GPL-2.0-only
#include "support/cgroup.hpp"

#include "vcoal/error.hpp"
#include "vcoal/fd.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vcoal::test {
namespace {

const std::string root = "/sys/fs/cgroup";

void write_to(const std::string& path, const std::string& text) {
    const Fd file = open_file(path, O_WRONLY, "control groups version 2, mounted there");
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        throw Error(path, "write \"" + text + "\"", errno);
    }
}

} // namespace

Cgroup::Cgroup(const std::string& name) : path_(root + "/" + name) {
    write_to(root + "/cgroup.subtree_control", "+cpu");
    if (::mkdir(path_.c_str(), 0755) != 0) {
        throw Error(path_, "create", errno);
    }
}

Cgroup::~Cgroup() {
    ::rmdir(path_.c_str());
}

void Cgroup::limit_cpu(unsigned percent) {
    constexpr unsigned period_usecs = 100'000;
    write_to(path_ + "/cpu.max",
             std::to_string(period_usecs / 100 * percent) + " " + std::to_string(period_usecs));
}

void Cgroup::enter() {
    write_to(path_ + "/cgroup.procs", std::to_string(::getpid()));
}

void Cgroup::leave() {
    write_to(root + "/cgroup.procs", std::to_string(::getpid()));
}

} // namespace vcoal::test
