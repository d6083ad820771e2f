// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vcoal::check {

/// Names of the test programs whose sources lie in @p directory, sorted. Throws
/// std::runtime_error when there are none.
std::vector<std::string> programs(const std::string& directory);

/// How many tests a program has at least.
std::size_t minimum(const std::string& program);

} // namespace vcoal::check
