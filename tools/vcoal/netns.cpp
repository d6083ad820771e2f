// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/netns.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>

namespace vcoal {
namespace {

constexpr const char* own_namespace = "/proc/thread-self/ns/net";

} // namespace

NetNs NetNs::current() {
    return NetNs(open_file(own_namespace, O_RDONLY));
}

NetNs NetNs::open(const std::string& name) {
    const bool is_path = name.find('/') != std::string::npos;
    return NetNs(open_file(is_path ? name : "/run/netns/" + name, O_RDONLY,
                           "`ip netns add " + name + "` makes one"));
}

NetNs NetNs::create() {
    const NetNs before = current();
    if (::unshare(CLONE_NEWNET) != 0) {
        throw Error("network namespace", "create", errno, "this needs CAP_SYS_ADMIN");
    }
    NetNs made = current();
    if (::setns(before.get(), CLONE_NEWNET) != 0) {
        throw Error("network namespace", "return", errno);
    }
    return made;
}

InNetNs::InNetNs(const NetNs& ns) : before_(NetNs::current()) {
    if (::setns(ns.get(), CLONE_NEWNET) != 0) {
        throw Error("network namespace", "enter", errno, "this needs CAP_SYS_ADMIN");
    }
}

InNetNs::~InNetNs() {
    // Going on in the wrong namespace would configure somebody else's interfaces.
    if (::setns(before_.get(), CLONE_NEWNET) != 0) {
        std::abort();
    }
}

} // namespace vcoal
