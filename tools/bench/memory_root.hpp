// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/fd.hpp"

#include <string>
#include <vector>

namespace vcoal::bench {

/// While this lives, the root directory is one in memory with nothing in it but some
/// programs, what they load, and /proc, /sys, /dev and /run: the file system of a
/// virtual machine is on the other side of a wire, and in one that counts instructions
/// for time a timeout passes at once whenever its only processor waits for a file. The
/// kernel loads no modules of its own accord from here on, for the same reason.
class MemoryRoot {
public:
    /// @param programs names, looked for in PATH, or paths
    explicit MemoryRoot(const std::vector<std::string>& programs);
    MemoryRoot(const MemoryRoot&) = delete;
    MemoryRoot& operator=(const MemoryRoot&) = delete;
    ~MemoryRoot();

private:
    Fd outside_;
};

} // namespace vcoal::bench
