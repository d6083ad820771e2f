// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/vhost.hpp"

#include <gtest/gtest.h>
#include <string>

namespace vcoal::test {

/// Makes a test run once for our node and once for the in-tree one.
class EachNode : public testing::TestWithParam<const char*> {};

inline std::string node_name(const testing::TestParamInfo<const char*>& info) {
    return std::string(info.param) == vhost_node ? "ours" : "in_tree";
}

inline auto both_nodes() {
    return testing::Values(vhost_node, vhost_node_in_tree);
}

} // namespace vcoal::test
