// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vm/command.hpp"
#include "vm/kernel.hpp"

#include <filesystem>

namespace vcoal::vm {

/// A temporary directory, removed with this object, that the guest mounts to learn
/// what it is to do.
class JobDirectory {
public:
    explicit JobDirectory(const std::filesystem::path& parent);
    ~JobDirectory();
    JobDirectory(const JobDirectory&) = delete;
    JobDirectory& operator=(const JobDirectory&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// Where init finds things on the host.
struct JobPaths {
    std::filesystem::path checkout;
    std::filesystem::path agent;
    bool out = false;
};

/// Where the guest mounts the writable share.
inline constexpr const char* guest_out = "/run/vcoal-out";

/// Writes the files `job`, for init, and `command`, for the agent.
void write_job(const JobDirectory& directory, const Kernel& kernel, const JobPaths& paths,
               const Command& command);

} // namespace vcoal::vm
