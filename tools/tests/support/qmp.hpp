// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <deque>
#include <nlohmann/json.hpp>
#include <string>

namespace vcoal::test {

/// A connection to a socket that QEMU listens on, of its monitor (-qmp unix:PATH) or another;
/// gives up waiting for bytes after two minutes. Throws Error.
Fd connect_to_qemu(const std::string& path);

/// The monitor of a QEMU at the other end of a connection.
class Qmp {
public:
    /// Reads the greeting and leaves negotiation behind; throws Error.
    explicit Qmp(Fd connection);

    /// Has a command carried out; throws Error with QEMU's words when it is not.
    nlohmann::json run(const std::string& command,
                       const nlohmann::json& arguments = nlohmann::json::object());

    /// The next event of a kind, those included that came before the last answer; throws
    /// Error when none comes.
    nlohmann::json await(const std::string& event);

private:
    nlohmann::json next_line();

    Fd connection_;
    std::string buffer_;
    std::deque<nlohmann::json> events_;
};

} // namespace vcoal::test
