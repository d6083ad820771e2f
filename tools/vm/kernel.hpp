// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <filesystem>
#include <string>

namespace vcoal::vm {

/// A kernel in the cache, ready to boot and to build modules against.
struct Kernel {
    std::string version;
    std::filesystem::path directory;
    std::filesystem::path initramfs;

    std::filesystem::path image() const { return directory / "vmlinux"; }
    std::filesystem::path modules() const { return directory / "lib/modules" / version; }
    std::filesystem::path build() const { return modules() / "build"; }
};

/// Fetches what is not cached yet; throws Error.
/// @param scripts  the directory of fetch-kernel and make-initramfs
/// @param want     short name or full version
Kernel prepare_kernel(const std::filesystem::path& scripts, const std::string& want);

} // namespace vcoal::vm
