// SPDX-License-Identifier: GPL-2.0-only
//
// What a test says beside "passed", for the conformance matrix: who the two sides were, and
// what is expected of the kernel's own modules. It is part of the test's report.
#pragma once

#include <gtest/gtest.h>
#include <string>

namespace vcoal::test {

/// Who plays a side when no module does.
constexpr const char* by_hand = "test";

inline void record_driver(const std::string& name) {
    testing::Test::RecordProperty("driver", name);
}

inline void record_device(const std::string& name) {
    testing::Test::RecordProperty("device", name);
}

/// The module behind a vhost node.
inline void record_vhost(const std::string& node) {
    record_device(node.ends_with("coal") ? "vhost_net_coal" : "vhost_net");
}

/// The module that is tested does otherwise than the specification says, as the test has
/// just asserted.
inline void record_known_failure(const std::string& why) {
    testing::Test::RecordProperty("known_failure", why);
}

/// The module that is tested never comes into the situation.
inline void record_unobservable(const std::string& why) {
    testing::Test::RecordProperty("unobservable", why);
}

} // namespace vcoal::test
