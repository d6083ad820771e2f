// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <string>

namespace vcoal::test {

/// What the kernel logs from here on.
class KernelLog {
public:
    KernelLog();
    /// Records since this was asked last, as /dev/kmsg gives them.
    std::string read();

private:
    Fd file_;
};

} // namespace vcoal::test
