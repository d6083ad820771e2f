// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vcoal::conformance {

/// The IDs in a test's name: COAL_D5_D6_AMB_16_WhatItShows has COAL-D5, COAL-D6 and AMB-16.
/// A family with something else behind it is an ID as well, one that nobody knows.
std::vector<std::string> ids_in(std::string_view test);

/// What selects the tests that carry an ID, for --gtest_filter.
std::string filter_of_ids();

} // namespace vcoal::conformance
