// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vcoal/host_file.hpp"

#include <string>
#include <vector>

namespace vcoal {

/// What a guest sees as one network card: the files of one owner at one interface. A file
/// without back end is a device of its own, since nothing tells which it will belong to.
struct HostDevice {
    /// By id, at least one. Queue N, as ethtool counts, is the Nth.
    std::vector<HostFile> files;

    const HostIdentity& identity() const { return files.front(); }
};

/// In the order of their lowest ids.
std::vector<HostDevice> group_devices(const std::vector<HostFile>& files);

/// The device with a name: an id of its files, its interface's, or pid:PID. Throws
/// UsageError that tells those there are where there is none, or more than one.
const HostDevice& find_device(const std::vector<HostDevice>& devices, const std::string& name);

/// Throws UsageError where it has no queue of that number.
const HostFile& find_queue(const HostDevice& device, unsigned queue);

/// "3,4"
std::string device_ids(const HostDevice& device);
/// "qemu-system-x86 (pid 1234)"
std::string describe_owner(const HostIdentity& identity);
/// "vnet0 (id 3,4)", "id 3"
std::string device_label(const HostDevice& device);
/// "vnet0 (id 3)", "id 3", of one file
std::string file_label(const HostIdentity& identity);

/// "rx" or "tx"
const char* direction_name(unsigned index);

} // namespace vcoal
