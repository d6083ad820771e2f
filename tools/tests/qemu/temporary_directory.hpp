// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace vcoal::test {

/// A directory that goes with this object. Its name is short enough for a socket in it.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string name = "/tmp/vcoal.XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            throw Error(name, "create", errno);
        }
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    TemporaryDirectory(TemporaryDirectory&&) = delete;
    TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace vcoal::test
