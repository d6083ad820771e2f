// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vm/command.hpp"
#include "vm/kernel.hpp"

#include <filesystem>

namespace vcoal::vm {

/// Where init finds things on the host.
struct JobPaths {
    std::filesystem::path checkout;
    std::filesystem::path agent;
    bool out = false;
};

/// Where the guest mounts the writable share.
inline constexpr const char* guest_out = "/run/vcoal-out";

/// Writes the files `job`, for init, and `command`, for the agent, into the directory that
/// the guest mounts.
void write_job(const std::filesystem::path& directory, const Kernel& kernel, const JobPaths& paths,
               const Command& command);

} // namespace vcoal::vm
