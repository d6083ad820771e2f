// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <string>

namespace vcoal::test {

/// Carries out commands in a guest: the other end of what guest-init does on its port. It
/// does not need the network that is tested.
class GuestAgent {
public:
    /// @param path socket of the port's QEMU
    explicit GuestAgent(const std::string& path);

    struct Answer {
        int status;
        /// Without newlines at its end.
        std::string output;
    };
    /// Runs a line of shell to its end, once the guest has booted; throws Error when no
    /// answer comes.
    Answer ask(const std::string& command);
    /// The same for what has to succeed; throws Error with its output.
    std::string run(const std::string& command);
    /// Starts what does not answer: a reboot.
    void tell(const std::string& command);

private:
    std::string next_line();

    Fd connection_;
    std::string buffer_;
    unsigned number_ = 0;
};

} // namespace vcoal::test
