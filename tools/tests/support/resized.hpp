// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <sys/ioctl.h>

namespace vcoal::test {

/// The same ioctl as a caller with another idea of its structure would ask for it.
constexpr unsigned long resized(unsigned long request, std::size_t size) {
    return _IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request), size);
}

} // namespace vcoal::test
