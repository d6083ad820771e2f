// SPDX-License-Identifier: GPL-2.0-only
#include "vm/kernel.hpp"

#include "vm/process.hpp"

namespace vcoal::vm {

Kernel prepare_kernel(const std::filesystem::path& scripts, const std::string& want) {
    Kernel kernel;
    kernel.directory = capture({scripts / "fetch-kernel", want});
    kernel.version = kernel.directory.filename();
    kernel.initramfs = capture({scripts / "make-initramfs", kernel.directory});
    return kernel;
}

} // namespace vcoal::vm
