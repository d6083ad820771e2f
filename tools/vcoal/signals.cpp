// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/signals.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <csignal>
#include <sys/signalfd.h>

namespace vcoal {

Fd take_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    Fd fd(::signalfd(-1, &set, SFD_CLOEXEC));
    if (!fd) {
        throw Error("signalfd", "create", errno);
    }
    return fd;
}

} // namespace vcoal
