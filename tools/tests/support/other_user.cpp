// SPDX-License-Identifier: GPL-2.0-only
#include "support/other_user.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <unistd.h>

namespace vcoal::test {

OtherUser::OtherUser(uid_t uid) {
    if (::seteuid(uid) != 0) {
        throw Error("user " + std::to_string(uid), "become", errno, "this needs root");
    }
}

OtherUser::~OtherUser() {
    // Going on as the wrong user would test something else.
    if (::seteuid(0) != 0) {
        std::abort();
    }
}

} // namespace vcoal::test
