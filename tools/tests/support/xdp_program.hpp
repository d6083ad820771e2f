// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <linux/bpf.h>
#include <string>

namespace vcoal::test {

/// An XDP program that does one thing with every packet, in the driver and not in the
/// stack. Methods throw Error, with what the kernel said as its hint.
class XdpProgram {
public:
    /// @param target for XDP_REDIRECT: where to, an interface of this namespace
    explicit XdpProgram(xdp_action action, const std::string& target = {});

    /// Puts it on an interface of the caller's namespace.
    void attach(const std::string& interface) const;
    static void detach(const std::string& interface);

private:
    Fd fd_;
};

} // namespace vcoal::test
