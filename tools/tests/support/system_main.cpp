// SPDX-License-Identifier: GPL-2.0-only
//
// main() of the system tests: modules loaded, and a network namespace of the
// process's own, in which nothing but the tests sends anything.
#include "support/modules.hpp"
#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdio>
#include <exception>
#include <gtest/gtest.h>
#include <sched.h>

namespace {

void prepare() {
    vcoal::test::load_system_module("tun");
    vcoal::test::load_system_module("vhost_net");
    vcoal::test::load_our_module("drivers/vhost/vhost_net_coal.ko");
    if (::unshare(CLONE_NEWNET) != 0) {
        throw vcoal::Error("network namespace", "create", errno, "system tests run as root");
    }
}

} // namespace

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!testing::GTEST_FLAG(list_tests)) {
        try {
            prepare();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s\n", error.what());
            return 1;
        }
    }
    return RUN_ALL_TESTS();
}
