// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <span>
#include <vector>

namespace vcoal::test {

/// An ioctl of one of our modules, and how it may fail.
struct CatalogIoctl {
    const char* name;
    unsigned long request;
    /// errno values; ENOTTY for those that do not exist.
    std::vector<int> errors;
};

/// All that drivers/vhost knows, those of linux/vhost.h and ours, and some that it does not.
std::span<const CatalogIoctl> all_vhost_ioctls();
/// The same of drivers/virtio.
std::span<const CatalogIoctl> all_loopback_ioctls();

/// Whether @p code is among its errno values.
bool documented(const CatalogIoctl& ioctl, int code);
/// Whether the module has it.
bool exists(const CatalogIoctl& ioctl);

} // namespace vcoal::test
