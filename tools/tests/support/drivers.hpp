// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/loopback_stub.hpp"
#include "support/modules.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace vcoal::test {

constexpr const char* in_tree_driver = "virtio_net";
constexpr const char* our_driver = "virtio_net_coal";

/// Makes a test run once with the in-tree driver and once with ours. Both are there.
class EachDriver : public testing::TestWithParam<const char*> {
protected:
    static void SetUpTestSuite() {
        load_loopback();
        load_our_driver();
    }
    static void TearDownTestSuite() { unload_module(our_driver); }

    /// Arguments of `vcoal pair`, with the driver among them.
    static std::vector<std::string> with_driver(std::vector<std::string> arguments = {}) {
        arguments.insert(arguments.end(), {"--driver", GetParam()});
        return arguments;
    }
};

inline std::string driver_name(const testing::TestParamInfo<const char*>& info) {
    return info.param;
}

inline auto both_drivers() {
    return testing::Values(in_tree_driver, our_driver);
}

} // namespace vcoal::test
