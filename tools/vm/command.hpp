// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vcoal::vm {

/// What the agent runs in the VM. Host and guest share this file's code, so the
/// form in between is nobody else's business.
struct Command {
    /// Marks what comes from the agent, so that no stray byte is taken for it.
    std::string nonce;
    std::string directory;
    std::vector<std::string> environment;
    std::vector<std::string> argv;
    /// One stream for output and errors, which keeps their order.
    bool merge_output = false;

    std::string encode() const;
    /// Throws Error on anything encode() cannot have written.
    static Command decode(std::string_view text);
};

} // namespace vcoal::vm
