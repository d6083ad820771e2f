// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace vcoal::test {

/// A connection to the monitor of a QEMU started with -qmp unix:PATH; throws Error.
Fd connect_to_monitor(const std::string& path);

/// The monitor of a QEMU at the other end of a connection.
class Qmp {
public:
    /// Reads the greeting and leaves negotiation behind; throws Error.
    explicit Qmp(Fd connection);

    /// Has a command carried out; throws Error with QEMU's words when it is not.
    nlohmann::json run(const std::string& command,
                       const nlohmann::json& arguments = nlohmann::json::object());

private:
    nlohmann::json next_line();

    Fd connection_;
    std::string buffer_;
};

} // namespace vcoal::test
