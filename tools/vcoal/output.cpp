// SPDX-License-Identifier: GPL-2.0-only
#include "vcoal/output.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdio>

namespace vcoal {

void write_out(const std::string& text) {
    if (std::fputs(text.c_str(), stdout) == EOF || std::fflush(stdout) != 0) {
        throw Error("standard output", "write", errno);
    }
}

} // namespace vcoal
