// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "support/pairing.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace vcoal::test {

/// Users that no system has.
constexpr std::uint32_t alice = 4001;
constexpr std::uint32_t bob = 4002;

/// Where the netlink family is, other than the tests.
const NetNs& first_netns();

/// `vcoal ARGUMENTS...`
std::vector<std::string> vcoal_command(const std::vector<std::string>& arguments);
/// Runs it where the family is, as root.
bench::Child::End vcoal_run(const std::vector<std::string>& arguments);
/// The same as another user.
bench::Child::End vcoal_as(std::uint32_t uid, const std::vector<std::string>& arguments);
/// The one line that has been printed.
Json json_of(const bench::Child::End& end, int status = 0);
/// As root, with --json.
Json vcoal_json(std::vector<std::string> arguments, int status = 0);

/// A device in `vcoal show DEV --json`, and the direction of a queue in that.
Json shown_device(const std::string& name);
Json shown_queue(const std::string& name, unsigned number, const std::string& direction);
/// Parameters as they stand there.
Json params_json(std::uint32_t packets, std::uint32_t usecs);

bool mentions(const std::string& text, const std::string& part);

/// Our node is open to everybody during a test, and afterwards nothing is set for all.
class HostCommand : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;
};

} // namespace vcoal::test
