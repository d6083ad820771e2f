// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "bench/child.hpp"
#include "bench/result.hpp"
#include "bench/result_json.hpp"
#include "vcoal/netns.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vcoal::bench {

/// The path of `vcoal`, built beside this program.
const std::string& vcoal_program();

/// What is to be paired with the kernel's driver.
struct PairOptions {
    /// A vhost node.
    std::string node;
    unsigned ring_size = 256;
    /// Names of the two interfaces' namespace and of the host's tap.
    std::string netns;
    std::string tap;
    /// The driver that gets the device.
    std::string driver;
    /// Further options of `vcoal pair`.
    std::vector<std::string> more = {};
};

/// The counters of one queue since some beginning, and its parameters in force.
struct Reading {
    std::uint64_t packets = 0;
    Notifications notifications;
    /// What the transport took from the call eventfd.
    std::uint64_t signals = 0;
    /// Packets published and not yet notified.
    std::uint64_t pending = 0;
    Setting setting;

    bool operator==(const Reading&) const = default;
};

/// Reads an answer of `vcoal pair --json` to {"get":"stats"}; throws Error.
Reading parse_reading(const Json& answer, Direction direction);

/// A running `vcoal pair`; it ends with this object.
class Pair {
public:
    explicit Pair(const PairOptions& options);

    pid_t pid() const noexcept { return process_.pid(); }
    /// The driver's interface, and its driver.
    const std::string& interface() const noexcept { return interface_; }
    const std::string& driver() const noexcept { return driver_; }
    /// Features that the driver took.
    const std::vector<std::string>& accepted() const noexcept { return accepted_; }
    /// Only with our vhost device: the in-tree one counts nothing.
    Reading read(Direction direction);
    /// The counters once nothing moves any more, or as they stand after a few seconds in
    /// which something always did.
    Reading read_settled(Direction direction);

private:
    Child process_;
    std::string interface_;
    std::string driver_;
    std::vector<std::string> accepted_;
};

} // namespace vcoal::bench
