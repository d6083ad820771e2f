// SPDX-License-Identifier: GPL-2.0-only
#include "vm/temporary_directory.hpp"

#include "vcoal/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace vcoal::vm {

TemporaryDirectory::TemporaryDirectory(const std::filesystem::path& parent) {
    // Short: the name of a socket in it has to fit.
    std::string name = parent / "vcoal-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        throw Error(name, "create directory", errno);
    }
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace vcoal::vm
