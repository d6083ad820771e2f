// SPDX-License-Identifier: GPL-2.0-only
#include "support/in_child.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace vcoal::test {

int in_child(const std::function<int()>& action) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(action());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace vcoal::test
