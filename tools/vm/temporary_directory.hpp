// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <filesystem>

namespace vcoal::vm {

/// A directory of a name of its own, removed with this object and with all that is in it.
class TemporaryDirectory {
public:
    /// Throws Error.
    explicit TemporaryDirectory(
        const std::filesystem::path& parent = std::filesystem::temp_directory_path());
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    TemporaryDirectory(TemporaryDirectory&&) = delete;
    TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
    ~TemporaryDirectory();

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace vcoal::vm
